/**
 * X-Wing (docs/protocol.md §1, suite 3), and the one way to seal to a KEM key:
 *
 *   seal(pk, label, ctx, pt) = ct 1120 | AEAD(KDF(label, 32, ss, ct, pk, ctx), nonce 0, pt, aad "sotto/1/" + label)
 */
import { concat, wipe, type Bytes, type Random } from '../base/index.ts';
import { AEAD_TAG, aeadOpen, aeadSeal } from './aead.ts';
import { exchange, handleOf, want, wasm } from './core.ts';
import { kdf, purpose } from './hash.ts';

export const KEM_PUBLIC = 1216;
export const KEM_SECRET = 32;
export const KEM_CIPHERTEXT = 1120;
export const KEM_SHARED = 32;
const RANDOM = 64;
const NONCE = new Uint8Array(24);

export interface KemKeypair {
  /** bytes: 1216 */
  readonly publicKey: Bytes;
  /** bytes: 32, the seed */
  readonly secretKey: Bytes;
}

export interface Encapsulated {
  /** bytes: 1120 */
  readonly ciphertext: Bytes;
  /** bytes: 32 */
  readonly sharedSecret: Bytes;
}

/** A secret key kept expanded in linear memory, for one that opens often. */
export class KemKey {
  /** bytes: 1216 */
  readonly publicKey: Bytes;
  #handle: number;

  constructor(seed: Uint8Array) {
    want('KEM seed', seed, KEM_SECRET);
    const made = handleOf('KEM keys', [seed], wasm.kem_key_new, KEM_PUBLIC);
    this.#handle = made.handle;
    this.publicKey = made.bytes;
  }

  /** bytes: 32; undefined for a ciphertext of another length or with a point of low order. One that was changed gives another secret. */
  decaps(ciphertext: Uint8Array): Bytes | undefined {
    if (this.#handle === 0) throw new Error('KEM key: it has been wiped; make another from its seed');
    if (ciphertext.length !== KEM_CIPHERTEXT) return undefined;
    const secret = exchange([ciphertext], () => wasm.kem_decaps(this.#handle), KEM_SHARED);
    return typeof secret === 'number' ? undefined : secret;
  }

  /** Erases the key. Again: nothing. */
  wipe(): void {
    wasm.kem_key_free(this.#handle);
    this.#handle = 0;
  }
}

function withKey<T>(seed: Uint8Array, work: (key: KemKey) => T): T {
  const key = new KemKey(seed);
  try {
    return work(key);
  } finally {
    key.wipe();
  }
}

export const kem = {
  /** From a seed of 32 bytes, which is the secret key. */
  keygen(seed: Uint8Array): KemKeypair {
    return withKey(seed, ({ publicKey }) => ({ publicKey, secretKey: seed.slice() }));
  },

  /** With 64 random bytes. Undefined when the key is not a valid one (FIPS 203 §7.2; a point of low order; its length). */
  encaps(publicKey: Uint8Array, random: Uint8Array): Encapsulated | undefined {
    want('encapsulation randomness', random, RANDOM);
    if (publicKey.length !== KEM_PUBLIC) return undefined;
    const both = exchange([publicKey, random], wasm.kem_encaps, KEM_CIPHERTEXT + KEM_SHARED);
    if (typeof both === 'number') return undefined;
    const made = { ciphertext: both.slice(0, KEM_CIPHERTEXT), sharedSecret: both.slice(KEM_CIPHERTEXT) };
    wipe(both);
    return made;
  },

  /** See `KemKey.decaps`; this one expands the seed each time. */
  decaps(secretKey: Uint8Array, ciphertext: Uint8Array): Bytes | undefined {
    return withKey(secretKey, (key) => key.decaps(ciphertext));
  },
} as const;

/** Seals to a KEM key: 1120 + plaintext + 16 bytes. Undefined when the key is not a valid one. */
export function sealTo(publicKey: Uint8Array, label: string, ctx: Uint8Array, plaintext: Uint8Array, random: Random): Bytes | undefined {
  const made = kem.encaps(publicKey, random.bytes(RANDOM));
  if (made === undefined) return undefined;
  const key = kdf(label, 32, made.sharedSecret, made.ciphertext, publicKey, ctx);
  const sealed = concat(made.ciphertext, aeadSeal(key, NONCE, purpose(label), plaintext));
  wipe(key, made.sharedSecret);
  return sealed;
}

/** Opens what `sealTo` made for this key with the same label and context; undefined for anything else. */
export function openSealed(
  secretKey: Uint8Array,
  publicKey: Uint8Array,
  label: string,
  ctx: Uint8Array,
  sealed: Uint8Array,
): Bytes | undefined {
  if (sealed.length < KEM_CIPHERTEXT + AEAD_TAG) return undefined;
  const ciphertext = sealed.subarray(0, KEM_CIPHERTEXT);
  const shared = kem.decaps(secretKey, ciphertext);
  if (shared === undefined) return undefined;
  const key = kdf(label, 32, shared, ciphertext, publicKey, ctx);
  const plaintext = aeadOpen(key, NONCE, purpose(label), sealed.subarray(KEM_CIPHERTEXT));
  wipe(key, shared);
  return plaintext;
}
