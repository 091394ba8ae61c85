/**
 * Whose CREATE comes next. A handshake takes a relay as long as dozens of cells do, so it makes only so many a second, and those that wait
 * take turns by link: whoever sends CREATEs without end waits for itself. Cells never wait for a handshake.
 *
 *   CREATE ──► a token left and nobody waiting? ──► handshake
 *         └──► its link's own queue ──► in turn, 1 + circuits in use (at most 32) of a link at a time ──► handshake
 */
import { Bucket, type Bytes, type Cancel, type Clock } from '../base/index.ts';
import type { CellLink } from '../link/index.ts';

const MOST_A_TURN = 32;

export interface CreateQueueOptions {
  readonly clock: Clock;
  readonly perSecond: number;
  readonly burst: number;
  /** Circuits of a link that carry cells: a relay speaks for many people over one link. */
  inUse(link: CellLink): number;
  run(link: CellLink, id: number, create: Bytes): void;
}

export class CreateQueue {
  readonly #options: CreateQueueOptions;
  readonly #bucket: Bucket;
  /** Whose turn it is stands first. */
  readonly #queues = new Map<CellLink, Map<number, Bytes>>();
  #left = 0;
  #timer: Cancel | undefined;

  constructor(options: CreateQueueOptions) {
    this.#options = options;
    this.#bucket = new Bucket(options.clock, options.perSecond, options.burst);
  }

  /** How many of a link wait. */
  waiting(link: CellLink): number {
    return this.#queues.get(link)?.size ?? 0;
  }

  has(link: CellLink, id: number): boolean {
    return this.#queues.get(link)?.has(id) === true;
  }

  add(link: CellLink, id: number, create: Bytes): void {
    if (this.#queues.size === 0 && this.#bucket.take(1)) {
      this.#options.run(link, id, create);
      return;
    }
    const queue = this.#queues.get(link) ?? new Map<number, Bytes>();
    this.#queues.set(link, queue.set(id, create));
    this.#arm();
  }

  /** True when it was waiting, and waits no more. */
  withdraw(link: CellLink, id: number): boolean {
    const queue = this.#queues.get(link);
    const was = queue?.delete(id) === true;
    if (queue?.size === 0) this.forget(link);
    return was;
  }

  /** The link has closed. */
  forget(link: CellLink): void {
    const [first] = this.#queues.keys();
    if (first === link) this.#left = 0;
    this.#queues.delete(link);
    if (this.#queues.size === 0) this.stop();
  }

  stop(): void {
    this.#queues.clear();
    this.#timer?.();
    this.#timer = undefined;
  }

  #arm(): void {
    if (this.#queues.size === 0 || this.#timer !== undefined) return;
    this.#timer = this.#options.clock.after(Math.max(1, this.#bucket.until(1)), () => {
      this.#timer = undefined;
      // One at a time, so that cells come between; what the clock has saved up meanwhile goes with the next.
      const next = this.#bucket.take(1) ? this.#next() : undefined;
      this.#arm();
      if (next !== undefined) this.#options.run(next.link, next.id, next.create);
    });
  }

  #next(): { readonly link: CellLink; readonly id: number; readonly create: Bytes } | undefined {
    const [first] = this.#queues;
    if (first === undefined) return undefined;
    const [link, queue] = first;
    const [oldest] = queue;
    if (oldest === undefined) return undefined;
    const [id, create] = oldest;
    queue.delete(id);
    if (this.#left === 0) this.#left = 1 + Math.min(MOST_A_TURN, this.#options.inUse(link));
    this.#left -= 1;
    if (queue.size > 0 && this.#left > 0) return { link, id, create };
    this.#left = 0;
    this.#queues.delete(link);
    if (queue.size > 0) this.#queues.set(link, queue);
    return { link, id, create };
  }
}
