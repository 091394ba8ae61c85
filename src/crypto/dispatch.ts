/**
 * Which of several implementations computes an operation: each gives a known answer, those that are right are timed in turns, and the
 * fastest is taken. It is timed once, when the operation has been used for a while by the first that is right: an engine compiles
 * WebAssembly for good only once it is used, and a page has better things to do when it starts.
 *
 *   core ────┐
 *   OpenSSL ─┼─► the known answer? ── no ──► never used, and counted
 *   noble ───┘          │ yes
 *                       ▼
 *        the first, some uses long ──► rounds, each in turn ──► the least time of each ──► the fastest; of equal ones the first
 */
import { Counters, toHex } from '../base/index.ts';

/** One implementation of an operation. */
export interface Contender<T> {
  readonly name: string;
  readonly run: T;
  /** Not timed, and taken only where no other is right: slower by so much that to warm it up costs more than a race could win. */
  readonly spare?: boolean;
}

/** What all contenders are to do. */
export interface Operation<T> {
  readonly name: string;
  /** Does it once, on inputs that are always the same. */
  readonly trial: (run: T) => Uint8Array;
  /** What `trial` gives, in hex, by the word of somebody else. */
  readonly answer: string;
  /** After how many uses it is timed. */
  readonly warm: number;
}

export interface Choice<T> {
  readonly name: string;
  readonly run: T;
  /** µs for one trial, of those that were timed. */
  readonly times: Readonly<Record<string, number>>;
  /** Those that gave another answer than the right one, or none. */
  readonly wrong: readonly string[];
}

/**
 * Rounds that there are in any case, and ms in which there may be more. What is not WebAssembly gets fast only as it is used, and its
 * first use may take longer than all the others. Where nothing but the core and noble is there, as in a page, nothing is timed.
 */
const LEAST_ROUNDS = 12;
const MOST_ROUNDS = 400;
const SPAN_MS = 8;
/** Trials in one go. A page's clock may tick in tenths of a millisecond. */
const GO = 4;

/** Wrong answers, by who gave them and to what. */
export const wrongAnswers = new Counters();

function isRight<T>({ trial, answer }: Operation<T>, run: T): boolean {
  try {
    return toHex(trial(run)) === answer;
  } catch {
    return false;
  }
}

interface Sorted<T> {
  /** Not empty. Spare ones are not looked at while there is another. */
  readonly right: readonly [Contender<T>, ...Contender<T>[]];
  readonly wrong: readonly string[];
}

/** Throws when none is right. */
function sorted<T>(operation: Operation<T>, contenders: readonly Contender<T>[]): Sorted<T> {
  const right: Contender<T>[] = [];
  const wrong: string[] = [];
  for (const contender of contenders.toSorted((a, b) => Number(a.spare ?? false) - Number(b.spare ?? false))) {
    if (contender.spare === true && right.length > 0) continue;
    if (isRight(operation, contender.run)) right.push(contender);
    else wrong.push(contender.name);
  }
  for (const name of wrong) wrongAnswers.count(`${name} ${operation.name}`);
  const [first, ...others] = right;
  if (first === undefined) throw new Error(`crypto: ${wrong.join(', ') || 'nobody'} gives no right answer for ${operation.name}`);
  return { right: [first, ...others], wrong };
}

/** The fastest of the contenders that are right. Throws when none is. `now` in ms. */
export function choose<T>(operation: Operation<T>, contenders: readonly Contender<T>[], now: () => number): Choice<T> {
  return fastest(operation, sorted(operation, contenders), now);
}

function fastest<T>(operation: Operation<T>, { right, wrong }: Sorted<T>, now: () => number): Choice<T> {
  const [first] = right;
  if (right.length === 1) return { name: first.name, run: first.run, times: {}, wrong };
  const least = leastTimes(operation, right, now);
  const best = right.reduce((a, b) => ((least.get(b) ?? 0) < (least.get(a) ?? 0) ? b : a));
  const times = Object.fromEntries(right.map((one) => [one.name, ((least.get(one) ?? 0) * 1000) / GO]));
  return { name: best.name, run: best.run, times, wrong };
}

/** ms for `GO` trials of each, in its best round. */
function leastTimes<T>({ trial }: Operation<T>, right: readonly Contender<T>[], now: () => number): Map<Contender<T>, number> {
  const least = new Map<Contender<T>, number>();
  const end = now() + SPAN_MS;
  for (let round = 0; round < MOST_ROUNDS && (round < LEAST_ROUNDS || now() < end); round++) {
    for (const one of right) {
      const start = now();
      for (let i = 0; i < GO; i++) trial(one.run);
      least.set(one, Math.min(least.get(one) ?? Number.POSITIVE_INFINITY, now() - start));
    }
  }
  return least;
}

/** What was decided about an operation, for whoever looks. */
export interface Decision {
  readonly operation: string;
  readonly choice: Omit<Choice<unknown>, 'run'>;
}

/** An operation with those that are there to do it. */
export class Dispatch<T> {
  readonly #operation: Operation<T>;
  readonly #contenders: Contender<T>[];
  readonly #now: () => number;
  #sorted: Sorted<T> | undefined;
  #choice: Choice<T> | undefined;
  #uses = 0;

  /** `last`: the last choice where there is no difference. */
  constructor(operation: Operation<T>, last: Contender<T>, now = (): number => performance.now()) {
    this.#operation = operation;
    this.#contenders = [last];
    this.#now = now;
  }

  /** Has another one take part from now on, before the last choice and after those offered earlier. */
  offer(contender: Contender<T>): void {
    this.#contenders.splice(-1, 0, contender);
    this.#sorted = undefined;
    this.#choice = undefined;
    this.#uses = 0;
  }

  /** The one to be used this time. Throws when none is right. */
  get run(): T {
    if (this.#choice !== undefined) return this.#choice.run;
    if (this.#uses++ < this.#operation.warm) return this.#right().right[0].run;
    return this.#choose().run;
  }

  /** Those that gave a wrong answer. Throws when none is right. */
  wrong(): readonly string[] {
    return this.#right().wrong;
  }

  /** Times them now, if that was not done yet. */
  decide(): Decision {
    const { name, times, wrong } = this.#choose();
    return { operation: this.#operation.name, choice: { name, times, wrong } };
  }

  get operation(): string {
    return this.#operation.name;
  }

  /** All who take part, for tests and benchmarks. */
  get contenders(): readonly Contender<T>[] {
    return this.#contenders;
  }

  /** The trial by each of them alone, by name, and by whoever is to be used. */
  trials(): { readonly chosen: () => Uint8Array; readonly alone: Readonly<Record<string, () => Uint8Array>> } {
    const { trial } = this.#operation;
    const alone = this.#contenders.map(({ name, run }) => [name, () => trial(run)] as const);
    return { chosen: () => trial(this.run), alone: Object.fromEntries(alone) };
  }

  #right(): Sorted<T> {
    this.#sorted ??= sorted(this.#operation, this.#contenders);
    return this.#sorted;
  }

  #choose(): Choice<T> {
    this.#choice ??= fastest(this.#operation, this.#right(), this.#now);
    return this.#choice;
  }
}
