/**
 * The search: inputs that take a branch which none took before, or are refused with a word that none was, are kept and changed further.
 *
 *   pool ── one, changed ──▶ read ── new branch or word ──▶ pool          throws, or takes too much memory ──▶ a finding
 */
import { getHeapStatistics } from 'node:v8';
import type { Bytes } from '../../src/base/index.ts';
import { forget, taken } from './instrument.ts';
import { chanceOf, mutated, type Chance } from './mutate.ts';
import type { PageTarget } from './page/target.ts';

/** As long as the longest frame of the vectors, and room for others to be put into it. bytes */
export const LONGEST = 24_000;
/** What reading one input may take. bytes */
const MEMORY = 48 << 20;
const WORDS = 200;

const held = (): number => {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
};

/** Reads one input. A sentence when something does not hold. */
export async function faultOf(target: PageTarget, input: Bytes): Promise<string | undefined> {
  const before = held();
  try {
    await target.read(input.slice());
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 3).join(' | ') : String(error);
  }
  const more = held() - before;
  return more > MEMORY ? `takes ${more >> 20} MiB` : undefined;
}

export class Explorer {
  readonly #target: PageTarget;
  readonly #chance: Chance;
  readonly #branches = new Set<number>();
  readonly #words = new Set<string>();
  readonly pool: Bytes[] = [];
  /** By what went wrong: one input each. */
  readonly failing = new Map<string, Bytes>();

  constructor(target: PageTarget, seed: number) {
    this.#target = target;
    this.#chance = chanceOf(seed);
  }

  get branches(): number {
    return this.#branches.size;
  }

  /** Whether reading it shows anything new. */
  async #isNew(input: Bytes): Promise<boolean> {
    let word = '';
    const observed: PageTarget = { ...this.#target, read: async (bytes) => (word = await this.#target.read(bytes)) };
    forget();
    const fault = await faultOf(observed, input);
    if (fault !== undefined) {
      const kind = fault.replaceAll(/\d+/g, 'n');
      if (!this.failing.has(kind)) this.failing.set(kind, input);
      return false;
    }
    // Words that quote the input would have no end.
    let isNew = this.#words.size < WORDS && !this.#words.has(word);
    if (isNew) this.#words.add(word);
    for (const branch of taken) {
      if (this.#branches.has(branch)) continue;
      this.#branches.add(branch);
      isNew = true;
    }
    return isNew;
  }

  /** Takes an input into the pool if it shows something new. */
  async offer(input: Bytes): Promise<boolean> {
    const isNew = await this.#isNew(input);
    if (isNew) this.pool.push(input);
    return isNew;
  }

  /** The next input to be tried: what was found last is changed more often. */
  next(): Bytes {
    const { pool } = this;
    const recent = Math.ceil(pool.length / 5);
    const at = this.#chance(3) === 0 ? pool.length - 1 - this.#chance(recent) : this.#chance(pool.length);
    const none = new Uint8Array(0);
    return mutated(pool[at] ?? none, this.#chance, pool[this.#chance(pool.length)] ?? none, this.#target.fixed, LONGEST);
  }
}

/** Of these, in order of their length, those that show what no shorter one does. */
export async function leastOf(target: PageTarget, inputs: readonly Bytes[], reading: (input: Bytes) => void): Promise<Bytes[]> {
  const explorer = new Explorer(target, 0);
  for (const seed of target.seeds) await explorer.offer(seed);
  const least: Bytes[] = [];
  for (const input of inputs.toSorted((a, b) => a.length - b.length)) {
    reading(input);
    if (await explorer.offer(input)) least.push(input);
  }
  return least;
}
