/**
 * A Welcome (docs/protocol.md §8.5): what a link leads to while the inviter is away. It holds no secret of the room, no address and
 * no history: a link that leaks later opens only this.
 *
 *   link ── inviter root ──▶ certificate of admitters[0] ── signs ──▶ Welcome{ room, policy, operations, admitters, ipk, … }
 */
import {
  concat,
  equal,
  hash,
  idBytes,
  isRefusal,
  refuse,
  roomId,
  type Bytes,
  type Hash,
  type Random,
  type Refusal,
  type RoomId,
} from '../base/index.ts';
import { sha256 } from '../crypto/index.ts';
import { bodyOf, SUITE, verifyCertificate, verifySigned, type DeviceIdentity } from '../identity/index.ts';
import { isPrekey, MAX_TEXT, type SealedFor } from '../keyring/index.ts';
import { create, decodeStrict, encode, WelcomeSchema, type MessageShape } from '../wire/index.ts';
import type { ParsedLink } from './invite-link.ts';
import { sealPosted, type InviteAddress } from './invite-post.ts';

const PURPOSE = 'welcome';
export const MAX_ADMITTERS = 8;
/** Names travel in at most so many bytes of UTF-8. */
export const MAX_NAME = 256;
/** What Signed and Posted add to the body: signatures of 64 and 3309 bytes, tags and lengths. */
const ENVELOPE = 3400;

export interface WelcomeTerms {
  readonly room: RoomId;
  readonly roomName: string;
  readonly inviterName: string;
  readonly policy: Uint8Array;
  /** Create, and those that prove the admitters' rights. */
  readonly operations: readonly Uint8Array[];
  /** The author first; the others as wanted most. What does not fit one blob, or is beyond eight, is left out from the end. Each with a prekey made for this invite. */
  readonly admitters: readonly { readonly certificate: Uint8Array; readonly prekey: Uint8Array }[];
  /** bytes: 32 */
  readonly ipk: Uint8Array;
  readonly expiresHour: number;
  readonly people: number;
}

/** An encoded Signed; `sign` is the first admitter's. Throws RangeError when the names are too long or not even one admitter fits. */
export function makeWelcome(terms: WelcomeTerms, sign: (purpose: string, body: Uint8Array) => Bytes): Bytes {
  if ([terms.roomName, terms.inviterName].some((name) => !nameFits(name)))
    throw new RangeError(`welcome: a name is longer than ${MAX_NAME} bytes`);
  for (let count = Math.min(terms.admitters.length, MAX_ADMITTERS); count > 0; count--) {
    const admitters = terms.admitters
      .slice(0, count)
      .map(({ certificate, prekey }) => ({ certificate: concat(certificate), prekey: concat(prekey) }));
    const fields = { ...terms, suite: SUITE, room: idBytes(terms.room), operations: [...terms.operations], admitters };
    const body = encode(WelcomeSchema, create(WelcomeSchema, fields));
    if (body.length + ENVELOPE <= MAX_TEXT) return sign(PURPOSE, body);
  }
  throw new RangeError('welcome: no admitter given, or the operations leave no room for one');
}

export const nameFits = (name: string): boolean => new TextEncoder().encode(name).length <= MAX_NAME;

/** H of a Welcome's body: what a Join answers. Refused: `malformed`, `not-canonical`. */
export function welcomeHash(signed: Uint8Array): Hash | Refusal {
  const body = bodyOf(signed);
  return isRefusal(body) ? body : hash(sha256(body));
}

export const sealWelcome = (invite: InviteAddress, signed: Bytes, random: Random): SealedFor[] =>
  sealPosted(invite, { kind: 'welcome', signed }, random);

export interface Admitter {
  readonly identity: DeviceIdentity;
  readonly certificate: Bytes;
  /** bytes: 1216 */
  readonly prekey: Bytes;
}

export interface Welcome {
  readonly hash: Hash;
  readonly room: RoomId;
  readonly roomName: string;
  readonly inviterName: string;
  readonly policy: Bytes;
  readonly operations: readonly Bytes[];
  /** The author first. */
  readonly admitters: readonly Admitter[];
  readonly ipk: Bytes;
  readonly expiresHour: number;
  readonly people: number;
}

/**
 * Reads a Welcome that came from the link's address. Refused: `malformed`, `not-canonical`, `wrong-invite` (another link's),
 * `expired`, `bad-signature`, `not-the-inviter`. A member who is not the inviter may have posted it anew: then `vouched` has to
 * find, in its operations, that the inviter made this invite in this room and that the author may admit; without it such a Welcome
 * is refused.
 */
export function readWelcome(
  signed: Uint8Array,
  link: ParsedLink,
  hourNow: number,
  vouched: (welcome: Welcome) => boolean = () => false,
): Welcome | Refusal {
  const body = bodyOf(signed);
  const read = isRefusal(body) ? body : decodeStrict(WelcomeSchema, body);
  if (isRefusal(read)) return read;
  if (isRefusal(body) || read.suite !== SUITE || read.room.length !== 32 || !nameFits(read.roomName) || !nameFits(read.inviterName)) {
    return refuse('malformed', 'welcome');
  }
  if (!equal(read.ipk, link.ipk) || read.expiresHour !== link.expiresHour) return refuse('wrong-invite', 'welcome');
  if (hourNow >= read.expiresHour) return refuse('expired', 'welcome');
  const admitters = readAdmitters(read, hourNow);
  if (isRefusal(admitters)) return admitters;
  const [author] = admitters;
  if (author === undefined) return refuse('malformed', 'welcome: no admitter');
  const verified = verifySigned(PURPOSE, author.identity.deviceKeyset, signed);
  if (isRefusal(verified)) return verified;
  const { roomName, inviterName, expiresHour, people } = read;
  const welcome: Welcome = {
    hash: hash(sha256(body)),
    room: roomId(read.room),
    roomName,
    inviterName,
    policy: concat(read.policy),
    operations: read.operations.map((operation) => concat(operation)),
    admitters,
    ipk: concat(read.ipk),
    expiresHour,
    people,
  };
  return author.identity.persona === link.inviterRoot || vouched(welcome) ? welcome : refuse('not-the-inviter', 'welcome');
}

/** One whose certificate has expired since, other than the author, is left out. */
function readAdmitters(read: MessageShape<typeof WelcomeSchema>, hourNow: number): readonly Admitter[] | Refusal {
  const admitters: Admitter[] = [];
  if (read.admitters.length > MAX_ADMITTERS) return refuse('malformed', 'welcome: admitters');
  for (const [i, { certificate, prekey }] of read.admitters.entries()) {
    const identity = verifyCertificate(certificate, hourNow);
    if (isRefusal(identity) && identity.refused === 'expired' && i > 0) continue;
    if (isRefusal(identity)) return identity;
    const twice = admitters.some((other) => other.identity.device === identity.device);
    if (twice || !isPrekey(prekey)) return refuse('malformed', 'welcome: admitter');
    admitters.push({ identity, certificate: concat(certificate), prekey: concat(prekey) });
  }
  return admitters;
}
