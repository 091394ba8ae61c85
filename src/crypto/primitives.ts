/** The primitives under the protocol, across the boundary: for published vectors (`npm run vectors`, tests), not part of the door. */
import type { Bytes } from '../base/index.ts';
import { cell, cellArea, core, coreArea, want } from './core.ts';
import { type Way } from './layers.ts';

/** Adiantum with XChaCha of 12 or 20 rounds; key 32 bytes, any tweak. Undefined for a message shorter than a block. */
export function adiantum(rounds: 12 | 20, way: Way, key: Uint8Array, tweak: Uint8Array, message: Uint8Array): Bytes | undefined {
  want('Adiantum key', key, 32);
  const laid = cellArea.lay(key, tweak, message);
  const code = cell.raw_adiantum(rounds, way === 'encipher' ? 0 : 1, tweak.length, message.length);
  const all = cellArea.take(laid, laid);
  return code === 0 ? all.slice(key.length + tweak.length) : undefined;
}

const bytesOf = (result: Bytes | number): Bytes | undefined => (typeof result === 'number' ? undefined : result);

/** bytes: 32; undefined for a zero result or other lengths than 32. */
export function x25519(scalar: Uint8Array, point: Uint8Array): Bytes | undefined {
  if (scalar.length !== 32 || point.length !== 32) return undefined;
  return bytesOf(coreArea.exchange([scalar, point], core.raw_x25519, 32));
}

/** In the order that the core numbers them in. */
const KECCAK = ['sha3-256', 'sha3-512', 'shake128', 'shake256'] as const;
export type Keccak = (typeof KECCAK)[number];

/** A function of FIPS 202 with an output of so many bytes, which of SHA-3 are 32 and 64. Text and output: 64 KiB in all. */
export function keccak(name: Keccak, text: Uint8Array, output: number): Bytes | undefined {
  return bytesOf(coreArea.exchange([text], () => core.raw_keccak(KECCAK.indexOf(name), text.length, output), output));
}

export type MlKemSize = 512 | 768 | 1024;

export interface MlKem {
  /** From d ‖ z: encapsulation key, expanded decapsulation key. Undefined when the seed has not 64 bytes. */
  keygen(seed: Uint8Array): { readonly ek: Bytes; readonly dk: Bytes } | undefined;
  /** With m of 32 bytes: ciphertext, shared secret of 32. Undefined for a key that is not reduced (FIPS 203 §7.2), or wrong lengths. */
  encaps(ek: Uint8Array, m: Uint8Array): { readonly c: Bytes; readonly k: Bytes } | undefined;
  /** bytes: 32. Undefined for a key whose hash is not right (FIPS 203 §7.3), or wrong lengths. */
  decaps(dk: Uint8Array, c: Uint8Array): Bytes | undefined;
}

function mlkemOf(size: MlKemSize, [ekLength, dkLength, cLength]: readonly [number, number, number]): MlKem {
  return {
    keygen(seed) {
      if (seed.length !== 64) return undefined;
      const both = bytesOf(coreArea.exchange([seed], () => core.raw_mlkem_keygen(size), ekLength + dkLength));
      return both && { ek: both.subarray(0, ekLength), dk: both.subarray(ekLength) };
    },
    encaps(ek, m) {
      if (ek.length !== ekLength || m.length !== 32) return undefined;
      const both = bytesOf(coreArea.exchange([m, ek], () => core.raw_mlkem_encaps(size), cLength + 32));
      return both && { c: both.subarray(0, cLength), k: both.subarray(cLength) };
    },
    decaps(dk, c) {
      if (dk.length !== dkLength || c.length !== cLength) return undefined;
      return bytesOf(coreArea.exchange([dk, c], () => core.raw_mlkem_decaps(size), 32));
    },
  };
}

export const mlkem: Readonly<Record<MlKemSize, MlKem>> = {
  512: mlkemOf(512, [800, 1632, 768]),
  768: mlkemOf(768, [1184, 2400, 1088]),
  1024: mlkemOf(1024, [1568, 3168, 1568]),
};
export const mlkem768 = mlkem[768];
