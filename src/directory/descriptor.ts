/**
 * Descriptors, signed and verified (docs/protocol.md §5):
 *
 *   Signed{ RelayDescriptor, ed25519 64, ml_dsa 3309 }    over "sotto/1/descriptor" ‖ body, by the root keyset inside; about 6.8 kB
 *
 * A descriptor proves its own relay: the id is the hash of the keyset that signed it. Whether that relay is to be trusted is not told.
 */
import { isRefusal, refuse, relayId, toHex, type Bytes, type Refusal } from '../base/index.ts';
import { hybrid, HYBRID_PUBLIC, KEM_PUBLIC, purpose, sha256 } from '../crypto/index.ts';
import { parseAddress } from '../link/index.ts';
import { create, decodeStrict, encode, RelayDescriptorSchema, SignedSchema, type MessageShape } from '../wire/index.ts';
import type { Descriptor } from './descriptor-type.ts';

export const MAX_DESCRIPTOR_BYTES = 8192;
/** Seconds that a descriptor is valid at most. */
export const DESCRIPTOR_LIFE = 3 * 3600;
/** Seconds by which a descriptor may come from the future: relays' clocks differ. */
const SKEW = 600;
const SUITE = 3;
const MAX_ADDRESSES = 8;
const MAX_ADDRESS = 256;
const MAX_TEXT = 64;
const MAX_CLASSES = 8;
const MAX_DELAY_MS = 60_000;

const signedOver = (body: Uint8Array): Bytes => purpose('descriptor', body);

/** What a relay says of itself; the rest follows from its keys. */
export type DescriptorFields = Omit<Descriptor, 'id' | 'keyset' | 'signed'>;

/** Signs a relay's own descriptor. `root` is its hybrid root key pair. Throws when a field is outside its bounds. */
export function signDescriptor(root: { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array }, fields: DescriptorFields): Bytes {
  const { roles, ...rest } = fields;
  const init = { ...rest, ...roles, addresses: [...fields.addresses], delayClasses: [...fields.delayClasses], suite: SUITE, keyset: new Uint8Array(root.publicKey) };
  const message = create(RelayDescriptorSchema, init);
  const wrong = checkFields(message);
  if (wrong !== undefined) throw new RangeError(`descriptor: ${wrong}`);
  const body = encode(RelayDescriptorSchema, message);
  return encode(SignedSchema, create(SignedSchema, { body, ...hybrid.sign(root.secretKey, signedOver(body)) }));
}

/** Reads a descriptor without verifying its signatures: for what decides whether they are worth the time. */
export function decodeDescriptor(signed: Uint8Array): Descriptor | Refusal {
  const parts = split(signed);
  return isRefusal(parts) ? parts : parts.descriptor;
}

/** Reads and verifies. Refused: what does not decode, is out of bounds, out of its time, or not signed by the keyset inside. `now` in UTC seconds. */
export function verifyDescriptor(signed: Uint8Array, now: number): Descriptor | Refusal {
  const parts = split(signed);
  if (isRefusal(parts)) return parts;
  const { descriptor, body, signature } = parts;
  if (!inTime(descriptor, now)) return refuse('descriptor-time');
  return hybrid.verify(descriptor.keyset, signedOver(body), signature) ? descriptor : refuse('descriptor-signature');
}

export const inTime = ({ validFrom, validUntil }: Descriptor, now: number): boolean => validFrom <= now + SKEW && now < validUntil;

function split(signed: Uint8Array) {
  if (signed.length > MAX_DESCRIPTOR_BYTES) return refuse('descriptor-size');
  // A copy, so that what is kept does not hold the buffer that it came in.
  const carried = new Uint8Array(signed);
  const outer = decodeStrict(SignedSchema, carried);
  if (isRefusal(outer)) return outer;
  const message = decodeStrict(RelayDescriptorSchema, outer.body);
  if (isRefusal(message)) return message;
  const wrong = checkFields(message);
  if (wrong !== undefined) return refuse('descriptor-field', wrong);
  return { descriptor: fromMessage(message, carried), body: outer.body, signature: { ed25519: outer.ed25519, mlDsa: outer.mlDsa } };
}

type DescriptorMessage = MessageShape<typeof RelayDescriptorSchema>;

/** What is outside its bounds, in words. */
function checkFields(message: DescriptorMessage): string | undefined {
  const { suite, keyset, addresses, onionKey, family, delayClasses, validFrom, validUntil, version } = message;
  if (suite !== SUITE) return `suite ${suite} is not ${SUITE}`;
  if (keyset.length !== HYBRID_PUBLIC) return 'the keyset has another length';
  if (onionKey.length !== KEM_PUBLIC) return 'the onion key has another length';
  if (addresses.length < 1 || addresses.length > MAX_ADDRESSES) return `want 1 to ${MAX_ADDRESSES} addresses`;
  const bad = addresses.find((address) => address.length > MAX_ADDRESS || isRefusal(parseAddress(address)));
  if (bad !== undefined) return 'an address is not one that Sotto knows';
  if (!isPlain(family) || !isPlain(version)) return `family and version are at most ${MAX_TEXT} printable ASCII characters`;
  if (delayClasses.length > MAX_CLASSES || delayClasses.some((mean) => mean > MAX_DELAY_MS)) return 'delay classes are out of bounds';
  if (validUntil <= validFrom || validUntil - validFrom > DESCRIPTOR_LIFE) return 'it is valid for more than three hours, or never';
  return undefined;
}

const isPlain = (text: string): boolean => text.length <= MAX_TEXT && /^[\x20-\x7e]*$/.test(text);

function fromMessage(message: DescriptorMessage, signed: Bytes): Descriptor {
  const { keyset, addresses, onionKey, guard, middle, mailbox, family, delayClasses, validFrom, validUntil, version } = message;
  const id = relayId(sha256(keyset));
  return { id, keyset: new Uint8Array(keyset), addresses, onionKey: new Uint8Array(onionKey), roles: { guard, middle, mailbox }, family, delayClasses, validFrom, validUntil, version, signed };
}

/** H(onionKey)[0..8], as CREATE names it. bytes: 8 */
export const keyIdOf = (onionKey: Uint8Array): Bytes => sha256(onionKey).slice(0, 8);

/** A short name of one descriptor, for comparing what sources say. */
export const fingerprint = (signed: Uint8Array): string => toHex(sha256(signed));
