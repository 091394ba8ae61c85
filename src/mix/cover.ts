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

const BURST_MEAN = 200;
const MEAN = 15_000;
const BURST = { least: 2, most: 6 };

/** Covers a circuit until it closes or the result is called. */
export function cover(
  circuit: Pick<Circuit, 'closed' | 'drop'>,
  { clock, random, burstMean = BURST_MEAN, mean = MEAN }: CoverOptions,
): Cancel {
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
