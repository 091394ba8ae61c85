/**
 * Circuits that died by somebody's fault count against the relays of their path (docs/protocol.md §3). Nobody can tell which of them
 * it was; but who is on many such paths, with different others, is avoided for a while.
 *
 *   blame(path) ──► each relay: (when, with whom) ──► within 10 minutes 3 times, with 2 others beside the guard ──► avoided
 */
import type { Clock, RelayId } from '../base/index.ts';

const WINDOW_MS = 600_000;
const TIMES = 3;
const COMPANIONS = 2;
const MOST_KEPT = 16;

interface Mark {
  readonly at: number;
  /** The others of that path but the guard, which is on all of them. */
  readonly others: readonly RelayId[];
}

export class Blame {
  readonly #clock: Clock;
  readonly #marks = new Map<RelayId, Mark[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A circuit over this path, from the guard on, died by a fault. */
  record(path: readonly RelayId[]): void {
    const at = this.#clock.now();
    path.forEach((relay) => {
      const others = path.slice(1).filter((other) => other !== relay);
      this.#marks.set(relay, [...this.#recent(relay), { at, others }].slice(-MOST_KEPT));
    });
  }

  /** True for a relay that should not be picked when there is another. */
  avoids(relay: RelayId): boolean {
    const marks = this.#recent(relay);
    return marks.length >= TIMES && new Set(marks.flatMap(({ others }) => others)).size >= COMPANIONS;
  }

  #recent(relay: RelayId): Mark[] {
    const since = this.#clock.now() - WINDOW_MS;
    const recent = (this.#marks.get(relay) ?? []).filter(({ at }) => at > since);
    if (recent.length === 0) this.#marks.delete(relay);
    return recent;
  }
}
