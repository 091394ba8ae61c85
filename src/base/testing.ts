/** Seeded chance and a clock that a test turns by hand. For tests and the simulation; the product never imports it. */
import type { Bytes } from './bytes.ts';
import type { Cancel, Clock, Random } from './clock.ts';

/** A 32-bit mixing generator (murmur3 finaliser over a Weyl sequence); repeatable, not for secrets. */
export function seededRandom(seed: number): Random {
  let s = seed >>> 0;
  const next = (): number => {
    s = (s + 0x9e3779b9) >>> 0;
    let z = s;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  return {
    bytes(length: number): Bytes {
      const bytes = new Uint8Array(length);
      for (let i = 0; i < length; i++) bytes[i] = next() & 0xff;
      return bytes;
    },
  };
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly action: () => void;
}

/** Time stands still until `advance`. Timers run in the order of their time, then of their making. */
export class ManualClock implements Clock {
  #now: number;
  #order = 0;
  #timers: Timer[] = [];

  constructor(start = Date.UTC(2026, 10, 21)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#timers.length;
  }

  after(ms: number, action: () => void): Cancel {
    const timer = { at: this.#now + Math.max(0, ms), order: this.#order++, action };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Runs what falls due within the next `ms`, letting promises settle after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settle();
      const due = this.#timers.filter((t) => t.at <= end).toSorted((a, b) => a.at - b.at || a.order - b.order)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((t) => t !== due);
      this.#now = due.at;
      due.action();
    }
    this.#now = end;
    await settle();
  }
}

/** Lets everything that is ready run: promises, then one turn of the event loop. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The seed of this run: SOTTO_SEED, or a new one; printed so that a failure can be repeated. */
export function testSeed(): number {
  const given = process.env['SOTTO_SEED'];
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
  console.log(`seed ${seed} (repeat with SOTTO_SEED=${seed})`);
  return seed;
}
