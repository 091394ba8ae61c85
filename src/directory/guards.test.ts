import { describe, expect, it } from 'vitest';
import { relayId, type RelayId } from '../base/index.ts';
import { ManualClock, seededRandom, testSeed } from '../base/testing.ts';
import { sha256 } from '../crypto/index.ts';
import { parseAnchors } from './anchors.ts';
import { Blame } from './blame.ts';
import { Guards, type Candidate } from './guards.ts';
import { NetworkTime } from './time.ts';

const seed = testSeed();
const DAY = 86_400_000;
const id = (n: number): RelayId => relayId(sha256(Uint8Array.of(n)));
const candidates = (...ns: readonly number[]): Candidate[] =>
  ns.map((n) => ({ id: id(n), addresses: [`/dns4/r${n}.example.org/tcp/443/tls/ws`] }));
const ten = candidates(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);

function guards(state: Parameters<typeof restart>[1] = [], clock = new ManualClock()) {
  return { guards: restart(clock, state), clock };
}
const restart = (clock: ManualClock, state: ReturnType<Guards['state']>): Guards => new Guards(clock, seededRandom(seed), state);

describe('guards', () => {
  it('are three, stay the same over restarts for 60 days', async () => {
    const { guards: g, clock } = guards();
    expect(g.refresh(ten)).toBe(true);
    const first = g.state().map((guard) => guard.id);
    expect(new Set(first).size).toBe(3);
    for (let day = 1; day < 60; day++) {
      await clock.advance(DAY);
      const again = restart(clock, JSON.parse(JSON.stringify(g.state())));
      again.refresh(ten);
      expect(again.state().map((guard) => guard.id)).toEqual(first);
    }
  });

  it('are replaced when their time is over', async () => {
    const { guards: g, clock } = guards();
    g.refresh(ten);
    await clock.advance(90 * DAY + 1);
    expect(g.refresh(candidates(10, 11, 12))).toBe(true);
    expect(new Set(g.state().map((guard) => guard.id))).toEqual(new Set([id(10), id(11), id(12)]));
  });

  it('that leave the directory keep their place for a week', async () => {
    const { guards: g, clock } = guards();
    g.refresh(candidates(1, 2, 3));
    await clock.advance(6 * DAY);
    g.refresh(candidates(4, 5, 6));
    expect(new Set(g.state().map((guard) => guard.id))).toEqual(new Set([id(1), id(2), id(3)]));
    await clock.advance(2 * DAY);
    g.refresh(candidates(4, 5, 6));
    expect(new Set(g.state().map((guard) => guard.id))).toEqual(new Set([id(4), id(5), id(6)]));
  });

  it('are picked in order: the first, unless it is the mailbox or silent', async () => {
    const { guards: g, clock } = guards();
    g.refresh(ten);
    const [a, b, c] = g.state().map((guard) => guard.id) as [RelayId, RelayId, RelayId];
    expect([g.pick()?.id, g.pick(a)?.id, g.pick(c)?.id]).toEqual([a, b, a]);
    g.failed(a);
    expect([g.pick()?.id, g.pick(b)?.id]).toEqual([b, c]);
    g.failed(b);
    g.failed(c);
    expect(g.pick()?.id).toBe(a);
    await clock.advance(10_000);
    expect(g.pick()?.id).toBe(a);
    g.failed(a);
    await clock.advance(10_000);
    expect(g.pick()?.id).toBe(b);
    g.answered(a);
    expect(g.pick()?.id).toBe(a);
  });

  it('that are distrusted are passed over for those that answer, and not for those that do not', () => {
    const { guards: g } = guards();
    g.refresh(ten);
    const [a, b, c] = g.state().map(({ id: one }) => one) as [RelayId, RelayId, RelayId];
    g.distrust(a);
    expect(g.pick()?.id).toBe(b);
    g.failed(b);
    g.failed(c);
    expect(g.pick()?.id).toBe(a);
  });

  it('that are avoided are passed over while another answers', () => {
    const { guards: g } = guards();
    g.refresh(ten);
    const [a, b, c] = g.state().map(({ id: one }) => one) as [RelayId, RelayId, RelayId];
    const avoids = (guard: RelayId): boolean => guard === a;
    expect([g.pick(c, avoids)?.id, g.pick(b, avoids)?.id]).toEqual([b, c]);
    g.failed(b);
    g.failed(c);
    expect(g.pick(c, avoids)?.id).toBe(a);
  });

  it('are none where there is no candidate', () => {
    const { guards: g } = guards();
    expect([g.refresh([]), g.pick()]).toEqual([false, undefined]);
  });
});

describe('blame', () => {
  it('falls on who is on many broken paths with different others, for ten minutes', async () => {
    const clock = new ManualClock();
    const blame = new Blame(clock);
    blame.record([id(0), id(1), id(2)]);
    blame.record([id(0), id(1), id(3)]);
    expect([0, 1, 2, 3].map((n) => blame.avoids(id(n)))).toEqual([false, false, false, false]);
    blame.record([id(0), id(1), id(4)]);
    expect([1, 2, 3, 4].map((n) => blame.avoids(id(n)))).toEqual([true, false, false, false]);
    await clock.advance(600_001);
    expect(blame.avoids(id(1))).toBe(false);
  });

  it('does not fall on a middle for what may be the mailbox', () => {
    const blame = new Blame(new ManualClock());
    for (let i = 0; i < 5; i++) blame.record([id(0), id(1), id(2)]);
    expect(blame.avoids(id(1))).toBe(false);
  });
});

describe('breaking circuits', () => {
  const R = 1;
  /** Three failures of R with others around it, so far apart. */
  async function after(gap: number, fail: (blame: Blame, n: number) => void) {
    const clock = new ManualClock();
    const blame = new Blame(clock);
    for (const n of [2, 3, 4]) {
      fail(blame, n);
      await clock.advance(gap);
    }
    return { blame, is: [blame.avoids(id(R)), blame.breaks(id(R))] };
  }
  const died = (blame: Blame, n: number): void => blame.record([id(0), id(R), id(n)]);

  it('is to let those die that stood, one after the other', async () => {
    expect((await after(3_000, died)).is).toEqual([true, true]);
  });
  it('is not to die once, with all that led over it', async () => {
    expect((await after(100, died)).is).toEqual([true, false]);
  });
  it('is to reach nobody', async () => {
    expect((await after(3_000, (blame, n) => blame.record([id(0), id(R), id(n)], 2))).is).toEqual([true, true]);
  });
  it('is not to be out of reach, as middle or as mailbox; whoever is reached again is back', async () => {
    for (const path of [(n: number) => [id(0), id(R), id(n)], (n: number) => [id(0), id(n), id(R)]]) {
      const { blame, is } = await after(3_000, (to, n) => to.record(path(n), path(n).indexOf(id(R))));
      expect(is).toEqual([true, false]);
      blame.reached([id(0), id(9), id(8)]);
      expect(blame.avoids(id(R))).toBe(true);
      blame.reached([id(0), id(9), id(R)]);
      expect(blame.avoids(id(R))).toBe(false);
    }
  });
  it('is not forgiven for a circuit that stands', async () => {
    const { blame } = await after(3_000, died);
    blame.reached([id(0), id(R), id(9)]);
    expect([blame.avoids(id(R)), blame.breaks(id(R))]).toEqual([true, true]);
  });
});

describe('a relay that has died', () => {
  it('explains what died with it, once others say that it is out of reach', async () => {
    const clock = new ManualClock();
    const blame = new Blame(clock);
    // One after the other dies, and whoever was beside all of them broke nothing.
    for (const dead of [2, 3, 4, 5]) {
      blame.record([id(0), id(1), id(dead)]);
      await clock.advance(500);
      blame.record([id(0), id(9), id(dead)], 2);
      await clock.advance(5_000);
    }
    expect([blame.breaks(id(1)), blame.guardBreaks(id(0))]).toEqual([false, false]);
  });
  it('is no excuse for those who say so themselves', async () => {
    const clock = new ManualClock();
    const blame = new Blame(clock);
    for (const other of [2, 3, 4]) {
      blame.record([id(0), id(1), id(other)]);
      await clock.advance(500);
      blame.record([id(0), id(1), id(other)], 2);
      await clock.advance(5_000);
    }
    expect(blame.breaks(id(1))).toBe(true);
  });
});

describe('a guard beyond which circuits die', () => {
  const path = (middle: number, last: number): RelayId[] => [id(0), id(1 + middle), id(1 + last)];
  /** What is said of the guard after each of the paths has failed, so far apart. */
  async function after(
    paths: readonly RelayId[][],
    { gap = 3_000, hop, between }: { gap?: number; hop?: number; between?: (blame: Blame) => void } = {},
  ) {
    const clock = new ManualClock();
    const blame = new Blame(clock);
    const said: boolean[] = [];
    for (const one of paths) {
      blame.record(one, hop);
      said.push(blame.guardBreaks(id(0)));
      between?.(blame);
      await clock.advance(gap);
    }
    return said;
  }
  const many = Array.from({ length: 20 }, (_, i) => i);

  it('is at fault once four have died over three different others', async () => {
    expect(await after([path(0, 1), path(2, 1), path(0, 3), path(3, 2)])).toEqual([false, false, false, true]);
  });
  it('is at fault when it says of every middle that it is out of reach', async () => {
    expect(await after([path(0, 4), path(1, 4), path(2, 4), path(3, 4)], { hop: 1 })).toEqual([false, false, false, true]);
  });
  it('is why: what had been held against those behind it is not any more', async () => {
    const clock = new ManualClock();
    const blame = new Blame(clock);
    const said: boolean[] = [];
    for (const one of [path(0, 1), path(0, 2), path(0, 3), path(1, 2)]) {
      blame.record(one);
      said.push(blame.breaks(id(1)));
      await clock.advance(3_000);
    }
    expect([said, blame.guardBreaks(id(0))]).toEqual([[false, false, true, true], true]);
    expect([blame.clearBehind(id(0)), blame.breaks(id(1)), blame.guardBreaks(id(0))]).toEqual([[id(1)], false, false]);
  });
  it('does not clear those who broke circuits over another guard as well', async () => {
    const clock = new ManualClock();
    const blame = new Blame(clock);
    for (const one of [path(0, 1), path(0, 2), path(0, 3), path(1, 2)]) {
      blame.record(one);
      blame.record([id(8), id(1), one[2] ?? id(9)]);
      await clock.advance(3_000);
    }
    expect([blame.guardBreaks(id(0)), blame.clearBehind(id(0)), blame.breaks(id(1))]).toEqual([true, [], true]);
  });
  it('that is silent says nothing of those behind it', async () => {
    const clock = new ManualClock();
    const blame = new Blame(clock);
    for (const n of [1, 2, 3, 4, 5]) {
      blame.record(path(5, n), 0);
      await clock.advance(3_000);
    }
    expect([blame.avoids(id(6)), blame.guardBreaks(id(0))]).toEqual([false, false]);
  });
  it('is at fault all the more where another guard reaches them', async () => {
    const between = (blame: Blame): void => [1, 2, 3, 4].forEach((n) => blame.reached([id(8), id(n), id(9)]));
    expect(await after([path(0, 4), path(1, 4), path(2, 4), path(3, 4)], { hop: 1, between })).toEqual([false, false, false, true]);
  });
  it('is not at fault where it reaches them itself later', async () => {
    const between = (blame: Blame): void => [1, 2, 3, 4].forEach((n) => blame.reached([id(0), id(n), id(9)]));
    const paths = many.map((i) => path(i % 3, 4));
    expect(await after(paths, { hop: 1, between })).not.toContain(true);
  });
  it.each([
    ['one of the others is on all of them', (i: number) => path(i % 3, 3), {}],
    ['the others are always the same', () => path(0, 1), {}],
    ['one lived in between', (i: number) => path(i % 3, (i + 1) % 3), { between: (blame: Blame) => blame.lived(id(0)) }],
    ['it took long', (i: number) => path(i % 3, (i + 1) % 3), { gap: 300_000 }],
    ['all died at once', (i: number) => path(i % 3, (i + 1) % 3), { gap: 10 }],
    ['mailboxes were out of reach', (i: number) => path(i % 3, (i + 1) % 3), { hop: 2 }],
  ] as const)('is not where %s', async (_what, paths, how) => {
    expect(await after(many.map(paths), how)).not.toContain(true);
  });
});

describe('a guard and a mailbox between which nothing lives', () => {
  it('fail together after four times, until something lives over that guard', async () => {
    const clock = new ManualClock();
    const blame = new Blame(clock);
    const said: boolean[] = [];
    for (const middle of [1, 2, 3, 1]) {
      blame.record([id(0), id(middle), id(9)]);
      blame.record([id(0), id(middle + 3), id(7)]);
      said.push(blame.failTogether(id(0), id(9)));
      await clock.advance(500);
    }
    expect(said).toEqual([false, false, false, true]);
    expect([blame.failTogether(id(0), id(8)), blame.failTogether(id(4), id(9))]).toEqual([false, false]);
    blame.lived(id(0));
    expect(blame.failTogether(id(0), id(9))).toBe(false);
  });
});

describe('network time', () => {
  it('is the median of at least three relays', async () => {
    const clock = new ManualClock(1_000_000_000);
    const time = new NetworkTime(clock);
    time.heard(id(1), 1_003_600);
    time.heard(id(2), 1_003_600);
    expect([time.known, time.seconds()]).toEqual([false, 1_000_000]);
    time.heard(id(3), 4_000_000_000);
    expect([time.known, time.seconds()]).toEqual([true, 1_003_600]);
    await clock.advance(5_000);
    expect(time.seconds()).toBe(1_003_605);
  });

  it('is whole milliseconds, however many relays were heard', () => {
    let now = 1_000_000_000;
    const time = new NetworkTime({ now: () => now++, after: () => () => undefined });
    for (let i = 1; i <= 6; i++) {
      time.heard(relayId(new Uint8Array(32).fill(i)), 1_000_000);
      expect(Number.isInteger(time.now())).toBe(true);
    }
  });

  it('hears each relay once: one cannot outvote two', () => {
    const time = new NetworkTime(new ManualClock(1_000_000_000));
    for (const [n, seconds] of [
      [1, 1_000_000],
      [2, 1_000_001],
      [3, 9],
      [3, 9],
      [3, 9],
    ] as const)
      time.heard(id(n), seconds);
    expect(time.seconds()).toBe(1_000_000);
  });
});

describe('anchors.json', () => {
  const anchor = { id: id(1), addresses: ['/ip4/127.0.0.1/tcp/9001/ws'], family: 'relay-1' };
  it('is read', () => {
    expect(parseAnchors(JSON.stringify({ anchors: [anchor, { ...anchor, id: id(2) }] }))).toEqual([anchor, { ...anchor, id: id(2) }]);
  });
  it.each([
    ['{', 'not JSON'],
    ['[]', 'want'],
    ['{"anchors": []}', 'want'],
    [JSON.stringify({ anchors: [anchor, anchor] }), 'twice'],
    [JSON.stringify({ anchors: [{ ...anchor, id: 'x' }] }), 'anchor 1: "id"'],
    [JSON.stringify({ anchors: [{ ...anchor, addresses: ['x'] }] }), 'anchor 1: "addresses"'],
    [JSON.stringify({ anchors: [anchor, 5] }), 'anchor 2: not an object'],
  ])('is refused in words: %s', (text, words) => {
    expect(parseAnchors(text)).toMatchObject({ refused: 'anchors', detail: expect.stringContaining(words) });
  });
});
