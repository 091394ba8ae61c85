/**
 * Ed25519 (RFC 8032, strict) and the hybrid of a keyset: Ed25519 beside ML-DSA-65 (FIPS 204), both of which must verify.
 *
 *   public key 1984 = ed25519 32 | ml-dsa-65 1952        secret key 64 = seed of either, 32 each
 */
import { concat, type Bytes } from '../base/index.ts';
import { ed25519 as curve } from '@noble/curves/ed25519.js';
import { ml_dsa65 as lattice } from '@noble/post-quantum/ml-dsa.js';
import { want } from './core.ts';

export const ED25519_PUBLIC = 32;
export const ED25519_SIGNATURE = 64;
export const MLDSA_PUBLIC = 1952;
export const MLDSA_SIGNATURE = 3309;
export const HYBRID_PUBLIC = ED25519_PUBLIC + MLDSA_PUBLIC;
const SEED = 32;

/** A library that throws on malformed input has refused it. */
function verifies(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}

export interface Keypair {
  readonly publicKey: Bytes;
  readonly secretKey: Bytes;
}

export const ed25519 = {
  /** From a seed of 32 bytes, which is the secret key. Public key: 32 bytes. */
  keypair(seed: Uint8Array): Keypair {
    want('Ed25519 seed', seed, SEED);
    return { publicKey: curve.getPublicKey(seed), secretKey: seed.slice() };
  },

  /** bytes: 64 */
  sign(secretKey: Uint8Array, message: Uint8Array): Bytes {
    want('Ed25519 secret key', secretKey, SEED);
    return curve.sign(message, secretKey);
  },

  /** Strict (RFC 8032 §5.1.7 with the canonical encodings of FIPS 186-5); false, never an error, for malformed input. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    if (publicKey.length !== ED25519_PUBLIC || signature.length !== ED25519_SIGNATURE) return false;
    return verifies(() => curve.verify(signature, message, publicKey, { zip215: false }));
  },
} as const;

export interface HybridSignature {
  /** bytes: 64 */
  readonly ed25519: Bytes;
  /** bytes: 3309 */
  readonly mlDsa: Bytes;
}

export const hybrid = {
  /** From two seeds of 32 bytes. Public key: 1984 bytes; secret key: 64 bytes, the seeds. */
  keypair(edSeed: Uint8Array, mlDsaSeed: Uint8Array): Keypair {
    want('ML-DSA seed', mlDsaSeed, SEED);
    const own = lattice.keygen(mlDsaSeed);
    return { publicKey: concat(ed25519.keypair(edSeed).publicKey, own.publicKey), secretKey: concat(edSeed, mlDsaSeed) };
  },

  /** Deterministic. The message begins with its purpose, `sotto/1/…` (docs/protocol.md §1): the caller's to see to. */
  sign(secretKey: Uint8Array, message: Uint8Array): HybridSignature {
    want('hybrid secret key', secretKey, 2 * SEED);
    const own = lattice.keygen(secretKey.subarray(SEED));
    const mlDsa = lattice.sign(message, own.secretKey, { extraEntropy: false });
    own.secretKey.fill(0);
    return { ed25519: ed25519.sign(secretKey.subarray(0, SEED), message), mlDsa };
  },

  /** Both signatures must verify; false, never an error, for malformed input. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: { readonly ed25519: Uint8Array; readonly mlDsa: Uint8Array }): boolean {
    if (publicKey.length !== HYBRID_PUBLIC || signature.mlDsa.length !== MLDSA_SIGNATURE) return false;
    return (
      ed25519.verify(publicKey.subarray(0, ED25519_PUBLIC), message, signature.ed25519) &&
      verifies(() => lattice.verify(signature.mlDsa, message, publicKey.subarray(ED25519_PUBLIC)))
    );
  },
} as const;
