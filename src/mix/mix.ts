/**
 * Mixing at a relay (docs/protocol.md §6): each cell waits for a time of its own, so that the order in which cells leave says little
 * about the order in which they came.
 *
 *   cell ──► wait Exp(mean), at most 10 × mean ──► link
 */
import { exponential, type Clock, type Random } from '../base/index.ts';
import type { CellSink } from '../onion/index.ts';

export interface MixOptions {
  readonly clock: Clock;
  readonly random: Random;
}

export class Mix implements CellSink {
  readonly #options: MixOptions;

  constructor(options: MixOptions) {
    this.#options = options;
  }

  pass(delayMean: number, send: () => void): void {
    const { clock, random } = this.#options;
    if (delayMean === 0) send();
    else clock.after(exponential(random, delayMean), send);
  }
}
