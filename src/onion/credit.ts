/**
 * How much may be under way in one direction (docs/protocol.md §4.3).
 *
 *   … handled | seen ── under way ── next | … may be sent … | seen + W        W: 64, doubling with each window consumed
 */
import { refuse, type Refusal } from '../base/index.ts';

export const FIRST_WINDOW = 64;
export const MAX_WINDOW = 1024;
/** By how much ACK may exceed the window: an acknowledgement must never wait for one. */
export const ACK_ALLOWANCE = 64;

export class Credit {
  readonly #most: number;
  #next = 0;
  #seen = 0;
  #window = FIRST_WINDOW;
  #windowEnds = FIRST_WINDOW;

  /** `most`: the `window` of CREATED, 64 … 1024. */
  constructor(most: number) {
    if (most < FIRST_WINDOW || most > MAX_WINDOW) throw new RangeError(`window: want 64 … 1024, got ${most}`);
    this.#most = most;
  }

  /** The counter of the next cell. */
  get next(): number {
    return this.#next;
  }

  /** Everything below has been received and handled by the other side. */
  get seen(): number {
    return this.#seen;
  }

  get window(): number {
    return this.#window;
  }

  get open(): boolean {
    return this.#next - this.#seen < this.#window;
  }

  get openForAck(): boolean {
    return this.#next - this.#seen < this.#window + ACK_ALLOWANCE;
  }

  /** Uses up one counter. */
  take(): number {
    return this.#next++;
  }

  /** The other side's `seen`; an older one, overtaken on the way, changes nothing. Refuses what was never sent. */
  acknowledged(seen: number): Refusal | undefined {
    if (seen > this.#next) return refuse('seen-unsent');
    this.#seen = Math.max(this.#seen, seen);
    while (this.#seen >= this.#windowEnds) {
      this.#window = Math.min(this.#window * 2, this.#most);
      this.#windowEnds += this.#window;
    }
    return undefined;
  }
}
