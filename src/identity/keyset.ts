/**
 * Keysets: Ed25519 and ML-DSA-65 together (docs/protocol.md §2). Both signatures must verify; the cheap one is checked first.
 *
 *   keyset = Ed25519 32 | ML-DSA-65 1952                     1984 bytes
 *   signed = Signed{ body, ed25519 64, ml_dsa 3309 }         both over "sotto/1/" | purpose | body
 *   light  = Ed25519 64 over the same, for what is frequent; a purpose is either hybrid or light, never both
 */
import { concat, isRefusal, refuse, wipe, type Bytes, type Random, type Refusal } from '../base/index.ts';
import { ed25519, ED25519_PUBLIC, hybrid, HYBRID_PUBLIC, purpose as signedBytes } from '../crypto/index.ts';
import { create, decodeStrict, encode, SignedSchema } from '../wire/index.ts';

export const KEYSET_BYTES = HYBRID_PUBLIC;
const SEED_BYTES = 64;

export const newKeysetSeed = (random: Random): Bytes => random.bytes(SEED_BYTES);

/** Signs with one keyset. Holds its secrets: prints as [secret]. */
export class Signer {
  /** bytes: 1984 */
  readonly keyset: Bytes;
  readonly #secret: Bytes;

  /** From the seeds of Ed25519 and of ML-DSA, 32 bytes each. Throws RangeError for another length. */
  constructor(seed: Uint8Array) {
    if (seed.length !== SEED_BYTES) throw new RangeError(`keyset seed: want ${SEED_BYTES} bytes, got ${seed.length}`);
    const pair = hybrid.keypair(seed.subarray(0, 32), seed.subarray(32));
    this.keyset = pair.publicKey;
    this.#secret = pair.secretKey;
  }

  /** An encoded Signed. */
  sign(purpose: string, body: Uint8Array): Bytes {
    const signatures = hybrid.sign(this.#secret, signedBytes(purpose, body));
    return encode(SignedSchema, create(SignedSchema, { body, ...signatures }));
  }

  /** bytes: 64 */
  signLight(purpose: string, body: Uint8Array): Bytes {
    return ed25519.sign(this.#secret.subarray(0, 32), signedBytes(purpose, body));
  }

  exposeSeed(): Bytes {
    return this.#secret.slice();
  }

  erase(): void {
    wipe(this.#secret);
  }

  toJSON(): string {
    return '[secret]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]';
  }
}

/** The body of an encoded Signed whose signatures are still to be checked. Refused: `malformed`, `not-canonical`. */
export function bodyOf(signed: Uint8Array): Bytes | Refusal {
  const read = decodeStrict(SignedSchema, signed);
  return isRefusal(read) ? read : concat(read.body);
}

/** The body of an encoded Signed. Refused: `malformed`, `not-canonical`, `bad-signature`. */
export function verifySigned(purpose: string, keyset: Uint8Array, signed: Uint8Array): Bytes | Refusal {
  const read = decodeStrict(SignedSchema, signed);
  if (isRefusal(read)) return read;
  return hybrid.verify(keyset, signedBytes(purpose, read.body), read) ? concat(read.body) : refuse('bad-signature', purpose);
}

/** True when `signature` is the Ed25519 signature of the keyset. */
export function verifyLight(purpose: string, keyset: Uint8Array, body: Uint8Array, signature: Uint8Array): boolean {
  return keyset.length === KEYSET_BYTES && ed25519.verify(keyset.subarray(0, ED25519_PUBLIC), signedBytes(purpose, body), signature);
}
