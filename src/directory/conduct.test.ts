import { describe, expect, it } from 'vitest';
import { relayId } from '../base/index.ts';
import { ManualClock } from '../base/testing.ts';
import { Conduct } from './conduct.ts';
import { GuardTrials } from './guard-trials.ts';

const relay = (n: number) => relayId(new Uint8Array(32).fill(n));
const MINUTE = 60_000;

describe('what relays did', () => {
  it('is kept for an hour, the latest first, and counted', async () => {
    const clock = new ManualClock();
    const conduct = new Conduct(clock);
    expect(conduct.record(relay(1), 'wrong-time')).toBe(true);
    await clock.advance(30 * MINUTE);
    expect(conduct.record(relay(2), 'not-kept')).toBe(true);
    expect(conduct.record(relay(1), 'wrong-time')).toBe(false);
    expect(conduct.all()).toMatchObject([
      { relay: relay(1), what: 'wrong-time', times: 2 },
      { relay: relay(2), what: 'not-kept', times: 1 },
    ]);
    expect([1, 2].map((n) => conduct.avoidsAsMailbox(relay(n)))).toEqual([false, true]);
    await clock.advance(60 * MINUTE);
    expect(conduct.all()).toEqual([]);
    expect(conduct.avoidsAsMailbox(relay(2))).toBe(false);
  });

  it('stays bounded', () => {
    const conduct = new Conduct(new ManualClock());
    for (let n = 0; n < 200; n++) conduct.record(relay(n), 'left-out');
    expect(conduct.all()).toHaveLength(64);
    expect(conduct.all()[0]?.relay).toBe(relay(199));
  });
});

describe('a guard beyond which circuits die', () => {
  const [guard, ...others] = [0, 1, 2, 3, 4].map(relay);
  const path = (middle: number, last: number) => [guard, others[middle], others[last]].filter((one) => one !== undefined);

  it('is at fault once four have died over three different others', () => {
    const trials = new GuardTrials(new ManualClock());
    expect([path(0, 1), path(2, 1), path(0, 3), path(3, 2)].map((one) => trials.failed(one))).toEqual([false, false, false, true]);
  });

  it('is not where one of the others is on all of them', () => {
    const trials = new GuardTrials(new ManualClock());
    for (let i = 0; i < 20; i++) expect(trials.failed(path(i % 3, 3))).toBe(false);
  });

  it('is not where the others are always the same, where one lived in between, or where it took long', async () => {
    const clock = new ManualClock();
    const trials = new GuardTrials(clock);
    for (let i = 0; i < 20; i++) expect(trials.failed(path(0, 1))).toBe(false);
    if (guard !== undefined) trials.worked(guard);
    for (let i = 0; i < 20; i++) {
      expect(trials.failed(path(i % 3, (i + 1) % 3))).toBe(false);
      if (guard !== undefined) trials.worked(guard);
    }
    for (let i = 0; i < 20; i++) {
      expect(trials.failed(path(i % 3, (i + 1) % 3))).toBe(false);
      await clock.advance(5 * MINUTE);
    }
  });
});
