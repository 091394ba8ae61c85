import { beforeAll, describe, expect, it } from 'vitest';
import { systemRandom } from '../src/base/index.ts';
import { initCryptoNode } from '../src/crypto/node.ts';
import { judge, LEAKS, welch } from '../bench/dudect.ts';
import { planted, subjects } from '../bench/subjects.ts';

beforeAll(initCryptoNode);
/** Few, for a machine that does other things too; `npm run timing` takes as many as wanted. Chance alone passes |t| = 10 once in 10^23. */
const SAMPLES = 2_000;

describe('time tells nothing of secrets', () => {
  it('Welch’s t: 1, 2, 3 against 2, 4, 6 are −2 ÷ √(1/3 + 4/3); alike are 0', () => {
    expect(welch([1, 2, 3], [2, 4, 6])).toBeCloseTo(-2 / Math.sqrt(5 / 3), 12);
    expect(welch([1, 2, 3], [1, 2, 3])).toBe(0);
  });

  it('a leak that was planted is seen', () => {
    expect(judge(planted(systemRandom), SAMPLES, systemRandom).t).toBeGreaterThan(LEAKS);
  });

  it('none is seen in what handles secrets', () => {
    const verdicts = subjects(systemRandom).map((subject) => judge(subject, SAMPLES, systemRandom));
    expect(verdicts.length).toBe(12);
    expect(verdicts.filter(({ t }) => t > LEAKS)).toEqual([]);
  });
});
