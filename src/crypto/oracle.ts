/**
 * The protocol written a second time on noble, as plainly as its description, to be compared with the core in tests. Slow;
 * the product never imports it.
 */
import { concat, u16, u32, utf8, type Bytes } from '../base/index.ts';
import { ecb } from '@noble/ciphers/aes.js';
import { chacha12, xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { poly1305 } from '@noble/ciphers/_poly1305.js';
import { shake256 } from '@noble/hashes/sha3.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { ml_kem768_x25519 as xwing } from '@noble/post-quantum/hybrid.js';
import { ml_kem1024, ml_kem512 } from '@noble/post-quantum/ml-kem.js';
import { suiteLengths, type Suite } from './suite.ts';

const MOD_32 = 2n ** 32n;
const MOD_64 = 2n ** 64n;
const MOD_128 = 2n ** 128n;
const UNIT = 1024;
const CONSTANTS = utf8('expand 32-byte k');

const little = (bytes: Uint8Array): bigint => bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
const toLittle = (value: bigint, length: number): Bytes => Uint8Array.from({ length }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
const word = (bytes: Uint8Array, index: number): bigint => little(bytes.subarray(4 * index, 4 * index + 4));

/** HChaCha12: a block of ChaCha12 without its final addition, of which the first and last rows remain. */
function hchacha12(key: Uint8Array, input: Uint8Array): Bytes {
  const block = chacha12(key, input.subarray(4), new Uint8Array(64), undefined, Number(word(input, 0)));
  const before = concat(CONSTANTS, key, input);
  const rows = [0, 1, 2, 3, 12, 13, 14, 15];
  return concat(...rows.map((i) => toLittle((word(block, i) - word(before, i) + MOD_32) % MOD_32, 4)));
}

function xchacha12(key: Uint8Array, nonce: Uint8Array, length: number): Bytes {
  const tail = concat(new Uint8Array(4), nonce.subarray(16));
  return new Uint8Array(chacha12(hchacha12(key, nonce.subarray(0, 16)), tail, new Uint8Array(length)));
}

function nh(key: Uint8Array, unit: Uint8Array): Bytes {
  const sums = [0n, 0n, 0n, 0n];
  const padded = concat(unit, new Uint8Array((16 - (unit.length % 16)) % 16));
  for (let at = 0; at < padded.length / 4; at += 4) {
    for (let pass = 0; pass < 4; pass++) {
      const s = (i: number): bigint => (word(padded, at + i) + word(key, at + i + 4 * pass)) % MOD_32;
      sums[pass] = ((sums[pass] ?? 0n) + s(0) * s(2) + s(1) * s(3)) % MOD_64;
    }
  }
  return concat(...sums.map((sum) => toLittle(sum, 8)));
}

function hash(keys: Uint8Array, tweak: Uint8Array, left: Uint8Array): bigint {
  const mac = (r: Uint8Array, message: Uint8Array): bigint => little(poly1305(message, concat(r, new Uint8Array(16))));
  const units = Array.from({ length: Math.ceil(left.length / UNIT) }, (_, i) =>
    nh(keys.subarray(64), left.subarray(i * UNIT, (i + 1) * UNIT)),
  );
  const header = concat(toLittle(BigInt(8 * left.length), 16), tweak);
  return mac(keys.subarray(32, 48), header) + mac(keys.subarray(48, 64), concat(...units));
}

/** Adiantum with XChaCha12 and AES-256 (ToSC 2018.4, §2). */
export function adiantum12(way: 'encipher' | 'decipher', key: Uint8Array, tweak: Uint8Array, message: Uint8Array): Bytes {
  const keys = xchacha12(key, concat(Uint8Array.of(1), new Uint8Array(23)), 64 + 1072);
  const aes = ecb(keys.subarray(0, 32), { disablePadding: true });
  const left = message.subarray(0, -16);
  const middle = toLittle((little(message.subarray(-16)) + hash(keys, tweak, left)) % MOD_128, 16);
  const c = way === 'encipher' ? aes.encrypt(middle) : middle;
  const stream = xchacha12(key, concat(c, Uint8Array.of(1), new Uint8Array(7)), left.length);
  const other = left.map((byte, i) => byte ^ (stream[i] ?? 0));
  const p = way === 'encipher' ? c : aes.decrypt(middle);
  const right = (little(p) - (hash(keys, tweak, other) % MOD_128) + MOD_128) % MOD_128;
  return concat(other, toLittle(right, 16));
}

/** docs/protocol.md §1. */
export function kdf(label: string, length: number, ...inputs: readonly Uint8Array[]): Bytes {
  const name = utf8(`sotto/1/${label}`);
  const framed = inputs.map((input) => concat(u32(input.length), input));
  return new Uint8Array(shake256(concat(u16(name.length), name, u16(length), ...framed), { dkLen: length }));
}

interface OracleKem {
  keygen(seed: Uint8Array): { readonly publicKey: Uint8Array };
  /** Random: ML-KEM 32 | X25519 32. */
  encapsulate(publicKey: Uint8Array, random: Uint8Array): { readonly cipherText: Uint8Array; readonly sharedSecret: Uint8Array };
  decapsulate(ciphertext: Uint8Array, seed: Uint8Array): Uint8Array;
}

/** X25519 with ML-KEM at suites 1 and 5 (docs/protocol.md §1). */
function hybridKem(suite: 1 | 5): OracleKem {
  const lattice = suite === 1 ? ml_kem512 : ml_kem1024;
  const number = Uint8Array.of(suite);
  const keys = (seed: Uint8Array) => {
    const expanded = kdf('kem seed', 96, number, seed);
    const pair = lattice.keygen(expanded.subarray(0, 64));
    const scalar = expanded.subarray(64);
    return { ...pair, scalar, point: x25519.getPublicKey(scalar) };
  };
  return {
    keygen: (seed) => ({ publicKey: concat(keys(seed).publicKey, keys(seed).point) }),
    encapsulate(publicKey, random) {
      const [ek, point, scalar] = [publicKey.subarray(0, -32), publicKey.subarray(-32), random.subarray(32)];
      const { cipherText, sharedSecret } = lattice.encapsulate(ek, random.subarray(0, 32));
      const own = x25519.getPublicKey(scalar);
      const secrets = [sharedSecret, x25519.getSharedSecret(scalar, point)];
      return { cipherText: concat(cipherText, own), sharedSecret: kdf('kem', 32, number, ...secrets, cipherText, own, ek, point) };
    },
    decapsulate(ciphertext, seed) {
      const { publicKey, secretKey, scalar, point } = keys(seed);
      const [ct, theirs] = [ciphertext.subarray(0, -32), ciphertext.subarray(-32)];
      const secrets = [lattice.decapsulate(ct, secretKey), x25519.getSharedSecret(scalar, theirs)];
      return kdf('kem', 32, number, ...secrets, ct, theirs, publicKey, point);
    },
  };
}

export const kems: Readonly<Record<Suite, OracleKem>> = { 1: hybridKem(1), 3: xwing, 5: hybridKem(5) };

const NONCE = new Uint8Array(24);
const box = (key: Uint8Array, label: string) => xchacha20poly1305(key, NONCE, utf8(`sotto/1/${label}`));

/** A box of the handshake, 32 bytes. */
export const sealBox = (key: Uint8Array, label: string, params: Uint8Array): Bytes => new Uint8Array(box(key, label).encrypt(params));

interface Create {
  readonly relay: Uint8Array;
  readonly keyId: Uint8Array;
  readonly onionKey: Uint8Array;
  readonly params: Uint8Array;
  /** Seed of E 32 | encapsulation to B 64. */
  readonly random: Uint8Array;
  readonly suite?: Suite;
}

interface Keys {
  readonly forward: Bytes;
  readonly backward: Bytes;
  readonly box: Bytes;
  readonly auth: Bytes;
  readonly bind: Bytes;
}

/** CREATE of docs/protocol.md §4.1, and what the client keeps. */
export function create({ relay, keyId, onionKey, params, random, suite = 3 }: Create): { readonly create: Bytes; readonly ssB: Bytes } {
  const { cipherText, sharedSecret } = kems[suite].encapsulate(onionKey, random.subarray(32));
  const { publicKey } = kems[suite].keygen(random.subarray(0, 32));
  const open = concat(Uint8Array.of(1, suite), relay, keyId, cipherText, publicKey);
  const sealed = sealBox(kdf('create', 32, sharedSecret, onionKey, open), 'create', params);
  return { create: concat(open, sealed), ssB: new Uint8Array(sharedSecret) };
}

export function hopKeys(ssB: Uint8Array, ssE: Uint8Array, onionKey: Uint8Array, createFrame: Uint8Array, ctE: Uint8Array): Keys {
  const all = kdf('hop', 160, ssB, ssE, onionKey, createFrame, ctE);
  const part = (i: number): Bytes => all.slice(32 * i, 32 * i + 32);
  return { forward: part(0), backward: part(1), box: part(2), auth: part(3), bind: part(4) };
}

/** CREATED, by a relay that holds the onion key's seed. `random`: encapsulation to E, 64 bytes. */
export function accept(seed: Uint8Array, createFrame: Uint8Array, params: Uint8Array, random: Uint8Array, suite: Suite = 3) {
  const kem = kems[suite];
  const { publicKey } = kem.keygen(seed);
  const open = createFrame.subarray(0, -32);
  const eAt = 42 + suiteLengths[suite].kemCiphertext;
  const ssB = kem.decapsulate(open.subarray(42, eAt), seed);
  const clientParams = box(kdf('create', 32, ssB, publicKey, open), 'create').decrypt(createFrame.subarray(-32));
  const { cipherText, sharedSecret } = kem.encapsulate(open.subarray(eAt), random);
  const keys = hopKeys(ssB, sharedSecret, publicKey, createFrame, cipherText);
  return { keys, clientParams, created: concat(cipherText, keys.auth, sealBox(keys.box, 'created', params)) };
}
