/**
 * Finds a Rust compiler for WebAssembly, and brings one where there is none:
 *
 *   SOTTO_RUST (a bin folder) ─▶ the recorded compiler, /usr/bin ─▶ rustup, with its wasm32 target ─▶ apt, as root ─▶ a sentence
 *
 * Debian packages a compiler new enough (rustc-web, made for building browsers) but no standard library for WebAssembly, so that
 * is built from the packaged sources on each build (-Zbuild-std, half a minute). rustup is not in Debian 12, hence apt alone there.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { inRoot, run } from './program.ts';

export const target = 'wasm32-unknown-unknown';
export const crate = inRoot('wasm');
export const rustRoot = inRoot('.cache/rust');
const debianPackages = ['rustc-web', 'cargo-web', 'rust-web-src', 'rust-web-llvm', 'rust-web-clippy', 'rustfmt-web', 'gcc', 'libc6-dev'];
const linker = '/usr/bin/rust-lld';

export interface Toolchain {
  /** Holds cargo, rustc, cargo-clippy and cargo-fmt of one version. */
  readonly bin: string;
  /** `rustc -vV`, its lines joined. */
  readonly compiler: string;
  /** The standard library comes from these sources, or built in advance. */
  readonly std: 'built from source' | 'prebuilt';
  readonly sysroot: string;
}

/** Runs a program, in wasm by default, and keeps what it prints on its standard output. A program that is not there ends with 1. */
export function captured(
  program: string,
  args: readonly string[],
  env = process.env,
  cwd = crate,
): { readonly code: number; readonly text: string } {
  const { status, stdout } = spawnSync(program, args, {
    encoding: 'utf8',
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 26,
  });
  return { code: status ?? 1, text: stdout ?? '' };
}

const text = (program: string, args: readonly string[]): string | undefined => {
  const { code, text: printed } = captured(program, args);
  return code === 0 ? printed.trim() : undefined;
};

/** The toolchain in a folder; undefined when it cannot build for WebAssembly. */
function toolchainIn(bin: string): Toolchain | undefined {
  const rustc = join(bin, 'rustc');
  const compiler = existsSync(join(bin, 'cargo')) ? text(rustc, ['-vV'])?.split('\n').join('; ') : undefined;
  const sysroot = text(rustc, ['--print', 'sysroot']);
  if (compiler === undefined || sysroot === undefined) return undefined;
  const found = (path: string): boolean => existsSync(join(sysroot, 'lib/rustlib', path));
  if (found(`${target}/lib`)) return { bin, compiler, std: 'prebuilt', sysroot };
  return found('src/rust/library/Cargo.lock') ? { bin, compiler, std: 'built from source', sysroot } : undefined;
}

function fromRustup(): Toolchain | undefined {
  const rustup = [join(homedir(), '.cargo/bin/rustup'), 'rustup'].find((path) => text(path, ['--version']) !== undefined);
  if (rustup === undefined) return undefined;
  // A failure shows in what is looked at next: whether the target's library is there.
  spawnSync(rustup, ['target', 'add', target], { cwd: crate, stdio: ['ignore', 2, 2] });
  spawnSync(rustup, ['component', 'add', 'clippy', 'rustfmt'], { cwd: crate, stdio: ['ignore', 2, 2] });
  const rustc = text(rustup, ['which', 'rustc']);
  const found = rustc === undefined ? undefined : toolchainIn(dirname(rustc));
  return found?.std === 'prebuilt' ? found : undefined;
}

async function fromApt(): Promise<Toolchain | undefined> {
  if (text('apt-get', ['--version']) === undefined || process.getuid?.() !== 0) return undefined;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], { env });
  const install = (names: readonly string[]): Promise<void> =>
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], { env });
  await install(debianPackages);
  // The linker is a link into a package of its own, named after its version, which nothing else asks for.
  if (!existsSync(linker) && lstatSync(linker, { throwIfNoEntry: false })?.isSymbolicLink() === true)
    await install([basename(readlinkSync(linker))]);
  return toolchainIn('/usr/bin');
}

/** The compiler that the build which is checked in names; undefined where there is none. */
export function recordedCompiler(): string | undefined {
  const path = join(crate, 'pkg/BUILD.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { readonly compiler: string }).compiler : undefined;
}

/** `recorded`: the compiler of the build that is checked in. Rejects with what to do when no compiler can be had. */
export async function findToolchain(recorded: string | undefined): Promise<Toolchain> {
  const named = process.env['SOTTO_RUST'];
  if (named !== undefined) {
    const given = toolchainIn(named);
    if (given === undefined) throw new Error(`SOTTO_RUST=${named}: no rustc and cargo there that can build for ${target}`);
    return given;
  }
  const system = toolchainIn('/usr/bin');
  const complete = [linker, '/usr/bin/cargo-clippy', '/usr/bin/cargo-fmt'].every((path) => existsSync(path));
  if (system !== undefined && system.compiler === recorded && complete) return system;
  const found = fromRustup() ?? (await fromApt()) ?? system;
  if (found !== undefined) return found;
  throw new Error(`no Rust compiler for ${target}: install rustup (https://rustup.rs) or, on Debian as root, ${debianPackages.join(' ')}`);
}

/** The environment in which cargo and its tools run: this toolchain first, and none of the caller's own settings. */
export function rustEnvironment(toolchain: Toolchain, more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const own = /^(RUSTFLAGS|RUSTDOCFLAGS|RUSTC|RUSTC_WRAPPER|RUSTC_BOOTSTRAP|RUSTUP_TOOLCHAIN|CARGO_(BUILD|ENCODED|PROFILE|TARGET)_.*)$/;
  const kept = Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
  const path = [toolchain.bin, join(rustRoot, 'bin'), join(cargoHome(), 'bin'), process.env['PATH'] ?? ''].join(delimiter);
  return { ...kept, PATH: path, CARGO_TARGET_DIR: join(rustRoot, 'target'), ...more };
}

export const cargoHome = (): string => process.env['CARGO_HOME'] ?? join(homedir(), '.cargo');

/** Installs a program of the Rust registry at exactly this version, below .cache/rust, unless it is there. Gives its path. */
export async function cargoProgram(
  toolchain: Toolchain,
  name: string,
  program: string,
  version: string,
  ...flags: readonly string[]
): Promise<string> {
  const places = [join(rustRoot, 'bin', program), join(cargoHome(), 'bin', program)];
  const there = places.find((path) => text(path, ['--version'])?.split(' ')[1] === version);
  if (there !== undefined) return there;
  const env = rustEnvironment(toolchain);
  await run(join(toolchain.bin, 'cargo'), ['install', name, '--version', version, '--root', rustRoot, '--force', ...flags], { env });
  return join(rustRoot, 'bin', program);
}
