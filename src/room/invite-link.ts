/**
 * Invite links (docs/protocol.md §8.5).
 *
 *   link = base64url( ver u8 | suite u8 | expires u32 hours | seed 32 | inviter root hash 32 | mailbox 32 | mailbox 32 | check 4 )
 *   A_i  = KDF("invite/address", 32, seed)             the address of the Welcome, the Joins and the notices
 *   W    = KDF("invite/welcome", 32, seed)             key of the Welcome and the notices
 *   isk  = Ed25519(KDF("invite/sign", 32, seed))       whoever signs with it has the link
 */
import {
  concat,
  equal,
  fromBase64url,
  idBytes,
  personaId,
  readU32,
  relayId,
  toBase64url,
  u32,
  type Bytes,
  type PersonaId,
  type Random,
  type RelayId,
} from '../base/index.ts';
import { ed25519, kdf } from '../crypto/index.ts';
import { SUITE } from '../identity/index.ts';
import type { Address } from '../keyring/index.ts';

const VERSION = 1;
const CHECKED = 134;
const LINK_BYTES = 138;
/** No address of a page is longer; what is, is not looked at. */
const LONGEST_TEXT = 4096;

export interface InviteSecret {
  /** bytes: 32 */
  readonly seed: Bytes;
  /** Base64url, 184 characters: the fragment of the page's address. */
  readonly link: string;
  /** Ed25519 public key of the invite. bytes: 32 */
  readonly ipk: Bytes;
  /** A_i */
  readonly address: Address;
  /** W. bytes: 32 */
  readonly welcomeKey: Bytes;
  /** The first hour since 1970 in which the invite no longer holds. */
  readonly expiresHour: number;
  readonly inviterRoot: PersonaId;
}

export type ParsedLink = InviteSecret;

export interface InviteTerms {
  readonly expiresHour: number;
  readonly inviterRoot: PersonaId;
  readonly mailboxes: readonly [RelayId, RelayId];
}

/** Throws RangeError for two mailboxes that are the same. */
export function makeInvite(random: Random, terms: InviteTerms): InviteSecret {
  const [first, second] = terms.mailboxes;
  if (first === second) throw new RangeError('invite: the two mailboxes are the same');
  const seed = random.bytes(32);
  const head = concat(
    Uint8Array.of(VERSION, SUITE),
    u32(terms.expiresHour),
    seed,
    idBytes(terms.inviterRoot),
    idBytes(first),
    idBytes(second),
  );
  return derive(toBase64url(concat(head, check(head))), seed, terms);
}

/** Reads a link: a page's whole address, or its fragment. `hourNow` in hours since 1970, by network time. */
export function readLink(textOrUrl: string, hourNow: number): ParsedLink | { readonly refused: 'damaged' | 'expired' } {
  const bytes = linkBytes(textOrUrl);
  if (bytes?.length !== LINK_BYTES) return { refused: 'damaged' };
  const head = bytes.subarray(0, CHECKED);
  if (bytes[0] !== VERSION || bytes[1] !== SUITE || !equal(check(head), bytes.subarray(CHECKED))) return { refused: 'damaged' };
  const first = relayId(bytes.subarray(70, 102));
  const second = relayId(bytes.subarray(102, 134));
  if (first === second) return { refused: 'damaged' };
  const expiresHour = readU32(bytes, 2);
  if (hourNow >= expiresHour) return { refused: 'expired' };
  const inviterRoot = personaId(bytes.subarray(38, 70));
  return derive(toBase64url(bytes), bytes.slice(6, 38), { expiresHour, inviterRoot, mailboxes: [first, second] });
}

/** Signs with isk: bytes 64. */
export const signWithInvite = (invite: Pick<InviteSecret, 'seed'>, message: Uint8Array): Bytes =>
  ed25519.sign(inviteKey(invite.seed), message);

const inviteKey = (seed: Uint8Array): Bytes => kdf('invite/sign', 32, seed);
const check = (head: Uint8Array): Bytes => kdf('invite/check', 4, head);

function linkBytes(text: string): Bytes | undefined {
  if (text.length > LONGEST_TEXT) return undefined;
  const trimmed = text.trim();
  try {
    return fromBase64url(trimmed.slice(trimmed.indexOf('#') + 1));
  } catch {
    return undefined;
  }
}

function derive(link: string, seed: Bytes, terms: InviteTerms): InviteSecret {
  return {
    seed,
    link,
    ipk: ed25519.keypair(inviteKey(seed)).publicKey,
    address: { secret: kdf('invite/address', 32, seed), mailboxes: terms.mailboxes },
    welcomeKey: kdf('invite/welcome', 32, seed),
    expiresHour: terms.expiresHour,
    inviterRoot: terms.inviterRoot,
  };
}
