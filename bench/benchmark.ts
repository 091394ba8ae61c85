/** All rows, in one run. */
import { initCryptoNode } from '../src/crypto/node.ts';
import { circuitRow, readAnchors, withRelays } from './circuits.ts';
import { coreParts, type Part } from './core.ts';
import { loadRows } from './load.ts';
import { firstMessageRows } from './first-message.ts';
import { lineOf, type Row } from '../src/crypto/race.ts';
import { messageRows } from './messages.ts';
import { nodeHost } from './native.ts';
import { pageRows } from './chromium.ts';
import { sizeRows } from './sizes.ts';

export interface Missing {
  readonly id: string;
  readonly why: string;
}

const parts: readonly Part[] = [
  ...coreParts(nodeHost()),
  {
    name: 'chromium',
    // The same rows in a page; their ids come with the page.
    ids: [],
    rows: pageRows,
  },
  { name: 'load', ids: ['load-bytes', 'load-fetched'], rows: loadRows },
  {
    name: 'network',
    ids: ['circuit-build-3', 'message-3+3', 'message-3+3-balanced'],
    rows: () =>
      withRelays(async function* (anchors) {
        yield await circuitRow(readAnchors(anchors));
        yield* messageRows(anchors);
      }),
  },
  {
    name: 'first-message',
    ids: ['link-to-first-message-cold', 'link-to-first-message-warm'],
    rows: firstMessageRows,
  },
  { name: 'sizes', ids: ['first-route-gzip', 'all-gzip', 'cell-gzip', 'core-gzip', 'modules-gzip'], rows: sizeRows },
];

export const partNames: readonly string[] = parts.map(({ name }) => name);

/** Gives every row of the parts named that could be measured, each said as it comes, and tells of those that could not. */
export async function benchmark(
  names: readonly string[],
  say: (line: string) => void,
): Promise<{ readonly rows: readonly Row[]; readonly missing: readonly Missing[] }> {
  const rows: Row[] = [];
  const missing: Missing[] = [];
  await initCryptoNode();
  for (const { ids, ...part } of parts.filter(({ name }) => names.includes(name))) {
    let why = 'nothing gave it';
    try {
      for await (const row of part.rows()) {
        rows.push(row);
        say(lineOf(row));
      }
    } catch (error) {
      why = error instanceof Error ? error.message : String(error);
    }
    missing.push(...ids.filter((id) => rows.every((row) => row.id !== id)).map((id) => ({ id, why })));
  }
  return { rows, missing };
}
