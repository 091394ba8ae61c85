/**
 * y-indexeddb, its own code unmodified, holding sealed bytes only. It is handed a view of its database: what it adds is sealed,
 * what it reads is opened, each of its transactions is strict, and their end is seen.
 *
 *   y-indexeddb ──► view.transaction() ──► one strict transaction over `updates` and `custom`
 *                     updates.add      seal ──►  updates   key n: sealed Yjs update
 *                     updates.getAll   ◄── open            (n counts up; a trim puts the whole state and deletes all before it)
 *                                                custom    key 0: owner, 16 random bytes in hex; key n ≥ 1: sealed chunk n
 *
 * Relies on y-indexeddb 9.0.12's `db`, `_db`, `_dbsize`, `_storeUpdate` and `_destroyed`, each of which it assigns in its constructor;
 * sealed-persistence.test.ts holds them to it.
 */
import { IndexeddbPersistence, storeState } from 'y-indexeddb';
import type * as Y from 'yjs';
import type { Bytes } from '../base/index.ts';
import { StoreError, type StoreTrouble } from './store.ts';

/** Seals and opens the updates of one database; open() gives undefined for what is damaged. */
export interface UpdateSealer {
  seal(plain: Uint8Array): Bytes;
  open(sealed: Uint8Array): Bytes | undefined;
}

/**
 * Who writes here: whoever opened last. Opening claims the database before anything is read; where that cannot be written, the first
 * write claims it, if nothing was written since it was read. Every write checks the claim, in its own transaction: of two tabs that hold
 * one database, one is refused and none loses silently.
 */
export interface Claim {
  readonly owner: string;
  claimed: boolean;
  /** The last update key when the database was first read; undefined before that. */
  readTo: IDBValidKey | null | undefined;
}

/** What lay beside the updates: chunks, still sealed, by number. */
export type SealedChunks = ReadonlyMap<number, Uint8Array>;

/** A write under way. */
interface Flight {
  readonly done: Promise<void>;
  added: boolean;
}

const OWNER = 0;
const BOTH = ['updates', 'custom'];

const openings = new WeakMap<IndexeddbPersistence, Promise<IDBDatabase>>();

export class SealedPersistence extends IndexeddbPersistence {
  /** Resolves when the document holds what is stored; rejects with StoreError. */
  readonly loaded: Promise<SealedChunks>;
  readonly #sealer: UpdateSealer;
  readonly #claim: Claim;
  readonly #onClosed: () => void;
  readonly #loading = Promise.withResolvers<SealedChunks>();
  #raw: IDBDatabase | undefined;
  #read = false;
  #dead = false;
  #flight: Flight | undefined;

  /** `onClosed` is called when the database is closed by something else than `destroy`. */
  constructor(database: string, doc: Y.Doc, sealer: UpdateSealer, claim: Claim, onClosed: () => void) {
    super(database, doc);
    this.#sealer = sealer;
    this.#claim = claim;
    this.#onClosed = onClosed;
    this.loaded = this.#loading.promise;
    // Only write() and trim() write: y-indexeddb's own listener tells nobody whether its write succeeded.
    doc.off('update', this._storeUpdate);
    openings.get(this)?.catch((thrown: unknown) => {
      const quota = String(thrown).includes('QuotaExceededError');
      this.#loading.reject(new StoreError(quota ? 'quota' : 'refused', 'no database can be opened here', { cause: thrown }));
    });
  }

  /** True when this connection can write no more: open another. */
  get dead(): boolean {
    if (this.#dead || this.#raw === undefined) return true;
    try {
      this.#raw.transaction('custom', 'readonly');
    } catch {
      this.#dead = true;
    }
    return this.#dead;
  }

  /** Appends one update. Resolves when it is on disk. */
  write(update: Uint8Array): Promise<void> {
    // Kept from reaching y-indexeddb's own limit, whose trim runs on a timer and swallows its failures.
    this._dbsize = 0;
    return this.#fly(() => this._storeUpdate(update, null));
  }

  /** Replaces all stored updates by the document's state. Resolves when that is on disk. */
  trim(): Promise<void> {
    return this.#fly(() => void storeState(this, true).catch(() => this.#raw?.close()));
  }

  /** Puts and deletes chunks, already sealed. Resolves when that is on disk. */
  chunks(put: ReadonlyMap<number, Bytes>, remove: Iterable<number>): Promise<void> {
    return this.#fly(() => {
      const { transaction, flight } = this.#begin();
      const custom = transaction.objectStore('custom');
      for (const [number, sealed] of put) custom.put(sealed, number);
      for (const number of remove) custom.delete(number);
      flight.added = true;
    });
  }

  /** One chunk as stored; undefined when there is none. */
  readChunk(number: number): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      const transaction = this.#transaction('readonly');
      const request: IDBRequest<Uint8Array | undefined> = transaction.objectStore('custom').get(number);
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(aborted(transaction));
    });
  }

  async #fly(start: () => void): Promise<void> {
    this.#flight = undefined;
    start();
    const flight = this.#begun();
    await flight.done;
    if (!flight.added) throw new StoreError('aborted', 'the transaction ended before anything was written');
  }

  #begun(): Flight {
    if (this.#flight === undefined) throw new StoreError('closed', 'the database is closed');
    return this.#flight;
  }

  /** Throws StoreError when the database is closed. */
  #transaction(mode: IDBTransactionMode): IDBTransaction {
    try {
      if (this.#raw !== undefined) return this.#raw.transaction(BOTH, mode, { durability: 'strict' });
    } catch (cause) {
      this.#dead = true;
      throw new StoreError('closed', 'the database is closed', { cause });
    }
    throw new StoreError('closed', 'the database is not open');
  }

  /** One strict transaction that checks the claim first. */
  #begin(): { transaction: IDBTransaction; flight: Flight } {
    const transaction = this.#transaction('readwrite');
    const fence = { crossed: false };
    this.#check(transaction, fence);
    const done = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => {
        this.#claim.claimed = true;
        resolve();
      };
      transaction.onabort = () => reject(fence.crossed ? taken() : aborted(transaction));
    });
    const flight: Flight = { done, added: false };
    this.#flight = flight;
    return { transaction, flight };
  }

  #check(transaction: IDBTransaction, fence: { crossed: boolean }): void {
    const custom = transaction.objectStore('custom');
    const refuse = (): void => {
      fence.crossed = true;
      transaction.abort();
    };
    if (this.#claim.claimed) {
      const owner = custom.get(OWNER);
      owner.onsuccess = () => {
        if (owner.result !== this.#claim.owner) refuse();
      };
      return;
    }
    const last = transaction.objectStore('updates').openKeyCursor(null, 'prev');
    last.onsuccess = () => {
      if ((last.result?.key ?? null) !== this.#claim.readTo) refuse();
    };
    custom.put(this.#claim.owner, OWNER);
  }

  /** The raw database, as y-indexeddb sets it once open. */
  attach(raw: IDBDatabase): void {
    this.#raw = raw;
    const closed = (): void => {
      this.#dead = true;
      if (!this._destroyed) this.#onClosed();
    };
    raw.addEventListener('close', closed);
    raw.addEventListener('versionchange', closed);
  }

  /** What y-indexeddb takes for its database. */
  view(): object {
    return { transaction: () => (this.#read ? this.#sealing() : this.#load()) };
  }

  /** y-indexeddb's own writes: the whole state in a trim, one update otherwise. */
  #sealing(): object {
    const { transaction, flight } = this.#begin();
    const updates = transaction.objectStore('updates');
    const view = {
      add: (plain: Uint8Array) => {
        flight.added = true;
        return forward(updates.add(this.#sealer.seal(plain)));
      },
      getAll: (range: IDBKeyRange) =>
        forward(updates.getAll(range), (all: Uint8Array[]) => {
          const opened = this.#opened(all);
          if (opened === undefined) transaction.abort();
          return opened ?? [];
        }),
      delete: (range: IDBKeyRange) => forward(updates.delete(range)),
      count: () => forward(updates.count()),
      openKeyCursor: (range: IDBKeyRange | null, direction: IDBCursorDirection) => forward(updates.openKeyCursor(range, direction)),
    };
    return { objectStore: () => view };
  }

  #opened(all: readonly Uint8Array[]): Bytes[] | undefined {
    const opened: Bytes[] = [];
    for (const sealed of all) {
      const plain = this.#sealer.open(sealed);
      if (plain === undefined) return undefined;
      opened.push(plain);
    }
    return opened;
  }

  /** A tab that is late to give way writes before this, and is read, or is refused. On a full disk it comes to nothing. */
  #claimAtOnce(raw: IDBDatabase): void {
    const transaction = raw.transaction('custom', 'readwrite', { durability: 'relaxed' });
    transaction.objectStore('custom').put(this.#claim.owner, OWNER);
    transaction.oncomplete = () => {
      this.#claim.claimed = true;
    };
  }

  /**
   * The first transaction but for the claim, y-indexeddb's load. Read-only, so that a full disk can still be read; y-indexeddb would add
   * a record at each load, which is left out.
   */
  #load(): object {
    this.#read = true;
    const loading = this.#loading;
    let transaction: IDBTransaction;
    try {
      const raw = this.#raw as IDBDatabase;
      if (!this.#claim.claimed && this.#claim.readTo === undefined) this.#claimAtOnce(raw);
      transaction = raw.transaction(BOTH, 'readonly');
    } catch (thrown) {
      loading.reject(new StoreError('damaged', 'the database is not one of ours', { cause: thrown }));
      return { objectStore: () => INERT };
    }
    const rest = this.#readCustom(transaction);
    let damaged = false;
    transaction.oncomplete = () => {
      if (damaged) loading.reject(new StoreError('damaged', 'a stored update does not open'));
      else rest(loading);
    };
    transaction.onabort = () => loading.reject(aborted(transaction));
    const updates = transaction.objectStore('updates');
    const view = {
      ...INERT,
      getAll: (range: IDBKeyRange) =>
        forward(updates.getAll(range), (all: Uint8Array[]) => {
          const opened = this.#opened(all);
          damaged = opened === undefined;
          return opened ?? [];
        }),
      count: () => forward(updates.count()),
      openKeyCursor: (range: IDBKeyRange | null, direction: IDBCursorDirection) => forward(updates.openKeyCursor(range, direction)),
    };
    return { objectStore: () => view };
  }

  /** Asks for what lies beside the updates; the function given back settles the load when all has come. */
  #readCustom(transaction: IDBTransaction): (loading: PromiseWithResolvers<SealedChunks>) => void {
    const custom = transaction.objectStore('custom');
    const owner = custom.get(OWNER);
    const last = transaction.objectStore('updates').openKeyCursor(null, 'prev');
    const beyondOwner = IDBKeyRange.lowerBound(OWNER, true);
    const numbers = custom.getAllKeys(beyondOwner);
    const sealed = custom.getAll(beyondOwner);
    let lastKey: IDBValidKey | null = null;
    last.onsuccess = () => {
      lastKey = last.result?.key ?? null;
    };
    return (loading) => {
      if (this.#claim.claimed && owner.result !== this.#claim.owner) return loading.reject(taken());
      if (this.#claim.readTo === undefined) this.#claim.readTo = lastKey;
      loading.resolve(new Map(numbers.result.map((number, i) => [number as number, sealed.result[i] as Uint8Array])));
    };
  }
}

/** y-indexeddb assigns `db` and `_db` in its constructor; these accessors meet the assignments. */
Object.defineProperty(SealedPersistence.prototype, 'db', {
  set(this: SealedPersistence, raw: IDBDatabase | null) {
    if (raw !== null) this.attach(raw);
  },
  get(this: SealedPersistence): object {
    return this.view();
  },
});
Object.defineProperty(SealedPersistence.prototype, '_db', {
  set(this: SealedPersistence, opening: Promise<IDBDatabase>) {
    openings.set(this, opening);
  },
  /** Stays pending where opening failed: `loaded` tells that, and y-indexeddb catches nothing. */
  get(this: SealedPersistence): Promise<IDBDatabase> | undefined {
    return openings.get(this)?.catch(() => new Promise<IDBDatabase>(() => undefined));
  },
});

/** Requests that never answer: what a read-only load does not do. lib0 sets handlers on them and waits; nothing holds them. */
const INERT = { add: () => ({}), delete: () => ({}), getAll: () => ({}), count: () => ({}), openKeyCursor: () => ({}) };

interface Answer {
  readonly target: { readonly result: unknown };
}

/**
 * A request as lib0 uses it: it sets two handlers and reads event.target.result. Errors are not passed on, because nothing catches
 * them there; they abort the transaction, and that is seen.
 */
function forward<T>(request: IDBRequest<T>, map: (result: T) => unknown = (result) => result): object {
  return {
    set onsuccess(handler: (event: Answer) => void) {
      request.onsuccess = () => handler({ target: { result: map(request.result) } });
    },
    set onerror(_handler: unknown) {
      request.onerror = null;
    },
  };
}

const taken = (): StoreError => new StoreError('taken', 'another tab holds this database now, or it was deleted');

function aborted(transaction: IDBTransaction): StoreError {
  const cause = transaction.error;
  const trouble: StoreTrouble = cause?.name === 'QuotaExceededError' ? 'quota' : 'aborted';
  return new StoreError(trouble, trouble === 'quota' ? 'the disk is full' : 'the database undid a write', { cause });
}
