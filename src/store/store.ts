/**
 * What a peer keeps: maps from key to bytes, in memory once open, each commit durable and atomic. One map for each room, one for
 * the device itself. Whatever reaches a disk is sealed first.
 *
 *   commit ──► visible to get() ──► queued ──► one write, all that gathered ──► durable: resolves
 *                                     ▲                        │
 *                                     └──── stays queued ◄─────┴── quota, abort, closed …: rejects
 */
import type { Bytes } from '../base/index.ts';

/** Seals what is written and opens what is read; synchronous. The vault (identity) is one. */
export interface Sealer {
  /** `context` says what the bytes are for; they open under the same words only. */
  seal(plain: Uint8Array, context: string): Bytes;
  /** undefined when the bytes are damaged, or were sealed under another key or context. */
  open(sealed: Uint8Array, context: string): Bytes | undefined;
}

/**
 * quota: the disk or the origin's share of it is full. aborted: the write was undone for another reason. closed: the database was
 * closed. taken: another tab has opened it since, or it was deleted; what is read here is not what is stored: open the store again.
 * blocked: somebody else's open connection is in the way. refused: no database is to be had here at all. damaged: what is stored does
 * not open, or is gone.
 */
export type StoreTrouble = 'quota' | 'aborted' | 'closed' | 'taken' | 'blocked' | 'refused' | 'damaged';

export class StoreError extends Error {
  readonly trouble: StoreTrouble;

  constructor(trouble: StoreTrouble, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreError';
    this.trouble = trouble;
  }
}

/** The marker says that these records were kept here, and they are gone: `remove(name)` accepts that; then `open` begins anew. */
export class VaultLost extends StoreError {
  constructor(message: string) {
    super('damaged', message);
    this.name = 'VaultLost';
  }
}

/** Applied as one; a key in both is deleted. */
export interface Batch {
  readonly put?: Iterable<readonly [key: string, value: Uint8Array]>;
  readonly delete?: Iterable<string>;
}

/** One room's records (or the device's own): a map from key to bytes, all in memory once open, each commit durable and atomic. */
export interface Records {
  /** A copy. */
  get(key: string): Uint8Array | undefined;
  /** Copies, sorted by key (by UTF-16 code units); the keys are those of the moment of the call. */
  entries(prefix: string): Iterable<readonly [string, Uint8Array]>;
  /**
   * Visible to get() at once; resolves when durable, rejects with StoreError when not. The batch then stays queued and goes with
   * the next commit; an empty one, `commit({})`, tries again. Bytes are copied: the caller may wipe its own.
   */
  commit(batch: Batch): Promise<void>;
  /** Writes what is queued, once, and lets go. Resolves even when that write failed: its commits have said so. */
  close(): Promise<void>;
}

export interface Store {
  /**
   * `name`: an opaque name, random lower-case hex; created if absent. Rejects with StoreError (VaultLost among them), and with an
   * Error when this store has it open already: close it first.
   */
  open(name: string): Promise<Records>;
  /** Closes it if open and forgets everything under it. Rejects with StoreError. Nothing happens when it is absent. */
  remove(name: string): Promise<void>;
  /** Told of each trouble, and 'well' when a write has succeeded wherever one had failed. Returns how to stop listening. */
  onTrouble(listener: (trouble: StoreTrouble | 'well') => void): () => void;
  /** Closes all that is open. */
  close(): Promise<void>;
}
