/**
 * Two kinds of wrong. A caller's mistake throws an Error that says what was wrong and what to do. Bad input from the network
 * never throws through the pipeline: the function that met it returns a Refusal, and whoever receives that counts it.
 */

/** What was refused, in one word for the counters and one sentence for a developer. Holds no secret and no content. */
export interface Refusal {
  readonly refused: string;
  readonly detail?: string;
}

export const refuse = (refused: string, detail?: string): Refusal => (detail === undefined ? { refused } : { refused, detail });

export const isRefusal = (value: unknown): value is Refusal =>
  typeof value === 'object' && value !== null && 'refused' in value && typeof value.refused === 'string';

/** Counts refusals by word; what is refused is never silent. */
export class Counters {
  readonly #counts = new Map<string, number>();

  count(word: string, by = 1): void {
    this.#counts.set(word, this.get(word) + by);
  }

  get(word: string): number {
    return this.#counts.get(word) ?? 0;
  }

  /** A copy, sorted by word. */
  all(): Record<string, number> {
    return Object.fromEntries([...this.#counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
}
