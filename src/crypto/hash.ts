import { concat, u16, u32, utf8, type Bytes } from '../base/index.ts';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { shake256 as nobleShake256 } from '@noble/hashes/sha3.js';

/** SHA-256 over the parts, joined: 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Bytes {
  const hash = nobleSha256.create();
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** SHAKE256 over the parts, joined: `length` bytes. */
export function shake256(length: number, ...parts: readonly Uint8Array[]): Bytes {
  const hash = nobleShake256.create({ dkLen: length });
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/**
 * The one key derivation (docs/protocol.md §1):
 * `SHAKE256(u16 len ‖ "sotto/1/" + label ‖ u16 outlen ‖ Σ (u32 len ‖ input))`, `length` bytes.
 */
export function kdf(label: string, length: number, ...inputs: readonly Uint8Array[]): Bytes {
  const name = purpose(label);
  return shake256(length, u16(name.length), name, u16(length), ...inputs.flatMap((input) => [u32(input.length), input]));
}

/** `"sotto/1/" + label` in bytes: what every signature and associated data starts with (docs/protocol.md §1). */
export function purpose(label: string, ...context: readonly Uint8Array[]): Bytes {
  return concat(utf8(`sotto/1/${label}`), ...context);
}
