/** The rows about the core, in this browser. `sottoBench.run(name)` gives those of one part; the caller is bench/chromium.ts. */
import { initCrypto } from '../../src/crypto/index.ts';
import { coreParts } from '../core.ts';
import type { Row } from '../figures.ts';
import { load } from './peers.js';

export interface PageBench {
  readonly parts: readonly { readonly name: string; readonly ids: readonly string[] }[];
  run(name: string): Promise<readonly Row[]>;
}

declare global {
  interface Window {
    sottoBench?: PageBench;
  }
}

await initCrypto();
const parts = coreParts({ load, native: undefined });
window.sottoBench = {
  parts: parts.map(({ name, ids }) => ({ name, ids })),
  async run(name) {
    const rows: Row[] = [];
    for await (const row of parts.find((part) => part.name === name)?.rows() ?? []) rows.push(row);
    return rows;
  },
};
