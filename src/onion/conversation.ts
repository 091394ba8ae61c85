/**
 * Messages between the client and one hop, both ends alike (docs/protocol.md §4.3). Knows neither keys nor links: opened cells go
 * in, opened cells and messages come out, and `wakeAt` says when to ask again.
 *
 *   send ─► queue ─┐ credit                    window, assembler ┌─► messages
 *                  └────► next() ─► cells ─► receive() ──────────┘
 */
import { isRefusal, type Bytes, type Refusal } from '../base/index.ts';
import { FLAG_REPLY, splitMessage, writeSeen } from '../crypto/index.ts';
import { Assembler, MAX_INCOMPLETE, type Incoming } from './assembler.ts';
import { isBare, type OpenedCell } from './cell.ts';
import { MessageKind } from './circuit.ts';
import { ACK_ALLOWANCE, Credit } from './credit.ts';
import { ReplayWindow } from './replay-window.ts';

/** How long `seen` waits for a cell that could carry it, ms. */
export const ACK_DELAY = 200;
/** So many messages of several cells are acknowledged at once: their sender may have four under way. */
const ACK_MESSAGES = 2;

export interface CellOut {
  readonly counter: number;
  /** Opened, its header zero. bytes: 1024 */
  readonly cell: Bytes;
}

interface Outgoing {
  /** `seen` not yet written. */
  readonly cells: readonly Bytes[];
  /** The next of them to leave. */
  part: number;
  readonly sent: (() => void) | undefined;
}

const EMPTY = new Uint8Array(0);
const bare = (kind: MessageKind): Bytes[] => splitMessage({ kind, flags: 0, message: 0 }, 0, EMPTY);

export class Conversation {
  readonly #credit: Credit;
  /** Mirrors the other side's window from what it was told, for "W/4 cells". */
  readonly #theirs: Credit;
  readonly #window: ReplayWindow;
  readonly #assembler = new Assembler();
  #queue: Outgoing[] = [];
  #queued = 0;
  #nextId = 0;
  /** The last counters of messages of several cells that the other side may still hold incomplete. */
  #underWay: number[] = [];
  #unacknowledged = 0;
  #unacknowledgedMessages = 0;
  #ackAt: number | undefined;
  #mute = false;

  constructor(window: number) {
    this.#credit = new Credit(window);
    this.#theirs = new Credit(window);
    this.#window = new ReplayWindow(window + ACK_ALLOWANCE);
  }

  /** The counter of the next cell that leaves. */
  get nextOut(): number {
    return this.#credit.next;
  }

  /** The window of what came in; a hop goes on with it when it is extended. */
  get window(): ReplayWindow {
    return this.#window;
  }

  /** Cells that wait for credit. */
  get queued(): number {
    return this.#queued;
  }

  get underWay(): number {
    return this.#credit.next - this.#credit.seen;
  }

  get sendWindow(): number {
    return this.#credit.window;
  }

  /** Queues a message of one's own and returns its number. `sent` is called when its last cell has left. */
  send(kind: MessageKind, body: Uint8Array, sent?: () => void): number {
    const id = this.#nextId++;
    this.#enqueue(splitMessage({ kind, flags: 0, message: id }, 0, body), sent);
    return id;
  }

  reply(to: number, kind: MessageKind, body: Uint8Array): void {
    this.#enqueue(splitMessage({ kind, flags: FLAG_REPLY, message: to }, 0, body));
  }

  /** Queues a DROP cell, unless something else waits: it would only be in the way. */
  drop(): void {
    if (this.#queue.length > 0 || !this.#credit.open) return;
    this.#enqueue(bare(MessageKind.DROP));
  }

  /** No ACK from here on: around EXTEND every counter has its place (docs/protocol.md §4.1). */
  mute(): void {
    this.#mute = true;
    this.#ackAt = undefined;
  }

  /** An opened cell came with this counter. Returns whole messages in their order, or why the circuit must go. */
  receive(counter: number, cell: OpenedCell, now: number): readonly Incoming[] | Refusal {
    const refusal = this.#window.accept(counter, now) ?? this.#credit.acknowledged(cell.seen);
    if (refusal !== undefined) return refusal;
    this.#underWay = this.#underWay.filter((last) => last >= this.#credit.seen);
    this.#unacknowledged++;
    if (isBare(cell.kind)) return [];
    if (!this.#mute) this.#ackAt ??= now + ACK_DELAY;
    const messages = this.#assembler.receive(cell);
    if (!isRefusal(messages) && messages.length > 0 && cell.parts > 1) this.#unacknowledgedMessages++;
    return messages;
  }

  /** The next cell that may leave now, if any. Ask again until there is none. */
  next(now: number): CellOut | undefined {
    const first = this.#queue[0];
    if (first !== undefined && this.#mayLeave(first)) return this.#nextPart(first);
    if (this.#ackDue(now) && this.#credit.openForAck) return this.#out(bare(MessageKind.ACK)[0]);
    return undefined;
  }

  /** When `next` will have an ACK though nothing else happens. */
  get ackAt(): number | undefined {
    return this.#credit.openForAck ? this.#ackAt : undefined;
  }

  /** Since when a cell has been missing; undefined without a gap. */
  get gapSince(): number | undefined {
    return this.#window.gapSince;
  }

  #enqueue(cells: readonly Bytes[], sent?: () => void): void {
    this.#queue.push({ cells, part: 0, sent });
    this.#queued += cells.length;
  }

  #mayLeave({ cells, part }: Outgoing): boolean {
    if (!this.#credit.open) return false;
    return cells.length === 1 || part > 0 || this.#underWay.length < MAX_INCOMPLETE;
  }

  #nextPart(message: Outgoing): CellOut | undefined {
    const out = this.#out(message.cells[message.part++]);
    this.#queued--;
    if (message.part === message.cells.length) {
      this.#queue.shift();
      if (message.part > 1) this.#underWay.push(this.#credit.next - 1);
      message.sent?.();
    }
    return out;
  }

  #out(cell: Bytes | undefined): CellOut | undefined {
    if (cell === undefined) return undefined;
    const seen = this.#window.lowest;
    this.#unacknowledged = 0;
    this.#unacknowledgedMessages = 0;
    this.#ackAt = undefined;
    this.#mirror(seen);
    writeSeen(cell, seen);
    return { counter: this.#credit.take(), cell };
  }

  #mirror(seen: number): void {
    while (this.#theirs.next < seen) this.#theirs.take();
    this.#theirs.acknowledged(seen);
  }

  #ackDue(now: number): boolean {
    if (this.#mute) return false;
    if (this.#unacknowledged >= this.#theirs.window / 4 || this.#unacknowledgedMessages >= ACK_MESSAGES) return true;
    return this.#ackAt !== undefined && now >= this.#ackAt;
  }
}

/** What the mix may add on the way over so many hops, ms: each delay is capped at ten times the mean (docs/protocol.md §3). */
export const longestDelay = (hops: number, delayMean: number): number => hops * 10 * delayMean;

/** How long a gap may stay, ms: links and relays are reliable, so only the mix can make one. */
export const gapPatience = (hops: number, delayMean: number): number => longestDelay(hops, delayMean) + 10_000;
