/**
 * The keyring of one device in one room (docs/protocol.md §7.1, §8.2): its prekeys, the epochs it has opened, and in each epoch a
 * sender chain for every device.
 *
 *   rotate, readRotate, adoptJoinEpoch ──▶ epoch open ── seal, open: chains advance ──▶ close: every key erased
 *
 *   text of kind 0 = sig 64 | Batch        sig by its device over "sotto/1/batch" | R 32 | index u32 | Batch
 *
 * Every member can derive every chain of an epoch. The signature says whose place in a chain it is: without it a member could use up
 * another's.
 *
 * A state machine without I/O. Every change of state is in `drain()`, to be made durable before what it belongs to leaves the device.
 */
import {
  concat,
  deviceId,
  equal,
  fromHex,
  hash,
  idBytes,
  isRefusal,
  refuse,
  toHex,
  u32,
  type Bytes,
  type DeviceId,
  type Hash,
  type Random,
  type Refusal,
  type RoomId,
  type TopicId,
} from '../base/index.ts';
import { kdf } from '../crypto/index.ts';
import { verifyLight } from '../identity/index.ts';
import type { Topic } from '../mailbox/index.ts';
import { topics, type Address } from './address.ts';
import { BlobKind, MAX_TEXT, openBody, openHeader, sealBlob, unchained, type Header, type OpenedHeader } from './blob.ts';
import { EpochSecret } from './epoch-secret.ts';
import { Prekeys } from './prekeys.ts';
import { decodeEpoch, encodeEpoch, PendingChanges, recordKey, type Changes, type Epoch } from './records.ts';
import { makeRotate, openEpochBody, readRotate, type ReadRotate, type RotateTerms } from './rotate.ts';
import { importChain, SenderChain } from './sender-chain.ts';
import { prekeyId, sliceContext, sliceFor, type Slice } from './slices.ts';

export interface SealedFor {
  readonly topic: Topic;
  readonly blob: Bytes;
}

/** Signed by its author, and yet of no use to this device: its slice, the commitment, or the box with the address is not as it must be. */
export type Deceit = 'bad-slice' | 'bad-commitment' | 'bad-box';

const isDeceit = (word: string): word is Deceit => word === 'bad-slice' || word === 'bad-commitment' || word === 'bad-box';

export interface Rotation {
  readonly epoch: Hash;
  readonly parents: readonly Hash[];
  readonly memberSet: Hash;
  readonly author: DeviceId;
  readonly devices: readonly DeviceId[];
  /** The epoch is open here. */
  readonly mine: boolean;
  /** Why it is not open: it has no slice for this device, the prekey of the slice is erased, it was open and has been closed, or a deceit. */
  readonly why?: 'no-slice' | 'no-prekey' | 'closed' | Deceit;
  readonly address?: Address;
  /** The author's fresh prekey, when the rotation brought one and was opened now. */
  readonly prekey?: Bytes;
}

/** `update`: a Batch, with who sealed it; `rotation`: a Rotate, or at an invite's address a Join. */
export type Opened =
  | { readonly kind: 'update'; readonly epoch: Hash; readonly device: DeviceId; readonly index: number; readonly text: Bytes }
  | { readonly kind: 'rotation'; readonly text: Bytes };

export interface KeyringOptions {
  readonly room: RoomId;
  readonly me: DeviceId;
  /** Ed25519 signature of one's device over "sotto/1/<purpose>" | body. bytes: 64 */
  readonly signLight: (purpose: string, body: Uint8Array) => Bytes;
  readonly random: Random;
  /** Network time, milliseconds since 1970. */
  readonly now: () => number;
  /** All records that `drain` ever gave and that were not deleted. */
  readonly records?: Iterable<readonly [string, Uint8Array]>;
}

interface OpenEpoch {
  readonly epoch: Epoch;
  readonly n: number;
  readonly chains: ReadonlyMap<DeviceId, SenderChain>;
  /** Hex of the prekey that opened it; undefined of one's own. */
  readonly openedBy: string | undefined;
}

/** Past these a stranger's or a member's flood is refused; the room closes what is old long before. */
export const MAX_ROOM_EPOCHS = 1024;
export const MAX_JOIN_EPOCHS = 64;

const PURPOSE = 'batch';
const SIGNATURE = 64;
/** The longest Batch that one blob holds, in bytes: 62,840. */
export const MAX_BATCH = MAX_TEXT - SIGNATURE;

/** The device keyset of whoever may be heard; undefined of one that is not known (yet). */
export type KeysetOf = (device: DeviceId) => Uint8Array | undefined;

export class Keyring {
  readonly room: RoomId;
  readonly me: DeviceId;
  readonly #sign: KeyringOptions['signLight'];
  readonly #random: Random;
  readonly #now: () => number;
  readonly #changes = new PendingChanges();
  readonly #prekeys: Prekeys;
  readonly #epochs = new Map<Hash, OpenEpoch>();
  /** Epochs that were closed, each with the prekey that could open it again. */
  readonly #closed = new Map<Hash, string>();
  #nextEpoch = 0;

  /** Throws Error for damaged records. */
  constructor(options: KeyringOptions) {
    this.room = options.room;
    this.me = options.me;
    this.#sign = options.signLight;
    this.#random = options.random;
    this.#now = options.now;
    this.#prekeys = new Prekeys(options.random, this.#changes);
    this.#restore(new Map(options.records));
  }

  /** Every change since the last drain. Durable before a sealed blob is posted, and in one step with what was opened. */
  drain(): Changes {
    return this.#changes.drain();
  }

  /** A prekey for the others to seal to; bytes: 1216. Its predecessors stay until `prekeyPosted` says that the others can know it. */
  newPrekey(): Bytes {
    return this.#prekeys.make(false);
  }

  /** The mailboxes hold what tells the others of `prekey`: 48 h from now its predecessors are erased. */
  prekeyPosted(prekey: Uint8Array, now: number): void {
    this.#prekeys.posted(prekey, now);
  }

  /** A prekey for one invite's Welcome; stays until `erasePrekey`. bytes: 1216 */
  newInvitePrekey(): Bytes {
    return this.#prekeys.make(true);
  }

  /** Erases the private half of a prekey (bytes: 1216) at once. */
  erasePrekey(prekey: Uint8Array): void {
    const id = toHex(prekeyId(prekey));
    this.#prekeys.erase(id);
    this.#forgetClosed([id]);
  }

  /** Erases the prekeys whose time is over. */
  expire(now: number): void {
    this.#forgetClosed(this.#prekeys.expire(now));
  }

  /**
   * Makes an epoch for the members given (this device may be among them) and opens it here. Throws RangeError for more than 48
   * other devices, and an Error for a prekey that is no public key.
   */
  rotate(terms: Omit<RotateTerms, 'room' | 'author'>): { readonly epoch: Hash; readonly frame: Bytes } {
    const secret = EpochSecret.fresh(this.#random);
    const members = terms.members.filter((member) => member.device !== this.me);
    const made = makeRotate({ ...terms, members, room: this.room, author: this.me }, secret, this.#random);
    const devices = [...members.map((member) => member.device), this.me].toSorted();
    const parents = [...new Set(terms.parents)].toSorted();
    const { address, memberSet } = terms;
    this.#openEpoch({ id: made.epoch, join: false, parents, address, memberSet, devices, openedAt: this.#now() }, secret, undefined);
    return made;
  }

  /**
   * Reads a Rotate and opens its epoch when a slice of it is this device's. `keysetOf`: of whoever may rotate. Refused, besides what
   * `readRotate` refuses: `full`.
   */
  readRotate(frame: Uint8Array, keysetOf: KeysetOf): Rotation | Refusal {
    const read = readRotate(frame, this.room, keysetOf);
    if (isRefusal(read)) return read;
    const { epoch, parents, memberSet, author, devices } = read;
    const rotation = { epoch, parents, memberSet, author, devices };
    const open = this.#epochs.get(epoch);
    if (open !== undefined) return { ...rotation, mine: true, address: open.epoch.address };
    if (this.#closed.has(epoch)) return { ...rotation, mine: false, why: 'closed' };
    const slice = sliceFor(read.slices, this.me);
    if (slice === undefined) return { ...rotation, mine: false, why: 'no-slice' };
    if (!this.#prekeys.has(slice.prekeyId)) return { ...rotation, mine: false, why: 'no-prekey' };
    const opened = this.#openRotation(read, slice);
    if (!isRefusal(opened)) return { ...rotation, mine: true, ...opened };
    return isDeceit(opened.refused) ? { ...rotation, mine: false, why: opened.refused } : opened;
  }

  #openRotation(read: ReadRotate, slice: Slice): { readonly address: Address; readonly prekey?: Bytes } | Refusal {
    if (this.#count(false) >= MAX_ROOM_EPOCHS) return refuse('full', 'rotate: too many epochs are open');
    const secret = this.openSlice(read.epoch, slice);
    if (isRefusal(secret)) return secret;
    try {
      if (!secret.keeps(read.commitment)) return refuse('bad-commitment', 'rotate');
      const body = openEpochBody(secret, this.room, read.box);
      if (isRefusal(body)) return body;
      const { epoch: id, parents, memberSet, devices } = read;
      const epoch: Epoch = { id, join: false, parents, address: body.address, memberSet, devices, openedAt: this.#now() };
      this.#openEpoch(epoch, secret, toHex(slice.prekeyId));
      return body;
    } finally {
      secret.erase();
    }
  }

  /** The secret in a slice. Refused: `no-prekey` (not here, or erased), `bad-slice`. Whoever asks erases it. */
  openSlice(epoch: Hash, slice: Slice): EpochSecret | Refusal {
    if (!this.#prekeys.has(slice.prekeyId)) return refuse('no-prekey', 'slice');
    const context = sliceContext(this.room, epoch, slice.device, slice.prekeyId);
    const secret = this.#prekeys.open(slice.prekeyId, 'slice', context, slice.sealed);
    return secret?.length === 32 ? new EpochSecret(secret) : refuse('bad-slice', 'slice');
  }

  /**
   * Opens the epoch of a Join, at the joiner (no slice) and at each admitter (with the slice that brought the secret). Erases the
   * secret. Refused: `closed` (it was open here before), `full`.
   */
  adoptJoinEpoch(epoch: Omit<Epoch, 'join' | 'parents' | 'openedAt'>, secret: EpochSecret, slice?: Slice): Refusal | undefined {
    const full = !this.#epochs.has(epoch.id) && this.#count(true) >= MAX_JOIN_EPOCHS;
    if (full || this.#closed.has(epoch.id)) {
      secret.erase();
      return refuse(full ? 'full' : 'closed', 'join');
    }
    this.#openEpoch({ ...epoch, join: true, parents: [], openedAt: this.#now() }, secret, slice && toHex(slice.prekeyId));
    return undefined;
  }

  /** The epochs that are open here, in the order in which they were opened. */
  epochs(): readonly Epoch[] {
    return [...this.#epochs.values()].map(({ epoch }) => epoch);
  }

  #count(join: boolean): number {
    return this.epochs().filter((epoch) => epoch.join === join).length;
  }

  /** Signs and seals a Batch for both mailboxes. Throws RangeError for one over MAX_BATCH and Error for an epoch that is not open here. */
  seal(epoch: Hash, batch: Uint8Array): { readonly index: number; readonly blobs: SealedFor[] } {
    if (batch.length > MAX_BATCH) throw new RangeError(`keyring: a batch of ${batch.length} bytes is longer than ${MAX_BATCH}; split it`);
    const open = this.#epochs.get(epoch);
    const chain = open?.chains.get(this.me);
    if (open === undefined || chain === undefined) throw new Error('keyring: this epoch is not open; seal under one of epochs()');
    const { index, key } = chain.take();
    const { devices, address } = open.epoch;
    this.#changes.put(recordKey.chain(open.n, devices.indexOf(this.me)), chain.export());
    const header: Header = { kind: BlobKind.UPDATE, epoch: idBytes(epoch).slice(0, 8), device: idBytes(this.me), index };
    const text = concat(this.#sign(PURPOSE, placed(epoch, index, batch)), batch);
    const blobs = sealForBoth(address, header, key, text, this.#random);
    key.fill(0);
    return { index, blobs };
  }

  /** Seals a Rotate, or a Join at an invite's address, for both mailboxes. */
  sealRotation(address: Address, frame: Uint8Array): SealedFor[] {
    return sealRotation(address, frame, this.#random);
  }

  /**
   * Opens a blob that came from a topic of the address. Never throws. Refused: `size`, `forged`, `malformed`, `wrong-kind`,
   * `wrong-address`, `unknown-epoch`, `unknown-device`, `own`, `too-far`, `unknown-sender`, `bad-signature`, and `repeated`: opened
   * before, mostly the other mailbox's copy. A refusal changes nothing.
   */
  open(address: Address, topic: TopicId, blob: Uint8Array, keysetOf: KeysetOf): Opened | Refusal {
    const header = openHeader(address.secret, topic, blob);
    if (isRefusal(header)) return header;
    if (header.kind === BlobKind.UPDATE) return this.#openUpdate({ address, topic, blob, header, keysetOf });
    if (header.kind !== BlobKind.ROTATION) return refuse('wrong-kind', 'blob');
    const text = openBody(rotationKey(address), topic, blob, header.length);
    return isRefusal(text) ? text : { kind: 'rotation', text };
  }

  /** Two epochs may share their first 8 bytes, by design of whoever made the second: each is tried. */
  #openUpdate(sealed: SealedBatch): Opened | Refusal {
    const tag = toHex(sealed.header.epoch);
    let refusal = refuse('unknown-epoch', 'blob');
    for (const open of this.#epochs.values()) {
      if (!open.epoch.id.startsWith(tag)) continue;
      const opened = this.#openIn(open, sealed);
      if (!isRefusal(opened)) return opened;
      refusal = opened;
    }
    return refusal;
  }

  #openIn({ epoch, n, chains }: OpenEpoch, { address, topic, blob, header, keysetOf }: SealedBatch): Opened | Refusal {
    const device = deviceId(header.device);
    const chain = chains.get(device);
    if (!equal(epoch.address.secret, address.secret)) return refuse('wrong-address', 'blob');
    if (chain === undefined) return refuse('unknown-device', 'blob');
    if (device === this.me) return refuse('own', 'blob');
    const found = chain.find(header.index);
    if (isRefusal(found)) return found;
    const signed = openBody(found.key, topic, blob, header.length);
    if (isRefusal(signed)) return signed;
    const text = signed.slice(SIGNATURE);
    const keyset = keysetOf(device);
    if (keyset === undefined) return refuse('unknown-sender', 'blob');
    if (!verifyLight(PURPOSE, keyset, placed(epoch.id, header.index, text), signed.subarray(0, SIGNATURE)))
      return refuse('bad-signature', 'blob');
    const d = epoch.devices.indexOf(device);
    const { left, gone } = chain.accept(found);
    if (found.passed.length > 0) this.#changes.put(recordKey.chain(n, d), chain.export());
    for (const [index, key] of left) this.#changes.put(recordKey.skipped(n, d, index), key.slice());
    for (const index of gone) this.#changes.delete(recordKey.skipped(n, d, index));
    return { kind: 'update', epoch: epoch.id, device, index: header.index, text };
  }

  /** Erases every key of an epoch: what was sealed under it and not opened yet stays closed. */
  close(id: Hash): void {
    const open = this.#epochs.get(id);
    if (open === undefined) return;
    const { epoch, n, chains, openedBy } = open;
    for (const [d, device] of epoch.devices.entries()) {
      const chain = chains.get(device);
      for (const index of chain?.skipped ?? []) this.#changes.delete(recordKey.skipped(n, d, index));
      chain?.erase();
      this.#changes.delete(recordKey.chain(n, d));
    }
    this.#epochs.delete(id);
    this.#changes.delete(recordKey.epoch(n));
    // While its prekey lives the same Rotate could open the epoch anew, with every chain at its beginning.
    if (openedBy === undefined || !this.#prekeys.has(fromHex(openedBy))) return;
    this.#closed.set(id, openedBy);
    this.#changes.put(recordKey.closed(id), fromHex(openedBy));
  }

  #forgetClosed(prekeyIds: readonly string[]): void {
    for (const [epoch, id] of this.#closed) {
      if (!prekeyIds.includes(id)) continue;
      this.#closed.delete(epoch);
      this.#changes.delete(recordKey.closed(epoch));
    }
  }

  /** Opens an epoch once and erases its secret. */
  #openEpoch(epoch: Epoch, secret: EpochSecret, openedBy: string | undefined): void {
    if (!this.#epochs.has(epoch.id)) {
      const n = this.#nextEpoch++;
      const chains = new Map(epoch.devices.map((device) => [device, new SenderChain(secret.chain(this.room, epoch.id, device))]));
      this.#epochs.set(epoch.id, { epoch, n, chains, openedBy });
      this.#changes.put(recordKey.epoch(n), encodeEpoch(epoch, openedBy));
      for (const [d, device] of epoch.devices.entries())
        this.#changes.put(recordKey.chain(n, d), chains.get(device)?.export() ?? new Uint8Array(0));
    }
    secret.erase();
  }

  #restore(records: ReadonlyMap<string, Uint8Array>): void {
    const chains = new Map<string, Bytes>();
    const skipped = new Map<string, [number, Bytes][]>();
    const epochs: [number, Uint8Array][] = [];
    for (const [key, value] of records) {
      const [, kind = '', a = '', b = '', c = ''] = key.split('/');
      if (kind === 'p') this.#prekeys.restore(value);
      else if (kind === 'e') epochs.push([Number(a), value]);
      else if (kind === 'c') chains.set(`${a}/${b}`, value.slice());
      else if (kind === 's') skipped.set(`${a}/${b}`, [...(skipped.get(`${a}/${b}`) ?? []), [Number(c), value.slice()]]);
      else if (kind === 'x') this.#closed.set(hash(fromHex(a)), toHex(value));
      else throw new Error(`keyring: no record is called ${key}`);
    }
    for (const [n, value] of epochs.toSorted(([a], [b]) => a - b)) {
      const { epoch, openedBy } = decodeEpoch(value);
      const open = epoch.devices.map((device, d) => {
        const chain = chains.get(`${n}/${d}`);
        if (chain === undefined) throw new Error('keyring: the record of a chain is missing');
        return [device, importChain(chain, skipped.get(`${n}/${d}`) ?? [])] as const;
      });
      this.#epochs.set(epoch.id, { epoch, n, chains: new Map(open), openedBy });
      this.#nextEpoch = Math.max(this.#nextEpoch, n + 1);
    }
  }
}

interface SealedBatch {
  readonly address: Address;
  readonly topic: TopicId;
  readonly blob: Uint8Array;
  readonly header: OpenedHeader;
  readonly keysetOf: KeysetOf;
}

/** What a batch's signature covers: at its place of the chain, and nowhere else. */
const placed = (epoch: Hash, index: number, batch: Uint8Array): Bytes => concat(idBytes(epoch), u32(index), batch);

const rotationKey = (address: Address): Bytes => kdf('rotation', 32, address.secret);

/** Seals a Rotate or a Join (kind 1) for both mailboxes of the address. Throws RangeError for a frame over MAX_TEXT. */
export function sealRotation(address: Address, frame: Uint8Array, random: Random): SealedFor[] {
  return sealForBoth(address, unchained(BlobKind.ROTATION), rotationKey(address), frame, random);
}

/** One text for both mailboxes of an address, each under a nonce of its own. */
export function sealForBoth(address: Address, header: Header, key: Uint8Array, text: Uint8Array, random: Random): SealedFor[] {
  return topics(address).map(({ topic, id }) => ({ topic, blob: sealBlob(address.secret, id, header, key, text, random) }));
}
