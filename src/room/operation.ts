/**
 * One step of a room's membership log, as bytes and as what it says (docs/protocol.md §8.1).
 *
 *   Signed{ Operation{ room, parents, device, hlc, what }, both signatures }        hash = H(body); the room is the hash of its create
 */
import {
  compare,
  concat,
  deviceId,
  hash,
  idBytes,
  isRefusal,
  personaId,
  refuse,
  relayId,
  roomId,
  type Bytes,
  type DeviceId,
  type Hash,
  type PersonaId,
  type Refusal,
  type RelayId,
  type RoomId,
} from '../base/index.ts';
import { sha256 } from '../crypto/index.ts';
import { bodyOf, type Persona } from '../identity/index.ts';
import { isPrekey } from '../keyring/index.ts';
import { hlcAt, millisecondsOf, type Cut, type Head } from '../replica/index.ts';
import {
  create,
  decodeStrict,
  encode,
  OperationSchema,
  Role,
  RoomPolicySchema,
  type MessageInitShape,
  type MessageShape,
} from '../wire/index.ts';

export const OPERATION_PURPOSE = 'operation';
/** Fits one blob with room to spare. */
export const OPERATION_BYTES = 48 * 1024;
const MAX_PARENTS = 16;
const MAX_USES = 1000;
const MAX_CUTS = 64;
const NAME_BYTES = 256;

export interface RoomPolicy {
  /** Least level of the key agreement. */
  readonly suite: number;
  /** Who invites and admits. */
  readonly invites: 'owners' | 'members';
  /** Who decides on an admission: a person, or the first device that may. */
  readonly admission: 'person' | 'device';
  /** How many days back a newcomer sees. */
  readonly historyDays: number;
  /** Nobody may have direct links (docs/protocol.md §6.1). */
  readonly noDirect?: true;
}

export const DEFAULT_POLICY: RoomPolicy = { suite: 3, invites: 'members', admission: 'device', historyDays: 7 };

export interface InviteTerms {
  /** bytes: 32 */
  readonly ipk: Bytes;
  /** Secret of the address that Joins come to. bytes: 32 */
  readonly address: Bytes;
  /** bytes: 32 */
  readonly welcomeKey: Bytes;
  readonly mailboxes: readonly [RelayId, RelayId];
  /** 1 to 1000. */
  readonly uses: number;
  readonly expiresHour: number;
}

export interface Admission {
  readonly joinHash: Hash;
  /** bytes: 32 */
  readonly ipk: Bytes;
  /** Signed Certificate of the joiner's device. */
  readonly certificate: Bytes;
  /** bytes: 1216 */
  readonly prekey: Bytes;
  readonly name?: string;
}

/** What an operation says, once read. */
export type OperationSays =
  | { readonly create: { readonly certificate: Bytes; readonly prekey: Bytes; readonly salt: Bytes; readonly policy: RoomPolicy } }
  | { readonly invite: InviteTerms }
  | { readonly revoke: { readonly ipk: Bytes } }
  | { readonly admit: Admission }
  | { readonly remove: { readonly persona: PersonaId; readonly cuts: readonly { readonly device: DeviceId; readonly cut?: Cut }[] } }
  | { readonly role: { readonly persona: PersonaId; readonly role: 'owner' | 'member' } }
  | { readonly policy: RoomPolicy }
  | { readonly prekey: { readonly prekey: Bytes } }
  | { readonly leave: { readonly cut?: Cut } }
  | { readonly decide: { readonly ipk: Bytes; readonly joins: readonly Hash[] } };

type Key<T> = T extends unknown ? keyof T : never;
export type OperationKind = Key<OperationSays>;

/**
 * What one can write. In `remove`, `heads` are the replica's: what was accepted of `devices` stays, nothing beyond. In `leave`, with
 * `heads` one's own last update is said.
 */
export type OperationContent =
  | Exclude<OperationSays, { readonly create: unknown } | { readonly remove: unknown } | { readonly leave: unknown }>
  | { readonly remove: { readonly persona: PersonaId; readonly devices: readonly DeviceId[]; readonly heads: readonly Head[] } }
  | { readonly leave: { readonly heads?: readonly Head[] } };

/** An operation that has been read; signatures and rights are the log's to check. */
export interface ReadOperation {
  readonly hash: Hash;
  /** Of a create, its own hash. */
  readonly room: RoomId;
  readonly parents: readonly Hash[];
  readonly device: DeviceId;
  readonly hlc: bigint;
  readonly says: OperationSays;
  /** Encoded Signed, as carried. */
  readonly bytes: Bytes;
}

/** Hours since 1970 by the author's clock. */
export const hourOfOperation = ({ hlc }: { readonly hlc: bigint }): number => Math.floor(millisecondsOf(hlc) / 3_600_000);

type Body = MessageShape<typeof OperationSchema>;
type What = MessageInitShape<typeof OperationSchema>['what'] & object;

/** Makes a room. `now` in milliseconds since 1970; `prekey` 1216 bytes, `salt` 32. */
export function authorCreate(
  terms: { readonly now: number; readonly prekey: Bytes; readonly salt: Bytes; readonly policy?: RoomPolicy },
  persona: Persona,
): Bytes {
  const { prekey, salt } = terms;
  const value = { certificate: persona.certificate, prekey, salt, policy: policyMessage(terms.policy ?? DEFAULT_POLICY) };
  return signed({ device: idBytes(persona.device), hlc: hlcAt(terms.now), what: { case: 'create', value } }, persona);
}

/** Signs a step after `parents` (of more than 16 the first 16). Throws RangeError when it breaks a limit. */
export function authorOperation(
  step: { readonly room: RoomId; readonly parents: readonly Hash[]; readonly now: number; readonly content: OperationContent },
  persona: Persona,
): Bytes {
  const parents = step.parents.toSorted().slice(0, MAX_PARENTS).map(idBytes);
  const what = whatOf(step.content, persona.device);
  return signed({ room: idBytes(step.room), parents, device: idBytes(persona.device), hlc: hlcAt(step.now), what }, persona);
}

/** Refused: `oversized`, `malformed`, `not-canonical`. */
export function readOperation(bytes: Uint8Array): ReadOperation | Refusal {
  if (bytes.length > OPERATION_BYTES) return refuse('oversized', 'operation');
  const body = bodyOf(bytes);
  if (isRefusal(body)) return body;
  const fields = decodeStrict(OperationSchema, body);
  if (isRefusal(fields)) return fields;
  const isCreate = fields.what.case === 'create';
  const sized = fields.device.length === 16 && fields.room.length === (isCreate ? 0 : 32) && (fields.parents.length === 0) === isCreate;
  if (!sized || fields.parents.length > MAX_PARENTS || !areAscending(fields.parents, 32)) return refuse('malformed', 'operation');
  const says = read(() => saidBy(fields.what));
  if (says === undefined) return refuse('malformed', `operation ${fields.what.case ?? 'of no kind'}`);
  const own = hash(sha256(body));
  const room = isCreate ? roomId(idBytes(own)) : roomId(fields.room);
  return {
    hash: own,
    room,
    parents: fields.parents.map(hash),
    device: deviceId(fields.device),
    hlc: fields.hlc,
    says,
    bytes: concat(bytes),
  };
}

/** A policy as a Welcome carries it. */
export const encodePolicy = (policy: RoomPolicy): Bytes => encode(RoomPolicySchema, create(RoomPolicySchema, policyMessage(policy)));

function signed(fields: MessageInitShape<typeof OperationSchema>, persona: Persona): Bytes {
  const made = persona.sign(OPERATION_PURPOSE, encode(OperationSchema, create(OperationSchema, fields)));
  const fault = readOperation(made);
  if (isRefusal(fault)) throw new RangeError(`operation: a field is outside its limits (${fault.detail ?? fault.refused})`);
  return made;
}

const policyMessage = ({ suite, invites, admission, historyDays, noDirect }: RoomPolicy) => ({
  suite,
  ownersInvite: invites === 'owners',
  personAdmits: admission === 'person',
  historyDays,
  noDirect: noDirect === true,
});

const cutMessage = (cut: Cut | undefined) => cut && { segment: cut.segment, seq: cut.seq, hash: idBytes(cut.hash) };

function whatOf(content: OperationContent, me: DeviceId): What {
  if ('invite' in content) return { case: 'invite', value: { ...content.invite, mailboxes: content.invite.mailboxes.map(idBytes) } };
  if ('revoke' in content) return { case: 'revoke', value: content.revoke };
  if ('admit' in content) return { case: 'admit', value: { ...content.admit, joinHash: idBytes(content.admit.joinHash) } };
  if ('role' in content) {
    const { persona, role } = content.role;
    return { case: 'role', value: { persona: idBytes(persona), role: role === 'owner' ? Role.OWNER : Role.MEMBER } };
  }
  if ('policy' in content) return { case: 'policy', value: policyMessage(content.policy) };
  if ('prekey' in content) return { case: 'prekey', value: content.prekey };
  if ('decide' in content)
    return { case: 'decide', value: { ipk: content.decide.ipk, joins: content.decide.joins.toSorted().map(idBytes) } };
  if ('leave' in content) {
    const last = cutMessage(content.leave.heads?.find((head) => head.device === me));
    return { case: 'leave', value: last === undefined ? {} : { last } };
  }
  const { persona, devices, heads } = content.remove;
  const cuts = devices.toSorted().map((device) => {
    const last = cutMessage(heads.find((head) => head.device === device));
    return last === undefined ? { device: idBytes(device) } : { device: idBytes(device), last };
  });
  return { case: 'remove', value: { persona: idBytes(persona), cuts } };
}

/** Whether byte strings are of one length and strictly ascending. */
const areAscending = (all: readonly Uint8Array[], length: number): boolean =>
  all.every((bytes, i) => bytes.length === length && (i === 0 || compare(all[i - 1] ?? bytes, bytes) < 0));

/** Reading a field of a wrong length throws RangeError inside. */
function read<T>(reader: () => T | undefined): T | undefined {
  try {
    return reader();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Copies `bytes`; throws RangeError for another length. */
const exactly = (bytes: Uint8Array, length: number): Bytes => {
  if (bytes.length !== length) throw new RangeError(`want ${length} bytes`);
  return concat(bytes);
};

function prekeyOf(bytes: Uint8Array): Bytes {
  if (!isPrekey(bytes)) throw new RangeError('no prekey');
  return concat(bytes);
}

function policyOf(policy: MessageShape<typeof RoomPolicySchema> | undefined): RoomPolicy | undefined {
  if (policy === undefined || policy.suite !== 3) return undefined;
  const { suite, ownersInvite, personAdmits, historyDays, noDirect } = policy;
  const said = { suite, historyDays, ...(noDirect && { noDirect }) } as const;
  return { ...said, invites: ownersInvite ? 'owners' : 'members', admission: personAdmits ? 'person' : 'device' };
}

const cutOf = (last: { readonly segment: number; readonly seq: number; readonly hash: Uint8Array }): Cut => ({
  segment: last.segment,
  seq: last.seq,
  hash: hash(last.hash),
});

function saidBy(what: Body['what']): OperationSays | undefined {
  switch (what.case) {
    case 'create': {
      const { certificate, prekey, salt } = what.value;
      const policy = policyOf(what.value.policy);
      return policy && { create: { certificate: concat(certificate), prekey: prekeyOf(prekey), salt: exactly(salt, 32), policy } };
    }
    case 'invite':
      return inviteOf(what.value);
    case 'revoke':
      return { revoke: { ipk: exactly(what.value.ipk, 32) } };
    case 'admit':
      return admissionOf(what.value);
    case 'remove':
      return removalOf(what.value);
    case 'role': {
      const { persona, role } = what.value;
      if (role !== Role.OWNER && role !== Role.MEMBER) return undefined;
      return { role: { persona: personaId(persona), role: role === Role.OWNER ? 'owner' : 'member' } };
    }
    case 'policy': {
      const policy = policyOf(what.value);
      return policy && { policy };
    }
    case 'prekey':
      return { prekey: { prekey: prekeyOf(what.value.prekey) } };
    case 'leave':
      return { leave: what.value.last === undefined ? {} : { cut: cutOf(what.value.last) } };
    case 'decide': {
      const { ipk, joins } = what.value;
      return joins.length <= MAX_USES && areAscending(joins, 32)
        ? { decide: { ipk: exactly(ipk, 32), joins: joins.map(hash) } }
        : undefined;
    }
    case undefined:
      break;
  }
  return undefined;
}

type Of<Case extends Body['what']['case']> = Extract<Body['what'], { case: Case }> extends { value: infer Value } ? Value : never;

function inviteOf({ ipk, address, welcomeKey, mailboxes, uses, expiresHour }: Of<'invite'>): OperationSays | undefined {
  const [first, second] = mailboxes.map(relayId);
  if (first === undefined || second === undefined || first === second || mailboxes.length !== 2 || uses < 1 || uses > MAX_USES)
    return undefined;
  const secrets = { ipk: exactly(ipk, 32), address: exactly(address, 32), welcomeKey: exactly(welcomeKey, 32) };
  return { invite: { ...secrets, mailboxes: [first, second], uses, expiresHour } };
}

function admissionOf({ joinHash, ipk, certificate, prekey, name }: Of<'admit'>): OperationSays | undefined {
  if (name.length > NAME_BYTES) return undefined;
  const admit = { joinHash: hash(joinHash), ipk: exactly(ipk, 32), certificate: concat(certificate), prekey: prekeyOf(prekey) };
  return { admit: name === '' ? admit : { ...admit, name } };
}

function removalOf({ persona, cuts }: Of<'remove'>): OperationSays | undefined {
  if (
    cuts.length > MAX_CUTS ||
    !areAscending(
      cuts.map(({ device }) => device),
      16,
    )
  )
    return undefined;
  const read = cuts.map(({ device, last }) =>
    last === undefined ? { device: deviceId(device) } : { device: deviceId(device), cut: cutOf(last) },
  );
  return { remove: { persona: personaId(persona), cuts: read } };
}
