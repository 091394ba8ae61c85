/**
 * Guards (docs/protocol.md §5): the only relays that ever see where a client is, so they are few and they stay.
 *
 *   chosen ──► kept 60 to 90 days ──► replaced          in order; the first that answers is used, or the next if that is the mailbox
 *
 * Changing guards with each circuit would, sooner or later, show the client to every relay; so a guard that is silent is passed over
 * for a while and not replaced, unless it has been out of the directory for a week.
 */
import { integer, type Clock, type Random, type RelayId } from '../base/index.ts';

const DAY_MS = 86_400_000;
const GUARDS = 3;
const KEPT_MS = 60 * DAY_MS;
const KEPT_MORE_MS = 30 * DAY_MS;
const GONE_MS = 7 * DAY_MS;
const FIRST_REST_MS = 10_000;
const LONGEST_REST_MS = 600_000;

/** What is known of a guard without any directory: where to dial it. */
export interface GuardState {
  readonly id: RelayId;
  readonly addresses: readonly string[];
  /** ms since 1970. */
  readonly until: number;
  /** When it was last in the directory, ms since 1970. */
  readonly listed: number;
}

/** A relay that could be a guard: an anchor, or a relay of the directory with that role. */
export type Candidate = Pick<GuardState, 'id' | 'addresses'>;

interface Rest {
  readonly until: number;
  readonly length: number;
}

export class Guards {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #resting = new Map<RelayId, Rest>();
  /** Until when, ms since 1970. */
  readonly #distrusted = new Map<RelayId, number>();
  #kept: readonly GuardState[];

  /** `state` is what `state()` gave before; empty at first. */
  constructor(clock: Clock, random: Random, state: readonly GuardState[]) {
    this.#clock = clock;
    this.#random = random;
    this.#kept = state;
  }

  /** To be kept over restarts: a plain object, and a secret (it tells two visits of one person from those of two). */
  state(): readonly GuardState[] {
    return this.#kept;
  }

  /**
   * Tells which relays could be guards now. Those kept stay while their time lasts; free places go to candidates at random. Relays that
   * only an invite names are not to be among them. True when `state()` has changed.
   */
  refresh(candidates: readonly Candidate[]): boolean {
    const now = this.#clock.now();
    const before = this.#kept;
    const named = new Map(candidates.map((candidate) => [candidate.id, candidate]));
    const kept = before
      .filter(({ until, listed, id }) => now < until && (named.has(id) || now - listed < GONE_MS))
      .map((guard) => ({ ...guard, ...named.get(guard.id), listed: named.has(guard.id) ? now : guard.listed }));
    const free = candidates.filter(({ id }) => !kept.some((guard) => guard.id === id));
    while (kept.length < GUARDS && free.length > 0) {
      const [chosen] = free.splice(integer(this.#random, free.length), 1);
      if (chosen !== undefined)
        kept.push({ id: chosen.id, addresses: chosen.addresses, listed: now, until: now + KEPT_MS + integer(this.#random, KEPT_MORE_MS) });
    }
    this.#kept = kept;
    return JSON.stringify(kept) !== JSON.stringify(before);
  }

  /**
   * The guard for a circuit to that mailbox: the first that is not the mailbox and answers; one that is distrusted rather than one that
   * does not answer. When none does, the one that has rested longest. `avoids`: those that are passed over while there is another.
   */
  pick(mailbox?: RelayId, avoids: (guard: RelayId) => boolean = () => false): GuardState | undefined {
    const fitting = this.#kept.filter(({ id }) => id !== mailbox);
    const wanted = fitting.filter(({ id }) => !avoids(id) && !this.hasFailed(id));
    const others = wanted.length > 0 ? wanted : fitting;
    const answering = others.filter(({ id }) => !this.hasFailed(id));
    const rest = ({ id }: GuardState): number => this.#restsUntil(id);
    const now = this.#clock.now();
    const trusted = answering.find((guard) => rest(guard) <= now);
    return trusted ?? (answering.length > 0 ? answering : others).toSorted((a, b) => rest(a) - rest(b))[0];
  }

  /**
   * It could not be dialled, or its link fell silent: it is passed over for 10 s, and twice as long each time, 10 minutes at most.
   * Failures while it rests count as one. Returns for how long it rests now, ms.
   */
  failed(id: RelayId): number {
    const now = this.#clock.now();
    const rest = this.#resting.get(id);
    const length = rest === undefined ? FIRST_REST_MS : now < rest.until ? rest.length : Math.min(LONGEST_REST_MS, 2 * rest.length);
    this.#resting.set(id, { until: now + length, length });
    return length;
  }

  /** True when it had failed before. */
  answered(id: RelayId): boolean {
    return this.#resting.delete(id);
  }

  isResting(id: RelayId): boolean {
    return this.#restsUntil(id) > this.#clock.now();
  }

  /** It answers, but what goes through it comes to nothing: another is used for ten minutes. */
  distrust(id: RelayId): void {
    this.#distrusted.set(id, this.#clock.now() + LONGEST_REST_MS);
  }

  #restsUntil(id: RelayId): number {
    return Math.max(this.#resting.get(id)?.until ?? 0, this.#distrusted.get(id) ?? 0);
  }

  /** It failed when it was last asked, though its rest may be over. */
  hasFailed(id: RelayId): boolean {
    return this.#resting.has(id);
  }

  /** The machine is on another network (or awake again): what was silent there may answer here. */
  forgive(): void {
    this.#resting.clear();
  }
}
