/**
 * Published vector files, each turned into questions about primitives with the answers that are right.
 *
 *   Wycheproof   {"algorithm", "testGroups": [{"type", "tests": [{"result", …}]}]}
 *   ACVP         {"algorithm", "mode", "testGroups": [{"parameterSet", "tests": […]}]}      internalProjection.json; SHA-3: vector-hashes.ts
 *   Adiantum     [{"cipher": {"cipher": "Adiantum"}, "input", "plaintext_hex", "ciphertext_hex"}]
 *   X-Wing       [{"seed", "eseed", "pk", "ct", "ss"}]
 */

import { ask, hexOf, isObject, NotHex, type Fields, type Hex, type Question, type VectorCase } from './vector-case.ts';
import { acvpHash, isAcvpHash } from './vector-hashes.ts';

const list = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.filter(isObject) : []);
const isZero = (hex: Hex): boolean => /^0*$/.test(hex);

// ── Wycheproof ──

type Reader = (test: Fields, group: Fields) => readonly Question[] | undefined;

const isValid = ({ result }: Fields): boolean => result === 'valid';

/** Bytes of a ciphertext, by the name of the primitive. */
export const CIPHERTEXT = { mlkem512: 768, mlkem768: 1088, mlkem1024: 1568 } as const;
export type MlKemName = keyof typeof CIPHERTEXT;

function mlKemOf({ parameterSet }: Fields): MlKemName | undefined {
  switch (parameterSet) {
    case 'ML-KEM-512':
      return 'mlkem512';
    case 'ML-KEM-768':
      return 'mlkem768';
    case 'ML-KEM-1024':
      return 'mlkem1024';
    default:
      return undefined;
  }
}

function wycheproofMlKem(test: Fields, group: Fields): readonly Question[] | undefined {
  const kem = mlKemOf(group);
  if (kem === undefined) return undefined;
  const get = (name: string): Hex => hexOf(test, name);
  const right = (...names: readonly string[]): Question['want'] => (isValid(test) ? names.map(get) : 'refused');
  switch (group['type']) {
    case 'MLKEMKeyGen':
      return [ask(`${kem}-keygen`, [get('seed')], right('ek', 'dk'))];
    case 'MLKEMEncapsTest':
      return [ask(`${kem}-encaps`, [get('ek'), get('m')], right('c', 'K'))];
    case 'MLKEMDecapsValidationTest':
      return [ask(`${kem}-decaps`, [get('dk'), get('c')], right('K'))];
    case 'MLKEMTest':
      return [ask(`${kem}-seed-decaps`, [get('seed'), get('c')], right('ek', 'K'))];
    default:
      return undefined;
  }
}

const wycheproofX25519: Reader = (test, group) => {
  if (group['type'] !== 'XdhComp' || group['curve'] !== 'curve25519') return undefined;
  // "Acceptable" covers points of low order, whose all-zero result this protocol refuses.
  const shared = hexOf(test, 'shared');
  return [ask('x25519', [hexOf(test, 'private'), hexOf(test, 'public')], isZero(shared) ? 'refused' : [shared])];
};

const wycheproofAead: Reader = (test) => {
  const [key, iv, aad, plain] = ['key', 'iv', 'aad', 'msg'].map((name) => hexOf(test, name)) as [Hex, Hex, Hex, Hex];
  const sealed = hexOf(test, 'ct') + hexOf(test, 'tag');
  const opened = ask('xchacha20poly1305-open', [key, iv, aad, sealed], isValid(test) ? [plain] : 'refused');
  return isValid(test) ? [opened, ask('xchacha20poly1305-seal', [key, iv, aad, plain], [sealed])] : [opened];
};

const wycheproofEd25519: Reader = (test, group) => {
  const key = group['publicKey'];
  if (group['type'] !== 'EddsaVerify' || !isObject(key) || key['curve'] !== 'edwards25519') return undefined;
  return [ask('ed25519-verify', [hexOf(key, 'pk'), hexOf(test, 'msg'), hexOf(test, 'sig')], isValid(test) ? [] : 'refused')];
};

const wycheproofMlDsa: Reader = (test, group) => {
  // Signatures here have no context (their purpose is in the message) and no chance in them.
  if ((test['ctx'] ?? '') !== '' || 'rnd' in test) return undefined;
  const [message, signature] = [hexOf(test, 'msg'), hexOf(test, 'sig')];
  switch (group['type']) {
    case 'MlDsaVerify':
      return [ask('mldsa65-verify', [hexOf(group, 'publicKey'), message, signature], isValid(test) ? [] : 'refused')];
    case 'MlDsaSign':
      return [ask('mldsa65-sign', [hexOf(group, 'privateSeed'), message], isValid(test) ? [signature] : 'refused')];
    default:
      return undefined;
  }
};

const wycheproof: Readonly<Record<string, Reader>> = {
  'ML-KEM': wycheproofMlKem,
  XDH: wycheproofX25519,
  'XCHACHA20-POLY1305': wycheproofAead,
  EDDSA: wycheproofEd25519,
  'ML-DSA-65': wycheproofMlDsa,
};

// ── ACVP ──

const acvpMlKem: Reader = (test, group) => {
  const kem = mlKemOf(group);
  if (kem === undefined) return undefined;
  // Some files give a group one key for all of its tests.
  const get = (name: string): Hex => hexOf(test[name] === undefined ? group : test, name);
  const checked = (): Question['want'] => (test['testPassed'] === true ? 'accepted' : 'refused');
  switch (group['function']) {
    case undefined:
      return [ask(`${kem}-keygen`, [get('d') + get('z')], [get('ek'), get('dk')])];
    case 'encapsulation':
      return [ask(`${kem}-encaps`, [get('ek'), get('m')], [get('c'), get('k')])];
    case 'decapsulation':
      return group['keyFormat'] === 'seed'
        ? [ask(`${kem}-seed-decaps`, [get('d') + get('z'), get('c')], [get('ek'), get('k')])]
        : [ask(`${kem}-decaps`, [get('dk'), get('c')], [get('k')])];
    case 'encapsulationKeyCheck':
      return [ask(`${kem}-encaps`, [get('ek'), '00'.repeat(32)], checked())];
    case 'decapsulationKeyCheck':
      return [ask(`${kem}-decaps`, [get('dk'), '00'.repeat(CIPHERTEXT[kem])], checked())];
    default:
      return undefined;
  }
};

// ── Adiantum, X-Wing ──

function adiantum(test: Fields): readonly Question[] | undefined {
  const { cipher, input } = test;
  const stream = isObject(cipher) ? cipher['streamcipher'] : undefined;
  const rounds = isObject(stream) ? stream['rounds'] : undefined;
  const key = isObject(cipher) && isObject(cipher['lengths']) ? cipher['lengths']['key'] : undefined;
  if (!isObject(input) || (rounds !== 12 && rounds !== 20) || (key !== undefined && key !== 32)) return undefined;
  const secret = [hexOf(input, 'key_hex'), hexOf(input, 'tweak_hex')];
  const [plain, sealed] = [hexOf(test, 'plaintext_hex'), hexOf(test, 'ciphertext_hex')];
  return [ask(`adiantum${rounds}-encipher`, [...secret, plain], [sealed]), ask(`adiantum${rounds}-decipher`, [...secret, sealed], [plain])];
}

function xWing(test: Fields): readonly Question[] {
  const get = (name: string): Hex => hexOf(test, name);
  return [
    ask('xwing-keygen', [get('seed')], [get('pk')]),
    ask('xwing-encaps', [get('pk'), get('eseed')], [get('ct'), get('ss')]),
    ask('xwing-decaps', [get('seed'), get('ct')], [get('ss')]),
  ];
}

const isAdiantum = ({ cipher }: Fields): boolean => isObject(cipher) && cipher['cipher'] === 'Adiantum';
const isXWing = (test: Fields): boolean => ['seed', 'eseed', 'pk', 'ct', 'ss'].every((name) => name in test);

// ── any of them ──

function readerOf(file: Fields): Reader | undefined {
  if (isAcvpHash(file)) return (test, group) => acvpHash(file, group, test);
  if ('mode' in file) return file['algorithm'] === 'ML-KEM' ? acvpMlKem : undefined;
  return wycheproof[String(file['algorithm'])];
}

function grouped(file: Fields): VectorCase[] {
  const reader = readerOf(file);
  const cases = list(file['testGroups']).flatMap((group) =>
    list(group['tests']).map((test) => read(String(test['tcId']), () => reader?.(test, group))),
  );
  const promised = file['numberOfTests'];
  if (typeof promised === 'number' && promised !== cases.length)
    cases.push({ name: `${promised} cases are promised and ${cases.length} are there`, questions: undefined });
  return cases;
}

/** A case whose fields are not what its kind has is of no known kind. */
function read(name: string, questions: () => readonly Question[] | undefined): VectorCase {
  try {
    return { name, questions: questions() };
  } catch (error) {
    if (error instanceof NotHex) return { name: `${name} (${error.message})`, questions: undefined };
    throw error;
  }
}

/** All cases of a file that was parsed as JSON. Throws when the format is none of the four, or there is not one case. */
export function casesOf(file: unknown): readonly VectorCase[] {
  const cases = isObject(file)
    ? grouped(file)
    : list(file).map((test, i) => read(`${i + 1}`, () => (isAdiantum(test) ? adiantum(test) : isXWing(test) ? xWing(test) : undefined)));
  if (cases.length === 0) throw new Error('not a file of Wycheproof, ACVP, Adiantum or X-Wing vectors');
  return cases;
}
