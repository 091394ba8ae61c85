/**
 * One's own prekeys (docs/protocol.md §8.2): others seal slices to the public half; the private half lives as short as it can.
 *
 *   made ── posted: its predecessors have a successor ──▶ 48 h later they are erased
 *   made for an invite ── the invite ends ──▶ erased
 *
 * Until its successor is posted a prekey stays, however long that takes: others know no later one.
 */
import { toHex, wipe, isRefusal, type Bytes, type Random } from '../base/index.ts';
import { kem, KEM_SECRET, openSealed } from '../crypto/index.ts';
import { create, decodeStrict, encode, PrekeyRecordSchema } from '../wire/index.ts';
import { recordKey, type PendingChanges } from './records.ts';
import { prekeyId } from './slices.ts';

export const PREKEY_LIFE_AFTER_SUCCESSOR = 48 * 3600 * 1000;

interface Prekey {
  readonly seed: Bytes;
  readonly prekey: Bytes;
  readonly invite: boolean;
  readonly order: number;
  succeededAt: number;
}

export class Prekeys {
  readonly #random: Random;
  readonly #changes: PendingChanges;
  readonly #byId = new Map<string, Prekey>();

  constructor(random: Random, changes: PendingChanges) {
    this.#random = random;
    this.#changes = changes;
  }

  /** Throws Error for a record that is damaged. */
  restore(value: Uint8Array): void {
    const record = decodeStrict(PrekeyRecordSchema, value);
    if (isRefusal(record)) throw new Error('keyring: the record of a prekey is damaged');
    const { seed, prekey, invite, order, succeededAt } = record;
    this.#byId.set(toHex(prekeyId(prekey)), {
      seed: seed.slice(),
      prekey: prekey.slice(),
      invite,
      order,
      succeededAt: Number(succeededAt),
    });
  }

  /** Makes one; bytes: 1216. */
  make(invite: boolean): Bytes {
    const seed = this.#random.bytes(KEM_SECRET);
    const prekey = kem.keygen(seed).publicKey;
    const order = 1 + Math.max(0, ...[...this.#byId.values()].map((other) => other.order));
    this.#keep({ seed, prekey, invite, order, succeededAt: 0 });
    return prekey;
  }

  /** The others can know this one from now on: those before it have a successor. Of an unknown prekey, nothing. */
  posted(prekey: Uint8Array, now: number): void {
    const successor = this.#byId.get(toHex(prekeyId(prekey)));
    if (successor === undefined || successor.invite) return;
    for (const other of this.#byId.values()) {
      if (other.invite || other.succeededAt !== 0 || other.order >= successor.order) continue;
      this.#keep({ ...other, succeededAt: now });
    }
  }

  /** Erases what has had a successor for 48 hours. The ids of what went, in hex. */
  expire(now: number): string[] {
    const due = [...this.#byId].filter(([, { succeededAt }]) => succeededAt !== 0 && succeededAt + PREKEY_LIFE_AFTER_SUCCESSOR <= now);
    for (const [id] of due) this.erase(id);
    return due.map(([id]) => id);
  }

  /** Erases one at once; of an id that is not here, nothing. */
  erase(id: string): void {
    const found = this.#byId.get(id);
    if (found === undefined) return;
    wipe(found.seed);
    this.#byId.delete(id);
    this.#changes.delete(recordKey.prekey(id));
  }

  has(id: Uint8Array): boolean {
    return this.#byId.has(toHex(id));
  }

  /** Opens what was sealed to the prekey of that id; undefined when it is not here, or for anything else. */
  open(id: Uint8Array, label: string, context: Uint8Array, sealed: Uint8Array): Bytes | undefined {
    const found = this.#byId.get(toHex(id));
    return found && openSealed(found.seed, found.prekey, label, context, sealed);
  }

  #keep(prekey: Prekey): void {
    const id = toHex(prekeyId(prekey.prekey));
    this.#byId.set(id, prekey);
    const record = { ...prekey, succeededAt: BigInt(prekey.succeededAt) };
    this.#changes.put(recordKey.prekey(id), encode(PrekeyRecordSchema, create(PrekeyRecordSchema, record)));
  }
}
