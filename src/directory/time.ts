/**
 * Network time (docs/protocol.md §1): the median of what at least three relays said in CREATED. The system clock only fills in, and
 * carries it on between.
 */
import type { Clock, RelayId } from '../base/index.ts';

const LEAST_RELAYS = 3;
const MOST_RELAYS = 64;
/** Clocks differ; by so much only those that are wrong, ms. */
const FAR = 600_000;

export class NetworkTime {
  readonly #clock: Clock;
  /** Milliseconds by which each relay is ahead of the system clock; the latest last. */
  readonly #ahead = new Map<RelayId, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A relay has said its UTC seconds in a CREATED that was verified. */
  heard(relay: RelayId, seconds: number): void {
    this.#ahead.delete(relay);
    this.#ahead.set(relay, seconds * 1000 - this.#clock.now());
    const [oldest] = this.#ahead.keys();
    if (this.#ahead.size > MOST_RELAYS && oldest !== undefined) this.#ahead.delete(oldest);
  }

  /** True once three relays have been heard. */
  get known(): boolean {
    return this.#ahead.size >= LEAST_RELAYS;
  }

  /** Whole milliseconds by which the network is ahead of the system clock; 0 until known. */
  get ahead(): number {
    if (!this.known) return 0;
    const sorted = [...this.#ahead.values()].toSorted((a, b) => a - b);
    const middle = sorted.length >> 1;
    const [low = 0, high = 0] = sorted.slice(sorted.length % 2 === 0 ? middle - 1 : middle);
    return sorted.length % 2 === 0 ? Math.round((low + high) / 2) : low;
  }

  /** What it said last is far from what the others say. */
  isFar(relay: RelayId): boolean {
    const own = this.#ahead.get(relay);
    return this.known && own !== undefined && Math.abs(own - this.ahead) > FAR;
  }

  /** How many have been heard, and how many of them said what is more than so many ms from the system clock. */
  beyond(limit: number): { readonly far: number; readonly heard: number } {
    const far = [...this.#ahead.values()].filter((ahead) => Math.abs(ahead) > limit).length;
    return { far, heard: this.#ahead.size };
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#clock.now() + this.ahead;
  }

  /** UTC seconds. */
  seconds(): number {
    return Math.floor(this.now() / 1000);
  }
}
