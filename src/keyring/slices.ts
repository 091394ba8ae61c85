/**
 * Slices (docs/protocol.md §8.2): an epoch's secret, sealed to each device of the epoch but its author's.
 *
 *   slice = device 16 | prekey-id 8 | seal(prekey, "slice", room | R | device | prekey-id, s) 1168         1192 bytes
 *   root  = Merkle tree hash of RFC 6962 §2.1: leaf H(0 | slice), node H(1 | left | right), of none H()
 *
 * Ascending by device, each once: the same slices are one byte string only. The commitment in the core is what shows a rotator who
 * gives two members different secrets; the root lets a slice be proven alone.
 */
import {
  concat,
  deviceId,
  idBytes,
  refuse,
  type Bytes,
  type DeviceId,
  type Hash,
  type Random,
  type Refusal,
  type RoomId,
} from '../base/index.ts';
import { kem, KEM_CIPHERTEXT, sealTo, sha256 } from '../crypto/index.ts';

const DEVICE = 16;
const PREKEY_ID = 8;
const SEALED = KEM_CIPHERTEXT + 32 + 16;
export const SLICE_BYTES = DEVICE + PREKEY_ID + SEALED;

/** As many as one blob holds beside a Rotate's largest core and its signatures. */
export const MAX_SLICES = 48;

/** A device of an epoch, and the key that its slice is sealed to. */
export interface EpochMember {
  readonly device: DeviceId;
  /** X-Wing public key. bytes: 1216 */
  readonly prekey: Bytes;
}

export interface Slice {
  readonly device: DeviceId;
  /** bytes: 8 */
  readonly prekeyId: Bytes;
  /** bytes: 1168 */
  readonly sealed: Bytes;
}

/** True of a valid X-Wing public key: only such may be kept as a member's prekey, for a rotation has to seal to it. */
export const isPrekey = (bytes: Uint8Array): boolean => kem.encaps(bytes, new Uint8Array(64)) !== undefined;

export const prekeyId = (prekey: Uint8Array): Bytes => sha256(prekey).slice(0, PREKEY_ID);

/** What a slice is sealed for, besides its key: room | R | device | prekey-id. */
export const sliceContext = (room: RoomId, epoch: Hash, device: DeviceId, id: Uint8Array): Bytes =>
  concat(idBytes(room), idBytes(epoch), idBytes(device), id);

/** Throws RangeError for more than MAX_SLICES members or a device given twice, and when a prekey is not a valid public key. */
export function cutSlices(room: RoomId, epoch: Hash, members: readonly EpochMember[], secret: Uint8Array, random: Random): Bytes {
  if (members.length > MAX_SLICES)
    throw new RangeError(`rotation: ${members.length} devices do not fit one blob; at most ${MAX_SLICES + 1}`);
  const sorted = members.toSorted((a, b) => (a.device < b.device ? -1 : 1));
  if (sorted.some((member, i) => member.device === sorted[i + 1]?.device)) throw new RangeError('rotation: a device is given twice');
  return concat(
    ...sorted.map(({ device, prekey }) => {
      const id = prekeyId(prekey);
      const sealed = sealTo(prekey, 'slice', sliceContext(room, epoch, device, id), secret, random);
      if (sealed === undefined)
        throw new RangeError(`rotation: the prekey of device ${device} is no public key; check with isPrekey before keeping one`);
      return concat(idBytes(device), id, sealed);
    }),
  );
}

/** Refused: `malformed`. */
export function readSlices(bytes: Uint8Array): readonly Slice[] | Refusal {
  const count = bytes.length / SLICE_BYTES;
  if (!Number.isInteger(count) || count > MAX_SLICES) return refuse('malformed', 'slices: length');
  const slices = leaves(bytes).map((slice) => ({
    device: deviceId(slice.subarray(0, DEVICE)),
    prekeyId: slice.slice(DEVICE, DEVICE + PREKEY_ID),
    sealed: slice.slice(DEVICE + PREKEY_ID),
  }));
  const ascending = slices.every((slice, i) => i === 0 || slice.device > (slices[i - 1]?.device ?? ''));
  return ascending ? slices : refuse('malformed', 'slices: order');
}

/** bytes: 32 */
export const slicesRoot = (bytes: Uint8Array): Bytes => treeHash(leaves(bytes));

export const sliceFor = (slices: readonly Slice[], device: DeviceId): Slice | undefined => slices.find((slice) => slice.device === device);

function leaves(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length / SLICE_BYTES }, (_, i) => bytes.subarray(i * SLICE_BYTES, (i + 1) * SLICE_BYTES));
}

function treeHash(entries: readonly Uint8Array[]): Bytes {
  const [only] = entries;
  if (only === undefined) return sha256(new Uint8Array(0));
  if (entries.length === 1) return sha256(concat(Uint8Array.of(0), only));
  const split = 2 ** Math.floor(Math.log2(entries.length - 1));
  return sha256(concat(Uint8Array.of(1), treeHash(entries.slice(0, split)), treeHash(entries.slice(split))));
}
