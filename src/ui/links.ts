/** Web addresses inside a message: http and https only, never with a user name in front of the host, which hides the real one. */

export type Piece =
  | { readonly text: string }
  | { readonly text: string; readonly href: string; readonly host: string; readonly rest: string };

const address = /\bhttps?:\/\/[^\s<>"'`]+/giu;
/** Punctuation that ends the sentence rather than the address. */
const trailing = /[.,;:!?…]+$/u;

const brackets = [
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
] as const;

/** Cuts what belongs to the sentence: final punctuation, and a bracket that was opened before the address. */
function trim(found: string): string {
  let kept = found.replace(trailing, '');
  for (const [open, close] of brackets) {
    while (kept.endsWith(close) && kept.split(close).length > kept.split(open).length) kept = kept.slice(0, -1).replace(trailing, '');
  }
  return kept;
}

function parse(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url !== undefined && (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === '';
  return plain ? url : undefined;
}

/** Splits a text; the pieces' texts put together are the text again. `host` is in ASCII (xn--…), as the browser will ask for it. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(address)) {
    const shown = trim(match[0]);
    const url = parse(shown);
    if (url === undefined) continue;
    if (match.index > from) found.push({ text: text.slice(from, match.index) });
    found.push({ text: shown, href: url.href, host: url.host, rest: shown.replace(/^https?:\/\/[^/?#]*/iu, '') });
    from = match.index + shown.length;
  }
  if (from < text.length) found.push({ text: text.slice(from) });
  return found;
}
