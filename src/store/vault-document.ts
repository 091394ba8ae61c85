/**
 * The document of one vault: hot records in it, cold ones in chunks beside it.
 *
 *   root 'vault' ── 'generation' ── 'chunks'  numbers of the chunks that count, oldest first
 *                                   'hot'     key → bytes, or null: deleted, and hides what a chunk says
 *
 *   a record is what `hot` says, else what the newest chunk says that names it
 *
 * Each move of records into chunks begins a new generation, so that Yjs drops what the old one overwrote and deleted: a document
 * costs what its hot records cost, however long its history.
 */
import * as Y from 'yjs';
import type { Entry } from './chunk.ts';
import type { Changes } from './records.ts';

/**
 * Above one of these, records are moved, until no more than KEPT and KEPT_BYTES stay. With them and CHUNK_BYTES what is stored at
 * once stays below 64 KiB, from where on Chromium keeps a value in a file of its own; only a larger record goes there.
 */
const HOT = 128;
const HOT_BYTES = 40 * 1024;
const KEPT = 48;
const KEPT_BYTES = 12 * 1024;
/** So many changes and a new generation begins even when nothing is moved: overwritten values weigh in the document. */
const CHANGES = 512;
/** A chunk holds about this much, or one record. */
const CHUNK_BYTES = 48 * 1024;
/** At most so many half-empty chunks are written anew in one move. */
const REWRITTEN = 8;

interface Chunk {
  readonly number: number;
  readonly keys: readonly string[];
  /** Those of them that it says are deleted. */
  readonly deleted: ReadonlySet<string>;
  /** How many of its keys it is still needed for. */
  current: number;
}

/** What is to be moved: first written beside the document, then adopted by it. */
export interface Move {
  readonly chunks: ReadonlyMap<number, readonly Entry[]>;
  readonly dropped: readonly number[];
  readonly kept: readonly string[];
}

export class VaultDocument {
  readonly doc = new Y.Doc();
  readonly #root = this.doc.getMap<unknown>('vault');
  /** Least recently changed first. The arrays are those that `apply` was given. */
  #hot = new Map<string, Uint8Array | null>();
  #hotBytes = 0;
  #changes = 0;
  #next = 1;
  readonly #chunks = new Map<number, Chunk>();
  /** The chunk whose word on a key counts: no newer chunk and no hot record hides it, and it hides something if it says deleted. */
  readonly #home = new Map<string, Chunk>();
  /** How many chunks name a key. */
  readonly #copies = new Map<string, number>();
  #unwritten: Uint8Array[] = [];

  constructor() {
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin === this) this.#unwritten.push(update);
    });
  }

  /** True when nothing was ever written. */
  get empty(): boolean {
    return !this.#root.has('generation');
  }

  /**
   * Reads what the document says once it is loaded. `read` gives a chunk's entries. Returns the records, or undefined when
   * something that must be there is not, or does not open.
   */
  load(stored: Iterable<number>, read: (number: number) => Entry[] | undefined): Map<string, Uint8Array> | undefined {
    for (const number of stored) this.#next = Math.max(this.#next, number + 1);
    // An update that refers to a lost one waits in the document, unseen.
    if (this.doc.store.pendingStructs !== null || this.doc.store.pendingDs !== null) return undefined;
    const values = new Map<string, Uint8Array>();
    if (this.empty) return values;
    // One writer at a time, so one id for all of them: each new one would stay in the document for good.
    for (const client of this.doc.store.clients.keys()) this.doc.clientID = client;
    const generation = this.#generation();
    if (generation === undefined) return undefined;
    for (const number of generation.chunks) {
      const entries = read(number);
      if (entries === undefined) return undefined;
      this.#addChunk(number, entries);
      for (const entry of entries) overlay(values, entry);
    }
    for (const entry of generation.hot.entries() as Iterable<Entry>) {
      this.#heat(...entry);
      overlay(values, entry);
    }
    for (const structs of this.doc.store.clients.values()) this.#changes += structs.length;
    return values;
  }

  #generation(): { hot: Y.Map<Uint8Array | null>; chunks: number[] } | undefined {
    const generation = this.#root.get('generation');
    if (!(generation instanceof Y.Map)) return undefined;
    const hot: unknown = generation.get('hot');
    const chunks: unknown = generation.get('chunks');
    return hot instanceof Y.Map && Array.isArray(chunks) ? { hot, chunks } : undefined;
  }

  /** Numbers of chunks that are stored and count for nothing. */
  orphans(stored: Iterable<number>): number[] {
    return [...stored].filter((number) => !this.#chunks.has(number));
  }

  /** Takes changes in, as one Yjs transaction. What it holds already, by reference, it leaves as it is. */
  apply(changes: Changes): void {
    this.doc.transact(() => {
      if (this.empty) this.#begin(new Map());
      const hot = this.#generation()?.hot;
      for (const [key, value] of changes) {
        const entry = value ?? (this.#copies.has(key) ? null : undefined);
        if (this.#hot.get(key) === entry) continue;
        this.#changes++;
        if (entry === undefined) {
          this.#cool(key);
          hot?.delete(key);
        } else {
          this.#heat(key, entry);
          hot?.set(key, entry);
        }
      }
    }, this);
  }

  #begin(hot: ReadonlyMap<string, Uint8Array | null>): void {
    const generation = new Y.Map<unknown>();
    this.#root.set('generation', generation);
    generation.set('chunks', [...this.#chunks.keys()]);
    generation.set('hot', new Y.Map(hot));
  }

  #heat(key: string, entry: Uint8Array | null): void {
    this.#cool(key);
    this.#hot.set(key, entry);
    this.#hotBytes += weight([key, entry]);
    this.#unhouse(key);
  }

  #cool(key: string): void {
    const entry = this.#hot.get(key);
    if (entry === undefined) return;
    this.#hotBytes -= weight([key, entry]);
    this.#hot.delete(key);
  }

  /** What is not on disk yet, as one update; undefined when all is. */
  unwritten(): Uint8Array | undefined {
    if (this.#unwritten.length > 1) this.#unwritten = [Y.mergeUpdates(this.#unwritten)];
    return this.#unwritten[0];
  }

  written(): void {
    this.#unwritten = [];
  }

  /** True when records should be moved out, or a new generation begin. */
  get due(): boolean {
    return this.#crowded || this.#changes >= CHANGES;
  }

  get #crowded(): boolean {
    return this.#hot.size > HOT || this.#hotBytes > HOT_BYTES;
  }

  /** Numbers of chunks at least half of whose records have gone elsewhere: the next move writes the rest anew. */
  hollow(): number[] {
    const hollow = [...this.#chunks.values()].filter((chunk) => chunk.current * 2 <= chunk.keys.length);
    return hollow.slice(0, REWRITTEN).map((chunk) => chunk.number);
  }

  /** What to move: the records changed longest ago, and what still counts in `hollow` chunks, given as they are stored. */
  plan(hollow: ReadonlyMap<number, readonly Entry[]>): Move {
    const entries: Entry[] = [];
    const leaving = new Map<string, number>();
    for (const [number, stored] of hollow) {
      for (const entry of stored) {
        leaving.set(entry[0], (leaving.get(entry[0]) ?? 0) + 1);
        if (this.#home.get(entry[0])?.number === number) entries.push(entry);
      }
    }
    const kept = new Set(this.#crowded ? this.#hottest() : this.#hot.keys());
    for (const entry of this.#hot) if (!kept.has(entry[0])) entries.push(entry);
    // A deletion is worth keeping only while a chunk that stays names its key.
    const needed = entries.filter(([key, value]) => value !== null || (this.#copies.get(key) ?? 0) > (leaving.get(key) ?? 0));
    return { chunks: this.#cut(needed), dropped: [...hollow.keys()], kept: [...kept] };
  }

  #hottest(): string[] {
    const kept: string[] = [];
    let bytes = 0;
    for (const entry of [...this.#hot].toReversed()) {
      bytes += weight(entry);
      if (kept.length === KEPT) break;
      if (bytes <= KEPT_BYTES) kept.push(entry[0]);
      else bytes -= weight(entry);
    }
    return kept.toReversed();
  }

  #cut(entries: readonly Entry[]): Map<number, Entry[]> {
    const chunks = new Map<number, Entry[]>();
    let bytes = Infinity;
    for (const entry of entries) {
      bytes += weight(entry);
      if (bytes > CHUNK_BYTES) {
        chunks.set(this.#next++, []);
        bytes = weight(entry);
      }
      chunks.get(this.#next - 1)?.push(entry);
    }
    return chunks;
  }

  /** Begins the generation in which the move has happened. Its chunks must be on disk by now. */
  adopt(move: Move): void {
    for (const number of move.dropped) this.#dropChunk(number);
    const hot = new Map<string, Uint8Array | null>();
    for (const key of move.kept) hot.set(key, this.#hot.get(key) ?? null);
    this.#hot = new Map();
    this.#hotBytes = 0;
    this.#changes = 0;
    for (const [number, entries] of move.chunks) this.#addChunk(number, entries);
    for (const entry of hot) this.#heat(...entry);
    this.doc.transact(() => this.#begin(hot), this);
  }

  #addChunk(number: number, entries: readonly Entry[]): void {
    const deleted = new Set(entries.filter(([, value]) => value === null).map(([key]) => key));
    const chunk: Chunk = { number, keys: entries.map(([key]) => key), deleted, current: 0 };
    this.#chunks.set(number, chunk);
    for (const key of chunk.keys) {
      this.#unhouse(key);
      const copies = this.#copies.get(key) ?? 0;
      this.#copies.set(key, copies + 1);
      if (copies > 0 || !deleted.has(key)) this.#house(key, chunk);
    }
  }

  #house(key: string, chunk: Chunk): void {
    this.#home.set(key, chunk);
    chunk.current++;
  }

  #unhouse(key: string): void {
    const home = this.#home.get(key);
    if (home === undefined) return;
    home.current--;
    this.#home.delete(key);
  }

  #dropChunk(number: number): void {
    const chunk = this.#chunks.get(number);
    if (chunk === undefined) return;
    this.#chunks.delete(number);
    for (const key of chunk.keys) {
      if (this.#home.get(key) === chunk) this.#unhouse(key);
      const copies = (this.#copies.get(key) ?? 1) - 1;
      if (copies === 0) this.#copies.delete(key);
      else this.#copies.set(key, copies);
      // A deletion that hides nothing any longer.
      if (copies === 1 && this.#home.get(key)?.deleted.has(key) === true) this.#unhouse(key);
    }
  }
}

const weight = ([key, value]: Entry): number => key.length + (value?.length ?? 0);

function overlay(values: Map<string, Uint8Array>, [key, value]: Entry): void {
  if (value === null) values.delete(key);
  else values.set(key, value);
}
