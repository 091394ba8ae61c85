import { describe, expect, it, vi } from 'vitest';
import { integer } from '../base/index.ts';
import { ManualClock, seededRandom, settle, testSeed } from '../base/testing.ts';
import { claimActiveTab, type ActiveTab, type Channel, type Locks } from './active-tab.ts';

interface Request {
  readonly name: string;
  readonly grant: (lock: object | null) => Promise<void>;
  readonly settled: PromiseWithResolvers<void>;
  readonly line: Line;
  /** Its tab has been told, and works under the lock. */
  begun: boolean;
  gone: boolean;
}

/** Between a tab and the rest of the browser: what is sent first arrives first. */
class Line {
  readonly #clock: ManualClock;
  readonly #lag: () => number;
  #last = 0;

  constructor(clock: ManualClock, lag: () => number) {
    this.#clock = clock;
    this.#lag = lag;
  }

  send(action: () => void): void {
    const lag = this.#lag();
    if (lag === 0) return queueMicrotask(action);
    this.#last = Math.max(this.#last, this.#clock.now() + lag);
    this.#clock.after(this.#last - this.#clock.now(), action);
  }
}

/** Locks as the Web Locks specification has them, as far as they are used: a line for each name, ifAvailable, steal, signal. */
class LockTable {
  readonly #held = new Map<string, Request>();
  #waiting: Request[] = [];

  /** As one tab has them. */
  of(line: Line): Locks {
    return {
      request: (name, options, grant) => {
        const request: Request = { name, grant, settled: Promise.withResolvers<void>(), line, begun: false, gone: false };
        line.send(() => this.#arrive(request, options));
        options.signal?.addEventListener('abort', () => {
          if (request.begun) return;
          request.gone = true;
          request.settled.reject(new DOMException('aborted', 'AbortError'));
          line.send(() => this.#leave(request));
        });
        return request.settled.promise;
      },
    };
  }

  #arrive(request: Request, { ifAvailable, steal }: LockOptions): void {
    const holder = this.#held.get(request.name);
    if (ifAvailable === true && holder !== undefined)
      return request.line.send(() => void request.grant(null).then(request.settled.resolve));
    if (steal === true) {
      holder?.line.send(() => holder.settled.reject(new DOMException('stolen', 'AbortError')));
      return this.#give(request);
    }
    this.#waiting.push(request);
    this.#next(request.name);
  }

  #leave(request: Request): void {
    this.#waiting = this.#waiting.filter((other) => other !== request);
    if (this.#held.get(request.name) !== request) return;
    this.#held.delete(request.name);
    this.#next(request.name);
  }

  #next(name: string): void {
    const request = this.#waiting.find((other) => other.name === name);
    if (this.#held.has(name) || request === undefined) return;
    this.#waiting = this.#waiting.filter((other) => other !== request);
    this.#give(request);
  }

  /** Held at once; the callback comes later. */
  #give(request: Request): void {
    this.#held.set(request.name, request);
    const hold = async (): Promise<void> => {
      if (request.gone) return;
      request.begun = true;
      await request.grant({});
      request.settled.resolve();
      request.line.send(() => this.#leave(request));
    };
    request.line.send(() => void hold());
  }
}

/** Channels of one origin: each hears the others, later. */
class Origin {
  readonly #channels: {
    readonly listeners: Set<(event: { data: unknown }) => void>;
    readonly hears: () => boolean;
    readonly line: Line;
  }[] = [];

  /** `hears`: whether it is awake. */
  channel(line: Line, hears: () => boolean): Channel {
    const mine = new Set<(event: { data: unknown }) => void>();
    this.#channels.push({ listeners: mine, hears, line });
    return {
      postMessage: (data) =>
        line.send(() => {
          for (const { listeners, hears: awake, line: way } of this.#channels)
            if (listeners !== mine) way.send(() => awake() && listeners.forEach((listener) => listener({ data })));
        }),
      addEventListener: (_type, listener) => void mine.add(listener),
      removeEventListener: (_type, listener) => void mine.delete(listener),
    };
  }
}

/** `lag`: ms that whatever goes between a tab and the browser takes. */
function browser(lag = (): number => 0) {
  const locks = new LockTable();
  const origin = new Origin();
  const clock = new ManualClock();
  const log: string[] = [];
  const frozen = new Set<string>();
  return {
    clock,
    log,
    freeze: (name: string) => void frozen.add(name),
    /** Somebody asks for the lock, and is not heard of again. */
    askAndGo: () => origin.channel(new Line(clock, lag), () => false).postMessage({ lock: 'active-tab', say: 'use here' }),
    async tab(name: string, yieldTo: () => Promise<void> = async () => void log.push(`${name} closes`)): Promise<ActiveTab> {
      const line = new Line(clock, lag);
      const channel = origin.channel(line, () => !frozen.has(name));
      const tab = await claimActiveTab({ locks: locks.of(line), channel, clock, yieldTo });
      log.push(`${name} ${tab.active ? 'active' : 'waits'}`);
      tab.onChange((active) => log.push(`${name} ${active ? 'active' : 'waits'}`));
      return tab;
    },
  };
}

describe('the active tab', () => {
  it('is the first; the second waits and follows when the first goes', async () => {
    const { tab, log } = browser();
    const first = await tab('one');
    const second = await tab('two');
    expect([first.active, second.active]).toEqual([true, false]);
    first.close();
    await vi.waitFor(() => expect(second.active).toBe(true));
    expect(log).toEqual(['one active', 'two waits', 'two active']);
  });

  it('gives way to "Use here" only after its databases are closed, and follows when the other goes', async () => {
    const { tab, log } = browser();
    const closing = Promise.withResolvers<void>();
    const first = await tab('one', async () => {
      log.push('one closes');
      await closing.promise;
      log.push('one closed');
    });
    const second = await tab('two');
    const taken = second.takeOver();
    await vi.waitFor(() => expect(log).toContain('one closes'));
    await settle();
    expect([first.active, second.active]).toEqual([false, false]);
    closing.resolve();
    await taken;
    expect(log).toEqual(['one active', 'two waits', 'one waits', 'one closes', 'one closed', 'two active']);
    second.close();
    await vi.waitFor(() => expect(first.active).toBe(true));
  });

  it('goes to the one that asked, whoever stood in line before', async () => {
    const { tab } = browser();
    const tabs = [await tab('one'), await tab('two'), await tab('three')];
    await tabs[2]?.takeOver();
    await settle();
    expect(tabs.map(({ active }) => active)).toEqual([false, false, true]);
    await tabs[0]?.takeOver();
    await settle();
    expect(tabs.map(({ active }) => active)).toEqual([true, false, false]);
  });

  it('is waited for while it closes its databases, however busy it is', async () => {
    const { tab, clock, log } = browser();
    const closed = Promise.withResolvers<void>();
    const first = await tab('one', () => closed.promise);
    const [second, third] = [await tab('two'), await tab('three')];
    const taken = second.takeOver();
    await clock.advance(8_000);
    // Asked by another too, while it closes.
    const also = third.takeOver();
    await clock.advance(12_000);
    expect([first.active, second.active, third.active]).toEqual([false, false, false]);
    closed.resolve();
    await clock.advance(60_000);
    await Promise.all([taken, also]);
    expect([first, second, third].filter(({ active }) => active)).toHaveLength(1);
    expect(log.slice(0, 4)).toEqual(['one active', 'two waits', 'three waits', 'one waits']);
  });

  it('is taken from one that does not come to an end', async () => {
    const { tab, clock } = browser();
    const first = await tab('one', () => new Promise(() => undefined));
    const second = await tab('two');
    const taken = second.takeOver();
    await clock.advance(29_999);
    expect(second.active).toBe(false);
    await clock.advance(1);
    await taken;
    expect([first.active, second.active]).toEqual([false, true]);
  });

  it('is taken from one that does not answer, which is told when it wakes', async () => {
    const { tab, freeze, clock, log } = browser();
    const first = await tab('one');
    freeze('one');
    const second = await tab('two');
    const taken = second.takeOver();
    await clock.advance(2999);
    expect(second.active).toBe(false);
    await clock.advance(1);
    await taken;
    expect([first.active, second.active]).toEqual([false, true]);
    expect(log.filter((line) => line === 'one closes')).toHaveLength(1);
  });

  it('is the one that gave way again when nothing is heard of whoever asked', async () => {
    const { tab, clock, askAndGo, log } = browser();
    const first = await tab('one');
    askAndGo();
    await settle();
    expect([first.active, log]).toEqual([false, ['one active', 'one waits', 'one closes']]);
    await clock.advance(3_000);
    await settle();
    expect([first.active, log.at(-1)]).toEqual([true, 'one active']);
  });

  it.each([
    ['at once', 0],
    ['while it still closes its databases', 5_000],
  ])('is the one that gave way again when its user says so %s', async (_when, closes) => {
    const { tab, clock, askAndGo } = browser();
    const first = await tab('one', () => new Promise((resolve) => void clock.after(closes, resolve)));
    await tab('two');
    askAndGo();
    await settle();
    const again = first.takeOver();
    await clock.advance(10_000);
    await again;
    expect(first.active).toBe(true);
    await clock.advance(10_000);
    expect(first.active).toBe(true);
  });

  it('is not the one that gave way again, however long messages take', async () => {
    const random = seededRandom(testSeed());
    for (let i = 0; i < 200; i++) {
      const { tab, clock, log } = browser(() => 1 + integer(random, 50));
      const opening = Promise.all([tab('one'), tab('two')]);
      await clock.advance(1_000);
      const [first, second] = await opening;
      const [holder, other] = first.active ? [first, second] : [second, first];
      log.length = 0;
      const taken = other.takeOver();
      await clock.advance(10_000);
      await taken;
      expect([holder.active, other.active]).toEqual([false, true]);
      expect(log.filter((line) => line.endsWith(' active'))).toHaveLength(1);
      expect(log.filter((line) => line.endsWith(' waits'))).toHaveLength(1);
    }
  });

  it('is never two at once, whoever asks whom', async () => {
    const { tab, clock } = browser();
    const tabs = [await tab('a'), await tab('b'), await tab('c'), await tab('d')];
    for (const turns of ['0123', '3', '21', '0220', '1', '31']) {
      const asked = [...turns].flatMap((i) => tabs.slice(Number(i), Number(i) + 1)).map((one) => one.takeOver());
      await clock.advance(10_000);
      await Promise.allSettled(asked);
      expect(tabs.filter(({ active }) => active)).toHaveLength(1);
    }
  });

  it('does not wait any longer when closed', async () => {
    const { tab } = browser();
    const first = await tab('one');
    const second = await tab('two');
    second.close();
    first.close();
    await settle();
    expect([first.active, second.active]).toEqual([false, false]);
    await expect(second.takeOver()).rejects.toThrow('claim again');
    expect((await tab('three')).active).toBe(true);
  });
});
