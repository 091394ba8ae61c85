/**
 * A sender chain (docs/protocol.md §7.1): one key for each message of one device in one epoch, each erased once used.
 *
 *   chain_0 ──"next"──▶ chain_1 ──"next"──▶ chain_2 …          chain_i ──"message"──▶ mk_i
 *
 * What comes out of order leaves the keys before it behind, at most 2,000 of them; the lowest go first.
 */
import { readU32, concat, refuse, u32, wipe, type Bytes, type Refusal } from '../base/index.ts';
import { kdf } from '../crypto/index.ts';

export const MAX_SKIPPED = 2000;
const LAST_INDEX = 0xffff_ffff;

/** A message key, looked up without changing the chain. */
export interface Found {
  readonly index: number;
  readonly key: Bytes;
  /** chain_next … chain_index, when the chain must advance. */
  readonly passed: readonly Bytes[];
}

/** Keys left behind and keys gone, by index. */
export interface ChainChange {
  readonly left: readonly (readonly [number, Bytes])[];
  readonly gone: readonly number[];
}

export class SenderChain {
  #next: number;
  #key: Bytes;
  readonly #skipped: Map<number, Bytes>;

  /** `skipped` holds keys below `next`. Takes the key over. */
  constructor(key: Bytes, next = 0, skipped: Iterable<readonly [number, Bytes]> = []) {
    this.#key = key;
    this.#next = next;
    this.#skipped = new Map([...skipped].toSorted(([a], [b]) => a - b));
  }

  get next(): number {
    return this.#next;
  }

  /** The indexes of the keys left behind, ascending. */
  get skipped(): readonly number[] {
    return [...this.#skipped.keys()];
  }

  /** The key of the next message of one's own. Throws RangeError at the end of the chain, which a rotation comes long before. */
  take(): { readonly index: number; readonly key: Bytes } {
    if (this.#next === LAST_INDEX) throw new RangeError('sender chain: used up; rotate first');
    const index = this.#next;
    const key = messageKey(this.#key);
    this.#advance(nextKey(this.#key), index + 1);
    return { index, key };
  }

  /** Refused: `repeated` (opened before, or so long ago that its key is gone), `too-far` (more than 2,000 ahead). */
  find(index: number): Found | Refusal {
    if (index < this.#next) {
      const key = this.#skipped.get(index);
      return key === undefined ? refuse('repeated') : { index, key, passed: [] };
    }
    if (index - this.#next > MAX_SKIPPED || index === LAST_INDEX) return refuse('too-far');
    const passed = [this.#key];
    let last = this.#key;
    for (let i = this.#next; i < index; i++) passed.push((last = nextKey(last)));
    return { index, key: messageKey(last), passed };
  }

  /** The message opened under the key found was authentic: the key goes, and the chain advances past it. */
  accept(found: Found): ChainChange {
    const gone: number[] = [];
    const left: [number, Bytes][] = [];
    if (found.passed.length === 0) {
      this.#drop(found.index, gone);
      return { left, gone };
    }
    const first = this.#next;
    const last = found.passed.at(-1) ?? this.#key;
    for (const [i, chainKey] of found.passed.slice(0, -1).entries()) left.push([first + i, messageKey(chainKey)]);
    for (const [index, key] of left) this.#skipped.set(index, key);
    const after = nextKey(last);
    wipe(...found.passed);
    this.#advance(after, found.index + 1);
    for (const index of [...this.#skipped.keys()].slice(0, Math.max(0, this.#skipped.size - MAX_SKIPPED))) this.#drop(index, gone);
    return { left, gone };
  }

  /** Overwrites every key. */
  erase(): void {
    wipe(this.#key, ...this.#skipped.values());
    this.#skipped.clear();
  }

  /** next u32 | chain key 32; the keys left behind are kept one by one. */
  export(): Bytes {
    return concat(u32(this.#next), this.#key);
  }

  #advance(key: Bytes, next: number): void {
    wipe(this.#key);
    this.#key = key;
    this.#next = next;
  }

  #drop(index: number, gone: number[]): void {
    wipe(this.#skipped.get(index) ?? new Uint8Array(0));
    this.#skipped.delete(index);
    gone.push(index);
  }
}

/** Reads `export()`. Throws RangeError for another length. */
export function importChain(bytes: Uint8Array, skipped: Iterable<readonly [number, Bytes]>): SenderChain {
  if (bytes.length !== 36) throw new RangeError(`sender chain: want 36 bytes, got ${bytes.length}`);
  return new SenderChain(bytes.slice(4), readU32(bytes, 0), skipped);
}

const messageKey = (chainKey: Uint8Array): Bytes => kdf('message', 32, chainKey);
const nextKey = (chainKey: Uint8Array): Bytes => kdf('next', 32, chainKey);
