/**
 * The hybrid of a keyset: Ed25519 beside ML-DSA-65 (FIPS 204), both of which must verify.
 *
 *   public key 1984 = ed25519 32 | ml-dsa-65 1952        secret key 64 = seed of either, 32 each
 */
import { concat, type Bytes } from '../base/index.ts';
import { ml_dsa65 as lattice } from '@noble/post-quantum/ml-dsa.js';
import { want } from './core.ts';
import { ed25519, ED25519_PUBLIC, ED25519_SEED as SEED, type Keypair } from './ed25519.ts';

export const MLDSA_PUBLIC = 1952;
export const MLDSA_SIGNATURE = 3309;
export const HYBRID_PUBLIC = ED25519_PUBLIC + MLDSA_PUBLIC;

/** A library that throws on malformed input has refused it. */
function verifies(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}

/** FIPS 204, over arguments whose lengths have been checked. May throw for what is malformed: that is a refusal. */
export type MlDsaVerify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

export const nobleMlDsaVerify: MlDsaVerify = (publicKey, message, signature) => lattice.verify(signature, message, publicKey);

let verifyLattice = nobleMlDsaVerify;

/** Has everything after it verified by another implementation, which must give the same answers. */
export function setMlDsaVerify(other: MlDsaVerify): void {
  verifyLattice = other;
}

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
      verifies(() => verifyLattice(publicKey.subarray(ED25519_PUBLIC), message, signature.mlDsa))
    );
  },
} as const;
