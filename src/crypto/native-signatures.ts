/**
 * Signatures by OpenSSL, for Node: a tenth of the time that JavaScript takes. Of Ed25519 it answers for the equation alone, which it
 * checks without the cofactor, by comparing encodings of R; ed25519.ts has looked at the rest.
 */
import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { concat, fromHex, type Bytes } from '../base/index.ts';
import type { Ed25519Engine } from './ed25519.ts';
import { nobleMlDsaVerify, type MlDsaVerify } from './signature.ts';

/** What stands before the raw bytes: SubjectPublicKeyInfo and PKCS #8 (RFC 8410, RFC 9881). */
const ED25519_SPKI = fromHex('302a300506032b6570032100');
const ED25519_PKCS8 = fromHex('302e020100300506032b657004220420');
const MLDSA_SPKI = fromHex('308207b2300b0609608648016503040312038207a100');

/** Public keys that are kept read; a device's comes back with each of its updates and receipts. */
const KEPT = 512;

class PublicKeys {
  readonly #prefix: Bytes;
  readonly #kept = new Map<string, KeyObject>();

  constructor(prefix: Bytes) {
    this.#prefix = prefix;
  }

  get(raw: Uint8Array): KeyObject {
    const name = Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString('latin1');
    const known = this.#kept.get(name);
    if (known !== undefined) return known;
    const made = createPublicKey({ key: Buffer.from(concat(this.#prefix, raw)), format: 'der', type: 'spki' });
    this.#kept.set(name, made);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
    return made;
  }
}

const ed25519Keys = new PublicKeys(ED25519_SPKI);
const mlDsaKeys = new PublicKeys(MLDSA_SPKI);

function privateKey(seed: Uint8Array): KeyObject {
  const der = concat(ED25519_PKCS8, seed);
  try {
    return createPrivateKey({ key: Buffer.from(der.buffer), format: 'der', type: 'pkcs8' });
  } finally {
    der.fill(0);
  }
}

export const nativeEd25519: Ed25519Engine = {
  publicKey(seed): Bytes {
    const der = createPublicKey(privateKey(seed)).export({ format: 'der', type: 'spki' });
    return new Uint8Array(der.subarray(ED25519_SPKI.length));
  },
  sign: (seed, message) => new Uint8Array(sign(null, message, privateKey(seed))),
  satisfies: (raw, message, signature) => verify(null, message, ed25519Keys.get(raw), signature),
};

/** The OpenSSL of Node before 24 has no ML-DSA. */
function hasMlDsa(): boolean {
  try {
    return mlDsaKeys.get(new Uint8Array(1952)).asymmetricKeyType !== undefined;
  } catch {
    return false;
  }
}

export const nativeMlDsaVerify: MlDsaVerify = hasMlDsa()
  ? (raw, message, signature) => verify(null, message, mlDsaKeys.get(raw), signature)
  : nobleMlDsaVerify;
