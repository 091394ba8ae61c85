/**
 * Keeps one open circuit for each (isolation, mailbox) that somebody uses (docs/protocol.md §4.1, §5), whatever dies.
 *
 *   building ──► open ── about 10 min ──► the next is open too ── 30 … 60 s ──► the old one is closed
 *      ▲ └ failed: back off     │ died, or does not answer: blame, another path
 *      └────────────────────────┘
 */
import { patiently, uniform, type Cancel, type Clock, type Random, type RelayId } from '../base/index.ts';
import type { Descriptor } from '../directory/index.ts';
import type { Circuit } from './circuit.ts';
import { BuildFailed } from './client.ts';

export interface CircuitUser {
  /** A circuit is open, the first or the next: use it from now on. An earlier one stays open for a while, unless it has died. */
  opened(circuit: Circuit): void;
  /** An attempt failed; another follows by itself. */
  failed(error: Error): void;
}

export interface Keep {
  /** Something on the circuit went unanswered: it is pinged, and replaced when that goes unanswered too. */
  check(circuit: Circuit): void;
  release(): void;
}

/** Where a user of circuits gets them. `opened` and `failed` are called after `keep` has returned. */
export interface CircuitSource {
  keep(isolation: string, mailbox: RelayId, user: CircuitUser): Keep;
}

export interface Blame {
  readonly path: readonly RelayId[];
  /** While building: the place in the path, from 0, of the relay that did not answer well. */
  readonly hop: number | undefined;
  readonly why: string;
}

export interface CircuitPoolOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** A path that ends at `mailbox`, without the relays of `avoid` if there is another. Rejects, in words, when there is none. */
  path(mailbox: RelayId, avoid: readonly RelayId[]): Promise<readonly Descriptor[]>;
  build(path: readonly Descriptor[]): Promise<Circuit>;
  blamed(blame: Blame): void;
  /** A circuit is open: cover begins, the screen follows. */
  opened?(circuit: Circuit): void;
  /** A circuit in use has gone, or an attempt to build one has failed: the screen follows. */
  lost?(): void;
}

/** How it stands with one (isolation, mailbox) that somebody uses. */
export interface Service {
  readonly isolation: string;
  readonly mailbox: RelayId;
  readonly circuit: Circuit | undefined;
  /** Attempts that failed one after the other. */
  readonly failures: number;
  /** Since when every attempt has come as far as the mailbox and no farther, ms; or since when no descriptor of it is known. */
  readonly silentSince: number | undefined;
}

const ROTATE_MS = 600_000;
const OVERLAP_MS = { least: 30_000, most: 60_000 };
/** How long a circuit that nobody uses stays. */
const LINGER_MS = 60_000;
/**
 * Each failure doubles it, other than of a relay that another can stand in for. At most 15 s for some minutes, so that a relay that comes
 * back is used soon; then a minute.
 */
const BACKOFF_MS = { least: 500, most: 15_000, long: 60_000 };
const MANY_FAILURES = 20;
/** Attempts that lie further apart say nothing of the time between, ms. */
const SILENCE_GAP_MS = 90_000;
/** Circuits that could do better elsewhere are replaced within, ms. */
const RENEW_MS = 5_000;
const KEEPALIVE_MS = { least: 30_000, most: 60_000 };
const ANSWER_MS = 10_000;
/** A circuit that lived this long has not failed: the next one is built at once. */
const LIVED_MS = 5_000;

interface Entry {
  readonly mailbox: RelayId;
  /** With the circuit that each was given last. */
  readonly users: Map<CircuitUser, Circuit | undefined>;
  current: Circuit | undefined;
  readonly retiring: Set<Circuit>;
  building: boolean;
  failures: number;
  /** The first and the last attempt that failed at the mailbox alone, ms. */
  silent: { readonly since: number; readonly last: number } | undefined;
  /** What was in the way since a circuit stood last, and what may have been: the paths to come go around it. */
  avoid: readonly RelayId[];
  /** The next thing that this entry does by itself: rotate or build again; and close when nobody uses it. */
  next: Cancel | undefined;
  linger: Cancel | undefined;
  ended: boolean;
}

export class CircuitPool implements CircuitSource {
  readonly #options: CircuitPoolOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: CircuitPoolOptions) {
    this.#options = options;
  }

  /** Each circuit in use with the isolation that it serves. */
  serving(): readonly { readonly isolation: string; readonly circuit: Circuit }[] {
    return [...this.#entries].flatMap(([key, { current }]) =>
      current === undefined ? [] : [{ isolation: key.slice(key.indexOf(' ') + 1), circuit: current }],
    );
  }

  /** The circuits in use, one for each (isolation, mailbox) that has one. */
  circuits(): readonly Circuit[] {
    return [...this.#entries.values()].flatMap(({ current }) => (current === undefined ? [] : [current]));
  }

  /** How it stands with all that is used. */
  services(): readonly Service[] {
    return [...this.#entries]
      .filter(([, { users }]) => users.size > 0)
      .map(([key, { mailbox, current, failures, silent }]) => ({
        isolation: key.slice(key.indexOf(' ') + 1),
        mailbox,
        circuit: current,
        failures,
        silentSince: silent?.since,
      }));
  }

  /** What waits out a back-off is built at once: there is reason to think that it will succeed now. */
  hurry(): void {
    for (const entry of this.#entries.values()) {
      if (entry.current !== undefined) continue;
      entry.failures = 0;
      if (!entry.building) void this.#build(entry);
    }
  }

  /** Replaces the circuits that `stale` names by new ones, in turn; the old ones serve until then. */
  renew(stale: (circuit: Circuit) => boolean): void {
    for (const entry of this.#entries.values()) {
      if (entry.current === undefined || entry.building || !stale(entry.current)) continue;
      entry.next?.();
      entry.next = this.#after(0, RENEW_MS, () => void this.#build(entry));
    }
  }

  /** The machine was asleep or on another network: each circuit has to show that it lives. */
  checkAll(): void {
    for (const entry of this.#entries.values()) if (entry.current !== undefined) this.#check(entry, entry.current);
  }

  keep(isolation: string, mailbox: RelayId, user: CircuitUser): Keep {
    const key = `${mailbox} ${isolation}`;
    const entry = this.#entry(key, mailbox);
    entry.linger?.();
    entry.linger = undefined;
    entry.users.set(user, undefined);
    queueMicrotask(() => give(entry));
    return {
      check: (circuit) => this.#check(entry, circuit),
      release: () => {
        if (entry.users.delete(user) && entry.users.size === 0) this.#lingerOn(key, entry, LINGER_MS);
      },
    };
  }

  /** Builds ahead of use: the circuit waits as long as one lives. */
  prepare(isolation: string, mailbox: RelayId): void {
    const key = `${mailbox} ${isolation}`;
    const entry = this.#entry(key, mailbox);
    if (entry.users.size === 0) this.#lingerOn(key, entry, ROTATE_MS);
  }

  /** Closes every circuit; nothing is built any more for those who still hold on. */
  close(): void {
    for (const [key, entry] of this.#entries) this.#end(key, entry);
  }

  #entry(key: string, mailbox: RelayId): Entry {
    const found = this.#entries.get(key);
    if (found !== undefined) return found;
    const entry: Entry = {
      mailbox,
      users: new Map(),
      current: undefined,
      retiring: new Set(),
      building: false,
      failures: 0,
      silent: undefined,
      avoid: [],
      next: undefined,
      linger: undefined,
      ended: false,
    };
    this.#entries.set(key, entry);
    void this.#build(entry);
    return entry;
  }

  async #build(entry: Entry): Promise<void> {
    if (entry.building || entry.ended) return;
    entry.building = true;
    entry.next?.();
    entry.next = undefined;
    let path: readonly Descriptor[] = [];
    try {
      path = await this.#options.path(entry.mailbox, entry.avoid);
      const circuit = await this.#options.build(path);
      entry.building = false;
      this.#opened(entry, circuit);
    } catch (error) {
      entry.building = false;
      this.#buildFailed(entry, path, error instanceof Error ? error : new Error('the circuit could not be built'));
    }
  }

  #opened(entry: Entry, circuit: Circuit): void {
    if (entry.ended) {
      circuit.close();
      return;
    }
    if (circuit.closed) {
      this.#buildFailed(entry, [], new Error('the circuit closed at once'));
      return;
    }
    const old = entry.current;
    entry.current = circuit;
    entry.silent = undefined;
    // What it went around may be well again by the next one.
    entry.avoid = [];
    circuit.onClosed = (why, blame) => this.#died(entry, circuit, why, blame);
    if (old !== undefined) this.#retire(entry, old);
    entry.next = this.#after(ROTATE_MS * 0.9, ROTATE_MS * 1.1, () => void this.#build(entry));
    this.#keepAlive(entry, circuit);
    this.#options.opened?.(circuit);
    give(entry);
  }

  #buildFailed(entry: Entry, path: readonly { readonly id: RelayId }[], error: Error): void {
    const ids = path.map(({ id }) => id);
    // Other errors are the link's to the guard.
    const failed = ids[error instanceof BuildFailed ? error.hop : 0];
    if (error instanceof BuildFailed) this.#options.blamed({ path: ids, hop: error.hop, why: error.message });
    const atMailbox = error instanceof UnknownRelay || (error instanceof BuildFailed && error.hop === path.length - 1);
    if (atMailbox) this.#wasSilent(entry);
    const isNews = failed !== undefined && failed !== entry.mailbox && !entry.avoid.includes(failed);
    this.#again(entry, [...ids.slice(1, -1), ...(isNews ? [failed] : [])], isNews);
    this.#options.lost?.();
    for (const user of [...entry.users.keys()]) user.failed(error);
  }

  /** The relays before the mailbox answered, and it did not. */
  #wasSilent(entry: Entry): void {
    const now = this.#options.clock.now();
    const isContinued = entry.silent !== undefined && now - entry.silent.last < SILENCE_GAP_MS;
    entry.silent = { since: isContinued ? (entry.silent?.since ?? now) : now, last: now };
  }

  #died(entry: Entry, circuit: Circuit, why: string, blame: boolean): void {
    if (blame) this.#options.blamed({ path: circuit.path, hop: circuit.unreached, why });
    entry.retiring.delete(circuit);
    if (entry.current !== circuit) return;
    entry.current = undefined;
    this.#options.lost?.();
    if (this.#options.clock.now() - circuit.openedAt >= LIVED_MS) entry.failures = 0;
    if (!entry.building) this.#again(entry, circuit.path.slice(1, -1), false);
  }

  /** Builds again, around these as well, after a while that doubles with each failure; soon where another may take the failed one's place. */
  #again(entry: Entry, around: readonly RelayId[], soon: boolean): void {
    if (entry.ended) return;
    entry.avoid = [...new Set([...entry.avoid, ...around])];
    const most = entry.failures < MANY_FAILURES ? BACKOFF_MS.most : BACKOFF_MS.long;
    const wait = soon ? BACKOFF_MS.least : Math.min(BACKOFF_MS.least * 2 ** entry.failures, most);
    if (!soon) entry.failures = Math.min(entry.failures + 1, MANY_FAILURES);
    entry.next?.();
    entry.next = this.#after(wait / 2, wait, () => void this.#build(entry));
  }

  #retire(entry: Entry, old: Circuit): void {
    entry.retiring.add(old);
    this.#after(OVERLAP_MS.least, OVERLAP_MS.most, () => {
      if (entry.retiring.delete(old)) old.close();
    });
  }

  #keepAlive(entry: Entry, circuit: Circuit): void {
    this.#after(KEEPALIVE_MS.least, KEEPALIVE_MS.most, () => {
      if (circuit.closed || entry.current !== circuit) return;
      this.#check(entry, circuit);
      this.#keepAlive(entry, circuit);
    });
  }

  #check(entry: Entry, circuit: Circuit): void {
    if (circuit.closed) return;
    const cancel = patiently(this.#options.clock, ANSWER_MS, () => {
      if (circuit.closed) return;
      this.#options.blamed({ path: circuit.path, hop: undefined, why: 'no answer' });
      circuit.close();
    });
    circuit.ping().then(() => {
      cancel();
      if (entry.current === circuit) entry.failures = 0;
    }, cancel);
  }

  #lingerOn(key: string, entry: Entry, ms: number): void {
    entry.linger?.();
    entry.linger = this.#options.clock.after(ms, () => this.#end(key, entry));
  }

  #end(key: string, entry: Entry): void {
    entry.ended = true;
    entry.next?.();
    entry.linger?.();
    this.#entries.delete(key);
    for (const circuit of [entry.current, ...entry.retiring]) circuit?.close();
  }

  #after(least: number, most: number, action: () => void): Cancel {
    return this.#options.clock.after(least + uniform(this.#options.random) * (most - least), action);
  }
}

/** Tells each user of the current circuit, once. */
function give({ users, current }: Entry): void {
  if (current === undefined) return;
  for (const [user, given] of [...users]) {
    if (given === current) continue;
    users.set(user, current);
    user.opened(current);
  }
}

/** No descriptor of the relay that a path should end at: waiting will not help until the directory has one. */
export class UnknownRelay extends Error {
  override readonly name = 'UnknownRelay';
}
