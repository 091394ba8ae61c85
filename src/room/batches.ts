/** Fills batches: the texts of kind 0 blobs (docs/protocol.md §7.1), each small enough for one blob. */
import {
  deviceId,
  idBytes,
  isRefusal,
  refuse,
  roomId,
  type Bytes,
  type DeviceId,
  type Hash,
  type Refusal,
  type RoomId,
} from '../base/index.ts';
import { verifyLight } from '../identity/index.ts';
import { isPrekey, MAX_BATCH } from '../keyring/index.ts';
import type { Head } from '../replica/index.ts';
import { BatchSchema, create, decodeStrict, encode, ReceiptBodySchema, ReceiptSchema, StateSchema, type Batch } from '../wire/index.ts';
import { readHeads, wireHead } from './heads.ts';
import { readPresence, wirePresence, type Presence } from './presence.ts';

export interface Contents {
  readonly operations?: readonly Uint8Array[];
  readonly updates?: readonly Uint8Array[];
  readonly receipt?: Uint8Array;
  readonly state?: { readonly heads: readonly Head[]; readonly operations: readonly Hash[] };
}

/** Room for the lengths and tags around one element. */
const AROUND = 8;

/** Splits the contents over as many texts as they need; operations come first. Throws RangeError when a single element fits no blob. */
export function fillBatches(contents: Contents): Bytes[] {
  const texts: Bytes[] = [];
  const { receipt, state } = contents;
  let batch = create(BatchSchema, {
    receipt: receipt ?? new Uint8Array(0),
    ...(state && { state: create(StateSchema, { heads: state.heads.map(wireHead), operations: state.operations.map(idBytes) }) }),
  });
  let size = encode(BatchSchema, batch).length;
  let any = size > 0;
  const close = (): void => {
    if (any) texts.push(encode(BatchSchema, batch));
    batch = create(BatchSchema, {});
    size = 0;
    any = false;
  };
  const add = (list: 'operations' | 'updates', element: Uint8Array): void => {
    if (element.length + AROUND > MAX_BATCH) throw new RangeError(`batch: an element of ${element.length} bytes fits no blob`);
    if (size + element.length + AROUND > MAX_BATCH) close();
    batch[list].push(element);
    size += element.length + AROUND;
    any = true;
  };
  for (const operation of contents.operations ?? []) add('operations', operation);
  for (const update of contents.updates ?? []) add('updates', update);
  close();
  return texts;
}

export const readBatch = (text: Uint8Array): Batch | Refusal => decodeStrict(BatchSchema, text);

export interface ReceiptTerms {
  readonly room: RoomId;
  readonly device: DeviceId;
  readonly heads: readonly Head[];
  readonly prekey?: Uint8Array;
  readonly read: readonly Head[];
  readonly direct?: Presence | undefined;
  readonly signLight: (purpose: string, body: Uint8Array) => Bytes;
}

export function makeReceipt(terms: ReceiptTerms): Bytes {
  const body = encode(
    ReceiptBodySchema,
    create(ReceiptBodySchema, {
      room: idBytes(terms.room),
      device: idBytes(terms.device),
      heads: terms.heads.map(wireHead),
      prekey: terms.prekey ?? new Uint8Array(0),
      read: terms.read.map(wireHead),
      ...(terms.direct && { direct: wirePresence(terms.direct) }),
    }),
  );
  return encode(ReceiptSchema, create(ReceiptSchema, { body, signature: terms.signLight('receipt', body) }));
}

export interface ReceiptRead {
  readonly device: DeviceId;
  readonly heads: readonly Head[];
  /** bytes: 1216, or undefined */
  readonly prekey: Bytes | undefined;
  readonly read: readonly Head[];
  readonly direct: Presence | undefined;
}

/** Reads a receipt of this room by the device that sent it; `keyset` is that device's. */
export function readReceipt(bytes: Uint8Array, room: RoomId, device: DeviceId, keyset: Uint8Array): ReceiptRead | Refusal {
  const receipt = decodeStrict(ReceiptSchema, bytes);
  if (isRefusal(receipt)) return receipt;
  if (!verifyLight('receipt', keyset, receipt.body, receipt.signature)) return refuse('forged', 'receipt');
  const body = decodeStrict(ReceiptBodySchema, receipt.body);
  if (isRefusal(body)) return body;
  if (body.room.length !== 32 || roomId(body.room) !== room) return refuse('wrong-room', 'receipt');
  if (body.device.length !== 16 || deviceId(body.device) !== device) return refuse('wrong-device', 'receipt');
  if (body.prekey.length !== 0 && !isPrekey(body.prekey)) return refuse('malformed', 'prekey');
  const heads = readHeads(body.heads);
  const read = readHeads(body.read);
  if (isRefusal(heads)) return heads;
  if (isRefusal(read)) return read;
  const direct = body.direct && readPresence(body.direct);
  if (isRefusal(direct)) return direct;
  const prekey = body.prekey.length === 0 ? undefined : new Uint8Array(body.prekey);
  return { device, heads, prekey, read, direct };
}
