import type { Bytes } from '../base/index.ts';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { want } from './core.ts';

export const AEAD_TAG = 16;

/** XChaCha20-Poly1305: `plaintext` and 16 bytes more. Key 32, nonce 24 bytes. */
export function aeadSeal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Bytes {
  return xchacha20poly1305(key, nonce, aad).encrypt(plaintext);
}

/** The plaintext, or undefined when anything was changed. Throws only when key or nonce have a wrong length. */
export function aeadOpen(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Bytes | undefined {
  want('AEAD key', key, 32);
  want('AEAD nonce', nonce, 24);
  if (sealed.length < AEAD_TAG) return undefined;
  try {
    return xchacha20poly1305(key, nonce, aad).decrypt(sealed);
  } catch {
    return undefined;
  }
}
