/** The crowd's runs, shared out over test files, so that they run beside each other. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { testSeed } from '../../src/base/testing.ts';
import { initCryptoSim } from './crypto.ts';
import { CROWD, mustHold } from './run.ts';

/** So many runs in all; SOTTO_RUNS asks for another number. */
const RUNS = Number(process.env['SOTTO_RUNS'] ?? 20);

/** Half as much happens as in `npm run simulation`, as many runs have to fit into the tests. */
const TERMS = { ...CROWD, steps: 12 };

/** The runs of one of `of` files. */
export function crowd(file: number, of: number): void {
  const seed = testSeed();
  // Simulated time says what is late; a busy machine only makes it slower. One that fails is made shorter, which takes many more runs.
  vi.setConfig({ testTimeout: 7_200_000 });
  beforeAll(initCryptoSim);
  const seeds = Array.from({ length: RUNS }, (_, i) => i)
    .filter((i) => i % of === file)
    .map((i) => (seed + 1000 * (i + 1)) >>> 0);
  describe('twenty people and eight relays, whatever happens to them', () => {
    it.each(seeds)('all end with the same view, nothing is lost, doubled or left behind (seed %i)', async (one) => {
      expect((await mustHold(one, TERMS)).error).toBeUndefined();
    });
  });
}
