import { describe, expect, it, vi } from 'vitest';
import { ManualClock, settle } from '../base/testing.ts';
import { claimActiveTab, type ActiveTab, type Channel, type Locks } from './active-tab.ts';

interface Request {
  readonly name: string;
  readonly grant: (lock: object | null) => Promise<void>;
  readonly settled: PromiseWithResolvers<void>;
}

/** Locks as the Web Locks specification has them, as far as they are used: a line for each name, ifAvailable, steal, signal. */
class LockTable implements Locks {
  readonly #held = new Map<string, Request>();
  #line: Request[] = [];

  request(name: string, options: LockOptions, grant: (lock: object | null) => Promise<void>): Promise<void> {
    const request: Request = { name, grant, settled: Promise.withResolvers<void>() };
    const holder = this.#held.get(name);
    if (options.ifAvailable === true && holder !== undefined) return grant(null);
    if (options.steal === true) {
      holder?.settled.reject(new DOMException('stolen', 'AbortError'));
      this.#give(request);
      return request.settled.promise;
    }
    options.signal?.addEventListener('abort', () => {
      if (!this.#line.includes(request)) return;
      this.#line = this.#line.filter((other) => other !== request);
      request.settled.reject(new DOMException('aborted', 'AbortError'));
    });
    this.#line.push(request);
    this.#next(name);
    return request.settled.promise;
  }

  #next(name: string): void {
    const request = this.#line.find((other) => other.name === name);
    if (this.#held.has(name) || request === undefined) return;
    this.#line = this.#line.filter((other) => other !== request);
    this.#give(request);
  }

  /** Held at once; the callback comes later. */
  #give(request: Request): void {
    this.#held.set(request.name, request);
    const hold = async (): Promise<void> => {
      await request.grant({});
      request.settled.resolve();
      if (this.#held.get(request.name) !== request) return;
      this.#held.delete(request.name);
      this.#next(request.name);
    };
    queueMicrotask(() => void hold());
  }
}

/** Channels of one origin: each hears the others, later. */
class Origin {
  readonly #channels: { readonly listeners: Set<(event: { data: unknown }) => void>; readonly hears: () => boolean }[] = [];

  /** `hears`: whether it is awake. */
  channel(hears: () => boolean): Channel {
    const mine = new Set<(event: { data: unknown }) => void>();
    this.#channels.push({ listeners: mine, hears });
    return {
      postMessage: (data) =>
        queueMicrotask(() => {
          for (const { listeners, hears: awake } of this.#channels) {
            if (listeners !== mine && awake()) for (const listener of listeners) listener({ data });
          }
        }),
      addEventListener: (_type, listener) => void mine.add(listener),
      removeEventListener: (_type, listener) => void mine.delete(listener),
    };
  }
}

function browser() {
  const locks = new LockTable();
  const origin = new Origin();
  const clock = new ManualClock();
  const log: string[] = [];
  const frozen = new Set<string>();
  return {
    clock,
    log,
    freeze: (name: string) => void frozen.add(name),
    async tab(name: string, yieldTo: () => Promise<void> = async () => void log.push(`${name} closes`)): Promise<ActiveTab> {
      const tab = await claimActiveTab({ locks, channel: origin.channel(() => !frozen.has(name)), clock, yieldTo });
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
