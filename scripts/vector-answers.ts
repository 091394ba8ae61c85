/**
 * Answers the questions of a vector file by the core across the WebAssembly boundary, as the product uses it, in Node or in a page.
 * Signatures are answered by whoever computes them in the product.
 */
import { concat, fromHex, toHex, type Bytes } from '../src/base/index.ts';
import { aeadOpen, aeadSeal, ed25519, hybrid, kem } from '../src/crypto/index.ts';
import { adiantum, keccak, mlkem, x25519, type MlKem } from '../src/crypto/primitives.ts';
import type { Question, VectorCase } from './vector-case.ts';

/** Hex strings, or that the input is refused. */
export type Answer = readonly string[] | 'refused';

type Primitive = (...inputs: readonly Bytes[]) => readonly Bytes[] | undefined;

const none = new Uint8Array(0);
const one = (output: Bytes | undefined): readonly Bytes[] | undefined => output && [output];
const yes = (right: boolean): readonly Bytes[] | undefined => (right ? [] : undefined);

/** A number of eight bytes. */
const countOf = (bytes: Bytes): number => Number(`0x${toHex(bytes)}`);

/** ML-DSA is used here only beside Ed25519, which gets a key of its own and is always right. */
const EDWARDS_SEED = new Uint8Array(32).fill(1);

function mlDsaVerify(publicKey: Bytes, message: Bytes, signature: Bytes): boolean {
  const key = concat(ed25519.keypair(EDWARDS_SEED).publicKey, publicKey);
  return hybrid.verify(key, message, { ed25519: ed25519.sign(EDWARDS_SEED, message), mlDsa: signature });
}

/** What is asked of ML-KEM, by the name that the questions have for a size. */
function mlKemPrimitives(name: string, kem: MlKem): Readonly<Record<string, Primitive>> {
  return {
    [`${name}-keygen`]: (seed = none) => {
      const keys = kem.keygen(seed);
      return keys && [keys.ek, keys.dk];
    },
    [`${name}-encaps`]: (ek = none, m = none) => {
      const made = kem.encaps(ek, m);
      return made && [made.c, made.k];
    },
    [`${name}-decaps`]: (dk = none, c = none) => one(kem.decaps(dk, c)),
    [`${name}-seed-decaps`]: (seed = none, c = none) => {
      const keys = kem.keygen(seed);
      const secret = keys && kem.decaps(keys.dk, c);
      return keys && secret && [keys.ek, secret];
    },
  };
}

/** Not asked of the native core. */
const signatures: Readonly<Record<string, Primitive>> = {
  'ed25519-verify': (key = none, message = none, signature = none) => yes(ed25519.verify(key, message, signature)),
  'mldsa65-verify': (key = none, message = none, signature = none) => yes(mlDsaVerify(key, message, signature)),
  'mldsa65-sign': (seed = none, message = none) =>
    seed.length === 32 ? [hybrid.sign(concat(EDWARDS_SEED, seed), message).mlDsa] : undefined,
};

const primitives: Readonly<Record<string, Primitive>> = {
  ...signatures,
  'adiantum12-encipher': (key = none, tweak = none, text = none) => one(adiantum(12, 'encipher', key, tweak, text)),
  'adiantum12-decipher': (key = none, tweak = none, text = none) => one(adiantum(12, 'decipher', key, tweak, text)),
  'adiantum20-encipher': (key = none, tweak = none, text = none) => one(adiantum(20, 'encipher', key, tweak, text)),
  'adiantum20-decipher': (key = none, tweak = none, text = none) => one(adiantum(20, 'decipher', key, tweak, text)),
  'xchacha20poly1305-seal': (key = none, nonce = none, aad = none, text = none) =>
    key.length === 32 && nonce.length === 24 ? [aeadSeal(key, nonce, aad, text)] : undefined,
  'xchacha20poly1305-open': (key = none, nonce = none, aad = none, sealed = none) =>
    key.length === 32 && nonce.length === 24 ? one(aeadOpen(key, nonce, aad, sealed)) : undefined,
  x25519: (scalar = none, point = none) => one(x25519(scalar, point)),
  ...mlKemPrimitives('mlkem512', mlkem[512]),
  ...mlKemPrimitives('mlkem768', mlkem[768]),
  ...mlKemPrimitives('mlkem1024', mlkem[1024]),
  'sha3-256': (message = none) => one(keccak('sha3-256', message, 32)),
  'sha3-512': (message = none) => one(keccak('sha3-512', message, 64)),
  shake128: (message = none, _bits = none, output = none) => one(keccak('shake128', message, countOf(output) / 8)),
  shake256: (message = none, _bits = none, output = none) => one(keccak('shake256', message, countOf(output) / 8)),
  'xwing-keygen': (seed = none) => (seed.length === 32 ? [kem.keygen(seed).publicKey] : undefined),
  'xwing-encaps': (publicKey = none, seed = none) => {
    const made = seed.length === 64 ? kem.encaps(publicKey, seed) : undefined;
    return made && [made.ciphertext, made.sharedSecret];
  },
  'xwing-decaps': (seed = none, ciphertext = none) => (seed.length === 32 ? one(kem.decaps(seed, ciphertext)) : undefined),
};

/** As the product answers. Throws for an operation that is not known. `initCrypto()` comes first. */
export function answerAcrossBoundary({ operation, inputs }: Question): Answer {
  const primitive = primitives[operation];
  if (primitive === undefined) throw new Error(`vectors: no primitive ${operation}`);
  return primitive(...inputs.map(fromHex))?.map(toHex) ?? 'refused';
}

/** The core, as a native program, answers too. */
export const isNative = ({ operation }: Question): boolean => !(operation in signatures);

/** As many bytes as the core hashes in one call, input and output together. */
const AREA = 65_536;

/** Can be asked across the boundary: of the hashes those of whole bytes, in one call. */
export function isAcross({ operation, inputs }: Question): boolean {
  if (!/^(sha3|shake)/.test(operation)) return operation in primitives;
  const [bits, output = 512] = inputs.slice(1).map((hex) => countOf(fromHex(hex)));
  return operation in primitives && bits !== undefined && bits % 8 === 0 && output % 8 === 0 && bits + output <= 8 * AREA;
}

/** A sentence when the answer is not the one that is wanted. */
export function faultOf({ operation, want }: Question, answer: Answer | undefined): string | undefined {
  if (answer === undefined) return `${operation}: no answer`;
  const right = want === 'accepted' ? answer !== 'refused' : JSON.stringify(want) === JSON.stringify(answer);
  if (right) return undefined;
  if (answer === 'refused') return `${operation}: refused, and should not be`;
  return `${operation}: ${want === 'refused' ? 'should be refused' : 'differs'}`;
}

/** What is wrong with a case across the boundary; undefined when all is right. */
export function faultAcrossBoundary({ questions }: VectorCase): string | undefined {
  if (questions === undefined) return 'a kind that is not known';
  return questions
    .filter(isAcross)
    .map((question) => faultOf(question, answerAcrossBoundary(question)))
    .find((fault) => fault !== undefined);
}
