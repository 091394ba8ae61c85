/** A few of the random cases of `npm run fuzz -- differential`. */
import { describe, expect, it } from 'vitest';
import { seededRandom, testSeed } from '../../src/base/testing.ts';
import { kinds, playKind } from './boundary.ts';

const random = seededRandom(testSeed());

describe.each(kinds.map(([kind, share]) => [kind.name, kind, share] as const))('%s', (_name, kind, share) => {
  it('are the same', () => {
    const { passed, faults } = playKind(kind, Math.ceil(share * 2_000), random);
    expect(faults).toEqual([]);
    expect(passed).toBeGreaterThan(0);
  });
});

it('the shares are whole', () => {
  expect(kinds.reduce((sum, [, share]) => sum + share, 0)).toBeCloseTo(1);
});
