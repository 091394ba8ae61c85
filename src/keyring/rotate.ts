/**
 * Rotate (docs/protocol.md §8.2): a new epoch, made by one device for all.
 *
 *   Rotate = Signed{ RotateBody{ core, slices root } } | slices          R = H(core)
 *   core   = suite, room, parents, member set, author, commitment, box{ address, mailboxes, author's prekey }
 *
 *   received ── signature, root, order ──▶ ReadRotate ── slice, commitment, box ──▶ epoch
 */
import {
  compare,
  deviceId,
  equal,
  hash,
  idBytes,
  isRefusal,
  refuse,
  roomId,
  type Bytes,
  type DeviceId,
  type Hash,
  type Random,
  type Refusal,
  type RoomId,
} from '../base/index.ts';
import { sha256 } from '../crypto/index.ts';
import { bodyOf, deviceOf, SUITE, verifySigned } from '../identity/index.ts';
import { create, decodeStrict, encode, EpochBodySchema, RotateBodySchema, RotateCoreSchema, RotateSchema } from '../wire/index.ts';
import { readAddress, type Address } from './address.ts';
import type { EpochSecret } from './epoch-secret.ts';
import { isPrekey, readSlices, slicesRoot, type EpochMember, type Slice } from './slices.ts';

const PURPOSE = 'rotate';
export const MAX_PARENTS = 16;

export interface RotateTerms {
  readonly room: RoomId;
  readonly author: DeviceId;
  readonly parents: readonly Hash[];
  readonly memberSet: Hash;
  readonly address: Address;
  /** The other devices of the epoch. */
  readonly members: readonly EpochMember[];
  /** The author's fresh prekey, for all members. bytes: 1216 */
  readonly prekey?: Bytes;
  readonly sign: (purpose: string, body: Uint8Array) => Bytes;
}

/** Throws RangeError for terms that do not fit one blob or name something twice. */
export function makeRotate(terms: RotateTerms, secret: EpochSecret, random: Random): { readonly epoch: Hash; readonly frame: Bytes } {
  if (terms.address.mailboxes[0] === terms.address.mailboxes[1])
    throw new RangeError('rotation: the two mailboxes of an address are the same');
  if (terms.parents.length > MAX_PARENTS) throw new RangeError(`rotation: at most ${MAX_PARENTS} parents`);
  const parents = [...new Set(terms.parents)].toSorted().map(idBytes);
  const room = idBytes(terms.room);
  const coreBytes = encode(
    RotateCoreSchema,
    create(RotateCoreSchema, {
      suite: SUITE,
      room,
      parents,
      memberSet: idBytes(terms.memberSet),
      author: idBytes(terms.author),
      commitment: secret.commitment(),
      box: secret.seal('epoch-body', room, encodeBody(terms.address, terms.prekey)),
    }),
  );
  const epoch = hash(sha256(coreBytes));
  const slices = secret.slices(terms.room, epoch, terms.members, random);
  const body = encode(RotateBodySchema, create(RotateBodySchema, { core: coreBytes, slicesRoot: slicesRoot(slices) }));
  return { epoch, frame: encode(RotateSchema, create(RotateSchema, { signed: terms.sign(PURPOSE, body), slices })) };
}

/** A Rotate whose signatures, root and form are right; its secret is not opened yet. */
export interface ReadRotate {
  readonly epoch: Hash;
  readonly parents: readonly Hash[];
  readonly memberSet: Hash;
  readonly author: DeviceId;
  /** Of the slices and the author, ascending. */
  readonly devices: readonly DeviceId[];
  readonly commitment: Bytes;
  readonly box: Bytes;
  readonly slices: readonly Slice[];
}

/**
 * Refused: `malformed`, `not-canonical`, `wrong-room`, `unknown-author`, `bad-signature`, `bad-slices`. `keysetOf` gives the
 * keyset of a device that may rotate; one that does not hash to the device is taken as unknown.
 */
export function readRotate(frame: Uint8Array, room: RoomId, keysetOf: (device: DeviceId) => Uint8Array | undefined): ReadRotate | Refusal {
  const rotate = decodeStrict(RotateSchema, frame);
  if (isRefusal(rotate)) return rotate;
  const claimed = bodyOf(rotate.signed);
  const body = isRefusal(claimed) ? claimed : decodeStrict(RotateBodySchema, claimed);
  if (isRefusal(body)) return body;
  const core = readCore(body.core);
  if (isRefusal(core)) return core;
  if (core.room !== room) return refuse('wrong-room', 'rotate');
  const keyset = keysetOf(core.author);
  if (keyset === undefined || deviceOf(keyset) !== core.author) return refuse('unknown-author', 'rotate');
  const verified = verifySigned(PURPOSE, keyset, rotate.signed);
  if (isRefusal(verified)) return verified;
  const slices = readSlices(rotate.slices);
  if (isRefusal(slices)) return slices;
  if (!equal(slicesRoot(rotate.slices), body.slicesRoot)) return refuse('bad-slices', 'rotate: root');
  const others = slices.map((slice) => slice.device);
  if (others.includes(core.author)) return refuse('bad-slices', 'rotate: a slice for its author');
  return { ...core, devices: [...others, core.author].toSorted(), slices };
}

function readCore(bytes: Uint8Array): (Omit<ReadRotate, 'devices' | 'slices'> & { readonly room: RoomId }) | Refusal {
  const core = decodeStrict(RotateCoreSchema, bytes);
  if (isRefusal(core)) return core;
  const { parents } = core;
  const lengths = [core.room, core.memberSet, core.commitment, ...parents].every((part) => part.length === 32) && core.author.length === 16;
  const ascending = parents.every((parent, i) => i === 0 || compare(parents[i - 1] ?? parent, parent) < 0);
  if (core.suite !== SUITE || !lengths || !ascending || parents.length > MAX_PARENTS) return refuse('malformed', 'rotate: core');
  return {
    epoch: hash(sha256(bytes)),
    room: roomId(core.room),
    parents: parents.map(hash),
    memberSet: hash(core.memberSet),
    author: deviceId(core.author),
    commitment: core.commitment.slice(),
    box: core.box.slice(),
  };
}

const encodeBody = (address: Address, prekey: Bytes | undefined): Bytes =>
  encode(
    EpochBodySchema,
    create(EpochBodySchema, { address: address.secret, mailboxes: address.mailboxes.map(idBytes), ...(prekey && { prekey }) }),
  );

/** What the box of a core holds. Refused: `bad-box`. */
export function openEpochBody(
  secret: EpochSecret,
  room: RoomId,
  box: Uint8Array,
): { readonly address: Address; readonly prekey?: Bytes } | Refusal {
  const plain = secret.open('epoch-body', idBytes(room), box);
  const body = plain === undefined ? refuse('bad-box', 'rotate') : decodeStrict(EpochBodySchema, plain);
  if (isRefusal(body)) return refuse('bad-box', 'rotate');
  const address = readAddress(body.address, body.mailboxes);
  if (address === undefined || (body.prekey.length !== 0 && !isPrekey(body.prekey))) return refuse('bad-box', 'rotate');
  return body.prekey.length === 0 ? { address } : { address, prekey: body.prekey.slice() };
}
