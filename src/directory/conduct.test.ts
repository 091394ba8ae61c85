import { describe, expect, it } from 'vitest';
import { relayId } from '../base/index.ts';
import { ManualClock } from '../base/testing.ts';
import { Conduct } from './conduct.ts';

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

  it('is taken back where it was another', () => {
    const conduct = new Conduct(new ManualClock());
    conduct.record(relay(1), 'breaks-circuits');
    conduct.record(relay(1), 'left-out');
    conduct.takeBack(relay(1), 'breaks-circuits');
    expect(conduct.all().map(({ what }) => what)).toEqual(['left-out']);
  });
});
