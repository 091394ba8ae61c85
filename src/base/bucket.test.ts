import { describe, expect, it } from 'vitest';
import { Bucket } from './bucket.ts';
import { ManualClock } from './testing.ts';

describe('a token bucket', () => {
  it('gives what it saved up, then so much a second', async () => {
    const clock = new ManualClock();
    const bucket = new Bucket(clock, 10, 3);
    expect([1, 1, 1, 1].map((one) => bucket.take(one))).toEqual([true, true, true, false]);
    expect(bucket.until(1)).toBe(100);
    await clock.advance(100);
    expect([bucket.take(1), bucket.take(1)]).toEqual([true, false]);
    await clock.advance(3_600_000);
    expect([bucket.take(4), bucket.take(3)]).toEqual([false, true]);
  });

  it('has a debt filled up first, at the rate of each time', async () => {
    const clock = new ManualClock();
    const bucket = new Bucket(clock, 10, 3);
    bucket.spend(13);
    expect(bucket.until(0)).toBe(1_000);
    await clock.advance(500);
    bucket.perSecond = 100;
    expect(bucket.until(0)).toBe(50);
  });

  it('stands still when the clock is set back', () => {
    let now = 1_000;
    const bucket = new Bucket({ now: () => now }, 10, 1);
    expect(bucket.take(1)).toBe(true);
    now = 0;
    expect(bucket.take(1)).toBe(false);
    now = 100;
    expect(bucket.take(1)).toBe(true);
  });
});
