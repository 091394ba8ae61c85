/**
 * The membership log of a room (docs/protocol.md §8.1): hash-linked, hybrid-signed operations, and who is a member by them.
 *
 *   add ── parents known? ── no ──▶ waits (bounded)
 *                 └── yes ──▶ author a member in its own past, signature, right ──▶ in the set ──▶ state = f(set)
 */
import { isRefusal, refuse, type Bytes, type DeviceId, type Hash, type PersonaId, type Refusal, type RoomId } from '../base/index.ts';
import { verifySigned } from '../identity/index.ts';
import type { Rights } from '../replica/index.ts';
import { LogNode, pastOf, type Grounds } from './log-node.ts';
import { createGrounds, groundsOf } from './log-rules.ts';
import { recordOf, stateOf, type OperationRecord, type RoomState } from './log-state.ts';
import { OPERATION_PURPOSE, readOperation, type ReadOperation } from './operation.ts';

export type { FormerMember, InviteState, Member, OperationRecord, RoomState, SuspendedJoin } from './log-state.ts';

const MAX_WAITING = 256;
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
const PREFIX = 'o/';

export interface MembershipLogOptions {
  /** A joiner knows its room before it has the create operation; without it the first create makes the room. */
  readonly room?: RoomId;
  /** What was drained before, in any order. */
  readonly records?: Iterable<readonly [string, Uint8Array]>;
}

export class MembershipLog {
  readonly #nodes = new Map<Hash, LogNode>();
  readonly #order: LogNode[] = [];
  #heads: LogNode[] = [];
  readonly #waiting = new Map<Hash, ReadOperation>();
  #waitingBytes = 0;
  #put: [string, Bytes][] = [];
  #room: RoomId | undefined;
  #state: RoomState | undefined;

  /** Throws Error when the records are damaged. */
  constructor({ room, records = [] }: MembershipLogOptions = {}) {
    this.#room = room;
    for (const [, bytes] of records) this.#restore(bytes);
    if (this.#waiting.size > 0) throw new Error('the membership log that was stored has holes: restore it from another device');
  }

  /** What one's own store has to do since the last call; keys begin "o/". Operations are never deleted. */
  drain(): { readonly put: readonly [string, Bytes][]; readonly delete: readonly string[] } {
    return { put: this.#put.splice(0), delete: [] };
  }

  /**
   * Takes an operation from anybody. `waiting`: a parent is missing; it comes out with the operation that brings that. Refused:
   * `oversized`, `malformed`, `not-canonical`, `wrong-room`, `repeated`, `bad-signature`, `too-many-waiting`, and what the rules
   * refuse (log-rules.ts). No clock is asked: what depends on time goes by the operation's own.
   */
  add(signed: Uint8Array): { readonly added: readonly OperationRecord[] } | { readonly waiting: true } | Refusal {
    const operation = readOperation(signed);
    if (isRefusal(operation)) return operation;
    if (this.#nodes.has(operation.hash)) return refuse('repeated');
    if (this.#room !== undefined && operation.room !== this.#room) return refuse('wrong-room', 'operation');
    if (!this.#parentsKnown(operation)) return this.#wait(operation);
    const node = this.#place(operation);
    if (isRefusal(node)) return node;
    this.#put.push([PREFIX + node.hash, node.bytes]);
    return { added: [recordOf(node), ...this.#release()] };
  }

  /** The same object until something is added. */
  state(): RoomState {
    this.#state ??= this.#room === undefined ? stateOf([]) : { ...stateOf(this.#order), room: this.#room };
    return this.#state;
  }

  /** Operations that nothing follows, ascending. */
  heads(): Hash[] {
    return this.#heads.map((node) => node.hash).toSorted();
  }

  has(operation: Hash): boolean {
    return this.#nodes.has(operation);
  }

  /** All, each after its parents, as carried. */
  operations(): Bytes[] {
    return this.#order.map((node) => node.bytes);
  }

  /** Those that somebody lacks who has `theirs` and their past, each after its parents. */
  missing(theirs: readonly Hash[]): Bytes[] {
    const known = theirs.map((head) => this.#nodes.get(head)).filter((node) => node !== undefined);
    const there = new Set(pastOf(this.#order, known));
    return this.#order.filter((node) => !there.has(node)).map((node) => node.bytes);
  }

  /** Who a device is or was; undefined of one that never was a member's. */
  personaOf(device: DeviceId): PersonaId | undefined {
    return this.state().devices.get(device)?.persona;
  }

  /** For the replica: always by the present state. */
  rights(): Rights {
    return {
      keysetOf: (device) => this.state().devices.get(device)?.deviceKeyset,
      cutOf: (device) => this.state().cutOf(device),
    };
  }

  #parentsKnown(operation: ReadOperation): boolean {
    return operation.parents.every((parent) => this.#nodes.has(parent));
  }

  /** Checks an operation whose parents are here, and links it. */
  #place(operation: ReadOperation, trusted = false): LogNode | Refusal {
    const parents = operation.parents.map((parent) => this.#nodes.get(parent)).filter((node) => node !== undefined);
    if (parents.length === 0 && this.#order.length > 0) return refuse('wrong-room', 'a second create');
    const past = this.#stateAt(parents);
    const grounds = parents.length === 0 ? createGrounds(operation) : groundsOf(operation, past);
    if (isRefusal(grounds)) return grounds;
    if (!trusted) {
      const forged = signatureFault(operation, grounds, past);
      if (forged !== undefined) return forged;
    }
    const node = new LogNode(operation, parents, grounds, this.#order.length);
    this.#nodes.set(node.hash, node);
    this.#order.push(node);
    this.#heads = [...this.#heads.filter((head) => !parents.includes(head)), node];
    this.#room ??= operation.room;
    this.#state = undefined;
    return node;
  }

  /** The state of everything up to `tops`. */
  #stateAt(tops: readonly LogNode[]): RoomState {
    const past = pastOf(this.#order, tops);
    return past.length === this.#order.length ? this.state() : stateOf(past);
  }

  #wait(operation: ReadOperation): { readonly waiting: true } | Refusal {
    if (this.#waiting.has(operation.hash)) return { waiting: true };
    const full = this.#waiting.size >= MAX_WAITING || this.#waitingBytes + operation.bytes.length > MAX_WAITING_BYTES;
    if (full) return refuse('too-many-waiting', 'operation');
    this.#waiting.set(operation.hash, operation);
    this.#waitingBytes += operation.bytes.length;
    return { waiting: true };
  }

  /** Links what waited, as long as something can be; what is refused then is dropped. */
  #release(trusted = false): OperationRecord[] {
    const released: OperationRecord[] = [];
    for (;;) {
      const ready = [...this.#waiting.values()].find((operation) => this.#parentsKnown(operation));
      if (ready === undefined) return released;
      this.#waiting.delete(ready.hash);
      this.#waitingBytes -= ready.bytes.length;
      const node = ready.room === this.#room ? this.#place(ready, trusted) : refuse('wrong-room');
      if (isRefusal(node)) continue;
      if (!trusted) this.#put.push([PREFIX + node.hash, node.bytes]);
      released.push(recordOf(node));
    }
  }

  /** From one's own store: signatures were verified before it was sealed there. */
  #restore(bytes: Uint8Array): void {
    const operation = readOperation(bytes);
    const placed = isRefusal(operation) || !this.#parentsKnown(operation) ? operation : this.#place(operation, true);
    if (isRefusal(placed))
      throw new Error(`the membership log that was stored is damaged (${placed.refused}): restore it from another device`);
    if (placed instanceof LogNode) this.#release(true);
    else this.#waiting.set(placed.hash, placed);
  }
}

function signatureFault(operation: ReadOperation, grounds: Grounds, past: RoomState): Refusal | undefined {
  const identity = 'create' in operation.says ? grounds.identity : past.devices.get(operation.device);
  if (identity === undefined) return refuse('not-a-member', 'operation');
  const verified = verifySigned(OPERATION_PURPOSE, identity.deviceKeyset, operation.bytes);
  return isRefusal(verified) ? verified : undefined;
}
