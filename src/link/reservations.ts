/**
 * Who may be found through this relay (circuit-relay-v2, for the signalling of direct links). A reservation ends with its connection. One
 * host holds a few; when all are taken, the oldest of the host that holds the most gives way, so that a thousand identities of one
 * stranger stand in each other's way and in nobody else's.
 */
import type { PeerId } from '@libp2p/interface';
import { isRefusal, type Counters } from '../base/index.ts';
import { parseAddress } from './address.ts';
import { hostOf, isLoopback } from './host.ts';

export interface ReservationLimits {
  readonly reservations: number;
  /** Loopback counts in the total alone, as with sockets. */
  readonly reservationsPerHost: number;
  /** ms that one lasts unless it is renewed. */
  readonly reservationMs: number;
  /** What one connection through this relay may last, ms, and carry, bytes. */
  readonly relayedMs: number;
  readonly relayedBytes: number;
}

export const reservationLimits: ReservationLimits = {
  reservations: 256,
  reservationsPerHost: 8,
  reservationMs: 1_800_000,
  relayedMs: 120_000,
  relayedBytes: 128 * 1024,
};

/** What libp2p is to run: the bounds above, on every connection that it relays. */
export const relayServing = (limits: ReservationLimits) => ({
  maxInboundHopStreams: 4,
  maxOutboundStopStreams: 64,
  reservations: {
    maxReservations: limits.reservations,
    reservationTtl: limits.reservationMs,
    applyDefaultLimit: true,
    defaultDurationLimit: limits.relayedMs,
    defaultDataLimit: BigInt(limits.relayedBytes),
  },
});

/** Of what libp2p holds, what is looked at here. */
interface Held {
  readonly size: number;
  has(peer: PeerId): boolean;
  get(peer: PeerId): { readonly signal: { clear(): void } } | undefined;
  delete(peer: PeerId): unknown;
  entries(): Iterable<[PeerId, { readonly addr: { toString(): string } }]>;
}

type Connections = readonly { readonly remoteAddr: { toString(): string } }[];

export class Reservations {
  readonly #limits: ReservationLimits;
  readonly #counters: Counters;
  #held: Held | undefined;
  #connectionsOf: (peer: PeerId) => Connections = () => [];

  constructor(limits: ReservationLimits, counters: Counters) {
    this.#limits = limits;
    this.#counters = counters;
  }

  /** Begins, once libp2p stands. */
  keep(held: Held, connectionsOf: (peer: PeerId) => Connections): void {
    this.#held = held;
    this.#connectionsOf = connectionsOf;
  }

  has(peer: PeerId): boolean {
    return this.#held?.has(peer) === true;
  }

  /** Asked before a reservation is given. May end another's. */
  denies(peer: PeerId): boolean {
    const held = this.#held;
    const connection = this.#connectionsOf(peer)[0];
    if (held === undefined || connection === undefined) return true;
    if (held.has(peer)) return false;
    const hosts = this.#hosts(held);
    const host = hostAt(connection.remoteAddr.toString());
    if (!isLoopback(host) && (hosts.get(host)?.length ?? 0) >= this.#limits.reservationsPerHost) {
      this.#counters.count('reservation-refused');
      return true;
    }
    if (held.size >= this.#limits.reservations) {
      const [most] = [...hosts.values()].toSorted((a, b) => b.length - a.length);
      const oldest = most?.[0];
      if (oldest !== undefined) this.end(oldest);
      this.#counters.count('reservation-displaced');
    }
    this.#counters.count('reservations-given');
    return false;
  }

  /** libp2p keeps a reservation for the whole of its time unless it is ended, also when its peer has gone. */
  end(peer: PeerId): void {
    const reservation = this.#held?.get(peer);
    if (reservation === undefined) return;
    reservation.signal.clear();
    this.#held?.delete(peer);
    this.#counters.count('reservations-ended');
  }

  /** The peers of each host, the oldest reservation first. */
  #hosts(held: Held): ReadonlyMap<string, readonly PeerId[]> {
    const hosts = new Map<string, PeerId[]>();
    for (const [peer, { addr }] of held.entries()) {
      const host = hostAt(addr.toString());
      const peers = hosts.get(host) ?? [];
      peers.push(peer);
      hosts.set(host, peers);
    }
    return hosts;
  }
}

function hostAt(address: string): string {
  const parsed = parseAddress(address);
  return isRefusal(parsed) ? address : hostOf(parsed.host);
}
