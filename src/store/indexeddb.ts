/** The store of a tab: for each name one IndexedDB database, kept by y-indexeddb and holding sealed bytes only. */
import { systemClock, systemRandom, toHex, type Clock, type Random } from '../base/index.ts';
import { retireLog } from './retire-log.ts';
import { Shelf, type Backing, type Opened } from './shelf.ts';
import { StoreError, type Sealer, type Store, type StoreTrouble } from './store.ts';
import { Vault } from './vault.ts';

/** A place outside IndexedDB that remembers which names hold something: localStorage is one. */
export interface Marks {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export interface IndexedDbOptions {
  /** Begins the database names and the marks: hex like the names, so that the whole says nothing. May be empty. */
  readonly prefix: string;
  /** localStorage unless given. undefined: a vault that is gone looks like one that never was. */
  readonly marks?: Marks | undefined;
  readonly clock?: Clock;
  readonly random?: Random;
  /** How long opening and removing may wait for other tabs, in ms; 5,000 unless given. */
  readonly patience?: number;
}

export function indexedDbStore(sealer: Sealer, options: IndexedDbOptions): Store {
  return new Shelf(new IndexedDbBacking(sealer, options));
}

class IndexedDbBacking implements Backing {
  readonly #sealer: Sealer;
  readonly #prefix: string;
  readonly #marks: Marks | undefined;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #patience: number;
  #logRetired: Promise<void> | undefined;

  constructor(sealer: Sealer, options: IndexedDbOptions) {
    if (!/^[0-9a-f]*$/.test(options.prefix)) throw new RangeError('the prefix of database names is lower-case hex');
    this.#sealer = sealer;
    this.#prefix = options.prefix;
    this.#marks = 'marks' in options ? options.marks : tabMarks();
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#patience = options.patience ?? 5000;
  }

  async open(name: string, tell: (trouble: StoreTrouble) => void): Promise<Opened> {
    const database = this.#prefix + name;
    const vault = new Vault({
      name,
      database,
      sealer: this.#sealer,
      clock: this.#clock,
      patience: this.#patience,
      owner: toHex(this.#random.bytes(16)),
      marked: this.#mark((marks) => marks.getItem(database) !== null) ?? false,
      mark: () => this.#mark((marks) => marks.setItem(database, '1')),
      onClosed: () => tell('closed'),
    });
    this.#logRetired ??= retireLog(this.#prefix);
    return { medium: vault, values: await vault.open() };
  }

  /** The mark goes first: a removal cut short then leaves a vault, and not the report of a lost one. */
  async remove(name: string): Promise<void> {
    const database = this.#prefix + name;
    this.#mark((marks) => marks.removeItem(database));
    await this.#deleted(database);
  }

  #deleted(database: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new StoreError('blocked', 'another tab holds the database open'));
      const cancel = this.#clock.after(this.#patience, late);
      const refused = (cause: unknown): void => {
        cancel();
        reject(new StoreError('refused', 'the database could not be deleted', { cause }));
      };
      try {
        const request = indexedDB.deleteDatabase(database);
        request.onsuccess = () => {
          cancel();
          resolve();
        };
        request.onerror = () => refused(request.error);
      } catch (thrown) {
        refused(thrown);
      }
    });
  }

  /** A mark that cannot be read or set costs the report of a loss, and nothing else. */
  #mark<T>(act: (marks: Marks) => T): T | undefined {
    try {
      return this.#marks && act(this.#marks);
    } catch {
      return undefined;
    }
  }

  async close(): Promise<void> {
    await this.#logRetired;
  }
}

/** localStorage, where this browser lets us have it. */
function tabMarks(): Marks | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}
