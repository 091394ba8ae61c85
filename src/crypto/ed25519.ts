/**
 * Ed25519 by one rule, whoever computes it. RFC 8032 §5.1.7 leaves a choice of equation, and libraries differ in what they let
 * through; peers that differ would not agree on what was said. So, before anything is computed:
 *
 *   signature = R 32 | S 32, S < L          A and R: y < p, and neither a point of small order
 *
 * and then the equation without the cofactor, S·B = R + k·A. An engine has only that equation left to answer for.
 */
import { ed25519 as curve } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concat, fromHex, type Bytes } from '../base/index.ts';
import { want } from './core.ts';
import { Dispatch } from './dispatch.ts';

export const ED25519_PUBLIC = 32;
export const ED25519_SIGNATURE = 64;
export const ED25519_SEED = 32;

export interface Keypair {
  readonly publicKey: Bytes;
  readonly secretKey: Bytes;
}

/** RFC 8032 over arguments whose lengths and encodings have been checked. */
export interface Ed25519Engine {
  publicKey(seed: Uint8Array): Bytes;
  sign(seed: Uint8Array, message: Uint8Array): Bytes;
  /** Whether S·B = R + k·A. May throw for a point that is not on the curve. */
  satisfies(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

const { Point } = curve;

export const nobleEngine: Ed25519Engine = {
  publicKey: (seed) => new Uint8Array(curve.getPublicKey(seed)),
  sign: (seed, message) => new Uint8Array(curve.sign(message, seed)),
  satisfies(publicKey, message, signature) {
    const [r, s] = [signature.subarray(0, 32), signature.subarray(32)];
    const k = Point.Fn.create(little(sha512(concat(r, publicKey, message))));
    const expected = Point.fromBytes(r).add(Point.fromBytes(publicKey).multiplyUnsafe(k));
    return Point.BASE.multiplyUnsafe(little(s)).equals(expected);
  },
};

/** RFC 8032 §7.1, test 2: and, of its signature, one with another S. */
const KNOWN = {
  seed: fromHex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'),
  publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
  message: Uint8Array.of(0x72),
  signature:
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
} as const;
const PUBLIC_KEY = fromHex(KNOWN.publicKey);
const SIGNATURES = [fromHex(KNOWN.signature), fromHex(KNOWN.signature).with(32, 9)];

/** Uses until they are timed. */
const WARM = 100;

/** Each has its own choice: a library that verifies fast may take long to read a secret key. noble's tables alone take some ms. */
export const ed25519Dispatch = {
  publicKey: new Dispatch<Ed25519Engine['publicKey']>(
    { name: 'ed25519-public', trial: (run) => run(KNOWN.seed), answer: KNOWN.publicKey, warm: WARM },
    { name: 'noble', run: nobleEngine.publicKey, spare: true },
  ),
  sign: new Dispatch<Ed25519Engine['sign']>(
    { name: 'ed25519-sign', trial: (run) => run(KNOWN.seed, KNOWN.message), answer: KNOWN.signature, warm: WARM },
    { name: 'noble', run: nobleEngine.sign, spare: true },
  ),
  satisfies: new Dispatch<Ed25519Engine['satisfies']>(
    {
      name: 'ed25519-verify',
      trial: (run) => Uint8Array.from(SIGNATURES, (signature) => (run(PUBLIC_KEY, KNOWN.message, signature) ? 1 : 0)),
      answer: '0100',
      warm: WARM,
    },
    { name: 'noble', run: nobleEngine.satisfies, spare: true },
  ),
} as const;

/** Has an engine take part in all three. Its answers must be the same, or peers part ways. */
export function offerEd25519(name: string, { publicKey, sign, satisfies }: Ed25519Engine): void {
  ed25519Dispatch.publicKey.offer({ name, run: publicKey });
  ed25519Dispatch.sign.offer({ name, run: sign });
  ed25519Dispatch.satisfies.offer({ name, run: satisfies });
}

const chosen: Ed25519Engine = {
  publicKey: (seed) => ed25519Dispatch.publicKey.run(seed),
  sign: (seed, message) => ed25519Dispatch.sign.run(seed, message),
  satisfies: (publicKey, message, signature) => ed25519Dispatch.satisfies.run(publicKey, message, signature),
};

let engine = chosen;

/** Has everything after it computed by this engine alone; by the chosen ones again when none is named. */
export function setEd25519(other: Ed25519Engine = chosen): void {
  engine = other;
}

/** p and L, little-endian. */
const FIELD = fromHex('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f');
const ORDER = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');

/** The y of the eight points whose order divides 8: of order 4, 1, 2, 8 and 8. The sign of x does not matter. */
const SMALL_ORDER = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
].map(fromHex);

const little = (bytes: Uint8Array): bigint => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

const byteOfY = (point: Uint8Array, index: number): number => (point[index] ?? 0) & (index === 31 ? 0x7f : 0xff);

function isBelow(at: (index: number) => number, bound: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const [own, other] = [at(i), bound[i] ?? 0];
    if (own !== other) return own < other;
  }
  return false;
}

/** The encoding is the only one of its point, and the point is none of the eight. */
function isSound(point: Uint8Array): boolean {
  const y = (index: number): number => byteOfY(point, index);
  return isBelow(y, FIELD) && !SMALL_ORDER.some((small) => small.every((byte, index) => byte === y(index)));
}

export const ed25519 = {
  /** From a seed of 32 bytes, which is the secret key. Public key: 32 bytes. */
  keypair(seed: Uint8Array): Keypair {
    want('Ed25519 seed', seed, ED25519_SEED);
    return { publicKey: engine.publicKey(seed), secretKey: seed.slice() };
  },

  /** bytes: 64 */
  sign(secretKey: Uint8Array, message: Uint8Array): Bytes {
    want('Ed25519 secret key', secretKey, ED25519_SEED);
    return engine.sign(secretKey, message);
  },

  /** docs/protocol.md §1; false, never an error, for malformed input. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    if (publicKey.length !== ED25519_PUBLIC || signature.length !== ED25519_SIGNATURE) return false;
    const s = signature.subarray(32);
    if (!isBelow((index) => s[index] ?? 0, ORDER) || !isSound(publicKey) || !isSound(signature)) return false;
    try {
      return engine.satisfies(publicKey, message, signature);
    } catch {
      return false;
    }
  },
} as const;
