/**
 * Newcomers begin their Noise handshake so many a second, by turns of hosts: it takes a relay as long as a hundred cells, and those
 * who talk already go first.
 *
 *   socket ──► a token left and nobody waiting? ──► libp2p
 *         └──► its host's queue ──► in turn ──► libp2p            too many waiting: refused
 */
import { Bucket, type Cancel, type Clock } from '../base/index.ts';

export interface ArrivalLimits {
  readonly arrivalsPerSecond: number;
  readonly arrivalsAtOnce: number;
  readonly arrivalsWaiting: number;
}

export class Arrivals {
  readonly #clock: Clock;
  readonly #limits: ArrivalLimits;
  readonly #bucket: Bucket;
  /** Whose turn it is stands first. */
  readonly #hosts = new Map<string, (() => void)[]>();
  #waiting = 0;
  #timer: Cancel | undefined;

  constructor(clock: Clock, limits: ArrivalLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#bucket = new Bucket(clock, limits.arrivalsPerSecond, limits.arrivalsAtOnce);
  }

  /** Calls `begin`, now or later; false when too many wait. */
  admit(host: string, begin: () => void): boolean {
    if (this.#waiting === 0 && this.#bucket.take(1)) {
      begin();
      return true;
    }
    if (this.#waiting >= this.#limits.arrivalsWaiting) return false;
    const queue = this.#hosts.get(host) ?? [];
    queue.push(begin);
    this.#hosts.set(host, queue);
    this.#waiting += 1;
    this.#arm();
    return true;
  }

  #arm(): void {
    if (this.#waiting === 0 || this.#timer !== undefined) return;
    this.#timer = this.#clock.after(Math.max(1, this.#bucket.until(1)), () => {
      this.#timer = undefined;
      const begin = this.#bucket.take(1) ? this.#next() : undefined;
      this.#arm();
      begin?.();
    });
  }

  #next(): (() => void) | undefined {
    const [first] = this.#hosts;
    if (first === undefined) return undefined;
    const [host, queue] = first;
    this.#hosts.delete(host);
    if (queue.length > 1) this.#hosts.set(host, queue);
    this.#waiting -= 1;
    return queue.shift();
  }
}
