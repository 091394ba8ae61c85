/**
 * Notices (docs/protocol.md §8.5): what became of an invite, for whoever opens its link later.
 *
 *   Notice{ room, ipk, outcome, certificate } ── signed by a member's device, sealed under W ──▶ the invite's address
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
import { bodyOf, verifyCertificate, verifySigned, type DeviceIdentity, type Persona } from '../identity/index.ts';
import type { SealedFor } from '../keyring/index.ts';
import { create, decodeStrict, encode, InviteOutcome, NoticeSchema } from '../wire/index.ts';
import { sealPosted, type InviteAddress } from './invite-post.ts';

const PURPOSE = 'notice';

/** A Join was let in; all uses are used; the invite was taken back. */
export type Outcome = { readonly admitted: Hash } | 'used' | 'revoked';

export interface Notice {
  readonly room: RoomId;
  readonly outcome: Outcome;
  readonly author: DeviceIdentity;
}

/** An encoded Signed. */
export function makeNotice(terms: { readonly room: RoomId; readonly ipk: Uint8Array; readonly outcome: Outcome }, author: Persona): Bytes {
  const { room, ipk, outcome } = terms;
  const fields = { room: idBytes(room), ipk: concat(ipk), certificate: author.certificate, ...encodeOutcome(outcome) };
  return author.sign(PURPOSE, encode(NoticeSchema, create(NoticeSchema, fields)));
}

export const sealNotice = (invite: InviteAddress, signed: Bytes, random: Random): SealedFor[] =>
  sealPosted(invite, { kind: 'notice', signed }, random);

/**
 * Reads a notice that came from the invite's address. `trusted` says whose word counts: to a joiner that is the inviter's root and
 * the personas of the Welcome's admitters, to a member the membership log's. Refused: `malformed`, `not-canonical`,
 * `wrong-invite`, `expired`, `bad-signature`, `not-trusted`.
 */
export function readNotice(
  signed: Uint8Array,
  ipk: Uint8Array,
  hourNow: number,
  trusted: (author: DeviceIdentity) => boolean,
): Notice | Refusal {
  const body = bodyOf(signed);
  const read = isRefusal(body) ? body : decodeStrict(NoticeSchema, body);
  if (isRefusal(read)) return read;
  const outcome = decodeOutcome(read.outcome, read.join);
  if (read.room.length !== 32 || outcome === undefined) return refuse('malformed', 'notice');
  if (!equal(read.ipk, ipk)) return refuse('wrong-invite', 'notice');
  const author = verifyCertificate(read.certificate, hourNow);
  if (isRefusal(author)) return author;
  if (!trusted(author)) return refuse('not-trusted', 'notice');
  const verified = verifySigned(PURPOSE, author.deviceKeyset, signed);
  return isRefusal(verified) ? verified : { room: roomId(read.room), outcome, author };
}

function encodeOutcome(outcome: Outcome): { outcome: InviteOutcome; join: Bytes } {
  if (outcome === 'used') return { outcome: InviteOutcome.USED, join: concat() };
  if (outcome === 'revoked') return { outcome: InviteOutcome.REVOKED, join: concat() };
  return { outcome: InviteOutcome.ADMITTED, join: idBytes(outcome.admitted) };
}

function decodeOutcome(outcome: InviteOutcome, join: Uint8Array): Outcome | undefined {
  if (outcome === InviteOutcome.ADMITTED) return join.length === 32 ? { admitted: hash(join) } : undefined;
  if (join.length !== 0) return undefined;
  if (outcome === InviteOutcome.USED) return 'used';
  return outcome === InviteOutcome.REVOKED ? 'revoked' : undefined;
}
