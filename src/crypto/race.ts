/**
 * How figures are taken, for `npm run bench` and for the app's own table: all that are compared run in turn, round by round, so that whatever the machine does meanwhile meets each alike.
 *
 *   round 1   ours  peer a  peer b        figure   median over the rounds
 *   round 2   peer a  peer b  ours        ratio    median over the rounds of ours ÷ peer of that same round
 *   …                                     spread   10th and 90th percentile of the rounds
 */

/** One operation; a promise is awaited before the next one begins. */
export type Operation = () => unknown;

export interface Row {
  readonly id: string;
  readonly unit: 'µs' | 'ms' | 'KB';
  /** Lower is better, for the peers too. */
  readonly ours: number;
  readonly peers: Readonly<Record<string, number>>;
  /** Ours ÷ peer. */
  readonly ratios: Readonly<Record<string, number>>;
  /** [10th, 90th percentile], for `ours` and each peer, and for the ratio to each as `ours/<peer>`. */
  readonly spread: Readonly<Record<string, readonly [number, number]>>;
}

/** The figures of each round, by name; `ours` is one of the names. */
export type Rounds = readonly Readonly<Record<string, number>>[];

/** Far below a time slice: on a busy machine most batches then run without a break, and the median is one that did. A page's clock is coarser. */
const BATCH_MS = 'process' in globalThis ? 0.25 : globalThis.crossOriginIsolated ? 1 : 4;
const ROUNDS = 401;
/** Slow operations have fewer rounds, but no fewer than these. */
const LEAST_ROUNDS = 41;
const RACE_MS = 2_000;
const WARM_MS = 300;

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)];
  const high = sorted[Math.ceil(at)];
  if (low === undefined || high === undefined) throw new Error('a figure of no rounds');
  return low + (high - low) * (at - Math.floor(at));
}

/** Four significant digits: more would only look exact. */
const rounded = (value: number): number => Number(value.toPrecision(4));
const median = (values: readonly number[]): number => rounded(quantile(values, 0.5));
const percentiles = (values: readonly number[]): readonly [number, number] => [
  rounded(quantile(values, 0.1)),
  rounded(quantile(values, 0.9)),
];

export function rowOf(id: string, unit: Row['unit'], rounds: Rounds): Row {
  const figures = (name: string): number[] =>
    rounds.map((round) => {
      const figure = round[name];
      if (figure === undefined) throw new Error(`${id}: a round without ${name}`);
      return figure;
    });
  const ours = figures('ours');
  const names = Object.keys(rounds[0] ?? {}).filter((name) => name !== 'ours');
  const each = names.map((name) => {
    const theirs = figures(name);
    return { name, theirs, ratios: ours.map((one, i) => one / (theirs[i] ?? Number.NaN)) };
  });
  return {
    id,
    unit,
    ours: median(ours),
    peers: Object.fromEntries(each.map(({ name, theirs }) => [name, median(theirs)])),
    ratios: Object.fromEntries(each.map(({ name, ratios }) => [name, median(ratios)])),
    spread: Object.fromEntries([
      ['ours', percentiles(ours)],
      ...each.flatMap(({ name, theirs, ratios }) => [
        [name, percentiles(theirs)],
        [`ours/${name}`, percentiles(ratios)],
      ]),
    ]),
  };
}

/** ms for `times` runs. */
async function timed(operation: Operation, times: number, waits: boolean): Promise<number> {
  const start = performance.now();
  if (waits) for (let i = 0; i < times; i++) await operation();
  else for (let i = 0; i < times; i++) operation();
  return performance.now() - start;
}

/** Lets timers and the network have their turn: whoever measures in a page holds up all else that it does. */
const breathe = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve));
const BREATH_MS = 50;

/** Warms it up until the engine has compiled it for good, and finds how often it runs in one batch. */
async function prepared(operation: Operation) {
  const waits = operation() instanceof Promise;
  const end = performance.now() + WARM_MS;
  for (let breathed = performance.now(); performance.now() < end;) {
    await timed(operation, 1, waits);
    if (performance.now() - breathed < BREATH_MS) continue;
    await breathe();
    breathed = performance.now();
  }
  let times = 1;
  while ((await timed(operation, times, waits)) < BATCH_MS) times *= 2;
  return { operation, times, waits };
}

/** Runs operations against each other for about `span` ms. `per`: how many things one operation does; the figure is µs for one of them. */
export async function race(id: string, operations: Readonly<Record<string, Operation>>, per = 1, span = RACE_MS): Promise<Row> {
  const field: { readonly name: string; readonly operation: Operation; readonly times: number; readonly waits: boolean }[] = [];
  for (const [name, operation] of Object.entries(operations)) field.push({ name, ...(await prepared(operation)) });
  const rounds: Record<string, number>[] = [];
  const end = performance.now() + span;
  let breathed = performance.now();
  for (let round = 0; round < ROUNDS && (round < LEAST_ROUNDS || performance.now() < end); round++) {
    const figures: Record<string, number> = {};
    for (let i = 0; i < field.length; i++) {
      const next = field[(round + i) % field.length];
      if (next === undefined) continue;
      figures[next.name] = ((await timed(next.operation, next.times, next.waits)) * 1000) / next.times / per;
    }
    rounds.push(figures);
    if (performance.now() - breathed < BREATH_MS) continue;
    await breathe();
    breathed = performance.now();
  }
  return rowOf(id, 'µs', rounds);
}

/** A row in words, for the screen. */
export function lineOf({ id, unit, ours, peers, ratios, spread }: Row): string {
  const [low, high] = spread['ours'] ?? [ours, ours];
  const against = Object.entries(peers).map(([name, figure]) => `${name} ${figure} (× ${ratios[name]})`);
  const range = low === high ? '' : `[${low} … ${high}]`;
  return [`${id.padEnd(22)} ${`${ours} ${unit}`.padStart(12)}  ${range}`.padEnd(58), ...against].join('  ').trimEnd();
}
