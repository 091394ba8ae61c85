/**
 * Random cases beside implementations of others. Each kind is cut into pieces with a seed each, and a process plays a piece, so that all
 * cores work and what differs is repeated soon.
 *
 *   native              ML-KEM beside libcrux; layers of cells beside the crate adiantum               examples in wasm
 *   across the boundary the builds of wasm/pkg beside each other, and beside noble                     boundary.ts
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { inRoot, run } from '../program.ts';
import { crate, findToolchain, recordedCompiler, rustEnvironment } from '../rust-toolchain.ts';
import { kinds } from './boundary.ts';

interface Count {
  readonly passed: number;
  readonly failed: number;
}

/** Cases of one kind that one process plays. */
interface Piece {
  readonly kind: string;
  readonly program: string;
  readonly args: readonly string[];
}

interface Part {
  readonly kind: string;
  readonly share: number;
  readonly program: string;
  readonly args: readonly string[];
}

const BOUNDARY = 0.4;
/** Cases a piece: some seconds of the slowest kind. */
const PIECE = 5_000;

/** Builds what plays natively; gives the folder of the programs. */
async function nativePrograms(): Promise<string> {
  const toolchain = await findToolchain(recordedCompiler());
  const env = rustEnvironment(toolchain);
  const wanted = ['-p', 'sotto-mlkem', '-p', 'sotto-cell', '--example', 'differential', '--example', 'differential_cells'];
  await run(join(toolchain.bin, 'cargo'), ['build', '--quiet', '--locked', '--release', ...wanted], { cwd: crate, env });
  return join(env['CARGO_TARGET_DIR'] ?? join(crate, 'target'), 'release/examples');
}

function parts(folder: string): readonly Part[] {
  const native = (kind: string, share: number, name: string): Part => ({ kind, share, program: join(folder, name), args: [] });
  return [
    native('ML-KEM-512, 768 and 1024: native and libcrux', 0.3, 'differential'),
    native('layers of cells: native and the crate adiantum', 0.3, 'differential_cells'),
    ...kinds.map(([{ name }, share], i) => ({
      kind: name,
      share: share * BOUNDARY,
      program: process.execPath,
      args: [inRoot('scripts/fuzz/boundary-piece.ts'), String(i)],
    })),
  ];
}

/** The pieces of all kinds. The last argument of each is its seed, which follows from the run's. */
function pieces(all: readonly Part[], cases: number, seed: number): Piece[] {
  return all.flatMap(({ kind, share, program, args }, which) => {
    const count = Math.ceil(cases * share);
    return Array.from({ length: Math.ceil(count / PIECE) }, (_, i) => {
      const own = (seed * 31 + which * 1_000_003 + i) % 2 ** 32;
      return { kind, program, args: [...args, String(Math.min(PIECE, count - i * PIECE)), String(own)] };
    });
  });
}

/** What a piece counted. One that says nothing, or ends badly without a failed case, is a failed case. */
function play({ kind, program, args }: Piece): Promise<Count> {
  const { promise, resolve, reject } = Promise.withResolvers<Count>();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.on('error', reject);
  child.on('close', (code) => {
    const [, passed, failed] = /(\d+) passed, (\d+) failed\s*$/.exec(said) ?? [];
    const count = { passed: Number(passed ?? 0), failed: Math.max(Number(failed ?? 0), code === 0 && passed !== undefined ? 0 : 1) };
    if (count.failed > 0) console.log(`${kind}, repeated by ${[program, ...args].join(' ')}\n${said}`);
    resolve(count);
  });
  return promise;
}

/** About `cases` cases in all: a run of the ring is not cut off in its middle. */
export async function differential({ cases, seed }: { readonly cases: number; readonly seed: number }): Promise<Count> {
  const all = parts(await nativePrograms());
  const waiting = pieces(all, cases, seed);
  const counts = new Map(all.map(({ kind }) => [kind, { passed: 0, failed: 0 }]));
  console.log(`seed ${seed}, ${waiting.length} pieces on ${availableParallelism()} cores`);
  const work = async (): Promise<void> => {
    for (let piece = waiting.shift(); piece !== undefined; piece = waiting.shift()) {
      const { passed, failed } = await play(piece);
      const sum = counts.get(piece.kind) ?? { passed: 0, failed: 0 };
      counts.set(piece.kind, { passed: sum.passed + passed, failed: sum.failed + failed });
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  for (const [kind, { passed, failed }] of counts) console.log(`${String(passed).padStart(9)} passed ${failed} failed  ${kind}`);
  const sum = (key: keyof Count): number => [...counts.values()].reduce((total, count) => total + count[key], 0);
  return { passed: sum('passed'), failed: sum('failed') };
}
