/** The rows about the core, and the timing tests, in this browser. `sottoBench.run(name)` gives the rows of one part; the caller is bench/chromium.ts. */
import { systemRandom } from '../../src/base/index.ts';
import { initCrypto } from '../../src/crypto/index.ts';
import { coreParts } from '../core.ts';
import { judge, type Verdict } from '../dudect.ts';
import type { Row } from '../../src/crypto/race.ts';
import { planted, subjects } from '../subjects.ts';
import { load } from './peers.js';

export interface PageBench {
  readonly parts: readonly { readonly name: string; readonly ids: readonly string[] }[];
  run(name: string): Promise<readonly Row[]>;
  /** How many there are to be judged; the first is the planted leak. */
  readonly subjects: number;
  judge(index: number, samples: number): Verdict | undefined;
}

declare global {
  interface Window {
    sottoBench?: PageBench;
  }
}

await initCrypto();
const judged = [planted(systemRandom), ...subjects(systemRandom)];
const parts = coreParts({ load, native: undefined });
window.sottoBench = {
  parts: parts.map(({ name, ids }) => ({ name, ids })),
  async run(name) {
    const rows: Row[] = [];
    for await (const row of parts.find((part) => part.name === name)?.rows() ?? []) rows.push(row);
    return rows;
  },
  subjects: judged.length,
  judge(index, samples) {
    const subject = judged[index];
    return subject === undefined ? undefined : judge(subject, samples, systemRandom);
  },
};
