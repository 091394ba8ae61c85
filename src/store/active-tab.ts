/**
 * One active tab. Whoever holds the Web Lock has the databases open; the others wait, and become active when it goes.
 *
 *              lock free                        "Use here" elsewhere, or stolen
 *   waiting ─────────────► active ────────────────────────────────────────────► waiting
 *      │                     │  yielding: says 'closing' at once, and has time then to close its databases; says 'closed'
 *      └─ takeOver: asks ────┘  steals the lock then, or when no answer comes (a frozen tab)
 *
 * The lock is held until it is stolen, so that nobody who stands in line comes in between. Should a tab that was frozen wake in the
 * middle of a write, its databases refuse it: each write checks who claimed them last (sealed-persistence.ts).
 */
import { systemClock, type Cancel, type Clock } from '../base/index.ts';

/** What is used of navigator.locks. */
export interface Locks {
  request(name: string, options: LockOptions, held: (lock: object | null) => Promise<void>): Promise<void>;
}

/** What is used of a BroadcastChannel that all tabs of the origin share. */
export interface Channel {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  removeEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

export interface ActiveTabOptions {
  readonly locks: Locks;
  readonly channel: Channel;
  /** Closes the databases. Awaited before the lock is given away; called late, and not awaited, when the lock was stolen. */
  readonly yieldTo: () => Promise<void>;
  /** The name of the lock; the same in all tabs. */
  readonly name?: string;
  readonly clock?: Clock;
  /** How long a holder may take to answer before its lock is stolen, in ms; 3,000 unless given. Once it has, ten times as long to close its databases. */
  readonly patience?: number;
}

export interface ActiveTab {
  readonly active: boolean;
  /** Returns how to stop listening. */
  onChange(listener: (active: boolean) => void): () => void;
  /** "Use here": resolves when this tab is the active one. */
  takeOver(): Promise<void>;
  /** Lets the lock go, or waits for it no longer. The databases should be closed by then. */
  close(): void;
}

/** Resolves when it is known whether this tab is the active one. Rejects where the browser refuses locks. */
export async function claimActiveTab(options: ActiveTabOptions): Promise<ActiveTab> {
  const tab = new Tab(options);
  await tab.claim({ ifAvailable: true });
  if (!tab.active) tab.wait();
  return tab;
}

class Tab implements ActiveTab {
  readonly #options: ActiveTabOptions;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #patience: number;
  readonly #listeners = new Set<(active: boolean) => void>();
  /** Lets the lock go; undefined where this tab does not hold it. */
  #release: (() => void) | undefined;
  #waiting: AbortController | undefined;
  #yielding: 'closing' | 'closed' | undefined;
  #keptFor: Cancel = () => undefined;
  #told = false;
  #taking: Promise<void> | undefined;
  #closed = false;

  constructor(options: ActiveTabOptions) {
    this.#options = options;
    this.#name = options.name ?? 'active-tab';
    this.#clock = options.clock ?? systemClock;
    this.#patience = options.patience ?? 3000;
    options.channel.addEventListener('message', this.#heard);
  }

  get active(): boolean {
    return this.#release !== undefined && this.#yielding === undefined;
  }

  onChange(listener: (active: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed(): void {
    if (this.#told === this.active) return;
    this.#told = this.active;
    for (const listener of this.#listeners) listener(this.active);
  }

  /** Asks for the lock. Resolves when it is held, or with `ifAvailable` known not to be; rejects when waiting was ended. */
  claim(how: LockOptions): Promise<void> {
    return new Promise((known, ended) => {
      const held = Promise.withResolvers<void>();
      const request = this.#options.locks.request(this.#name, how, (lock) => {
        if (lock === null || this.#closed) return Promise.resolve(known());
        this.#keptFor();
        if (this.#yielding === 'closed') this.#yielding = undefined;
        this.#release = held.resolve;
        // Its place in the line is left only now: whoever is behind would have been next.
        if (how.steal === true) this.#waiting?.abort();
        this.#waiting = undefined;
        this.#changed();
        known();
        return held.promise;
      });
      request.catch((error: unknown) => {
        ended(error instanceof Error ? error : new Error('the lock was refused', { cause: error }));
        if (this.#release === held.resolve) this.#stolen();
      });
    });
  }

  /** Stands in line for the lock. */
  wait(): void {
    if (this.#closed || this.#waiting !== undefined) return;
    const waiting = new AbortController();
    this.#waiting = waiting;
    // Ended by takeOver or close, which know.
    this.claim({ signal: waiting.signal }).catch(() => undefined);
  }

  #stolen(): void {
    const wasActive = this.active;
    this.#lost();
    if (wasActive) void this.#options.yieldTo();
  }

  /** The lock is somebody else's, or free. */
  #lost(): void {
    this.#keptFor();
    this.#release = undefined;
    if (this.#yielding === 'closed') this.#yielding = undefined;
    this.#changed();
    this.wait();
  }

  readonly #heard = (event: { readonly data: unknown }): void => {
    if (this.#said(event.data) !== 'use here') return;
    if (this.active) void this.#giveWay();
    else if (this.#yielding !== undefined) this.#say(this.#yielding);
  };

  #say(say: 'use here' | 'closing' | 'closed'): void {
    this.#options.channel.postMessage({ lock: this.#name, say });
  }

  #said(data: unknown): unknown {
    return typeof data === 'object' && data !== null && 'lock' in data && data.lock === this.#name && 'say' in data ? data.say : undefined;
  }

  async #giveWay(): Promise<void> {
    const given = this.#release;
    this.#yielding = 'closing';
    this.#say('closing');
    this.#changed();
    try {
      await this.#options.yieldTo();
    } finally {
      const isKept = this.#release === given;
      this.#yielding = isKept ? 'closed' : undefined;
      this.#say('closed');
      // Whoever asked may have gone meanwhile.
      if (isKept) this.#keptFor = this.#clock.after(this.#patience, () => this.#letGo());
      this.#changed();
    }
  }

  #letGo(): void {
    this.#release?.();
    this.#lost();
  }

  takeOver(): Promise<void> {
    this.#taking ??= this.#take().finally(() => (this.#taking = undefined));
    return this.#taking;
  }

  async #take(): Promise<void> {
    if (this.#closed) throw new Error('this tab has given up its claim: claim again');
    if (this.active) return;
    await this.#asked();
    if (!this.active) await this.claim({ steal: true });
  }

  /** Asks the holder to go, and waits until it has, or for as long as it may take: much longer for one that is busy than for one that is frozen. */
  #asked(): Promise<void> {
    const { channel } = this.#options;
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        unlisten();
        channel.removeEventListener('message', answer);
        resolve();
      };
      const answer = (event: { readonly data: unknown }): void => {
        const said = this.#said(event.data);
        if (said === 'closed') done();
        if (said !== 'closing') return;
        cancel();
        cancel = this.#clock.after(10 * this.#patience, done);
      };
      let cancel = this.#clock.after(this.#patience, done);
      const unlisten = this.onChange((active) => {
        if (active) done();
      });
      channel.addEventListener('message', answer);
      this.#say('use here');
    });
  }

  close(): void {
    this.#closed = true;
    this.#options.channel.removeEventListener('message', this.#heard);
    this.#waiting?.abort();
    this.#waiting = undefined;
    this.#keptFor();
    this.#release?.();
    this.#release = undefined;
  }
}
