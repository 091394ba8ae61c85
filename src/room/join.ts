/**
 * A Join (docs/protocol.md §8.5): Rotate-shaped, with a secret of the joiner's for the admitters, so that it can write at once.
 *
 *   Join  = core | proof | slices                          R = H(core) = H(Join): its epoch, and what `admit` names
 *   core  = suite, room, ipk, H(Welcome), commitment, box{ A_j, certificate, prekey, name }
 *   proof = box{ hybrid by the joiner's device, Ed25519 by isk }, both over
 *           "sotto/1/join" | room | ipk | H(Welcome) | joiner keyset | prekey | R | slices root
 *
 * The signatures cover R and so stand beside the core; both boxes are closed to other holders of the link.
 */
import {
  concat,
  equal,
  hash,
  idBytes,
  isRefusal,
  refuse,
  type Bytes,
  type DeviceId,
  type Hash,
  type Random,
  type Refusal,
  type RoomId,
} from '../base/index.ts';
import { ed25519, hybrid, purpose, sha256 } from '../crypto/index.ts';
import { SUITE, verifyCertificate, type DeviceIdentity, type Persona } from '../identity/index.ts';
import {
  EpochSecret,
  isPrekey,
  readAddress,
  readSlices,
  sealRotation,
  sliceFor,
  slicesRoot,
  type Address,
  type Keyring,
  type SealedFor,
  type Slice,
} from '../keyring/index.ts';
import {
  create,
  decodeStrict,
  encode,
  JoinBodySchema,
  JoinCoreSchema,
  JoinProofSchema,
  JoinSchema,
  SignedSchema,
  type MessageShape,
} from '../wire/index.ts';
import { signWithInvite, type InviteSecret, type ParsedLink } from './invite-link.ts';
import { nameFits, type Welcome } from './welcome.ts';

const PURPOSE = 'join';

export interface JoinTerms {
  readonly welcome: Welcome;
  readonly link: ParsedLink;
  readonly persona: Persona;
  /** The joiner's keyring for the room: the epoch opens in it. */
  readonly keyring: Keyring;
  /** Of `keyring.newPrekey()`. bytes: 1216 */
  readonly prekey: Uint8Array;
  readonly name: string;
  /** A_j, where the joiner writes until it is let in. */
  readonly address: Address;
  readonly random: Random;
}

/** Makes a Join and opens its epoch, so that `keyring.seal(joinHash, …)` works at once. Throws RangeError for a name that is too long, and Error for a keyring that is full. */
export function makeJoin(terms: JoinTerms): { readonly frame: Bytes; readonly joinHash: Hash } {
  const { welcome, persona, keyring, address, random } = terms;
  if (!nameFits(terms.name)) throw new RangeError('join: the name is too long');
  const secret = EpochSecret.fresh(random);
  const core = encode(
    JoinCoreSchema,
    create(JoinCoreSchema, {
      suite: SUITE,
      room: idBytes(welcome.room),
      ipk: welcome.ipk,
      welcome: idBytes(welcome.hash),
      commitment: secret.commitment(),
      box: secret.seal('epoch-body', idBytes(welcome.room), encodeBody(terms)),
    }),
  );
  const joinHash = hash(sha256(core));
  const members = welcome.admitters.map(({ identity, prekey }) => ({ device: identity.device, prekey }));
  const slices = secret.slices(welcome.room, joinHash, members, random);
  const bound = concat(idBytes(joinHash), slicesRoot(slices));
  const proof = secret.seal('join-proof', bound, encodeProof(terms, bound));
  const devices = [...members.map((member) => member.device), persona.device].toSorted();
  const refused = keyring.adoptJoinEpoch({ id: joinHash, address, memberSet: welcome.hash, devices }, secret);
  if (refused !== undefined) throw new Error('join: this keyring has joined too often; begin with a new one');
  return { frame: encode(JoinSchema, create(JoinSchema, { core, proof, slices })), joinHash };
}

function encodeBody({ address, persona, prekey, name }: JoinTerms): Bytes {
  const fields = {
    address: address.secret,
    mailboxes: address.mailboxes.map(idBytes),
    certificate: persona.certificate,
    prekey: concat(prekey),
    name,
  };
  return encode(JoinBodySchema, create(JoinBodySchema, fields));
}

function encodeProof({ welcome, link, persona, prekey }: JoinTerms, bound: Uint8Array): Bytes {
  const statement = statementOf(welcome.room, welcome.ipk, welcome.hash, persona.deviceKeyset, prekey, bound);
  const signed = decodeStrict(SignedSchema, persona.sign(PURPOSE, statement));
  if (isRefusal(signed)) throw new Error('join: the persona gave no signature');
  const invite = signWithInvite(link, purpose(PURPOSE, statement));
  return encode(JoinProofSchema, create(JoinProofSchema, { ed25519: signed.ed25519, mlDsa: signed.mlDsa, invite }));
}

/** Every part has a fixed length. `bound` = R | slices root. */
const statementOf = (room: RoomId, ipk: Uint8Array, welcome: Hash, keyset: Uint8Array, prekey: Uint8Array, bound: Uint8Array): Bytes =>
  concat(idBytes(room), ipk, idBytes(welcome), keyset, prekey, bound);

/** Seals a Join for the invite's address (kind 1). */
export const sealJoin = (invite: Pick<InviteSecret, 'address'>, frame: Uint8Array, random: Random): SealedFor[] =>
  sealRotation(invite.address, frame, random);

export interface Join {
  /** H(Join), and the id of its epoch. */
  readonly joinHash: Hash;
  readonly identity: DeviceIdentity;
  readonly certificate: Bytes;
  /** bytes: 1216 */
  readonly prekey: Bytes;
  readonly name: string;
  /** A_j */
  readonly address: Address;
  readonly welcome: Hash;
}

export interface JoinExpected {
  /** Of this device in the room; holds the prekey that the Welcome gave. */
  readonly keyring: Keyring;
  readonly ipk: Uint8Array;
  /** The Welcomes that were posted for this invite. */
  readonly welcomes: readonly Hash[];
  /** Hours since 1970, by network time. */
  readonly hourNow: number;
}

/**
 * Reads a Join at an admitter, and opens its epoch in the keyring, so that the joiner's first messages can be opened. Refused:
 * `malformed`, `not-canonical`, `wrong-room`, `wrong-invite`, `wrong-welcome`, `no-slice`, `no-prekey`, `bad-slice`,
 * `bad-commitment`, `bad-box`, `expired`, `bad-signature`, `closed` (its epoch was closed here), `full` (too many Joins wait).
 */
export function readJoin(frame: Uint8Array, expected: JoinExpected): Join | Refusal {
  const outer = readOuter(frame, expected);
  if (isRefusal(outer)) return outer;
  const secret = expected.keyring.openSlice(outer.joinHash, outer.slice);
  if (isRefusal(secret)) return secret;
  try {
    return readInner(outer, secret, expected);
  } finally {
    secret.erase();
  }
}

/** What a Join shows to every holder of the link. */
interface Outer {
  readonly joinHash: Hash;
  readonly core: MessageShape<typeof JoinCoreSchema>;
  readonly welcome: Hash;
  readonly proof: Uint8Array;
  readonly bound: Bytes;
  readonly slices: readonly Slice[];
  readonly slice: Slice;
}

function readOuter(frame: Uint8Array, { keyring, ipk, welcomes }: JoinExpected): Outer | Refusal {
  const join = decodeStrict(JoinSchema, frame);
  const core = isRefusal(join) ? join : decodeStrict(JoinCoreSchema, join.core);
  if (isRefusal(join) || isRefusal(core)) return refuse('malformed', 'join');
  if (core.suite !== SUITE || core.commitment.length !== 32) return refuse('malformed', 'join: core');
  if (!equal(core.room, idBytes(keyring.room))) return refuse('wrong-room', 'join');
  if (!equal(core.ipk, ipk)) return refuse('wrong-invite', 'join');
  const welcome = welcomes.find((known) => equal(core.welcome, idBytes(known)));
  if (welcome === undefined) return refuse('wrong-welcome', 'join');
  const slices = readSlices(join.slices);
  if (isRefusal(slices)) return slices;
  const slice = sliceFor(slices, keyring.me);
  if (slice === undefined) return refuse('no-slice', 'join');
  const joinHash = hash(sha256(join.core));
  return { joinHash, core, welcome, proof: join.proof, bound: concat(idBytes(joinHash), slicesRoot(join.slices)), slices, slice };
}

function readInner(outer: Outer, secret: EpochSecret, { keyring, ipk, hourNow }: JoinExpected): Join | Refusal {
  const { joinHash, core, welcome, bound, slices, slice } = outer;
  if (!secret.keeps(core.commitment)) return refuse('bad-commitment', 'join');
  const body = readBody(secret.open('epoch-body', core.room, core.box), hourNow);
  if (isRefusal(body)) return body;
  const statement = purpose(PURPOSE, statementOf(keyring.room, ipk, welcome, body.identity.deviceKeyset, body.prekey, bound));
  const plain = secret.open('join-proof', bound, outer.proof);
  const proof = plain === undefined ? refuse('bad-box', 'join: proof') : decodeStrict(JoinProofSchema, plain);
  if (isRefusal(proof)) return refuse('bad-box', 'join: proof');
  const signed = ed25519.verify(ipk, statement, proof.invite) && hybrid.verify(body.identity.deviceKeyset, statement, proof);
  if (!signed) return refuse('bad-signature', 'join');
  const others: readonly DeviceId[] = slices.map(({ device }) => device);
  if (others.includes(body.identity.device)) return refuse('bad-slice', 'join: a slice for the joiner');
  const devices = [...others, body.identity.device].toSorted();
  const refused = keyring.adoptJoinEpoch({ id: joinHash, address: body.address, memberSet: welcome, devices }, secret, slice);
  return refused ?? { joinHash, welcome, ...body };
}

function readBody(plain: Uint8Array | undefined, hourNow: number): Omit<Join, 'joinHash' | 'welcome'> | Refusal {
  const body = plain === undefined ? refuse('bad-box', 'join') : decodeStrict(JoinBodySchema, plain);
  if (isRefusal(body)) return refuse('bad-box', 'join');
  const address = readAddress(body.address, body.mailboxes);
  if (address === undefined || !isPrekey(body.prekey) || !nameFits(body.name)) return refuse('bad-box', 'join');
  const identity = verifyCertificate(body.certificate, hourNow);
  if (isRefusal(identity)) return identity;
  return { identity, certificate: concat(body.certificate), prekey: concat(body.prekey), name: body.name, address };
}
