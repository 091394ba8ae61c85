/**
 * One database of the tab: a vault document kept by y-indexeddb, sealed, and cold records in sealed chunks beside it.
 *
 *   write   document ─ one update ─► `updates`                          one transaction, awaited
 *   trim    document ─ its state ──► `updates`, older ones deleted      after 16 writes
 *   move    cold records ─ chunks ─► `custom`, awaited; only then ─ document without them ─► `updates`; only then dropped chunks go
 */
import type { Bytes, Clock } from '../base/index.ts';
import { decodeChunk, encodeChunk, type Entry } from './chunk.ts';
import type { Changes, Medium } from './records.ts';
import { SealedPersistence, type Claim, type SealedChunks } from './sealed-persistence.ts';
import { StoreError, VaultLost, type Sealer } from './store.ts';
import { VaultDocument } from './vault-document.ts';

/** So many stored updates make the next start slow enough to merge them. */
const TRIM = 16;

export interface VaultOptions {
  readonly name: string;
  readonly database: string;
  readonly sealer: Sealer;
  readonly clock: Clock;
  /** How long an open may wait, in ms: behind a deletion that is held up no event ever comes. */
  readonly patience: number;
  /** 16 random bytes in hex, new for each opening. */
  readonly owner: string;
  /** True when something was durable here before. */
  readonly marked: boolean;
  /** Called after the first write that is durable. */
  readonly mark: () => void;
  readonly onClosed: () => void;
}

export class Vault implements Medium {
  readonly #options: VaultOptions;
  readonly #vault = new VaultDocument();
  readonly #claim: Claim;
  #persistence: SealedPersistence | undefined;
  #marked: boolean;
  #updates = 0;
  #orphans: number[] = [];
  #closed = false;

  constructor(options: VaultOptions) {
    this.#options = options;
    this.#marked = options.marked;
    this.#claim = { owner: options.owner, claimed: false, readTo: undefined };
  }

  /** Opens the database and reads everything. Rejects with StoreError. */
  async open(): Promise<Map<string, Uint8Array>> {
    const persistence = await this.#connect();
    const stored = await persistence.loaded;
    const values = this.#vault.load(stored.keys(), (number) => this.#openChunk(number, stored));
    if (values === undefined) throw await this.#refused(new StoreError('damaged', 'a part of what was stored is missing or does not open'));
    if (this.#vault.empty && this.#marked) throw await this.#refused(new VaultLost('what was stored here is gone'));
    if (!this.#vault.empty) this.#setMark();
    // Its count of records, as read.
    this.#updates = persistence._dbsize;
    this.#orphans = this.#vault.orphans(stored.keys());
    return values;
  }

  async #refused(error: StoreError): Promise<StoreError> {
    await this.close();
    return error;
  }

  #openChunk(number: number, stored: SealedChunks): Entry[] | undefined {
    const sealed = stored.get(number);
    const plain = sealed && this.#options.sealer.open(sealed, this.#context(number));
    return plain && decodeChunk(plain);
  }

  #context(part: number | 'updates'): string {
    return `store/${this.#options.name}/${part}`;
  }

  /** Connects and waits until the document holds what is stored. */
  async #connect(): Promise<SealedPersistence> {
    const { sealer, database, clock, patience, onClosed } = this.#options;
    const context = this.#context('updates');
    const updates = {
      seal: (plain: Uint8Array) => sealer.seal(plain, context),
      open: (sealed: Uint8Array) => sealer.open(sealed, context),
    };
    const persistence = new SealedPersistence(database, this.#vault.doc, updates, this.#claim, onClosed);
    const late = Promise.withResolvers<never>();
    const cancel = clock.after(patience, () =>
      late.reject(new StoreError('blocked', 'the database does not open: another tab may be deleting it')),
    );
    try {
      await Promise.race([persistence.loaded, late.promise]);
    } catch (error) {
      // Never settles where the database never opens.
      void persistence.destroy();
      throw error;
    } finally {
      cancel();
    }
    this.#persistence = persistence;
    return persistence;
  }

  async write(changes: Changes): Promise<void> {
    if (this.#closed) throw new StoreError('closed', 'these records are closed');
    this.#vault.apply(changes);
    const update = this.#vault.unwritten();
    if (update === undefined) return;
    await this.#connected((persistence) => persistence.write(update));
    this.#vault.written();
    this.#updates++;
    this.#setMark();
  }

  /** Does it over a living connection; once more over a new one if the first dies of it. */
  async #connected(act: (persistence: SealedPersistence) => Promise<void>): Promise<void> {
    if (this.#persistence !== undefined && !this.#persistence.dead) {
      try {
        return await act(this.#persistence);
      } catch (error) {
        if (!this.#persistence.dead) throw error;
      }
    }
    void this.#persistence?.destroy();
    this.#persistence = undefined;
    await act(await this.#connect());
  }

  #setMark(): void {
    if (!this.#marked) this.#options.mark();
    this.#marked = true;
  }

  /** A failure here costs space and time, no record: it is tried again after as many writes. */
  async tidy(): Promise<void> {
    try {
      if (this.#vault.due) await this.#move();
      else if (this.#updates >= TRIM) await this.#trim();
      else if (this.#orphans.length > 0) await this.#sweep();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#updates = 0;
    }
  }

  async #trim(): Promise<void> {
    await this.#connected((persistence) => persistence.trim());
    this.#vault.written();
    this.#updates = 1;
  }

  async #sweep(): Promise<void> {
    const orphans = this.#orphans;
    this.#orphans = [];
    await this.#connected((persistence) => persistence.chunks(new Map(), orphans));
  }

  /** Copy, then switch: in one transaction, an abort and a retry would leave neither copy. */
  async #move(): Promise<void> {
    const hollow = new Map<number, Entry[]>();
    for (const number of this.#vault.hollow()) hollow.set(number, await this.#readChunk(number));
    const move = this.#vault.plan(hollow);
    const sealed = new Map<number, Bytes>();
    for (const [number, entries] of move.chunks) sealed.set(number, this.#options.sealer.seal(encodeChunk(entries), this.#context(number)));
    if (sealed.size > 0) await this.#connected((persistence) => persistence.chunks(sealed, []));
    this.#vault.adopt(move);
    await this.#trim();
    this.#orphans.push(...move.dropped);
    if (this.#orphans.length > 0) await this.#sweep();
  }

  async #readChunk(number: number): Promise<Entry[]> {
    let sealed: Uint8Array | undefined;
    await this.#connected(async (persistence) => {
      sealed = await persistence.readChunk(number);
    });
    const entries = this.#openChunk(number, new Map(sealed === undefined ? [] : [[number, sealed]]));
    if (entries === undefined) throw new StoreError('damaged', 'a stored chunk is missing or does not open');
    return entries;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const persistence = this.#persistence;
    this.#persistence = undefined;
    await persistence?.destroy();
  }
}
