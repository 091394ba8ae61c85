/** The half of Records that every store shares: what is visible, what is queued, and one write at a time. */
import { StoreError, type Batch, type Records, type StoreTrouble } from './store.ts';

/** What a write puts (bytes) and deletes (undefined), by key. */
export type Changes = ReadonlyMap<string, Uint8Array | undefined>;

/** Where records are kept: a disk, a database, a map. */
export interface Medium {
  /**
   * Makes the changes durable, all or none, or rejects with StoreError. Never called twice at once. Changes of a write that failed
   * come again with the next, the same bytes by reference unless newer ones took their place.
   */
  write(changes: Changes): Promise<void>;
  /** Called after a write that succeeded, when its commits have been told and before the next. Never rejects. */
  tidy?(): Promise<void>;
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: StoreError) => void;
}

export class QueuedRecords implements Records {
  readonly #medium: Medium;
  readonly #tell: (trouble: StoreTrouble | 'well') => void;
  readonly #values: Map<string, Uint8Array>;
  readonly #keys: string[];
  #queued = new Map<string, Uint8Array | undefined>();
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /** Takes `values` over. */
  constructor(medium: Medium, values: Map<string, Uint8Array>, tell: (trouble: StoreTrouble | 'well') => void) {
    this.#medium = medium;
    this.#values = values;
    this.#keys = [...values.keys()].toSorted(byCodeUnits);
    this.#tell = tell;
  }

  get(key: string): Uint8Array | undefined {
    const value = this.#values.get(key);
    return value === undefined ? undefined : new Uint8Array(value);
  }

  *#copies(keys: readonly string[]): Generator<readonly [string, Uint8Array]> {
    for (const key of keys) {
      const value = this.#values.get(key);
      if (value !== undefined) yield [key, new Uint8Array(value)];
    }
  }

  entries(prefix: string): Iterable<readonly [string, Uint8Array]> {
    const from = lowerBound(this.#keys, prefix);
    let to = from;
    while (this.#keys[to]?.startsWith(prefix) === true) to++;
    return this.#copies(this.#keys.slice(from, to));
  }

  commit(batch: Batch): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(new StoreError('closed', 'these records were closed: open them again'));
    const changes = new Map<string, Uint8Array | undefined>();
    for (const [key, value] of batch.put ?? []) changes.set(wellFormed(key), new Uint8Array(value));
    for (const key of batch.delete ?? []) changes.set(key, undefined);
    for (const [key, value] of changes) this.#set(key, value);
    if (this.#queued.size === 0 && this.#writing === undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  #set(key: string, value: Uint8Array | undefined): void {
    const at = lowerBound(this.#keys, key);
    const present = this.#keys[at] === key;
    if (value === undefined) {
      if (!present) return;
      this.#keys.splice(at, 1);
      this.#values.delete(key);
    } else {
      if (!present) this.#keys.splice(at, 0, key);
      this.#values.set(key, value);
    }
    this.#queued.set(key, value);
  }

  /** Writes until nobody waits: what is committed during one write goes together into the next. */
  async #write(): Promise<void> {
    await Promise.resolve();
    try {
      while (this.#waiting.length > 0) await this.#writeWaiting();
    } finally {
      this.#writing = undefined;
    }
  }

  async #writeWaiting(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    const error = await this.#attempt();
    for (const one of waiting) {
      if (error === undefined) one.resolve();
      else one.reject(error);
    }
    if (error === undefined) await this.#medium.tidy?.();
  }

  async #attempt(): Promise<StoreError | undefined> {
    const changes = this.#queued;
    this.#queued = new Map();
    try {
      if (changes.size > 0) await this.#medium.write(changes);
      this.#tell('well');
      return undefined;
    } catch (thrown) {
      for (const [key, value] of changes) if (!this.#queued.has(key)) this.#queued.set(key, value);
      const error = thrown instanceof StoreError ? thrown : new StoreError('aborted', 'a write failed', { cause: thrown });
      this.#tell(error.trouble);
      return error;
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#writing;
    if (this.#queued.size > 0) await this.#attempt();
    await this.#medium.close();
  }
}

/** Half a surrogate pair would come back from UTF-8 as another key. */
function wellFormed(key: string): string {
  if (!key.isWellFormed()) throw new RangeError('a key must be well-formed Unicode');
  return key;
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The first place whose key is not before `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
