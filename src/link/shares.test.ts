import { describe, expect, it } from 'vitest';
import { Counters } from '../base/index.ts';
import { ManualClock } from '../base/testing.ts';
import { Arrivals } from './arrivals.ts';
import { Shares, type ShareLimits } from './shares.ts';

const limits: ShareLimits = { shareBurst: 1000, shareEach: 100, shareAll: 200, shareLeast: 20, shareRelay: 10_000 };

/** A socket whose other side sends as much as is read. */
function greedy(clock: ManualClock, shares: Shares, isRelay = false) {
  const seen = { bytes: 0, reading: true };
  const share = shares.of({ pause: () => (seen.reading = false), resume: () => (seen.reading = true) }, () => isRelay);
  const read = (): void => {
    if (seen.reading) {
      seen.bytes += 10;
      share.took(10);
    }
    clock.after(10, read);
  };
  read();
  return { seen, share };
}

describe('what is read of each socket', () => {
  it('is not held up below the share, and comes down to it above', async () => {
    const [clock, counters] = [new ManualClock(), new Counters()];
    const shares = new Shares(clock, limits, counters);
    const { seen, share } = greedy(clock, shares);
    await clock.advance(900);
    expect(seen).toEqual({ bytes: 910, reading: true });
    await clock.advance(20_000);
    const before = seen.bytes;
    await clock.advance(10_000);
    expect((seen.bytes - before) / 10).toBeGreaterThan(85);
    expect((seen.bytes - before) / 10).toBeLessThanOrEqual(110);
    expect(counters.get('link-greedy')).toBeGreaterThan(0);
    share.end();
  });

  it('is an equal part where many are greedy, whom a modest one does not feel', async () => {
    const clock = new ManualClock();
    const shares = new Shares(clock, limits, new Counters());
    const many = Array.from({ length: 5 }, () => greedy(clock, shares));
    await clock.advance(60_000);
    const paused: boolean[] = [];
    const modest = shares.of({ pause: () => paused.push(true), resume: () => undefined }, () => false);
    const before = many.map(({ seen }) => seen.bytes);
    for (let second = 0; second < 20; second++) {
      modest.took(80);
      await clock.advance(1_000);
    }
    const each = many.map(({ seen }, i) => (seen.bytes - (before[i] ?? 0)) / 20);
    for (const rate of each) expect(rate).toBeGreaterThanOrEqual(30);
    expect(each.reduce((a, b) => a + b)).toBeLessThanOrEqual(240);
    expect(paused).toEqual([]);
  });

  it('is more of a relay', async () => {
    const clock = new ManualClock();
    const { seen } = greedy(clock, new Shares(clock, limits, new Counters()), true);
    await clock.advance(10_000);
    expect(seen.bytes).toBeGreaterThan(9_900);
  });
});

describe('arrivals', () => {
  it('begin so many a second, hosts in turn; too many are refused', async () => {
    const clock = new ManualClock();
    const arrivals = new Arrivals(clock, { arrivalsPerSecond: 10, arrivalsAtOnce: 2, arrivalsWaiting: 8 });
    const begun: string[] = [];
    const come = (host: string): boolean => arrivals.admit(host, () => begun.push(host));
    expect(Array.from({ length: 9 }, () => come('a')).every(Boolean)).toBe(true);
    expect(come('b')).toBe(true);
    expect(come('c')).toBe(false);
    expect(begun).toEqual(['a', 'a']);
    await clock.advance(200);
    expect(begun).toEqual(['a', 'a', 'a', 'b']);
    await clock.advance(10_000);
    expect(begun.length).toBe(10);
    expect(come('c')).toBe(true);
    expect(begun.at(-1)).toBe('c');
  });
});
