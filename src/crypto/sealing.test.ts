import { beforeAll, describe, expect, it } from 'vitest';
import { ml_kem768_x25519 as xwing } from '@noble/post-quantum/hybrid.js';
import { concat, toHex, utf8 } from '../base/index.ts';
import { seededRandom, testSeed } from '../base/testing.ts';
import {
  aeadOpen,
  aeadSeal,
  ed25519,
  hybrid,
  HYBRID_PUBLIC,
  inUse,
  kdf,
  kem,
  KemKey,
  openSealed,
  sealTo,
  sha256,
  shake256,
} from './index.ts';
import { initCryptoNode } from './node.ts';
import * as oracle from './oracle.ts';

const random = seededRandom(testSeed());
const text = utf8('a message');

beforeAll(initCryptoNode);

const flip = (bytes: Uint8Array, bit: number): Uint8Array<ArrayBuffer> => {
  const copy = new Uint8Array(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
};

describe('hashes and key derivation', () => {
  it('hash the parts as one string', () => {
    // FIPS 180-4 and FIPS 202 examples, for "abc".
    expect(toHex(sha256(utf8('a'), utf8('bc')))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(toHex(shake256(32, utf8('ab'), utf8('c')))).toBe('483366601360a8771c6863080cc4114d8db44530f8f1e1ee4f94ea37e78b5739');
  });

  it('derive as the protocol frames it: no two lists of inputs are one string', () => {
    const [a, b] = [random.bytes(5), random.bytes(70_000)];
    expect(kdf('topic', 64, a, b)).toEqual(oracle.kdf('topic', 64, a, b));
    const lists = [
      kdf('x', 32, a, b),
      kdf('x', 32, concat(a, b)),
      kdf('x', 32, b, a),
      kdf('xy', 32, a, b),
      kdf('x', 33, a, b).slice(0, 32),
      kdf('x', 32),
    ];
    expect(new Set(lists.map(toHex)).size).toBe(lists.length);
  });
});

describe('AEAD', () => {
  it('opens what it sealed, and nothing else', () => {
    const [key, nonce, aad] = [random.bytes(32), random.bytes(24), random.bytes(9)];
    const sealed = aeadSeal(key, nonce, aad, text);
    expect(aeadOpen(key, nonce, aad, sealed)).toEqual(text);
    for (let bit = 0; bit < 8 * sealed.length; bit++) expect(aeadOpen(key, nonce, aad, flip(sealed, bit))).toBeUndefined();
    for (let length = 0; length < sealed.length; length++) expect(aeadOpen(key, nonce, aad, sealed.subarray(0, length))).toBeUndefined();
    expect(aeadOpen(key, nonce, new Uint8Array(), sealed)).toBeUndefined();
  });
});

describe('X-Wing', () => {
  it('is noble’s, in every direction', () => {
    for (let round = 0; round < 10; round++) {
      const [seed, chance] = [random.bytes(32), random.bytes(64)];
      const ours = kem.keygen(seed);
      const theirs = xwing.keygen(seed);
      expect(ours.publicKey).toEqual(new Uint8Array(theirs.publicKey));
      const made = kem.encaps(ours.publicKey, chance);
      const other = xwing.encapsulate(theirs.publicKey, chance);
      expect(made).toEqual({ ciphertext: new Uint8Array(other.cipherText), sharedSecret: new Uint8Array(other.sharedSecret) });
      expect(kem.decaps(seed, new Uint8Array(other.cipherText))).toEqual(new Uint8Array(other.sharedSecret));
    }
  });

  it('refuses keys and ciphertexts of low order, unreduced keys, and other lengths', () => {
    const { publicKey, secretKey } = kem.keygen(random.bytes(32));
    const chance = random.bytes(64);
    const made = kem.encaps(publicKey, chance);
    if (made === undefined) throw new Error('a good key is refused');
    expect(kem.encaps(concat(publicKey.subarray(0, 1184), new Uint8Array(32)), chance)).toBeUndefined();
    expect(kem.encaps(publicKey.slice().fill(0xff, 100, 103), chance)).toBeUndefined();
    expect(kem.encaps(publicKey.subarray(1), chance)).toBeUndefined();
    expect(kem.decaps(secretKey, concat(made.ciphertext.subarray(0, 1088), new Uint8Array(32)))).toBeUndefined();
    expect(kem.decaps(secretKey, made.ciphertext.subarray(1))).toBeUndefined();
    expect(() => kem.keygen(new Uint8Array(31))).toThrow(/want 32 bytes/);
  });

  it('gives another secret, never the same, for a ciphertext with a flipped bit', () => {
    const seed = random.bytes(32);
    const key = new KemKey(seed);
    const made = kem.encaps(key.publicKey, random.bytes(64));
    if (made === undefined) throw new Error('a good key is refused');
    for (let bit = 0; bit < 8 * made.ciphertext.length; bit += 7) {
      const other = key.decaps(flip(made.ciphertext, bit));
      expect(other === undefined || toHex(other) !== toHex(made.sharedSecret)).toBe(true);
    }
    expect(key.decaps(made.ciphertext)).toEqual(made.sharedSecret);
    key.wipe();
    key.wipe();
    expect(() => key.decaps(made.ciphertext)).toThrow(/wiped/);
    expect(inUse().kemKeys).toBe(0);
  });

  it('seals to a key, for one label and context', () => {
    const { publicKey, secretKey } = kem.keygen(random.bytes(32));
    const ctx = random.bytes(20);
    const sealed = sealTo(publicKey, 'slice', ctx, text, random);
    if (sealed === undefined) throw new Error('a good key is refused');
    expect(sealed.length).toBe(1120 + text.length + 16);
    expect(openSealed(secretKey, publicKey, 'slice', ctx, sealed)).toEqual(text);
    expect(openSealed(secretKey, publicKey, 'card', ctx, sealed)).toBeUndefined();
    expect(openSealed(secretKey, publicKey, 'slice', new Uint8Array(20), sealed)).toBeUndefined();
    expect(openSealed(random.bytes(32), publicKey, 'slice', ctx, sealed)).toBeUndefined();
    for (let bit = 0; bit < 8 * sealed.length; bit += 5)
      expect(openSealed(secretKey, publicKey, 'slice', ctx, flip(sealed, bit))).toBeUndefined();
    for (const length of [0, 1119, 1120, 1135, sealed.length - 1]) {
      expect(openSealed(secretKey, publicKey, 'slice', ctx, sealed.subarray(0, length))).toBeUndefined();
    }
    const ciphertext = sealed.subarray(0, 1120);
    const shared = kem.decaps(secretKey, ciphertext);
    const key = oracle.kdf('slice', 32, shared ?? new Uint8Array(), ciphertext, publicKey, ctx);
    expect(aeadOpen(key, new Uint8Array(24), utf8('sotto/1/slice'), sealed.subarray(1120))).toEqual(text);
  });
});

describe('signatures', () => {
  it('Ed25519 verifies its own, and nothing malformed', () => {
    const { publicKey, secretKey } = ed25519.keypair(random.bytes(32));
    const signature = ed25519.sign(secretKey, text);
    expect(ed25519.verify(publicKey, text, signature)).toBe(true);
    for (let bit = 0; bit < 512; bit += 11) expect(ed25519.verify(publicKey, text, flip(signature, bit))).toBe(false);
    for (const bad of [new Uint8Array(), new Uint8Array(31), new Uint8Array(32).fill(0xff), new Uint8Array(33)]) {
      expect(ed25519.verify(bad, text, signature)).toBe(false);
    }
    expect(ed25519.verify(publicKey, text, new Uint8Array(63))).toBe(false);
    // The point of order 1 with R the same and s = 0 verifies anything where small orders are let through.
    const identity = concat(Uint8Array.of(1), new Uint8Array(31));
    expect(ed25519.verify(identity, text, concat(identity, new Uint8Array(32)))).toBe(false);
  });

  it('the hybrid needs both, is deterministic, and has the sizes of the protocol', { timeout: 60_000 }, () => {
    const keys = hybrid.keypair(random.bytes(32), random.bytes(32));
    const other = hybrid.keypair(random.bytes(32), random.bytes(32));
    const signature = hybrid.sign(keys.secretKey, text);
    const wrong = hybrid.sign(other.secretKey, text);
    expect([keys.publicKey.length, signature.ed25519.length, signature.mlDsa.length]).toEqual([HYBRID_PUBLIC, 64, 3309]);
    expect(hybrid.sign(keys.secretKey, text)).toEqual(signature);
    expect(hybrid.verify(keys.publicKey, text, signature)).toBe(true);
    expect(hybrid.verify(keys.publicKey, utf8('another'), signature)).toBe(false);
    expect(hybrid.verify(keys.publicKey, text, { ...signature, ed25519: wrong.ed25519 })).toBe(false);
    expect(hybrid.verify(keys.publicKey, text, { ...signature, mlDsa: wrong.mlDsa })).toBe(false);
    for (let bit = 3; bit < 8 * 3309; bit += 1201)
      expect(hybrid.verify(keys.publicKey, text, { ...signature, mlDsa: flip(signature.mlDsa, bit) })).toBe(false);
    expect(hybrid.verify(keys.publicKey.subarray(1), text, signature)).toBe(false);
    expect(hybrid.verify(keys.publicKey, text, { ...signature, mlDsa: signature.mlDsa.subarray(1) })).toBe(false);
  });
});
