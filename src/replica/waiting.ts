/** Updates of one device whose predecessor is missing, by its hash. Bounded: what does not fit is asked for again by heads. */
import { refuse, type Refusal } from '../base/index.ts';
import type { Update } from './update.ts';

const MOST = 256;
const MOST_BYTES = 2 * 1024 * 1024;

export class Waiting {
  readonly #byPrevious = new Map<string, Update[]>();
  readonly #hashes = new Set<string>();
  #bytes = 0;

  has(hash: string): boolean {
    return this.#hashes.has(hash);
  }

  add(update: Update): Refusal | undefined {
    if (this.#hashes.size >= MOST || this.#bytes + update.bytes.length > MOST_BYTES) return refuse('too-many-waiting');
    this.#hashes.add(update.hash);
    this.#bytes += update.bytes.length;
    const { previous } = update;
    this.#byPrevious.set(previous, [...(this.#byPrevious.get(previous) ?? []), update]);
    return undefined;
  }

  /** Takes out those that follow the update of this hash. */
  take(hash: string | undefined): readonly Update[] {
    const taken = this.#byPrevious.get(hash ?? '') ?? [];
    this.#byPrevious.delete(hash ?? '');
    for (const update of taken) {
      this.#hashes.delete(update.hash);
      this.#bytes -= update.bytes.length;
    }
    return taken;
  }

  clear(): void {
    this.#byPrevious.clear();
    this.#hashes.clear();
    this.#bytes = 0;
  }
}
