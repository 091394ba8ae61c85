/**
 * Circuits that died by somebody's fault count against the relays of their path (docs/protocol.md §3). Nobody can tell which of them it
 * was; but one that is on many such paths, with different others, explains them all, and then the others are not to blame for those.
 *
 *   paths that failed within 10 minutes ──► who is on most of them? 3 at least, with 2 others beside the guard ──► avoided
 *                    ▲                                 │                                                            │
 *                    └──── those explained are left out┘                     3 times after it had been reached ──► it breaks circuits
 *
 * One that is out of reach, and one that dies and takes all its circuits along, breaks nothing; when it is reached again, it is back.
 */
import type { Clock, RelayId } from '../base/index.ts';

const WINDOW_MS = 600_000;
const TIMES = 3;
const COMPANIONS = 2;
const MOST_KEPT = 64;
/** What dies within so long died of one cause, ms. */
const AT_ONCE_MS = 2_000;

interface Failed {
  readonly at: number;
  /** The one that the relays before it did not reach, while the path was being built. */
  readonly unreached: RelayId | undefined;
  /** Without the guard, which is on all of them: see guard-trials.ts. */
  readonly relays: readonly RelayId[];
}

export class Blame {
  readonly #clock: Clock;
  #failed: readonly Failed[] = [];
  #culprits: ReadonlySet<RelayId> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A circuit over this path, from the guard on, died by a fault; `hop`: it was never built, for this place on the path was not reached. */
  record(path: readonly RelayId[], hop?: number): void {
    const unreached = hop === undefined ? undefined : path[hop];
    this.#failed = [...this.#recent(), { at: this.#clock.now(), relays: path.slice(1), unreached }].slice(-MOST_KEPT);
    this.#culprits = undefined;
  }

  /** A circuit over this path stands. */
  reached(path: readonly RelayId[]): void {
    const left = this.#failed.filter(({ unreached }) => unreached === undefined || !path.includes(unreached));
    if (left.length === this.#failed.length) return;
    this.#failed = left;
    this.#culprits = undefined;
  }

  /** True for a relay that should not be picked when there is another. */
  avoids(relay: RelayId): boolean {
    const recent = this.#recent();
    if (recent.length !== this.#failed.length) this.#culprits = undefined;
    this.#failed = recent;
    this.#culprits ??= culpritsOf(recent);
    return this.#culprits.has(relay);
  }

  /** True for one that is avoided for what it did when it had been reached. */
  breaks(relay: RelayId): boolean {
    if (!this.avoids(relay)) return false;
    const times = this.#failed.filter((failed) => wasReached(failed, relay)).map(({ at }) => at);
    return times.filter((at, i) => i === 0 || at - (times[i - 1] ?? at) >= AT_ONCE_MS).length >= TIMES;
  }

  #recent(): readonly Failed[] {
    const since = this.#clock.now() - WINDOW_MS;
    return this.#failed.filter(({ at }) => at > since);
  }
}

function wasReached({ relays, unreached }: Failed, relay: RelayId): boolean {
  const place = relays.indexOf(relay);
  return place >= 0 && (unreached === undefined || place < relays.indexOf(unreached));
}

function culpritsOf(failed: readonly Failed[]): ReadonlySet<RelayId> {
  const culprits = new Set<RelayId>();
  for (let left = failed; left.length >= TIMES;) {
    const all = new Set(left.flatMap(({ relays }) => relays));
    const on = (relay: RelayId): readonly Failed[] => left.filter(({ relays }) => relays.includes(relay));
    const [most] = [...all].toSorted((a, b) => on(b).length - on(a).length || (a < b ? -1 : 1));
    if (most === undefined || on(most).length < TIMES) break;
    const companions = new Set(on(most).flatMap(({ relays }) => relays.filter((other) => other !== most)));
    // Always with the same one: it may be either.
    if (companions.size >= COMPANIONS) culprits.add(most);
    left = left.filter(({ relays }) => !relays.includes(most));
  }
  return culprits;
}
