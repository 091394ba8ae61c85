/**
 * What the folders above see of circuits (docs/protocol.md §3, §4). A client builds a Circuit of hops; the last hop hands each
 * message to an ExitHandler.
 *
 *   building ──► open ──► closed        one hop at a time: CREATE, then EXTEND through what stands
 */
import type { Bytes, RelayId } from '../base/index.ts';

export const MessageKind = {
  DROP: 0,
  ACK: 1,
  EXTEND: 2,
  EXTENDED: 3,
  PING: 4,
  PONG: 5,
  POST: 16,
  STORED: 17,
  REFUSED: 18,
  SUBSCRIBE: 19,
  BLOB: 20,
  CAUGHT_UP: 21,
  DIRECTORY_REQUEST: 32,
  DIRECTORY: 33,
} as const;
export type MessageKind = (typeof MessageKind)[keyof typeof MessageKind];

export interface Message {
  readonly kind: MessageKind;
  readonly body: Bytes;
}

/** An open circuit, from the client's side. */
export interface Circuit {
  /** Relays from the guard to the last hop. */
  readonly path: readonly RelayId[];
  /** §4.1: shared with the last hop alone; signed in SUBSCRIBE. bytes: 32 */
  readonly bind: Bytes;
  readonly openedAt: number;
  /** The last measured round trip to the last hop, ms. */
  readonly roundTrip: number | undefined;
  readonly closed: boolean;
  /** When it ended because the guard lost the relay behind it: the place of that one in the path, from 0. */
  readonly unreached: number | undefined;
  /** Sends a message and resolves with its reply (flag bit 0, the request's id). Rejects with CircuitClosed when the circuit dies first. */
  request(kind: MessageKind, body: Uint8Array): Promise<Message>;
  /** Measures the round trip with PING. */
  ping(): Promise<number>;
  /** Sends a DROP cell, when there is credit and nothing else to send: cover, which the last hop throws away. */
  drop(): void;
  /** Messages that answer no request: BLOB, CAUGHT-UP. Set once, by whoever asked for the circuit. */
  onMessage: (message: Message) => void;
  /** Called once, with a reason in words and whether the path is to blame (§3: it then counts against its relays). */
  onClosed: (why: string, blame: boolean) => void;
  close(): void;
}

export class CircuitClosed extends Error {
  override readonly name = 'CircuitClosed';
}

/** At the last hop: one client's circuit, as an exit sees it. */
export interface ExitCircuit {
  /** A number that is this circuit's own among all that this relay has. */
  readonly key: number;
  /** §4.1. bytes: 32 */
  readonly bind: Bytes;
  readonly closed: boolean;
  /** Answers the message with that id. Dropped when the circuit has gone. */
  reply(to: number, kind: MessageKind, body: Uint8Array): void;
  /** Sends a message of the exit's own, within the credit window: resolves when its last cell is on its way, so that a sender waits for credit. Rejects with CircuitClosed. */
  push(kind: MessageKind, body: Uint8Array): Promise<void>;
}

/** What answers at the last hop: mailbox and directory. Must not throw. */
export interface ExitHandler {
  /** The kinds it answers; anything else is refused by the hop. */
  readonly kinds: readonly MessageKind[];
  message(circuit: ExitCircuit, id: number, kind: MessageKind, body: Bytes): void;
  closed(circuit: ExitCircuit): void;
}

/** Where a cell that is ready to leave goes first; mix implements it. `delayMean` in ms, 0 for none. */
export interface CellSink {
  pass(delayMean: number, send: () => void): void;
}
