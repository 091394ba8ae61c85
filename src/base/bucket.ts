/** A token bucket: so much a second, and at most `burst` saved up. What is spent beyond it is a debt that has to fill up first. */
import type { Clock } from './clock.ts';

export class Bucket {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #burst: number;
  #perSecond: number;
  #tokens: number;
  #at: number;

  constructor(clock: Pick<Clock, 'now'>, perSecond: number, burst: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = clock.now();
  }

  /** What was earned until now was earned at the old rate. */
  set perSecond(perSecond: number) {
    this.#fill();
    this.#perSecond = perSecond;
  }

  /** Takes what it can give at once; false, and nothing taken, when that is not enough. */
  take(amount: number): boolean {
    this.#fill();
    if (this.#tokens < amount) return false;
    this.#tokens -= amount;
    return true;
  }

  /** Takes it in any case. */
  spend(amount: number): void {
    this.#fill();
    this.#tokens -= amount;
  }

  /** ms until it holds so much. */
  until(amount: number): number {
    this.#fill();
    return Math.max(0, Math.ceil(((amount - this.#tokens) * 1000) / this.#perSecond));
  }

  #fill(): void {
    const now = this.#clock.now();
    // A clock that was set back fills nothing and takes nothing.
    this.#tokens = Math.min(this.#burst, this.#tokens + (Math.max(0, now - this.#at) * this.#perSecond) / 1000);
    this.#at = now;
  }
}
