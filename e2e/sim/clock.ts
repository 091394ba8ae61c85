/**
 * Simulated time: one order of all that happens, so that one seed gives one run. A process has a view of the clock that dies with it.
 *
 *   after ──► heap by (time, order of making) ──► the earliest runs ──► promises settle ──► the next
 */
import type { Cancel, Clock } from '../../src/base/index.ts';
import { settle } from '../../src/base/testing.ts';

/** After so many timers the process may see to its own things. */
const TURN = 512;

/** All promises that are ready have run: a tick comes when no microtask is left, and costs a fraction of a turn of the event loop. */
const promises = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

interface Timer {
  readonly at: number;
  readonly order: number;
  /** Undefined once it was cancelled. */
  action: (() => void) | undefined;
}

export interface SimProcess {
  readonly clock: Clock;
  /** Timers that wait. */
  pending(): number;
  kill(): void;
  freeze(): void;
  thaw(): void;
}

const isBefore = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

export class SimClock implements Clock {
  readonly start: number;
  #now: number;
  #order = 0;
  #fired = 0;
  /** A binary heap, the earliest first. */
  readonly #heap: Timer[] = [];

  constructor(start = Date.UTC(2026, 10, 21)) {
    this.start = start;
    this.#now = start;
  }

  /** Whole milliseconds, as every real clock here gives. */
  now(): number {
    return Math.floor(this.#now);
  }

  after(ms: number, action: () => void): Cancel {
    const timer: Timer = { at: this.#now + Math.max(0, ms), order: this.#order++, action };
    this.#push(timer);
    return () => (timer.action = undefined);
  }

  /** Runs all that falls due within the next `ms`, one by one. */
  async run(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let timer = this.#heap[0]; timer !== undefined && timer.at <= end; timer = this.#heap[0]) {
      this.#pop();
      if (timer.action === undefined) continue;
      this.#now = timer.at;
      timer.action();
      await (++this.#fired % TURN === 0 ? settle() : promises());
    }
    this.#now = end;
  }

  /**
   * The clock of one process, `skew` ms ahead of the true time: what it has asked for is forgotten when it is killed, and it can ask for nothing more. While it is
   * frozen its timers wait; thawed, all that fell due meanwhile runs at once.
   */
  process(skew = 0): SimProcess {
    let alive = true;
    let pending = 0;
    let due: (() => void)[] | undefined;
    const clock: Clock = {
      now: () => this.now() + skew,
      after: (ms, action) => {
        let wanted = true;
        pending++;
        const run = (): void => {
          if (!wanted) return;
          wanted = false;
          pending--;
          if (alive) action();
        };
        const cancel = this.after(ms, () => (due === undefined ? run() : due.push(run)));
        return () => {
          if (wanted) pending--;
          wanted = false;
          cancel();
        };
      },
    };
    return {
      clock,
      pending: () => pending,
      kill: () => void (alive = false),
      freeze: () => void (due ??= []),
      thaw: () => {
        const waiting = due ?? [];
        due = undefined;
        for (const run of waiting) run();
      },
    };
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(timer, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
      if (left === undefined) break;
      const isRight = right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (!isBefore(child, last)) break;
      heap[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = last;
  }
}
