/** A Sealer for the tests of this folder: XChaCha20-Poly1305 with random nonces, the context as associated data. */
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { concat, systemRandom, utf8 } from '../base/index.ts';
import type { Sealer } from './store.ts';

export function testSealer(key: Uint8Array = systemRandom.bytes(32)): Sealer {
  return {
    seal(plain, context) {
      const nonce = systemRandom.bytes(24);
      return concat(nonce, xchacha20poly1305(key, nonce, utf8(context)).encrypt(plain));
    },
    open(sealed, context) {
      try {
        return xchacha20poly1305(key, sealed.subarray(0, 24), utf8(context)).decrypt(sealed.subarray(24));
      } catch {
        return undefined;
      }
    },
  };
}
