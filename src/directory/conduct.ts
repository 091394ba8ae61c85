/**
 * What relays did that this client has seen for itself (docs/protocol.md §5): shown, and for an hour gone around where there is another.
 * Nobody is told of it, and it is forgotten with the program: a client's word about relays would be worth as little as theirs.
 */
import type { Clock, RelayId } from '../base/index.ts';

/**
 * `breaks-circuits`: circuits over it die again and again, with different others, and not because it is down. `not-kept`: it said STORED,
 * and did not hand the blob over again. `left-out`: what it hands over has gaps. `wrong-time`: its clock is far from the others'.
 * `forged-list`: its directory held descriptors that nobody signed.
 */
export type Misdeed = 'breaks-circuits' | 'not-kept' | 'left-out' | 'wrong-time' | 'forged-list';

export interface Conducted {
  readonly relay: RelayId;
  readonly what: Misdeed;
  readonly times: number;
  /** When it was seen last, ms since 1970. */
  readonly at: number;
}

const MEMORY_MS = 3_600_000;
const MOST_KEPT = 64;
/** Whoever does not keep what it is given, or lets circuits die, is no mailbox. */
const OF_MAILBOXES: readonly Misdeed[] = ['not-kept', 'left-out', 'breaks-circuits'];

export class Conduct {
  readonly #clock: Clock;
  readonly #seen = new Map<string, Conducted>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True when it is news. */
  record(relay: RelayId, what: Misdeed): boolean {
    const key = `${relay} ${what}`;
    const before = this.#recent().find((known) => known.relay === relay && known.what === what);
    this.#seen.delete(key);
    this.#seen.set(key, { relay, what, times: (before?.times ?? 0) + 1, at: this.#clock.now() });
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > MOST_KEPT && oldest !== undefined) this.#seen.delete(oldest);
    return before === undefined;
  }

  /** It was another. */
  takeBack(relay: RelayId, what: Misdeed): void {
    this.#seen.delete(`${relay} ${what}`);
  }

  /** What was seen within the hour, the latest first. */
  all(): readonly Conducted[] {
    return this.#recent().toReversed();
  }

  /** Not to be trusted with blobs, while there is another. */
  avoidsAsMailbox(relay: RelayId): boolean {
    return this.#recent().some((known) => known.relay === relay && OF_MAILBOXES.includes(known.what));
  }

  #recent(): Conducted[] {
    const since = this.#clock.now() - MEMORY_MS;
    return [...this.#seen.values()].filter(({ at }) => at > since);
  }
}
