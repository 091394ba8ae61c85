/**
 * Cover in balanced mode (docs/protocol.md §6): DROP cells that nobody but the last hop can tell from others.
 *
 *   opened ─► burst: 2 … 6 cells within about a second ─► then one at random, 15 s apart in the mean, until closed
 */
import { exponential, integer, type Cancel, type Clock, type Random } from '../base/index.ts';
import type { Circuit } from '../onion/index.ts';

export interface CoverOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Mean time between two cells, ms: in the burst, and after it. */
  readonly burstMean?: number;
  readonly mean?: number;
}

type Covered = Pick<Circuit, 'closed' | 'drop'>;

const BURST_MEAN = 200;
const MEAN = 15_000;
const BURST = { least: 2, most: 6 };

/** Covers circuits, each until it closes, all until `stop`. */
export class Covers {
  readonly #options: CoverOptions;
  readonly #covers = new Map<Covered, Cancel>();
  #stopped = false;

  constructor(options: CoverOptions) {
    this.#options = options;
  }

  /** Begins with a circuit; what covered those that have closed ends here at the latest. */
  begin(circuit: Covered): void {
    for (const [old, cancel] of this.#covers) {
      if (!old.closed) continue;
      cancel();
      this.#covers.delete(old);
    }
    if (!this.#stopped) this.#covers.set(circuit, cover(circuit, this.#options));
  }

  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#covers.values()) cancel();
    this.#covers.clear();
  }
}

/** Covers a circuit until it closes or the result is called. */
function cover(circuit: Covered, { clock, random, burstMean = BURST_MEAN, mean = MEAN }: CoverOptions): Cancel {
  let burst = BURST.least + integer(random, BURST.most - BURST.least + 1);
  let cancel: Cancel = () => undefined;
  const next = (): void => {
    cancel = clock.after(exponential(random, burst > 0 ? burstMean : mean), () => {
      if (circuit.closed) return;
      burst--;
      circuit.drop();
      next();
    });
  };
  next();
  return () => cancel();
}
