/** Hashes and signatures by the core, in WebAssembly. What does not fit its exchange area is noble's. */
import type { Bytes } from '../base/index.ts';
import { AREA_BYTES } from './area.ts';
import { core, coreArea } from './core.ts';
import { nobleEngine, type Ed25519Engine } from './ed25519.ts';
import { shakeViaNoble, type Sha256, type Shake256 } from './hash.ts';

/** Bytes that stand before the message of a signature: public key and signature. */
const BEFORE = 96;
const MESSAGE_ROOM = AREA_BYTES - BEFORE;

function done(result: Bytes | number): Bytes {
  if (typeof result === 'number') throw new Error(`crypto: the core refused with ${result}`);
  return result;
}

export const coreEd25519: Ed25519Engine = {
  publicKey: (seed) => done(coreArea.exchange([seed], () => core.ed25519_public(), 32)),
  sign(seed, message) {
    if (message.length > MESSAGE_ROOM) return nobleEngine.sign(seed, message);
    return done(coreArea.exchange([seed, message], () => core.ed25519_sign(message.length), 64));
  },
  satisfies(publicKey, message, signature) {
    if (message.length > MESSAGE_ROOM) return nobleEngine.satisfies(publicKey, message, signature);
    const laid = coreArea.lay(publicKey, signature, message);
    const right = core.ed25519_satisfies(message.length) === 1;
    coreArea.take(0, laid);
    return right;
  },
};

const lengthOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, { length }) => sum + length, 0);

/** In one call where there is room, else piece by piece. */
export const coreSha256: Sha256 = (parts) => {
  if (lengthOf(parts) <= AREA_BYTES) return done(coreArea.exchange(parts, (laid) => core.sha256(laid, true), 32));
  for (const part of parts) {
    for (let at = 0; at < part.length; at += AREA_BYTES)
      done(coreArea.exchange([part.subarray(at, at + AREA_BYTES)], (laid) => core.sha256(laid, false), 0));
  }
  return done(coreArea.exchange([], () => core.sha256(0, true), 32));
};

export const coreShake256: Shake256 = (length, parts) =>
  lengthOf(parts) + length > AREA_BYTES
    ? shakeViaNoble(length, parts)
    : done(coreArea.exchange(parts, (laid) => core.shake256(laid, length), length));
