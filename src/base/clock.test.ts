import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock, systemRandom } from './clock.ts';

/** What REFUSED can name at most: u32 seconds. */
const MOST = (2 ** 32 - 1) * 1000;

describe('the clock of the system', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it.each([0, 5_000, 2 ** 31 - 1, 2 ** 31, MOST])('waits %i ms, and no less', (ms) => {
    let gone = 0;
    systemClock.after(ms, () => gone++);
    vi.advanceTimersByTime(Math.max(0, ms - 1));
    expect(gone).toBe(ms === 0 ? 1 : 0);
    vi.advanceTimersByTime(1);
    expect(gone).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('forgets a long wait that is cancelled, in whatever part of it', () => {
    const [first, later] = [0, 1].map(() => systemClock.after(MOST, () => expect.fail('it was cancelled')));
    first?.();
    vi.advanceTimersByTime(2 ** 33);
    later?.();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the system’s random bytes', () => {
  it.each([0, 1, 65_536, 65_537, 200_000])('are as many as are asked for, %i, and random to the last', (length) => {
    const bytes = systemRandom.bytes(length);
    expect(bytes).toHaveLength(length);
    for (let at = 0; at + 32 <= length; at += 32) expect(bytes.subarray(at, at + 32).some((byte) => byte !== 0)).toBe(true);
  });
});
