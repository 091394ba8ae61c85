/**
 * What a relay takes for the time (docs/protocol.md §1): its system clock, unless most of the others say that it is far off.
 *
 *   anchor ──► CREATED ──► its word ──► most of three at least, this relay among those who vote, are far from this clock? ──► their median
 */
import type { Clock, RelayId } from '../base/index.ts';
import { NetworkTime } from '../directory/index.ts';

/** Clocks that differ by less are left alone: relays that corrected each other by a second would drift together, ms. */
const FAR = 120_000;

export class RelayTime {
  readonly #clock: Clock;
  readonly #others: NetworkTime;
  #ahead = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#others = new NetworkTime(clock);
  }

  /** As many have been heard as the median needs. */
  get known(): boolean {
    return this.#others.known;
  }

  /** Another relay has said its UTC seconds. True when this changes what is taken for the time by more than clocks differ. */
  heard(relay: RelayId, seconds: number): boolean {
    this.#others.heard(relay, seconds);
    const { far, heard } = this.#others.beyond(FAR);
    const ahead = this.#others.known && 2 * far > heard + 1 ? this.#others.ahead : 0;
    if (Math.abs(ahead - this.#ahead) <= FAR) return false;
    this.#ahead = ahead;
    return true;
  }

  /** UTC seconds. */
  seconds(): number {
    return Math.floor((this.#clock.now() + this.#ahead) / 1000);
  }
}
