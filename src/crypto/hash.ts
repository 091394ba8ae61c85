/** Hashes and the key derivation. Who computes them is decided by dispatch.ts, apart for short and for long messages: a call has its own cost. */
import { concat, u16, u32, utf8, type Bytes } from '../base/index.ts';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { shake256 as nobleShake256 } from '@noble/hashes/sha3.js';
import { Dispatch } from './dispatch.ts';

/** Over the parts, joined. */
export type Sha256 = (parts: readonly Uint8Array[]) => Bytes;
export type Shake256 = (length: number, parts: readonly Uint8Array[]) => Bytes;

/** Up to here a message is short. */
const SHORT = 128;

const viaNoble: Sha256 = (parts) => {
  const hash = nobleSha256.create();
  for (const part of parts) hash.update(part);
  return hash.digest();
};

export const shakeViaNoble: Shake256 = (length, parts) => {
  const hash = nobleShake256.create({ dkLen: length });
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** Uses until they are timed. */
const WARM = 1000;

/** 0, 1, 2 … 250, 0 … */
const counted = (length: number): readonly Uint8Array[] => [Uint8Array.from({ length }, (_, i) => i % 251)];
const [few, many] = [counted(64), counted(1024)];

/** The answers are OpenSSL's. */
export const hashes = {
  sha256: [
    new Dispatch<Sha256>(
      {
        name: 'sha256-64',
        trial: (run) => run(few),
        answer: 'fdeab9acf3710362bd2658cdc9a29e8f9c757fcf9811603a8c447cd1d9151108',
        warm: WARM,
      },
      { name: 'noble', run: viaNoble },
    ),
    new Dispatch<Sha256>(
      {
        name: 'sha256-1024',
        trial: (run) => run(many),
        answer: '2bce1ba628720664be4b9fdd77aae0678e5f0f3f02fc6ff641ec879094f6a404',
        warm: WARM,
      },
      { name: 'noble', run: viaNoble },
    ),
  ],
  shake256: [
    new Dispatch<Shake256>(
      {
        name: 'shake256-64',
        trial: (run) => run(32, few),
        answer: '755e8863a2b2bc067f51c1637a71c819d524dc37c17ba7a29c6ee3767c996a49',
        warm: WARM,
      },
      { name: 'noble', run: shakeViaNoble },
    ),
    new Dispatch<Shake256>(
      {
        name: 'shake256-1024',
        trial: (run) => run(160, many),
        answer:
          '9d780b699069ff9c378acd8857081da4efe44787ead6b5c92d8213445d4b1ebaf8f18ee78ae5c80640470731ab70162961625d053467abafe60dcb7950fc84bd14278b396ac2ff951a44c54698a25935d4624071ed4c7e31ff6651bcceebe5f72581fe3e327af15010fc9fb8f1ad21084fd455ab376094d5b785c7f327e786ae7505140fa7976fa5185ec9026444729f82f5dc14dd4c768d55f2aa01dba058b3',
        warm: WARM,
      },
      { name: 'noble', run: shakeViaNoble },
    ),
  ],
} as const;

/** The dispatch for a message of these parts. */
function sized<T>([short, long]: readonly [T, T], parts: readonly Uint8Array[]): T {
  let length = 0;
  for (const part of parts) length += part.length;
  return length > SHORT ? long : short;
}

/** SHA-256 over the parts, joined: 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Bytes {
  return sized(hashes.sha256, parts).run(parts);
}

/** SHAKE256 over the parts, joined: `length` bytes. */
export function shake256(length: number, ...parts: readonly Uint8Array[]): Bytes {
  return sized(hashes.shake256, parts).run(length, parts);
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

/** Has others take part, for messages of any length. */
export function offerHashes(name: string, ways: { readonly sha256: Sha256; readonly shake256: Shake256 }): void {
  for (const dispatch of hashes.sha256) dispatch.offer({ name, run: ways.sha256 });
  for (const dispatch of hashes.shake256) dispatch.offer({ name, run: ways.shake256 });
}
