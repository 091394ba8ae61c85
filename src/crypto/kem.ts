/**
 * X25519 with ML-KEM (docs/protocol.md §1), by suite; at suite 3 it is X-Wing. And the one way to seal to a KEM key, at suite 3:
 *
 *   seal(pk, label, ctx, pt) = ct 1120 | AEAD(KDF(label, 32, ss, ct, pk, ctx), nonce 0, pt, aad "sotto/1/" + label)
 */
import { concat, wipe, type Bytes, type Random } from '../base/index.ts';
import { AEAD_TAG, aeadOpen, aeadSeal } from './aead.ts';
import { core, coreArea, held, want } from './core.ts';
import { kdf, purpose } from './hash.ts';
import { SUITE, suiteLengths, type Suite } from './suite.ts';

export const KEM_PUBLIC = suiteLengths[SUITE].kemPublic;
export const KEM_SECRET = 32;
export const KEM_CIPHERTEXT = suiteLengths[SUITE].kemCiphertext;
export const KEM_SHARED = 32;
const RANDOM = 64;
const NONCE = new Uint8Array(24);

export interface KemKeypair {
  /** bytes: 832, 1216 or 1600, by suite */
  readonly publicKey: Bytes;
  /** bytes: 32, the seed */
  readonly secretKey: Bytes;
}

export interface Encapsulated {
  /** bytes: 800, 1120 or 1600, by suite */
  readonly ciphertext: Bytes;
  /** bytes: 32 */
  readonly sharedSecret: Bytes;
}

/** A secret key kept expanded in linear memory, for one that opens often. */
export class KemKey {
  readonly publicKey: Bytes;
  readonly #lengths;
  #handle: number;

  constructor(seed: Uint8Array, suite: Suite = SUITE) {
    want('KEM seed', seed, KEM_SECRET);
    this.#lengths = suiteLengths[suite];
    const made = held(
      'KEM keys',
      coreArea.handle([seed], () => core.kem_key_new(suite), this.#lengths.kemPublic),
    );
    this.#handle = made.handle;
    this.publicKey = made.bytes;
  }

  /** bytes: 32; undefined for a ciphertext of another length or with a point of low order. One that was changed gives another secret. */
  decaps(ciphertext: Uint8Array): Bytes | undefined {
    if (this.#handle === 0) throw new Error('KEM key: it has been wiped; make another from its seed');
    if (ciphertext.length !== this.#lengths.kemCiphertext) return undefined;
    const secret = coreArea.exchange([ciphertext], (laid) => core.kem_decaps(this.#handle, laid), KEM_SHARED);
    return typeof secret === 'number' ? undefined : secret;
  }

  /** Erases the key. Again: nothing. */
  wipe(): void {
    core.kem_key_free(this.#handle);
    this.#handle = 0;
  }
}

function withKey<T>(seed: Uint8Array, suite: Suite, work: (key: KemKey) => T): T {
  const key = new KemKey(seed, suite);
  try {
    return work(key);
  } finally {
    key.wipe();
  }
}

export interface Kem {
  /** From a seed of 32 bytes, which is the secret key. */
  keygen(seed: Uint8Array): KemKeypair;
  /** With 64 random bytes. Undefined when the key is not a valid one (FIPS 203 §7.2; a point of low order; its length). */
  encaps(publicKey: Uint8Array, random: Uint8Array): Encapsulated | undefined;
  /** See `KemKey.decaps`; this one expands the seed each time. */
  decaps(secretKey: Uint8Array, ciphertext: Uint8Array): Bytes | undefined;
}

/** The KEM of a suite. */
export function kemOf(suite: Suite): Kem {
  const { kemPublic, kemCiphertext } = suiteLengths[suite];
  return {
    keygen: (seed) => withKey(seed, suite, ({ publicKey }) => ({ publicKey, secretKey: seed.slice() })),
    encaps(publicKey, random) {
      want('encapsulation randomness', random, RANDOM);
      if (publicKey.length !== kemPublic) return undefined;
      const both = coreArea.exchange([random, publicKey], () => core.kem_encaps(suite), kemCiphertext + KEM_SHARED);
      if (typeof both === 'number') return undefined;
      const made = { ciphertext: both.slice(0, kemCiphertext), sharedSecret: both.slice(kemCiphertext) };
      wipe(both);
      return made;
    },
    decaps: (secretKey, ciphertext) => withKey(secretKey, suite, (key) => key.decaps(ciphertext)),
  };
}

/** That of suite 3: X-Wing. */
export const kem: Kem = kemOf(SUITE);

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
