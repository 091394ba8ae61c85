import { describe, expect, it } from 'vitest';
import { relayId, type RelayId } from '../base/index.ts';
import { ManualClock, seededRandom, testSeed } from '../base/testing.ts';
import type { Descriptor } from '../directory/index.ts';
import { CircuitClosed, type Circuit, type Message } from './circuit.ts';
import { BuildFailed } from './client.ts';
import { CircuitPool, UnknownRelay, type Blame, type CircuitUser } from './pool.ts';

const seed = testSeed();
const relay = (n: number): RelayId => relayId(new Uint8Array(32).fill(n));
const descriptor = (n: number): Descriptor => ({
  id: relay(n),
  keyset: new Uint8Array(1984),
  addresses: [],
  suite: 3,
  onionKey: new Uint8Array(1216),
  roles: { guard: true, middle: true, mailbox: true },
  family: '',
  delayClasses: [],
  validFrom: 0,
  validUntil: 2 ** 32,
  version: '',
  signed: new Uint8Array(1),
});

/** A circuit that answers PING or does not, as the test says. */
class Line implements Circuit {
  readonly path: readonly RelayId[];
  readonly bind = new Uint8Array(32);
  readonly openedAt: number;
  readonly roundTrip = undefined;
  unreached: number | undefined;
  closed = false;
  answers = true;
  onMessage: (message: Message) => void = () => undefined;
  onClosed: (why: string, blame: boolean) => void = () => undefined;

  constructor(path: readonly RelayId[], openedAt: number) {
    this.path = path;
    this.openedAt = openedAt;
  }

  request = (): Promise<Message> => Promise.reject(new CircuitClosed('not here'));
  ping = (): Promise<number> => (this.answers ? Promise.resolve(1) : new Promise(() => undefined));
  drop(): void {}
  close(): void {
    this.die('finished', false);
  }
  die(why: string, blame: boolean): void {
    if (this.closed) return;
    this.closed = true;
    this.onClosed(why, blame);
  }
}

interface Bench {
  readonly clock: ManualClock;
  readonly pool: CircuitPool;
  readonly lines: Line[];
  readonly blames: Blame[];
  readonly avoided: (readonly RelayId[])[];
  readonly opened: { at: number; circuit: Circuit }[];
  readonly failures: Error[];
  lost: number;
  readonly user: CircuitUser;
  fail: Error | undefined;
  /** The middle of the next path. */
  path: (avoid: readonly RelayId[]) => RelayId;
}

function setUp(): Bench {
  const clock = new ManualClock();
  const bench: Bench = {
    clock,
    lines: [],
    blames: [],
    avoided: [],
    opened: [],
    failures: [],
    lost: 0,
    fail: undefined,
    path: () => relay(2 + bench.lines.length),
    user: { opened: (circuit) => bench.opened.push({ at: clock.now(), circuit }), failed: (error) => bench.failures.push(error) },
    pool: new CircuitPool({
      clock,
      random: seededRandom(seed),
      blamed: (blame) => bench.blames.push(blame),
      lost: () => bench.lost++,
      async path(_mailbox, avoid) {
        bench.avoided.push(avoid);
        if (bench.fail instanceof UnknownRelay) throw bench.fail;
        return [descriptor(1), { ...descriptor(2), id: bench.path(avoid) }, descriptor(99)];
      },
      async build(path) {
        if (bench.fail !== undefined) throw bench.fail;
        const line = new Line(
          path.map(({ id }) => id),
          clock.now(),
        );
        bench.lines.push(line);
        return line;
      },
    }),
  };
  return bench;
}

const current = (bench: Bench): Line => {
  const line = bench.lines.at(-1);
  if (line === undefined) throw new Error('no circuit was built');
  return line;
};

describe('the pool', () => {
  it('builds one circuit for all users of an isolation and mailbox', async () => {
    const bench = setUp();
    const others: Circuit[] = [];
    bench.pool.keep('a', relay(99), bench.user);
    bench.pool.keep('a', relay(99), { opened: (circuit) => others.push(circuit), failed: () => undefined });
    await bench.clock.advance(0);
    expect(bench.lines).toHaveLength(1);
    expect(others).toEqual(bench.opened.map(({ circuit }) => circuit));
    bench.pool.keep('b', relay(99), bench.user);
    await bench.clock.advance(0);
    expect(bench.lines).toHaveLength(2);
  });

  it('rotates every ten minutes, and closes the old one 30 to 60 s after the new one is open', async () => {
    const bench = setUp();
    bench.pool.keep('a', relay(99), bench.user);
    const closings: number[] = [];
    await bench.clock.advance(0);
    for (let rotation = 0; rotation < 5; rotation++) {
      const old = current(bench);
      const from = bench.clock.now();
      while (current(bench) === old) await bench.clock.advance(1000);
      const between = bench.clock.now() - from;
      expect(between).toBeGreaterThanOrEqual(540_000 - 61_000);
      expect(between).toBeLessThanOrEqual(661_000);
      expect(old.closed).toBe(false);
      const opened = bench.clock.now();
      while (!old.closed) await bench.clock.advance(1000);
      closings.push(bench.clock.now() - opened);
    }
    expect(bench.opened.map(({ circuit }) => circuit)).toEqual(bench.lines);
    for (const after of closings) expect(after >= 29_000 && after <= 61_000).toBe(true);
    // With jitter: no two alike.
    expect(new Set(closings).size).toBeGreaterThan(1);
    expect(bench.blames).toEqual([]);
  });

  it('builds over another path after a death, and tells whom to blame', async () => {
    const bench = setUp();
    bench.pool.keep('a', relay(99), bench.user);
    await bench.clock.advance(0);
    const first = current(bench);
    first.die('a cell broke the rules', true);
    await bench.clock.advance(500);
    expect(bench.lines).toHaveLength(2);
    expect(bench.blames).toEqual([{ path: first.path, hop: undefined, why: 'a cell broke the rules' }]);
    expect(bench.avoided.at(-1)).toEqual([first.path[1]]);
    current(bench).die('the link has gone', false);
    await bench.clock.advance(1000);
    expect(bench.lines).toHaveLength(3);
    expect(bench.blames).toHaveLength(1);
    // At its rotation nothing is avoided any more: a relay that was restarted is used again.
    await bench.clock.advance(700_000);
    expect(bench.avoided.slice(3)).toEqual([[]]);
  });

  it('backs off while building fails, and says which relay did not answer', async () => {
    const bench = setUp();
    bench.fail = new BuildFailed(1, 'no answer');
    bench.pool.keep('a', relay(99), bench.user);
    await bench.clock.advance(600_000);
    expect(bench.failures.length).toBeGreaterThan(8);
    expect(bench.failures.length).toBeLessThan(40);
    expect(bench.blames[0]).toMatchObject({ hop: 1, path: [relay(1), relay(2), relay(99)] });
    bench.fail = undefined;
    await bench.clock.advance(60_000);
    expect(bench.opened).toHaveLength(1);
  });

  it('tries each middle once before it waits for long', async () => {
    const bench = setUp();
    const middles = [2, 3, 4, 5].map(relay);
    bench.path = (avoid) => middles.find((middle) => !avoid.includes(middle)) ?? middles[0] ?? relay(2);
    bench.fail = new BuildFailed(1, 'no answer');
    bench.pool.keep('a', relay(99), bench.user);
    await bench.clock.advance(2_000);
    expect(new Set(bench.blames.map(({ path }) => path[1]))).toEqual(new Set(middles));
    await bench.clock.advance(600_000);
    expect(bench.failures.length).toBeLessThan(40);
  });

  it('says which relay the guard has lost', async () => {
    const bench = setUp();
    bench.pool.keep('a', relay(99), bench.user);
    await bench.clock.advance(0);
    const first = current(bench);
    first.unreached = 1;
    first.die('the next relay did not answer', true);
    expect(bench.blames).toEqual([{ path: first.path, hop: 1, why: 'the next relay did not answer' }]);
  });

  it('says that a relay is unknown, and finds it once it is known', async () => {
    const bench = setUp();
    bench.fail = new UnknownRelay('no such relay');
    bench.pool.keep('a', relay(99), bench.user);
    await bench.clock.advance(10);
    expect(bench.failures[0]).toBeInstanceOf(UnknownRelay);
    expect(bench.blames).toEqual([]);
    bench.fail = undefined;
    await bench.clock.advance(1000);
    expect(bench.opened).toHaveLength(1);
  });

  it('replaces a circuit that has fallen silent, whether somebody noticed or not', async () => {
    const bench = setUp();
    const keep = bench.pool.keep('a', relay(99), bench.user);
    await bench.clock.advance(0);
    const first = current(bench);
    first.answers = false;
    keep.check(first);
    await bench.clock.advance(11_000);
    expect([first.closed, bench.lines.length]).toEqual([true, 2]);
    expect(bench.blames[0]).toMatchObject({ path: first.path, why: 'no answer' });
    const second = current(bench);
    second.answers = false;
    await bench.clock.advance(72_000);
    expect(second.closed).toBe(true);
    expect(bench.lines.length).toBeGreaterThan(2);
  });

  it('closes what nobody uses any more, after a while in which it may be used again', async () => {
    const bench = setUp();
    const first = bench.pool.keep('a', relay(99), bench.user);
    await bench.clock.advance(0);
    first.release();
    await bench.clock.advance(30_000);
    const second = bench.pool.keep('a', relay(99), bench.user);
    await bench.clock.advance(100_000);
    expect([bench.lines.length, current(bench).closed, bench.opened.length]).toEqual([1, false, 2]);
    second.release();
    await bench.clock.advance(61_000);
    expect(current(bench).closed).toBe(true);
    await bench.clock.advance(3_600_000);
    expect(bench.lines).toHaveLength(1);
  });

  it('builds ahead when told', async () => {
    const bench = setUp();
    bench.pool.prepare('a', relay(99));
    await bench.clock.advance(0);
    expect(bench.lines).toHaveLength(1);
    bench.pool.keep('a', relay(99), bench.user);
    await bench.clock.advance(0);
    expect([bench.lines.length, bench.opened.length]).toEqual([1, 1]);
  });

  it('says that a circuit has gone, whatever it went of', async () => {
    const bench = setUp();
    const keep = bench.pool.keep('a', relay(99), bench.user);
    await bench.clock.advance(0);
    current(bench).die('the link has gone', false);
    expect([bench.lost, bench.pool.services()[0]?.circuit]).toEqual([1, undefined]);
    await bench.clock.advance(1_000);
    keep.release();
    await bench.clock.advance(61_000);
    expect([bench.lost, bench.pool.circuits(), bench.pool.services()]).toEqual([2, [], []]);
  });

  it('says since when a mailbox is silent: when all attempts end there, or it is unknown; not when they end before it', async () => {
    const bench = setUp();
    bench.fail = new BuildFailed(1, 'no answer');
    bench.pool.keep('a', relay(99), bench.user);
    await bench.clock.advance(60_000);
    const since = (): number | undefined => bench.pool.services()[0]?.silentSince;
    expect(since()).toBeUndefined();
    bench.fail = new BuildFailed(2, 'no answer');
    await bench.clock.advance(20_000);
    const first = since();
    expect(first).toBeGreaterThan(bench.clock.now() - 20_000);
    bench.fail = new UnknownRelay('no such relay');
    await bench.clock.advance(40_000);
    expect(since()).toBe(first);
    // What lies between two attempts that are far apart is not known.
    bench.fail = new BuildFailed(0, 'no answer');
    await bench.clock.advance(300_000);
    bench.fail = new BuildFailed(2, 'no answer');
    await bench.clock.advance(61_000);
    expect(since()).toBeGreaterThan(bench.clock.now() - 61_000);
    bench.fail = undefined;
    await bench.clock.advance(61_000);
    expect(since()).toBeUndefined();
  });

  it('tries again at once when it is told that there is reason to', async () => {
    const bench = setUp();
    bench.fail = new BuildFailed(2, 'no answer');
    bench.pool.keep('a', relay(99), bench.user);
    await bench.clock.advance(300_000);
    expect(bench.pool.services()[0]?.failures).toBeGreaterThan(10);
    bench.fail = undefined;
    bench.pool.hurry();
    await bench.clock.advance(0);
    expect(bench.pool.services()[0]?.circuit).toBe(current(bench));
  });

  it('replaces circuits that could do better elsewhere, and loses nobody by it', async () => {
    const bench = setUp();
    bench.pool.keep('a', relay(99), bench.user);
    await bench.clock.advance(0);
    const [first] = bench.lines;
    bench.pool.renew((circuit) => circuit === first);
    await bench.clock.advance(5_000);
    expect([bench.lines.length, first?.closed, bench.opened.length]).toEqual([2, false, 2]);
    bench.pool.renew((circuit) => circuit === first);
    await bench.clock.advance(61_000);
    expect([bench.lines.length, first?.closed]).toEqual([2, true]);
  });

  it('does not hold a frozen machine’s own silence against a circuit', async () => {
    const bench = setUp();
    const keep = bench.pool.keep('a', relay(99), bench.user);
    await bench.clock.advance(0);
    const line = current(bench);
    let answer: () => void = () => undefined;
    line.ping = () => new Promise((resolve) => (answer = () => resolve(1)));
    keep.check(line);
    // An hour in which no timer fires; then everything falls due at once.
    const now = bench.clock.now.bind(bench.clock);
    const end = now() + 3_600_000;
    bench.clock.now = () => Math.max(now(), end);
    await bench.clock.advance(11_000);
    expect([line.closed, bench.blames]).toEqual([false, []]);
    answer();
    await bench.clock.advance(15_000);
    expect([line.closed, bench.blames]).toEqual([false, []]);
  });

  it('closes everything at the end', async () => {
    const bench = setUp();
    bench.pool.keep('a', relay(99), bench.user);
    bench.pool.keep('b', relay(98), bench.user);
    await bench.clock.advance(0);
    bench.pool.close();
    expect(bench.lines.every(({ closed }) => closed)).toBe(true);
    await bench.clock.advance(3_600_000);
    expect(bench.lines).toHaveLength(2);
  });
});
