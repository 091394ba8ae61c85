/**
 * A link joins two neighbours: one libp2p stream, protocol /sotto/cell/1, nothing but 1024-byte cells both ways (docs/protocol.md §3).
 *
 *   cell = circuit u32 | counter u32 | body 1016        circuit 0: control, for the two neighbours alone
 */
import type { Bytes } from '../base/index.ts';

export const CELL_PROTOCOL = '/sotto/cell/1';
export const CELL_BYTES = 1024;
export const CELL_BODY_BYTES = 1016;

export const ControlType = { PADDING: 0, CREATE: 1, CREATED: 2, DESTROY: 3, DESCRIBE: 4, DESCRIPTOR: 5 } as const;
export type ControlType = (typeof ControlType)[keyof typeof ControlType];

/** One neighbour. Reliable and in order; never drops a cell: when too much is queued it closes. */
export interface CellLink {
  /** True on the side that dialled: its circuit ids have the top bit 0, the other's 1. */
  readonly initiator: boolean;
  /** The neighbour as this side sees it, "host:port". */
  readonly remote: string;
  readonly closed: boolean;
  /** Cells accepted by `send` and not yet handed to the transport. */
  readonly queued: number;
  /** Sends one cell of 1024 bytes; the bytes are copied. Does nothing once closed. */
  send(cell: Uint8Array): void;
  /** Splits `payload` into control cells (parts in order) and sends them. `circuit` is the circuit that it speaks of. */
  sendControl(type: ControlType, circuit: number, payload: Uint8Array): void;
  close(why: string): void;
}

/** What a node does with its links; onion implements it for a peer and for a relay. Must not throw. */
export interface LinkHandler {
  opened(link: CellLink): void;
  /** A cell of a circuit (never 0). The array is the handler's to keep and to change. */
  cell(link: CellLink, circuit: number, counter: number, cell: Bytes): void;
  /** A whole control message, reassembled; PADDING is dropped below this. */
  control(link: CellLink, type: ControlType, circuit: number, payload: Bytes): void;
  closed(link: CellLink, why: string): void;
}

/** What a receiver of gossip makes of it: passed on, dropped quietly (seen, stale), or dropped and held against its sender. */
export type Verdict = 'accept' | 'ignore' | 'reject';

/** Sees all that a link carries; `relay --tap` hands one in. `direction` as seen from this machine. */
export interface LinkWitness {
  opened(link: CellLink): void;
  cell(link: CellLink, direction: 'in' | 'out', cell: Uint8Array): void;
  closed(link: CellLink, why: string): void;
  /** A peer asks to be found here, for direct links. `remote`: host:port. */
  found?(peer: string, remote: string): void;
  /** A peer was led to another, that is found here. */
  introduced?(from: string, fromRemote: string, to: string, toRemote: string): void;
}

/** This machine on the network: libp2p, or memory in tests and the simulation. */
export interface LinkNode {
  /** The open link to that neighbour, if there is one; else tries the multiaddrs in turn until one answers with a cell stream. Rejects with an Error that says why none did. */
  dial(addresses: readonly string[], signal?: AbortSignal): Promise<CellLink>;
  /** The multiaddrs at which others reach this node; none in a tab. */
  addresses(): readonly string[];
  /** Gossip among relays; a tab has none and publishes to nobody. */
  publish(topic: string, data: Uint8Array): void;
  /** `receive` judges each message before it is passed on; `joined` is called when a neighbour begins to listen to the topic. */
  subscribe(topic: string, receive: (data: Bytes) => Verdict, joined?: () => void): void;
  stop(): Promise<void>;
}
