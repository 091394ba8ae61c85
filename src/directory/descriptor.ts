/**
 * Descriptors, signed and verified (docs/protocol.md §5):
 *
 *   Signed{ RelayDescriptor, ed25519 64, ml_dsa 3309 }    over "sotto/1/descriptor" ‖ body, by the root keyset inside; about 6.8 kB
 *
 * A descriptor proves its own relay: the id is the hash of the keyset that signed it. Whether that relay is to be trusted is not told.
 */
import { isRefusal, refuse, relayId, toHex, type Bytes, type Refusal, type RelayId } from '../base/index.ts';
import { CIRCUIT_SUITES, sha256, suiteLengths, type CircuitSuite } from '../crypto/index.ts';
import { bodyOf, KEYSET_BYTES, verifySigned, type Signer } from '../identity/index.ts';
import { parseAddress } from '../link/index.ts';
import { create, decodeStrict, encode, RelayDescriptorSchema, type MessageShape } from '../wire/index.ts';
import type { Descriptor } from './descriptor-type.ts';

export const MAX_DESCRIPTOR_BYTES = 8192;
/** Seconds that a descriptor is valid at most. */
export const DESCRIPTOR_LIFE = 3 * 3600;
/** Seconds by which a descriptor may come from the future: relays' clocks differ. */
const SKEW = 600;
const MAX_ADDRESSES = 8;
const MAX_ADDRESS = 256;
const MAX_TEXT = 64;
const MAX_CLASSES = 8;
const MAX_DELAY_MS = 60_000;

const PURPOSE = 'descriptor';

/** What a relay says of itself; the rest follows from its keys. */
export type DescriptorFields = Omit<Descriptor, 'id' | 'keyset' | 'signed'>;

/** Signs a relay's own descriptor with its root keyset. Throws RangeError when a field is outside its bounds. */
export function signDescriptor(root: Signer, fields: DescriptorFields): Bytes {
  const { roles, ...rest } = fields;
  const lists = { addresses: [...fields.addresses], delayClasses: [...fields.delayClasses] };
  const message = create(RelayDescriptorSchema, { ...rest, ...roles, ...lists, keyset: root.keyset });
  const wrong = checkFields(message);
  if (wrong !== undefined) throw new RangeError(`descriptor: ${wrong}`);
  return root.sign(PURPOSE, encode(RelayDescriptorSchema, message));
}

/** Reads a descriptor without verifying its signatures: for what decides whether they are worth the time. */
export function decodeDescriptor(signed: Uint8Array): Descriptor | Refusal {
  if (signed.length > MAX_DESCRIPTOR_BYTES) return refuse('descriptor-size');
  const body = bodyOf(signed);
  const message = isRefusal(body) ? body : decodeStrict(RelayDescriptorSchema, body);
  if (isRefusal(message)) return message;
  const suite = suiteOf(message);
  const wrong = checkFields(message);
  if (suite === undefined || wrong !== undefined) return refuse('descriptor-field', wrong);
  return fromMessage(message, suite, new Uint8Array(signed));
}

/** Reads and verifies. Refused: what does not decode, is out of bounds, out of its time, or not signed by the keyset inside. `now` in UTC seconds. */
export function verifyDescriptor(signed: Uint8Array, now: number): Descriptor | Refusal {
  const descriptor = decodeDescriptor(signed);
  if (isRefusal(descriptor)) return descriptor;
  if (!inTime(descriptor, now)) return refuse('descriptor-time');
  return isRefusal(verifySigned(PURPOSE, descriptor.keyset, signed)) ? refuse('descriptor-signature') : descriptor;
}

/** As `verifyDescriptor`, for whoever does not know the time yet: it is this relay's own, whenever it was signed. Refused besides: `descriptor-other`. */
export function describesItself(signed: Uint8Array, relay: RelayId): Descriptor | Refusal {
  const told = decodeDescriptor(signed);
  const descriptor = isRefusal(told) ? told : verifyDescriptor(signed, told.validFrom);
  return isRefusal(descriptor) || descriptor.id === relay ? descriptor : refuse('descriptor-other');
}

export const inTime = ({ validFrom, validUntil }: Descriptor, now: number): boolean => validFrom <= now + SKEW && now < validUntil;

type DescriptorMessage = MessageShape<typeof RelayDescriptorSchema>;

const suiteOf = (message: DescriptorMessage): CircuitSuite | undefined => CIRCUIT_SUITES.find((suite) => suite === message.suite);

/** What is outside its bounds, in words. */
function checkFields(message: DescriptorMessage): string | undefined {
  const { keyset, addresses, onionKey, family, delayClasses, validFrom, validUntil, version } = message;
  const suite = suiteOf(message);
  if (suite === undefined) return `suite ${message.suite} is not one of ${CIRCUIT_SUITES.join(', ')}`;
  if (keyset.length !== KEYSET_BYTES) return 'the keyset has another length';
  if (onionKey.length !== suiteLengths[suite].kemPublic) return 'the onion key has another length than its suite';
  if (addresses.length < 1 || addresses.length > MAX_ADDRESSES) return `want 1 to ${MAX_ADDRESSES} addresses`;
  const bad = addresses.find((address) => address.length > MAX_ADDRESS || isRefusal(parseAddress(address)));
  if (bad !== undefined) return 'an address is not one that Sotto knows';
  if (!isPlain(family) || !isPlain(version)) return `family and version are at most ${MAX_TEXT} printable ASCII characters`;
  if (delayClasses.length > MAX_CLASSES || delayClasses.some((mean) => mean > MAX_DELAY_MS)) return 'delay classes are out of bounds';
  if (validUntil <= validFrom || validUntil - validFrom > DESCRIPTOR_LIFE) return 'it is valid for more than three hours, or never';
  return undefined;
}

const isPlain = (text: string): boolean => text.length <= MAX_TEXT && /^[\x20-\x7e]*$/.test(text);

function fromMessage(message: DescriptorMessage, suite: CircuitSuite, signed: Bytes): Descriptor {
  const { keyset, addresses, onionKey, guard, middle, mailbox, family, delayClasses, validFrom, validUntil, version } = message;
  const id = relayId(sha256(keyset));
  return {
    id,
    keyset: new Uint8Array(keyset),
    addresses,
    suite,
    onionKey: new Uint8Array(onionKey),
    roles: { guard, middle, mailbox },
    family,
    delayClasses,
    validFrom,
    validUntil,
    version,
    signed,
  };
}

/** H(onionKey)[0..8], as CREATE names it. bytes: 8 */
export const keyIdOf = (onionKey: Uint8Array): Bytes => sha256(onionKey).slice(0, 8);

/** A short name of one descriptor, for comparing what sources say. */
export const fingerprint = (signed: Uint8Array): string => toHex(sha256(signed));
