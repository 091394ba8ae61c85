/** Where a benchmark runs: Node, or a page in Chromium. The rows of `core.ts` know no other difference. */
import { concat, fromHex, type Bytes } from '../src/base/index.ts';
import type { Load } from './peers.ts';

/** A secret key of X25519 as PKCS #8 (RFC 8410 §7), which is what platforms read. */
export const x25519Pkcs8 = (scalar: Uint8Array): Bytes => concat(fromHex('302e020100300506032b656e04220420'), scalar);

/** Of node:crypto what is compared with; it works at once, as ours does. */
export interface NativeCrypto {
  /** ChaCha20-Poly1305 (RFC 8439): ciphertext and tag. */
  seal(key: Uint8Array, nonce: Uint8Array, message: Uint8Array): unknown;
  sha256(message: Uint8Array): unknown;
  /** X25519 of one key pair of its own. */
  x25519(): unknown;
  /** X25519 from bytes to bytes: with a secret key that is read each time, and with one that was read before. */
  agree(scalar: Uint8Array, point: Uint8Array): Uint8Array;
  agreeing(scalar: Uint8Array): (point: Uint8Array) => Uint8Array;
  /** ML-KEM-768 of one key pair of its own, where this Node has it. */
  readonly kem: { keygen(): unknown; encaps(): unknown; decaps(): unknown } | undefined;
}

export interface Host {
  readonly load: Load;
  readonly native: NativeCrypto | undefined;
}
