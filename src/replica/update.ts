/**
 * An update: one step of a device's document, signed (docs/protocol.md §8.3).
 *
 *   SignedUpdate = body | Ed25519 over "sotto/1/update" | body          at most 48 KiB; hash = H(body)
 *   body         = room | device | segment | seq | previous | HLC | Yjs update v2
 *
 * `previous` is the hash of the device's update before it, across segments too; zeros in its first.
 */
import {
  deviceId,
  equal,
  hash,
  idBytes,
  isRefusal,
  refuse,
  type Bytes,
  type DeviceId,
  type Hash,
  type Refusal,
  type RoomId,
} from '../base/index.ts';
import { sha256 } from '../crypto/index.ts';
import { create, decodeStrict, encode, SignedUpdateSchema, UpdateSchema } from '../wire/index.ts';
import { clientOf, keptAppend, readAppend, type Append } from './append.ts';

export const UPDATE_BYTES = 48 * 1024;
export const PURPOSE = 'update';
export const NO_HASH: Hash = hash(new Uint8Array(32));

/** A place in a device's sequence of updates. */
export interface Position {
  readonly segment: number;
  readonly seq: number;
}

export const comparePositions = (a: Position, b: Position): number => a.segment - b.segment || a.seq - b.seq;

interface Content {
  readonly previous: Hash;
  readonly hlc: bigint;
  readonly changes: Bytes;
  readonly append: Append;
}

/** An update that is here. One from one's own store is not read until it is asked for what is in it. */
export class Update implements Position {
  readonly device: DeviceId;
  readonly segment: number;
  readonly seq: number;
  readonly hash: Hash;
  /** SignedUpdate, as carried. */
  readonly bytes: Bytes;
  #content: Content | undefined;

  private constructor(at: Position & { device: DeviceId; hash: Hash }, bytes: Bytes, content?: Content) {
    this.device = at.device;
    this.segment = at.segment;
    this.seq = at.seq;
    this.hash = at.hash;
    this.bytes = bytes;
    this.#content = content;
  }

  /** Signs the next update of a device. */
  static make(
    at: Position & { room: RoomId; device: DeviceId },
    content: Content,
    sign: (purpose: string, body: Uint8Array) => Bytes,
  ): Update {
    const { segment, seq, device } = at;
    const { hlc, changes } = content;
    const fields = { room: idBytes(at.room), device: idBytes(device), segment, seq, previous: idBytes(content.previous), hlc, changes };
    const body = encode(UpdateSchema, create(UpdateSchema, fields));
    const bytes = encode(SignedUpdateSchema, create(SignedUpdateSchema, { body, signature: sign(PURPOSE, body) }));
    return new Update({ device, segment, seq, hash: hash(sha256(body)) }, bytes, content);
  }

  /** From one's own store, by its key. Undefined when the key is not one of an update. */
  static stored(key: string, bytes: Uint8Array): Update | undefined {
    const match = /^u\/([0-9a-f]{32})\/(\d+)\/(\d+)\/([0-9a-f]{64})$/.exec(key);
    if (match === null) return undefined;
    const [, device = '', segment, seq, own = ''] = match;
    return new Update({ device: device as DeviceId, segment: Number(segment), seq: Number(seq), hash: own as Hash }, bytes.slice());
  }

  /** From the network: everything is checked but the signature and what depends on other updates. */
  static read(bytes: Uint8Array, room: RoomId): { update: Update; body: Bytes; signature: Bytes } | Refusal {
    if (bytes.length > UPDATE_BYTES) return refuse('oversized', 'update');
    const signed = decodeStrict(SignedUpdateSchema, bytes);
    if (isRefusal(signed)) return signed;
    const fields = readBody(signed.body, room);
    if (isRefusal(fields)) return fields;
    const update = new Update({ ...fields, hash: hash(sha256(signed.body)) }, bytes.slice(), fields);
    return { update, body: signed.body.slice(), signature: signed.signature.slice() };
  }

  get key(): string {
    return `u/${this.device}/${this.segment}/${this.seq}/${this.hash}`;
  }

  get previous(): Hash {
    return this.#read().previous;
  }

  get hlc(): bigint {
    return this.#read().hlc;
  }

  /** Yjs update v2. */
  get changes(): Bytes {
    return this.#read().changes;
  }

  get append(): Append {
    return this.#read().append;
  }

  /** Position of the entry that would come next. */
  get end(): number {
    return this.append.first + this.append.entries.length;
  }

  #read(): Content {
    if (this.#content !== undefined) return this.#content;
    const signed = decodeStrict(SignedUpdateSchema, this.bytes);
    const content = isRefusal(signed) ? signed : readBody(signed.body);
    if (isRefusal(content)) throw new Error(`the store gave back a damaged update (${content.refused}): restore from another device`);
    this.#content = content;
    return content;
  }
}

/** Without a room the body is one's own store's, checked before it was kept. */
function readBody(body: Uint8Array, room?: RoomId): (Content & Position & { device: DeviceId }) | Refusal {
  const fields = decodeStrict(UpdateSchema, body);
  if (isRefusal(fields)) return fields;
  const { segment, seq, hlc } = fields;
  if (fields.room.length !== 32 || fields.device.length !== 16 || fields.previous.length !== 32) return refuse('malformed', 'update');
  if (room !== undefined && !equal(fields.room, idBytes(room))) return refuse('wrong-room', 'update');
  const device = deviceId(fields.device);
  const previous = hash(fields.previous);
  if ((segment === 0 && seq === 0) !== (previous === NO_HASH)) return refuse('malformed', 'update: previous');
  const client = clientOf(device, segment);
  const append = room === undefined ? keptAppend(fields.changes, client) : readAppend(fields.changes, client);
  if (isRefusal(append)) return append;
  if ((seq === 0) !== (append.first === 0)) return refuse('pending', 'the first update of a segment, and no other, begins it');
  return { device, segment, seq, previous, hlc, changes: fields.changes.slice(), append };
}
