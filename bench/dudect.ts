/**
 * Does the time that something takes tell of the secret? After Reparaz, Balasch, Verbauwhede, "Dude, is my code constant time?" (2016):
 *
 *   two classes of secrets, drawn at random ──► measured ──► slow outliers cropped at several heights ──► Welch's t of each
 *
 * |t| beyond 10 is a leak. Below it nothing is proven: it was not seen in so many measurements, on this machine.
 */
import type { Random } from '../src/base/index.ts';

/** Something to be timed under one of two classes of secrets, all of which were made before the clock runs. */
export interface Subject {
  readonly name: string;
  /** How many secrets there are of each class: as many of one as of the other, or caches would tell them apart. */
  readonly secrets: number;
  /** Works once with secret `index` of class `kind`, and gives what comes of it, which is not undefined. Everything but the secret is alike. */
  run(kind: 0 | 1, index: number): unknown;
}

export interface Verdict {
  readonly name: string;
  /** The largest |t| over the crops. */
  readonly t: number;
  readonly samples: number;
}

/** As in the paper's own program: from here on there is no doubt about a leak. */
export const LEAKS = 10;
const CROPS = [1, 0.95, 0.9, 0.75, 0.5];
const WARM = 2_000;
const TRIALS = 5;
/** Looked at in the end: what nobody looks at an engine need not compute. */
let result: unknown;

/** Mean and variance as they come (Welford). */
class Running {
  count = 0;
  mean = 0;
  #squares = 0;

  add(value: number): void {
    this.count++;
    const delta = value - this.mean;
    this.mean += delta / this.count;
    this.#squares += delta * (value - this.mean);
  }

  get variance(): number {
    return this.count < 2 ? 0 : this.#squares / (this.count - 1);
  }
}

/** Welch's t of two samples; 0 where it says nothing. */
export function welch(a: readonly number[], b: readonly number[]): number {
  const [one, other] = [new Running(), new Running()];
  for (const value of a) one.add(value);
  for (const value of b) other.add(value);
  const error = Math.sqrt(one.variance / one.count + other.variance / other.count);
  return error > 0 ? (one.mean - other.mean) / error : 0;
}

/** The least of many differences between two readings of the clock, in ms: how finely it ticks. */
function tick(): number {
  let least = Infinity;
  for (let i = 0; i < 200; i++) {
    const start = performance.now();
    let now = start;
    while (now === start) now = performance.now();
    least = Math.min(least, now - start);
  }
  return least;
}

/**
 * How often the subject works in one measurement, so that the clock's ticks are a hundredth of it at most: by the shortest of several, as
 * the machine may do something else in one of them.
 */
function repeats(subject: Subject): number {
  const fine = tick();
  for (let times = 1; ; times *= 2) {
    let least = Infinity;
    for (let trial = 0; trial < TRIALS && least >= 100 * fine; trial++) {
      const start = performance.now();
      for (let i = 0; i < times; i++) result = subject.run(0, i % subject.secrets);
      least = Math.min(least, performance.now() - start);
    }
    if (least >= 100 * fine) return times;
  }
}

/** Measures `samples` times, the class drawn anew for each. */
export function judge(subject: Subject, samples: number, random: Random): Verdict {
  for (let i = 0; i < WARM; i++) result = subject.run(i % 2 === 0 ? 0 : 1, i % subject.secrets);
  const times = repeats(subject);
  const draws = random.bytes(2 * samples);
  const taken: { readonly kind: 0 | 1; readonly ms: number }[] = [];
  for (let i = 0; i < samples; i++) {
    const kind = ((draws[2 * i] ?? 0) & 1) === 0 ? 0 : 1;
    const index = (draws[2 * i + 1] ?? 0) % subject.secrets;
    const start = performance.now();
    for (let run = 0; run < times; run++) result = subject.run(kind, index);
    taken.push({ kind, ms: performance.now() - start });
  }
  const sorted = taken.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const t = CROPS.map((crop) => {
    const limit = sorted[Math.ceil(crop * sorted.length) - 1] ?? Infinity;
    const of = (kind: 0 | 1): number[] => taken.filter((one) => one.kind === kind && one.ms <= limit).map(({ ms }) => ms);
    return Math.abs(welch(of(0), of(1)));
  });
  if (result === undefined) throw new Error(`${subject.name}: gives nothing that shows that it worked`);
  return { name: subject.name, t: Math.max(...t), samples };
}
