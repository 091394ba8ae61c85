/**
 * Whether a guard is to blame for the circuits that die beyond it (docs/protocol.md §5). It is on all of them, so that it is always among
 * those blamed; but where circuits over different others fail one after the other and none lives, it is the one that they have in common.
 *
 *   died ── 4 times in 10 minutes, over 3 different others, none of them on all, none that lived in between
 *     └──► another guard is used for a while
 */
import type { Clock, RelayId } from '../base/index.ts';

const WINDOW_MS = 600_000;
const TIMES = 4;
const OTHERS = 3;

interface Failure {
  readonly at: number;
  readonly others: readonly RelayId[];
}

export class GuardTrials {
  readonly #clock: Clock;
  readonly #failures = new Map<RelayId, readonly Failure[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A circuit over this guard has lived for a while. */
  worked(guard: RelayId): void {
    this.#failures.delete(guard);
  }

  /** A circuit over this path came to nothing beyond the guard. True when the guard is most likely why. */
  failed(path: readonly RelayId[]): boolean {
    const [guard, ...others] = path;
    if (guard === undefined) return false;
    const at = this.#clock.now();
    const recent = (this.#failures.get(guard) ?? []).filter((failure) => failure.at > at - WINDOW_MS);
    const failures = [...recent, { at, others }].slice(-TIMES);
    const all = new Set(failures.flatMap((failure) => failure.others));
    const isOnAll = (relay: RelayId): boolean => failures.every((failure) => failure.others.includes(relay));
    const isAtFault = failures.length >= TIMES && all.size >= OTHERS && ![...all].some(isOnAll);
    if (isAtFault) this.#failures.delete(guard);
    else this.#failures.set(guard, failures);
    return isAtFault;
  }
}
