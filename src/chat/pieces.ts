/** A text that is too long for one message goes as several: cut at the last line, else the last space, else between characters. */
import { utf8 } from '../base/index.ts';
import { TEXT_BYTES } from './entry.ts';

/** In order; none is longer than `most` bytes of UTF-8, none is empty. */
export function piecesOf(text: string, most = TEXT_BYTES): string[] {
  const pieces: string[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const end = utf8(rest).length <= most ? rest.length : cut(rest, most);
    pieces.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return pieces;
}

/** Where to cut: what stands before fits `most` bytes. */
function cut(text: string, most: number): number {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += utf8(character).length;
    if (bytes > most) break;
    end += character.length;
  }
  const fits = text.slice(0, end);
  for (const gap of ['\n', ' ']) {
    const at = fits.lastIndexOf(gap);
    if (at > end / 2) return at;
  }
  return end;
}
