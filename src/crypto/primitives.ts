/** The primitives under the protocol, across the boundary: for published vectors (`npm run vectors`, tests), not part of the door. */
import type { Bytes } from '../base/index.ts';
import { exchange, lay, take, want, wasm } from './core.ts';
import { type Way } from './layers.ts';

/** Adiantum with XChaCha of 12 or 20 rounds; key 32 bytes, any tweak. Undefined for a message shorter than a block. */
export function adiantum(rounds: 12 | 20, way: Way, key: Uint8Array, tweak: Uint8Array, message: Uint8Array): Bytes | undefined {
  want('Adiantum key', key, 32);
  const laid = lay(key, tweak, message);
  const code = wasm.raw_adiantum(rounds, way === 'encipher' ? 0 : 1, tweak.length, message.length);
  const all = take(laid, laid);
  return code === 0 ? all.slice(key.length + tweak.length) : undefined;
}

const bytesOf = (result: Bytes | number): Bytes | undefined => (typeof result === 'number' ? undefined : result);

/** bytes: 32; undefined for a zero result or other lengths than 32. */
export function x25519(scalar: Uint8Array, point: Uint8Array): Bytes | undefined {
  if (scalar.length !== 32 || point.length !== 32) return undefined;
  return bytesOf(exchange([scalar, point], wasm.raw_x25519, 32));
}

export const mlkem768 = {
  /** From d ‖ z: encapsulation key 1184, decapsulation key 2400 bytes. Undefined when the seed has not 64 bytes. */
  keygen(seed: Uint8Array): { readonly ek: Bytes; readonly dk: Bytes } | undefined {
    if (seed.length !== 64) return undefined;
    const both = bytesOf(exchange([seed], () => (wasm.raw_mlkem768_keygen(), 0), 3584));
    return both === undefined ? undefined : { ek: both.slice(0, 1184), dk: both.slice(1184) };
  },

  /** Undefined for a key that is not reduced (FIPS 203 §7.2), or wrong lengths. */
  encaps(ek: Uint8Array, m: Uint8Array): { readonly c: Bytes; readonly k: Bytes } | undefined {
    if (ek.length !== 1184 || m.length !== 32) return undefined;
    const both = bytesOf(exchange([ek, m], wasm.raw_mlkem768_encaps, 1120));
    return both === undefined ? undefined : { c: both.slice(0, 1088), k: both.slice(1088) };
  },

  /** Undefined for a key whose hash is not right (FIPS 203 §7.3), or wrong lengths. */
  decaps(dk: Uint8Array, c: Uint8Array): Bytes | undefined {
    if (dk.length !== 2400 || c.length !== 1088) return undefined;
    return bytesOf(exchange([dk, c], wasm.raw_mlkem768_decaps, 32));
  },
} as const;
