/**
 * Which counters of one direction have come (docs/protocol.md §3). Links and relays are reliable, so everything below `lowest` has
 * been received and a counter from there is a repeat; what is 2048 or more ahead cannot be honest.
 *
 *   received … received | lowest: not yet | some received … | lowest + 2048: refused
 */
import { refuse, type Refusal } from '../base/index.ts';

export const REPLAY_WINDOW = 2048;

export class ReplayWindow {
  readonly #ahead: number;
  readonly #bits = new Uint32Array(REPLAY_WINDOW / 32);
  #lowest: number;
  #next: number;
  #gapSince: number | undefined;

  /** `ahead`: how far beyond the lowest missing counter another may be, at most 2048. `start`: the first counter expected. */
  constructor(ahead = REPLAY_WINDOW, start = 0) {
    this.#ahead = Math.min(ahead, REPLAY_WINDOW);
    this.#lowest = start;
    this.#next = start;
  }

  /** The lowest counter not yet received: what `seen` tells the other side. */
  get lowest(): number {
    return this.#lowest;
  }

  /** One more than the highest counter received. */
  get next(): number {
    return this.#next;
  }

  /** Since when a counter has been missing below one that came; undefined while there is no gap. */
  get gapSince(): number | undefined {
    return this.#gapSince;
  }

  /** Takes a counter in, or refuses it as `repeated` or `too-far-ahead`. */
  accept(counter: number, now: number): Refusal | undefined {
    if (counter < this.#lowest || (counter < this.#next && this.#has(counter))) return refuse('repeated');
    if (counter - this.#lowest >= this.#ahead) return refuse('too-far-ahead');
    this.#flip(counter);
    this.#next = Math.max(this.#next, counter + 1);
    this.#settle(now);
    return undefined;
  }

  #settle(now: number): void {
    const before = this.#lowest;
    while (this.#lowest < this.#next && this.#has(this.#lowest)) this.#flip(this.#lowest++);
    if (this.#lowest === this.#next) this.#gapSince = undefined;
    else if (this.#gapSince === undefined || this.#lowest !== before) this.#gapSince = now;
  }

  #has(counter: number): boolean {
    const at = counter % REPLAY_WINDOW;
    return (((this.#bits[at >>> 5] ?? 0) >>> (at & 31)) & 1) === 1;
  }

  #flip(counter: number): void {
    const at = counter % REPLAY_WINDOW;
    this.#bits[at >>> 5] = (this.#bits[at >>> 5] ?? 0) ^ (1 << (at & 31));
  }
}
