import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testSeed } from '../base/testing.ts';
import { Sorted } from './sorted.ts';

const seed = testSeed();

describe('a sorted list', () => {
  it('is in order, however many were added since it was read', () => {
    const batches = fc.array(fc.array(fc.integer(), { maxLength: 80, size: 'max' }), { maxLength: 8 });
    fc.assert(
      fc.property(batches, (all) => {
        const sorted = new Sorted<number>((a, b) => a - b);
        const added: number[] = [];
        for (const batch of all) {
          for (const item of batch) sorted.add(item);
          added.push(...batch);
          expect(sorted.all()).toEqual(added.toSorted((a, b) => a - b));
        }
      }),
      { seed },
    );
  });
});
