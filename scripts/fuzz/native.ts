/**
 * The targets of wasm/fuzz under libFuzzer. Coverage comes from LLVM's own pass, which any compiler has; overflow and debug assertions are
 * on. What is new goes to .cache/fuzz, from where `--minimize` takes into wasm/fuzz/corpus what covers most in least; what makes a target
 * fail goes there at once, so that the replay in `cargo test` fails until it is mended.
 */
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot, run } from '../program.ts';
import { findToolchain, recordedCompiler, rustEnvironment } from '../rust-toolchain.ts';
import { keepSmallest, type Effort, type Outcome, type Target } from './campaign.ts';
import { writeSeeds } from './native-seeds.ts';

const crate = inRoot('wasm/fuzz');
const targetDir = inRoot('.cache/rust/fuzz');
const LONGEST = 4096;
/** An input that takes longer is a finding. s */
const SLOWEST = 30;

const flags = [
  '--cfg',
  'fuzzing',
  '-Ccodegen-units=1',
  '-Cpasses=sancov-module',
  ...['level=4', 'inline-8bit-counters', 'pc-table', 'trace-compares'].map((flag) => `-Cllvm-args=-sanitizer-coverage-${flag}`),
].join('\x1f');

/** libFuzzer is C++. Rejects with what to do when it cannot be compiled. */
async function wantCompiler(): Promise<void> {
  if (spawnSync('c++', ['--version']).status === 0) return;
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0)
    throw new Error('fuzz: libFuzzer needs a C++ compiler: install g++ or clang');
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'g++'], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}

/** Builds all targets; gives the folder of the programs. */
async function build(): Promise<string> {
  await wantCompiler();
  const toolchain = await findToolchain(recordedCompiler());
  const host = /host: ([^;]+)/.exec(toolchain.compiler)?.[1] ?? '';
  const env = rustEnvironment(toolchain, { CARGO_TARGET_DIR: targetDir, CARGO_ENCODED_RUSTFLAGS: flags });
  const args = ['build', '--quiet', '--locked', '--release', '--features', 'libfuzzer', '--bins', '--target', host];
  await run(join(toolchain.bin, 'cargo'), args, { cwd: crate, env });
  return join(targetDir, host, 'release');
}

const kept = (name: string): string => join(crate, 'corpus', name);
const found = (name: string): string => inRoot(`.cache/fuzz/native/${name}`);
const failing = (name: string): string => inRoot(`.cache/fuzz/failing/${name}`);

function folder(path: string): string {
  mkdirSync(path, { recursive: true });
  return path;
}

/** What libFuzzer prints goes nowhere unless the target fails. */
function libFuzzer(program: string, args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number; said: string }>();
  const child = spawn(program, args, { cwd: crate, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-20_000)));
  child.on('error', reject);
  child.on('close', (code) => resolve({ code: code ?? 1, said }));
  return promise;
}

async function play(program: string, name: string, { seconds, runs, seed }: Effort): Promise<Outcome> {
  const bad = folder(failing(name));
  const limits = runs === undefined ? [`-max_total_time=${seconds}`] : [`-runs=${runs}`];
  const { code, said } = await libFuzzer(program, [
    ...limits,
    `-seed=${seed % 2 ** 32 || 1}`,
    `-max_len=${LONGEST}`,
    `-timeout=${SLOWEST}`,
    `-artifact_prefix=${bad}/`,
    '-print_final_stats=1',
    folder(found(name)),
    folder(kept(name)),
  ]);
  const [, executed] = /number_of_executed_units: (\d+)/.exec(said) ?? [];
  const [covered] = [...said.matchAll(/cov: (\d+)/g)].slice(-1).map(([, n]) => Number(n));
  const faults = readdirSync(bad).map((file) => {
    const to = join(kept(name), `found-${file.slice(-16)}.bin`);
    copyFileSync(join(bad, file), to);
    return `${to}: ${/panicked at [^\n]*\n[^\n]*/.exec(said)?.[0] ?? file}`;
  });
  rmSync(bad, { recursive: true });
  if (code !== 0 && faults.length === 0) faults.push(`ended with ${code}\n${said}`);
  return { executed: Number(executed ?? 0), covered: covered ?? 0, faults };
}

/** Of what is kept and what was found, the least that covers as much, within the corpus' bound. */
async function minimize(program: string, name: string): Promise<void> {
  const merged = folder(inRoot(`.cache/fuzz/merged/${name}`));
  await libFuzzer(program, ['-merge=1', `-max_len=${LONGEST}`, merged, folder(kept(name)), folder(found(name))]);
  keepSmallest(merged, kept(name));
  rmSync(merged, { recursive: true });
}

/** All targets of the core. */
export async function nativeTargets(): Promise<readonly Target[]> {
  const programs = await build();
  writeSeeds(kept);
  const names = readdirSync(join(crate, 'fuzz_targets')).map((file) => file.replace(/\.rs$/, ''));
  return names.toSorted().map((name) => ({
    name: `core/${name}`,
    play: (effort) => play(join(programs, name), name, effort),
    minimize: () => minimize(join(programs, name), name),
  }));
}
