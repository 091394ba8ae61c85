/**
 * Who answers the questions of a vector file: the core across the WebAssembly boundary, as the product uses it, and the same core as a
 * native program. Signatures are not in the core: noble answers them alone.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { concat, fromHex, toHex, type Bytes } from '../src/base/index.ts';
import { aeadOpen, aeadSeal, ed25519, hybrid, kem } from '../src/crypto/index.ts';
import { adiantum, mlkem, x25519, type MlKem } from '../src/crypto/primitives.ts';
import type { Question } from './vector-formats.ts';
import { run } from './program.ts';
import { crate, findToolchain, rustEnvironment } from './rust-toolchain.ts';

/** Hex strings, or that the input is refused. */
export type Answer = readonly string[] | 'refused';

type Primitive = (...inputs: readonly Bytes[]) => readonly Bytes[] | undefined;

const none = new Uint8Array(0);
const one = (output: Bytes | undefined): readonly Bytes[] | undefined => output && [output];
const yes = (right: boolean): readonly Bytes[] | undefined => (right ? [] : undefined);

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

const nobleOnly: Readonly<Record<string, Primitive>> = {
  'ed25519-verify': (key = none, message = none, signature = none) => yes(ed25519.verify(key, message, signature)),
  'mldsa65-verify': (key = none, message = none, signature = none) => yes(mlDsaVerify(key, message, signature)),
  'mldsa65-sign': (seed = none, message = none) =>
    seed.length === 32 ? [hybrid.sign(concat(EDWARDS_SEED, seed), message).mlDsa] : undefined,
};

const primitives: Readonly<Record<string, Primitive>> = {
  ...nobleOnly,
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
  'xwing-keygen': (seed = none) => (seed.length === 32 ? [kem.keygen(seed).publicKey] : undefined),
  'xwing-encaps': (publicKey = none, seed = none) => {
    const made = seed.length === 64 ? kem.encaps(publicKey, seed) : undefined;
    return made && [made.ciphertext, made.sharedSecret];
  },
  'xwing-decaps': (seed = none, ciphertext = none) => (seed.length === 32 ? one(kem.decaps(seed, ciphertext)) : undefined),
};

/** As the product answers. Throws for an operation that is not known. `initCryptoNode()` comes first. */
export function answerAcrossBoundary({ operation, inputs }: Question): Answer {
  const primitive = primitives[operation];
  if (primitive === undefined) throw new Error(`vectors: no primitive ${operation}`);
  return primitive(...inputs.map(fromHex))?.map(toHex) ?? 'refused';
}

export const isInCore = ({ operation }: Question): boolean => !(operation in nobleOnly);

let program: Promise<string> | undefined;

/** Builds the native program (wasm/core/examples/vectors.rs), once a run; gives its path. */
function nativeProgram(): Promise<string> {
  program ??= findToolchain(undefined).then(async (toolchain) => {
    const env = rustEnvironment(toolchain);
    await run(join(toolchain.bin, 'cargo'), ['build', '--quiet', '--locked', '-p', 'sotto-core', '--example', 'vectors'], {
      cwd: crate,
      env,
    });
    return join(env['CARGO_TARGET_DIR'] ?? '', 'debug/examples/vectors');
  });
  return program;
}

/** As the native program answers, in the order of the questions. Rejects when it cannot be built. */
export async function answersOfRust(questions: readonly Question[]): Promise<readonly Answer[]> {
  const child = spawn(await nativeProgram(), { stdio: ['pipe', 'pipe', 'inherit'] });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (said += piece));
  child.on('error', reject);
  child.on('close', (code) => (code === 0 ? resolve(said) : reject(new Error(`vectors: the native program ended with ${code}`))));
  // A program that ends early takes no more questions: its exit code tells.
  child.stdin.on('error', () => undefined);
  child.stdin.end(questions.map(({ operation, inputs }) => `${[operation, ...inputs.map((hex) => hex || '-')].join(' ')}\n`).join(''));
  return (await promise).trimEnd().split('\n').map(readAnswer);
}

function readAnswer(line: string): Answer {
  if (line === 'unknown') throw new Error('vectors: the native program does not know an operation');
  return line === 'refused' ? 'refused' : line.split(' ').map((hex) => (hex === '-' ? '' : hex));
}
