import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { relayId } from '../base/index.ts';
import { ManualClock, testSeed } from '../base/testing.ts';
import { RelayTime } from './time.ts';

const seed = testSeed();
const DAY = 86_400;
const relay = (n: number) => relayId(new Uint8Array(32).fill(n));

/** A relay whose clock is right by `own` seconds, after others whose words are right by so many. */
function after(own: number, others: readonly number[]): { readonly off: number; readonly changes: number } {
  const clock = new ManualClock();
  const right = Math.floor(clock.now() / 1000) - own;
  const time = new RelayTime(clock);
  const changes = others.filter((off, i) => time.heard(relay(i), right + off)).length;
  return { off: time.seconds() - right, changes };
}

describe('the time of a relay', () => {
  it('is its own clock until three others have been heard, and while they are near', () => {
    expect(after(DAY, [])).toEqual({ off: DAY, changes: 0 });
    expect(after(DAY, [0, 0])).toEqual({ off: DAY, changes: 0 });
    expect(after(90, [0, 0, 0, 0])).toEqual({ off: 90, changes: 0 });
  });

  it('is that of the others once most say that it is far off, and is told once', () => {
    expect(after(DAY, [0, 0, 0])).toEqual({ off: 0, changes: 1 });
    expect(after(-DAY, [0, 0, 0, 1, 1, 1, 0])).toEqual({ off: 0, changes: 1 });
  });

  it('is not set by one or two who lie, nor by half', () => {
    expect(after(0, [DAY, DAY, 0])).toEqual({ off: 0, changes: 0 });
    expect(after(0, [DAY, DAY, 0, 0, DAY])).toEqual({ off: 0, changes: 0 });
    expect(after(DAY, [0, -DAY, 0])).toEqual({ off: 0, changes: 1 });
  });

  it('is its own clock again when that has been set right', () => {
    const clock = new ManualClock();
    const time = new RelayTime(clock);
    const wrong = Math.floor(clock.now() / 1000);
    const hear = (right: number): boolean[] => [1, 2, 3].map((n) => time.heard(relay(n), right));
    expect(hear(wrong - DAY)).toEqual([false, false, true]);
    expect(time.seconds()).toBe(wrong - DAY);
    expect(hear(wrong)).toContain(true);
    expect(time.seconds()).toBe(wrong);
  });

  it('is right whenever more than half of those who are asked are, whatever the others say and in whatever order', () => {
    const words = fc.tuple(fc.integer({ min: -DAY, max: DAY }), fc.array(fc.integer({ min: -DAY, max: DAY }), { maxLength: 7 }));
    fc.assert(
      fc.property(words, fc.integer({ min: 0, max: 1_000_000 }), ([own, lies], salt) => {
        const others = [...lies, ...lies.map(() => 0), 0, 0, 0].map((off, i) => ({ off, order: Math.imul(i + 1, salt | 1) >>> 0 }));
        const inOrder = others.toSorted((a, b) => a.order - b.order).map(({ off }) => off);
        expect(Math.abs(after(own, inOrder).off)).toBeLessThanOrEqual(120);
      }),
      { seed },
    );
  });
});
