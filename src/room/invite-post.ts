/**
 * What members post at an invite's address (docs/protocol.md §7.1, kind 2): sealed under W, so that whoever has the link reads it.
 *
 *   Posted{ welcome | notice } ── W, random nonce ──▶ blob
 */
import { concat, isRefusal, refuse, type Bytes, type Random, type Refusal, type TopicId } from '../base/index.ts';
import { BlobKind, openUnchained, sealForBoth, unchained, type SealedFor } from '../keyring/index.ts';
import { create, decodeStrict, encode, PostedSchema } from '../wire/index.ts';
import type { InviteSecret } from './invite-link.ts';

/** What it takes to post at an invite's address: in the membership log, so that every member can. */
export type InviteAddress = Pick<InviteSecret, 'address' | 'welcomeKey'>;

export interface Posted {
  readonly kind: 'welcome' | 'notice';
  /** An encoded Signed: for `readWelcome` or `readNotice`. */
  readonly signed: Bytes;
}

/** Throws RangeError for more than fits one blob. */
export function sealPosted(invite: InviteAddress, posted: Posted, random: Random): SealedFor[] {
  const { kind, signed } = posted;
  const what = kind === 'welcome' ? ({ case: 'welcome', value: signed } as const) : ({ case: 'notice', value: signed } as const);
  const text = encode(PostedSchema, create(PostedSchema, { what }));
  return sealForBoth(invite.address, unchained(BlobKind.INVITE), invite.welcomeKey, text, random);
}

/** Refused: `size`, `forged`, `malformed`, `not-canonical`, `wrong-kind` (a Join). */
export function openPosted(invite: InviteAddress, topic: TopicId, blob: Uint8Array): Posted | Refusal {
  const text = openUnchained(BlobKind.INVITE, invite.address.secret, topic, invite.welcomeKey, blob);
  if (isRefusal(text)) return text;
  const read = decodeStrict(PostedSchema, text);
  if (isRefusal(read)) return read;
  const { what } = read;
  return what.case === undefined ? refuse('malformed', 'posted') : { kind: what.case, signed: concat(what.value) };
}
