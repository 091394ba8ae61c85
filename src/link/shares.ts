/**
 * How much a relay takes in from each socket. Whoever sends more than its share is read no further for a while, so that the kernel, and
 * then the sender itself, holds the rest. Those who stay below, as people do who talk, are never held up.
 *
 *   bytes ──► bucket (256 KiB saved up) ──► empty? pause ──► filled again ──► resume
 *             fills by 512 KiB a second, or by an equal part of 1 MiB for all who have run it empty lately; 32 MiB for a relay
 */
import { Bucket, type Cancel, type Clock, type Counters } from '../base/index.ts';

export interface ShareLimits {
  /** Bytes saved up; bytes a second: for one, for all together who ask for more than that, the least for one, for a known relay. */
  readonly shareBurst: number;
  readonly shareEach: number;
  readonly shareAll: number;
  readonly shareLeast: number;
  readonly shareRelay: number;
}

/** What can be read from, and told to wait. */
export interface Source {
  pause(): void;
  resume(): void;
}

/** For so long somebody who ran its share empty counts among those who do. */
const GREEDY_MS = 2_000;
const ASK_AGAIN_MS = 5_000;

export class Shares {
  readonly #clock: Clock;
  readonly #limits: ShareLimits;
  readonly #counters: Counters;
  readonly #greedy = new Set<Share>();

  constructor(clock: Clock, limits: ShareLimits, counters: Counters) {
    this.#clock = clock;
    this.#limits = limits;
    this.#counters = counters;
  }

  /** `isRelay` may look it up in a list: it is asked seldom, and only about the greedy. */
  of(source: Source, isRelay: () => boolean): Share {
    return new Share(this, source, isRelay);
  }

  get clock(): Clock {
    return this.#clock;
  }

  get limits(): ShareLimits {
    return this.#limits;
  }

  /** Bytes a second for one of the greedy. */
  greedy(share: Share): number {
    if (!this.#greedy.has(share)) this.#counters.count('link-greedy');
    this.#greedy.add(share);
    const { shareEach, shareAll, shareLeast } = this.#limits;
    return Math.max(shareLeast, Math.min(shareEach, shareAll / this.#greedy.size));
  }

  modest(share: Share): void {
    this.#greedy.delete(share);
  }
}

export class Share {
  readonly #all: Shares;
  readonly #source: Source;
  readonly #isRelay: () => boolean;
  readonly #bucket: Bucket;
  #relay = false;
  #asked = -Infinity;
  #paused = false;
  #timer: Cancel = () => undefined;
  #calm: Cancel = () => undefined;

  constructor(all: Shares, source: Source, isRelay: () => boolean) {
    this.#all = all;
    this.#source = source;
    this.#isRelay = isRelay;
    this.#bucket = new Bucket(all.clock, all.limits.shareEach, all.limits.shareBurst);
  }

  /** So many bytes have come. */
  took(bytes: number): void {
    this.#bucket.spend(bytes);
    if (this.#paused || this.#bucket.until(0) === 0) return;
    this.#bucket.perSecond = this.#rate();
    this.#calm();
    const wait = this.#bucket.until(0);
    if (wait === 0) return;
    this.#paused = true;
    this.#source.pause();
    this.#timer = this.#all.clock.after(wait, () => {
      this.#paused = false;
      this.#calm = this.#all.clock.after(GREEDY_MS, () => this.#all.modest(this));
      this.#source.resume();
    });
  }

  end(): void {
    this.#timer();
    this.#calm();
    this.#all.modest(this);
  }

  #rate(): number {
    const now = this.#all.clock.now();
    if (!this.#relay && now - this.#asked >= ASK_AGAIN_MS) {
      this.#asked = now;
      this.#relay = this.#isRelay();
    }
    return this.#relay ? this.#all.limits.shareRelay : this.#all.greedy(this);
  }
}
