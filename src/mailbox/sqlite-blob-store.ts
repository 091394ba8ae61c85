import { close, closeSync, fdatasync, openSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { readU32, type Bytes, type Hash, type Random, type TopicId } from '../base/index.ts';
import { nextCursor, type BlobStore, type HeldBlob } from './blob-store.ts';

/**
 * Blobs in node:sqlite. One table; sums by topic and in all are kept beside it, so that a quota costs no scan.
 *
 *   blob(cursor, topic, hash, at, blob)   topic(topic, bytes)   meta(instance, last cursor, bytes)
 *
 * A commit is written to the log and not waited for (synchronous = NORMAL, https://sqlite.org/wal.html); the log is synced beside, off this thread, once
 * for all who have come meanwhile. So a POST never holds up the relay's cells for the time that a disk takes.
 *
 *   put ─► log ─► durable() ─► fdatasync ─► STORED          put, put, put ─► one fdatasync ─► STORED, STORED, STORED
 */
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS meta (one INTEGER PRIMARY KEY CHECK (one = 1), instance INTEGER NOT NULL, last INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS topic (topic TEXT PRIMARY KEY, bytes INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS blob (cursor INTEGER PRIMARY KEY, topic TEXT NOT NULL, hash TEXT NOT NULL, at INTEGER NOT NULL, blob BLOB NOT NULL) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS blob_by_hash ON blob (topic, hash);
  CREATE INDEX IF NOT EXISTS blob_by_topic ON blob (topic, cursor);
  CREATE INDEX IF NOT EXISTS blob_by_time ON blob (at);
`;

export class SqliteBlobStore implements BlobStore {
  readonly instance: number;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #log: Log | undefined;
  #last: bigint;
  #bytes: number;

  /** `path`: a file, made when it is not there; ":memory:" for none. Throws what node:sqlite throws when it cannot be opened. */
  constructor(path: string, random: Random) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(SCHEMA);
    this.#sql('INSERT OR IGNORE INTO meta VALUES (1, ?, 0, 0)').run(readU32(random.bytes(4), 0));
    const meta = this.#row('SELECT instance, last, bytes FROM meta');
    this.instance = Number(meta?.['instance']);
    this.#last = (meta?.['last'] as bigint | undefined) ?? 0n;
    this.#bytes = Number(meta?.['bytes']);
    this.#log = path === ':memory:' ? undefined : new Log(`${path}-wal`);
  }

  get bytes(): number {
    return this.#bytes;
  }

  topicBytes(topic: TopicId): number {
    return Number(this.#row('SELECT bytes FROM topic WHERE topic = ?', topic)?.['bytes'] ?? 0);
  }

  find(topic: TopicId, hash: Hash): bigint | undefined {
    const cursor = this.#row('SELECT cursor FROM blob WHERE topic = ? AND hash = ?', topic, hash)?.['cursor'];
    return typeof cursor === 'bigint' ? cursor : undefined;
  }

  put(topic: TopicId, hash: Hash, blob: Uint8Array, now: number): bigint {
    this.#log?.mark();
    const cursor = nextCursor(this.#last, now);
    this.#together(() => {
      this.#sql('INSERT INTO blob VALUES (?, ?, ?, ?, ?)').run(cursor, topic, hash, Math.floor(now), blob);
      this.#sql('INSERT INTO topic VALUES (?, ?) ON CONFLICT (topic) DO UPDATE SET bytes = bytes + excluded.bytes').run(topic, blob.length);
      this.#sql('UPDATE meta SET last = ?, bytes = bytes + ?').run(cursor, blob.length);
    });
    this.#last = cursor;
    this.#bytes += blob.length;
    return cursor;
  }

  durable(): Promise<void> | undefined {
    return this.#log?.durable();
  }

  after(topic: TopicId, cursor: bigint, limit: number): readonly HeldBlob[] {
    // A cursor that no store could have given is beyond all that there is.
    if (cursor > 0x7fff_ffff_ffff_ffffn) return [];
    const rows = this.#sql('SELECT cursor, blob FROM blob WHERE topic = ? AND cursor > ? ORDER BY cursor LIMIT ?').all(
      topic,
      cursor,
      limit,
    );
    return rows.map((row) => ({ cursor: row['cursor'] as bigint, blob: new Uint8Array(row['blob'] as Bytes) }));
  }

  oldest(): number | undefined {
    const at = this.#row('SELECT min(at) AS at FROM blob')?.['at'];
    return typeof at === 'bigint' ? Number(at) : undefined;
  }

  expire(before: number): number {
    const limit = Math.floor(before);
    let expired = 0;
    this.#together(() => {
      const sums = this.#sql('SELECT topic, count(*) AS blobs, sum(length(blob)) AS bytes FROM blob WHERE at < ? GROUP BY topic').all(
        limit,
      );
      for (const row of sums) {
        expired += Number(row['blobs']);
        this.#sql('UPDATE topic SET bytes = bytes - ? WHERE topic = ?').run(row['bytes'] as bigint, row['topic'] as string);
      }
      this.#sql('DELETE FROM blob WHERE at < ?').run(limit);
      this.#sql('DELETE FROM topic WHERE bytes = 0').run();
      this.#sql('UPDATE meta SET bytes = (SELECT coalesce(sum(bytes), 0) FROM topic)').run();
    });
    this.#bytes = Number(this.#row('SELECT bytes FROM meta')?.['bytes']);
    return expired;
  }

  close(): void {
    this.#statements.clear();
    this.#log?.close();
    // Brings the log into the database, synced.
    this.#database.close();
  }

  #together(write: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      write();
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  #row(text: string, ...values: readonly string[]): Record<string, unknown> | undefined {
    return this.#sql(text).get(...values);
  }

  #sql(text: string): StatementSync {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(text);
    statement.setReadBigInts(true);
    this.#statements.set(text, statement);
    return statement;
  }
}

/** sqlite's log, of which what is written first is synced first: one sync covers all that was written before it began. */
class Log {
  readonly #file: number;
  #written = 0;
  #synced = 0;
  #running: Promise<void> | undefined;
  #failed: Error | undefined;
  #closed = false;

  constructor(path: string) {
    // Written to by sqlite alone; its directory was synced by sqlite when it was made.
    this.#file = openSync(path, 'r+');
  }

  /** Something is about to be written. Throws when what was written before may be lost: nothing after it could be read back. */
  mark(): void {
    if (this.#failed !== undefined) throw this.#failed;
    this.#written += 1;
  }

  durable(): Promise<void> | undefined {
    if (this.#failed !== undefined) return Promise.reject(this.#failed);
    if (this.#synced >= this.#written) return undefined;
    return this.#until(this.#written);
  }

  close(): void {
    this.#closed = true;
    if (this.#running === undefined) closeSync(this.#file);
  }

  async #until(written: number): Promise<void> {
    while (this.#synced < written) await (this.#running ?? this.#sync());
  }

  #sync(): Promise<void> {
    const covers = this.#written;
    this.#running = new Promise<void>((resolve, reject) => {
      fdatasync(this.#file, (error) => {
        this.#running = undefined;
        if (error === null) this.#synced = covers;
        else this.#failed = error;
        if (this.#closed) close(this.#file);
        if (error === null) resolve();
        else reject(error);
      });
    });
    return this.#running;
  }
}
