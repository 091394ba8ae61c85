/**
 * The relays at which a node for direct links is found (docs/protocol.md §6.1): two at a time, from a list in order of preference.
 *
 *   next of the list ──► connect ──► reserve ──► found here ──► lost, or silent when asked ──► rests, 2 s doubling to 60 s
 */
import type { Connection, Libp2p, PeerId, Transport } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { uniform, type Cancel, type Clock, type Counters, type Random, type RelayId } from '../base/index.ts';
import { sever } from './libp2p.ts';

/** Relays at which one is found at the same time. */
const ENOUGH = 2;
const FIRST_REST = 2_000;
const LONGEST_REST = 60_000;
/** ms between questions whether a relay is still there, and that an answer may take. */
const ASK_EVERY = 10_000;
const PATIENCE = 10_000;
/** No relay serves it; it says so at once, and that is the answer. */
const QUESTION = '/sotto/there/1';

interface Reservations {
  addRelay(peer: PeerId, type: 'configured'): Promise<unknown>;
}

export interface Reserving {
  /** Rejects when the relay has no place, or is not connected. */
  reserve(peer: PeerId): Promise<unknown>;
}

/** Wraps the relay transport so that a slot can be asked for by name. Listening at a relay, as libp2p does it, never asks twice. */
export function reservationsOf<C>(
  transport: (components: C) => Transport,
): Reserving & { readonly transport: (components: C) => Transport } {
  let store: Reservations | undefined;
  return {
    transport(components) {
      const made = transport(components);
      if (!reserves(made)) throw new Error('@libp2p/circuit-relay-v2 has changed: its transport has no reservationStore');
      store = made.reservationStore;
      return made;
    },
    reserve: (peer) => store?.addRelay(peer, 'configured') ?? Promise.reject(new Error('the node is not made yet')),
  };
}

const reserves = (transport: object): transport is { readonly reservationStore: Reservations } =>
  'reservationStore' in transport &&
  typeof transport.reservationStore === 'object' &&
  transport.reservationStore !== null &&
  'addRelay' in transport.reservationStore;

export interface SignallingOptions {
  readonly node: Libp2p;
  readonly reserving: Reserving;
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  readonly signallers: () => readonly RelayId[];
  readonly addressesOf: (relay: RelayId) => readonly string[];
  /** What `reserved()` says has changed; true when a relay was added. */
  readonly moved: (found: boolean) => void;
}

export class SignallingRelays {
  readonly #options: SignallingOptions;
  readonly #found = new Map<RelayId, Connection>();
  readonly #under = new Set<RelayId>();
  readonly #rests = new Map<RelayId, { readonly until: number; readonly pause: number }>();
  #stopped = false;
  #cancel: Cancel = () => undefined;

  constructor(options: SignallingOptions) {
    this.#options = options;
  }

  start(): void {
    this.#fill();
    this.#askAgain();
  }

  reserved(): readonly RelayId[] {
    return [...this.#found.keys()];
  }

  /** Nothing is held against relays that did not answer, and those that did are asked whether they still are there. */
  hurry(): void {
    this.#rests.clear();
    for (const connection of this.#found.values()) void this.#ask(connection);
    this.#fill();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
    this.#found.clear();
  }

  /** Begins with as many relays as are wanting, and comes back when the first that rests may be tried again. */
  #fill(): void {
    const { clock, signallers } = this.#options;
    if (this.#stopped) return;
    this.#cancel();
    const now = clock.now();
    const rest = (relay: RelayId): number => this.#rests.get(relay)?.until ?? 0;
    const free = signallers().filter((relay) => !this.#found.has(relay) && !this.#under.has(relay));
    const wanting = Math.max(0, ENOUGH - this.#found.size - this.#under.size);
    for (const relay of free.filter((each) => rest(each) <= now).slice(0, wanting)) void this.#begin(relay);
    const next = Math.min(...free.map(rest).filter((until) => until > now), now + LONGEST_REST);
    this.#cancel = clock.after(next - now, () => this.#fill());
  }

  async #begin(relay: RelayId): Promise<void> {
    const { node, reserving, addressesOf, counters } = this.#options;
    this.#under.add(relay);
    let connection: Connection | undefined;
    try {
      const addresses = addressesOf(relay);
      if (addresses.length === 0) throw new Error('no address');
      connection = await node.dial(addresses.map((address) => multiaddr(address)));
      await reserving.reserve(connection.remotePeer);
      if (connection.status !== 'open' || this.#stopped) throw new Error('ended meanwhile');
      this.#under.delete(relay);
      this.#rests.delete(relay);
      this.#found.set(relay, connection);
      connection.addEventListener('close', () => this.#lost(relay), { once: true });
      this.#options.moved(true);
    } catch {
      counters.count('direct-no-reservation');
      this.#under.delete(relay);
      if (connection !== undefined) sever(connection, 'no reservation');
      this.#restAWhile(relay);
    }
    this.#fill();
  }

  #lost(relay: RelayId): void {
    if (!this.#found.delete(relay)) return;
    this.#restAWhile(relay);
    this.#options.moved(false);
    this.#fill();
  }

  #restAWhile(relay: RelayId): void {
    const { clock, random } = this.#options;
    const pause = this.#rests.get(relay)?.pause ?? FIRST_REST;
    this.#rests.set(relay, { until: clock.now() + pause * (0.5 + uniform(random)), pause: Math.min(2 * pause, LONGEST_REST) });
  }

  /** A relay that stands still, or whose network is gone, closes nothing by itself. */
  #askAgain(): void {
    this.#options.clock.after(ASK_EVERY, () => {
      if (this.#stopped) return;
      for (const connection of this.#found.values()) void this.#ask(connection);
      this.#askAgain();
    });
  }

  async #ask(connection: Connection): Promise<void> {
    let answered = false;
    const cancel = this.#options.clock.after(PATIENCE, () => {
      if (!answered) sever(connection, 'silent');
    });
    try {
      const stream = await connection.newStream(QUESTION, { negotiateFully: true });
      stream.abort(new Error('nothing to say'));
      answered = true;
    } catch (error) {
      answered = error instanceof Error && error.name === 'UnsupportedProtocolError';
    }
    if (answered) cancel();
  }
}
