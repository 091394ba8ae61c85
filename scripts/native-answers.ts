/** Answers the questions of a vector file by the core, and by what hashes in it, as native programs (wasm/core/examples, wasm/mlkem/examples). */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Answer } from './vector-answers.ts';
import type { Question } from './vector-case.ts';
import { run } from './program.ts';
import { crate, findToolchain, rustEnvironment } from './rust-toolchain.ts';

interface Program {
  readonly crate: string;
  readonly example: string;
}

const CORE: Program = { crate: 'sotto-core', example: 'vectors' };
const HASHES: Program = { crate: 'sotto-mlkem', example: 'hashes' };
const programOf = ({ operation }: Question): Program => (/^sha(3|ke)/.test(operation) ? HASHES : CORE);

const built = new Map<Program, Promise<string>>();

/** Builds a native program, once a run; gives its path. */
function pathOf(wanted: Program): Promise<string> {
  const known = built.get(wanted) ?? build(wanted);
  built.set(wanted, known);
  return known;
}

async function build({ crate: name, example }: Program): Promise<string> {
  const toolchain = await findToolchain(undefined);
  const env = rustEnvironment(toolchain);
  await run(join(toolchain.bin, 'cargo'), ['build', '--quiet', '--locked', '-p', name, '--example', example], { cwd: crate, env });
  return join(env['CARGO_TARGET_DIR'] ?? '', 'debug/examples', example);
}

/** As the native programs answer, in the order of the questions. Rejects when they cannot be built. */
export async function answersOfRust(questions: readonly Question[]): Promise<readonly Answer[]> {
  const answers = new Map<Question, Answer>();
  for (const wanted of [CORE, HASHES]) {
    const own = questions.filter((question) => programOf(question) === wanted);
    if (own.length === 0) continue;
    const said = await asked(await pathOf(wanted), own);
    said.forEach((answer, i) => own[i] !== undefined && answers.set(own[i], answer));
  }
  return questions.map((question) => {
    const answer = answers.get(question);
    if (answer === undefined) throw new Error(`vectors: the native program has no answer to ${question.operation}`);
    return answer;
  });
}

async function asked(program: string, questions: readonly Question[]): Promise<readonly Answer[]> {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
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
