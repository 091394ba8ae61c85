import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testSeed } from '../base/testing.ts';
import { REPLAY_WINDOW, ReplayWindow } from './replay-window.ts';

const seed = testSeed();

describe('the replay window', () => {
  it('agrees with a set of all that came', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 40 }), { maxLength: 300 }), fc.integer({ min: 0, max: 5000 }), (steps, start) => {
        const window = new ReplayWindow(32, start);
        const came = new Set<number>();
        const lowest = (): number => {
          let at = start;
          while (came.has(at)) at++;
          return at;
        };
        for (const step of steps) {
          const counter = lowest() + step;
          const expected = counter < lowest() || came.has(counter) ? 'repeated' : counter >= lowest() + 32 ? 'too-far-ahead' : undefined;
          expect(window.accept(counter, 0)?.refused).toBe(expected);
          if (expected === undefined) came.add(counter);
          expect(window.lowest).toBe(lowest());
          expect(window.gapSince !== undefined).toBe(came.size > 0 && Math.max(...came) > lowest());
        }
      }),
      { seed, numRuns: 200 },
    );
  });

  it('goes round its ring for as long as a circuit lives', () => {
    const window = new ReplayWindow();
    for (let at = 0; at < 5 * REPLAY_WINDOW; at += 2) {
      expect(window.accept(at + 1, at)).toBeUndefined();
      expect(window.gapSince).toBe(at);
      expect(window.accept(at, at)).toBeUndefined();
      expect(window.accept(at + 1, at)?.refused).toBe('repeated');
    }
    expect(window.lowest).toBe(5 * REPLAY_WINDOW);
    expect(window.accept(window.lowest + REPLAY_WINDOW, 0)?.refused).toBe('too-far-ahead');
    expect(window.accept(window.lowest + REPLAY_WINDOW - 1, 0)).toBeUndefined();
  });
});
