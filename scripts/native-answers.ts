/** Answers the questions of a vector file by the core as a native program (wasm/core/examples/vectors.rs). */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Answer } from './vector-answers.ts';
import type { Question } from './vector-formats.ts';
import { run } from './program.ts';
import { crate, findToolchain, rustEnvironment } from './rust-toolchain.ts';

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
