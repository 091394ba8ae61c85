/**
 * Circuits that died by somebody's fault count against the relays of their path (docs/protocol.md §3). Nobody can tell which of them it
 * was; but one that is on many such paths, with different others, explains them all, and then the others are not to blame for those.
 *
 *   paths that failed within 10 minutes ──► who is on most of them? 3 at least, with 2 others beside the guard ──► avoided
 *                    ▲                                 │                                                            │
 *                    └──── those explained are left out┘             3 times while it could be reached ──► it breaks circuits
 *
 *   over one guard, 4 at least, over 3 others, none of them on all, and none lived ──► the guard breaks circuits
 *
 * A relay that is down breaks nothing: what died with it is explained once others say that it is out of reach, and when a circuit over
 * it stands, all that is forgotten.
 */
import type { Clock, RelayId } from '../base/index.ts';

const WINDOW_MS = 600_000;
const TIMES = 3;
const COMPANIONS = 2;
const GUARD = { times: 4, others: 3 };
const MOST_KEPT = 64;
/** For so long one that was out of reach is taken to be so still, ms. */
const DOWN_MS = 30_000;
/** What dies within so long died of one cause; less than any two attempts are apart, ms. */
const AT_ONCE_MS = 250;

interface Failed {
  readonly at: number;
  readonly guard: RelayId | undefined;
  /** Behind the guard; of one that died with a relay, that relay. None where another guard showed that it was not theirs. */
  readonly relays: readonly RelayId[];
  /** Unknown of one that died with a relay. */
  readonly last: RelayId | undefined;
  /** Why: this one was out of reach of those before it. */
  readonly unreached: RelayId | undefined;
  /** Nobody but the guard says so. */
  readonly byGuard: boolean;
}

export class Blame {
  readonly #clock: Clock;
  #failed: readonly Failed[] = [];
  #culprits: ReadonlySet<RelayId> | undefined;
  /** Since when what fails over a guard counts against it, ms. */
  readonly #guardSince = new Map<RelayId, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A circuit over this path, from the guard on, died by a fault; `hop`: because those before this place did not reach it. */
  record(path: readonly RelayId[], hop?: number): void {
    const [guard, ...behind] = path;
    const unreached = hop === undefined ? undefined : path[hop];
    if (unreached !== undefined && hop !== undefined) this.#explain(unreached, path.slice(0, hop));
    // What is behind a guard that does not answer was not asked.
    const relays = hop === 0 ? [] : behind;
    const failed = { at: this.#clock.now(), guard, relays, last: behind.at(-1), unreached, byGuard: hop === 1 };
    this.#keep([...this.#recent(), failed].slice(-MOST_KEPT));
  }

  /** A circuit over this path stands. What only another guard said to be out of reach then speaks against that guard. */
  reached(path: readonly RelayId[]): void {
    const isThere = ({ unreached }: Failed): boolean => unreached !== undefined && path.includes(unreached);
    const left = this.#recent().filter((failed) => !isThere(failed) || (failed.byGuard && failed.guard !== path[0]));
    this.#keep(left.map((failed) => (isThere(failed) ? { ...failed, relays: [] } : failed)));
  }

  /** A circuit over this guard has lived for a while. */
  lived(guard: RelayId): void {
    this.#guardSince.set(guard, this.#clock.now());
  }

  /** True for a relay that should not be picked when there is another. */
  avoids(relay: RelayId): boolean {
    const recent = this.#recent();
    if (recent.length !== this.#failed.length) this.#keep(recent);
    this.#culprits ??= culpritsOf(recent);
    return this.#culprits.has(relay);
  }

  /** True for one that was out of reach just now. */
  isDown(relay: RelayId): boolean {
    const lately = this.#clock.now() - DOWN_MS;
    return this.#failed.some(({ at, unreached, relays }) => unreached === relay && relays.includes(relay) && at > lately);
  }

  /** True for one that is avoided for what it did while it could be reached. */
  breaks(relay: RelayId): boolean {
    return this.avoids(relay) && occasions(this.#failed.filter((failed) => wasReached(failed, relay))).length >= TIMES;
  }

  /** True for a guard that is most likely why nothing lives beyond it: it is on all paths, so that `breaks` says nothing of it. */
  guardBreaks(guard: RelayId): boolean {
    const failures = occasions(this.#over(guard).filter(({ unreached, byGuard }) => unreached === undefined || byGuard)).slice(
      -GUARD.times,
    );
    const others = failures.map(({ relays, unreached }) => (unreached === undefined ? relays : [unreached]));
    const all = [...new Set(others.flat())];
    return failures.length >= GUARD.times && all.length >= GUARD.others && !all.some((one) => others.every((some) => some.includes(one)));
  }

  /** The guard was why: nothing that failed over it speaks against those behind it, or once more against it. Those who are cleared by that. */
  clearBehind(guard: RelayId): readonly RelayId[] {
    const behind = [...new Set(this.#recent().flatMap(({ relays }) => relays))];
    const suspects = behind.filter((relay) => this.breaks(relay));
    this.#keep(this.#failed.filter((failed) => failed.guard !== guard));
    return suspects.filter((relay) => !this.breaks(relay));
  }

  /** True for a guard and a last hop over which nothing lived of late, so that it may be either: with another guard it may go better. */
  failTogether(guard: RelayId, last: RelayId): boolean {
    return occasions(this.#over(guard).filter((failed) => failed.last === last)).length >= GUARD.times;
  }

  /** What failed over a guard since something lived there. */
  #over(guard: RelayId): readonly Failed[] {
    const since = this.#guardSince.get(guard) ?? -Infinity;
    return this.#recent().filter((failed) => failed.guard === guard && failed.at > since);
  }

  /** What died while it was on the path died of that, unless it is one of those who say so that was on the path as well. */
  #explain(unreached: RelayId, witnesses: readonly RelayId[]): void {
    const byGuard = witnesses.length === 1;
    this.#failed = this.#failed.map((failed) => {
      const isNamed = failed.unreached === undefined && failed.relays.includes(unreached);
      const isTold = isNamed && !witnesses.slice(1).some((witness) => failed.relays.includes(witness));
      return isTold
        ? { ...failed, relays: [unreached], last: undefined, unreached, byGuard: byGuard && witnesses[0] === failed.guard }
        : failed;
    });
  }

  #keep(failed: readonly Failed[]): void {
    this.#failed = failed;
    this.#culprits = undefined;
  }

  #recent(): readonly Failed[] {
    const since = this.#clock.now() - WINDOW_MS;
    return this.#failed.filter(({ at }) => at > since);
  }
}

/** The first of each that died at once. */
const occasions = (failed: readonly Failed[]): readonly Failed[] =>
  failed.filter(({ at }, i) => i === 0 || at - (failed[i - 1]?.at ?? at) >= AT_ONCE_MS);

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
