/**
 * The store of a headless peer: one SQLite file, each row sealed.
 *
 *   record   id | name text: the store name, opaque hex | sealed blob = seal( keyLength u32 | key utf-8 | value )
 *
 * SQLite sees neither keys nor values; which row holds a key is known in memory only.
 */
import { DatabaseSync } from 'node:sqlite';
import { concat, fromUtf8, readU32, u32, utf8 } from '../base/index.ts';
import type { Changes, Medium } from './records.ts';
import { Shelf, type Backing, type Opened } from './shelf.ts';
import { StoreError, type Sealer, type Store, type StoreTrouble } from './store.ts';

export interface SqliteOptions {
  /** The file may not grow beyond this, in bytes; past it, commits reject with 'quota'. */
  readonly maxBytes?: number;
}

/**
 * Opens or creates the file at `path`; one process at a time. Throws StoreError: 'blocked' when another holds it, 'refused' when it
 * cannot be opened, 'damaged' when it is no such file.
 */
export function sqliteStore(path: string, sealer: Sealer, options: SqliteOptions = {}): Store {
  return new Shelf(new SqliteBacking(path, sealer, options));
}

const PAGE = 4096;

class SqliteBacking implements Backing {
  readonly #database: DatabaseSync;
  readonly #sealer: Sealer;

  constructor(path: string, sealer: Sealer, options: SqliteOptions) {
    this.#sealer = sealer;
    this.#database = attempt(() => new DatabaseSync(path, { timeout: 0 }));
    try {
      attempt(() => prepare(this.#database, options));
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  async open(name: string): Promise<Opened> {
    const rows = new Map<string, number | bigint>();
    const values = new Map<string, Uint8Array>();
    const stored = attempt(() => this.#database.prepare('SELECT id, sealed FROM record WHERE name = ?').all(name));
    for (const { id, sealed } of stored) {
      const plain = sealed instanceof Uint8Array ? this.#sealer.open(sealed, context(name)) : undefined;
      const entry = plain && decodeRow(plain);
      if (typeof id !== 'number' || entry === undefined || rows.has(entry[0]))
        throw new StoreError('damaged', 'a stored record does not open');
      rows.set(entry[0], id);
      values.set(...entry);
    }
    return { medium: new SqliteMedium(this.#database, this.#sealer, name, rows), values };
  }

  async remove(name: string): Promise<void> {
    attempt(() => this.#database.prepare('DELETE FROM record WHERE name = ?').run(name));
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
  }
}

function prepare(database: DatabaseSync, options: SqliteOptions): void {
  // EXCLUSIVE from the first write on: a second process is refused instead of both believing what they hold in memory.
  database.exec(
    `PRAGMA page_size = ${PAGE}; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON`,
  );
  if (options.maxBytes !== undefined) database.exec(`PRAGMA max_page_count = ${Math.floor(options.maxBytes / PAGE)}`);
  database.exec('CREATE TABLE IF NOT EXISTS record (id INTEGER PRIMARY KEY, name TEXT NOT NULL, sealed BLOB NOT NULL)');
  database.exec('CREATE INDEX IF NOT EXISTS record_name ON record (name)');
}

class SqliteMedium implements Medium {
  readonly #database: DatabaseSync;
  readonly #sealer: Sealer;
  readonly #name: string;
  readonly #rows: Map<string, number | bigint>;
  #closed = false;

  constructor(database: DatabaseSync, sealer: Sealer, name: string, rows: Map<string, number | bigint>) {
    this.#database = database;
    this.#sealer = sealer;
    this.#name = name;
    this.#rows = rows;
  }

  async write(changes: Changes): Promise<void> {
    if (this.#closed || !this.#database.isOpen) throw new StoreError('closed', 'these records are closed');
    const added = attempt(() => this.#transaction(changes));
    for (const [key, value] of changes) if (value === undefined) this.#rows.delete(key);
    for (const [key, id] of added) this.#rows.set(key, id);
  }

  /** Returns the rows it added. */
  #transaction(changes: Changes): Map<string, number | bigint> {
    const added = new Map<string, number | bigint>();
    const insert = this.#database.prepare('INSERT INTO record (name, sealed) VALUES (?, ?)');
    const update = this.#database.prepare('UPDATE record SET sealed = ? WHERE id = ?');
    const remove = this.#database.prepare('DELETE FROM record WHERE id = ?');
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      for (const [key, value] of changes) {
        const id = this.#rows.get(key);
        if (value === undefined) {
          if (id !== undefined) remove.run(id);
          continue;
        }
        const sealed = this.#sealer.seal(encodeRow(key, value), context(this.#name));
        if (id === undefined) added.set(key, insert.run(this.#name, sealed).lastInsertRowid);
        else update.run(sealed, id);
      }
      this.#database.exec('COMMIT');
    } catch (error) {
      // SQLite has rolled back by itself where the disk was full.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
    return added;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }
}

const context = (name: string): string => `store/${name}/record`;

function encodeRow(key: string, value: Uint8Array): Uint8Array {
  const text = utf8(key);
  return concat(u32(text.length), text, value);
}

function decodeRow(row: Uint8Array): [string, Uint8Array] | undefined {
  if (row.length < 4 || row.length < 4 + readU32(row, 0)) return undefined;
  const end = 4 + readU32(row, 0);
  return [fromUtf8(row.subarray(4, end)), new Uint8Array(row.subarray(end))];
}

/** SQLite's primary result codes (https://sqlite.org/rescode.html); the others are 'aborted'. */
const TROUBLES = new Map<number, StoreTrouble>([
  [3, 'refused'], // PERM
  [5, 'blocked'], // BUSY
  [6, 'blocked'], // LOCKED
  [8, 'refused'], // READONLY
  [11, 'damaged'], // CORRUPT
  [13, 'quota'], // FULL
  [14, 'refused'], // CANTOPEN
  [23, 'refused'], // AUTH
  [26, 'damaged'], // NOTADB
]);

/** Does it, and turns what SQLite throws into StoreError. */
function attempt<T>(act: () => T): T {
  try {
    return act();
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    const code = cause instanceof Error ? Number(Reflect.get(cause, 'errcode')) & 0xff : 0;
    throw new StoreError(TROUBLES.get(code) ?? 'aborted', `SQLite refused: result code ${code}`, { cause });
  }
}
