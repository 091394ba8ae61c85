/**
 * `npm run wasm`: builds wasm/pkg from the Rust crate. docs/wasm-build.md says how anyone can repeat it.
 *
 *   --check   builds beside it and compares: the same compiler must give the same bytes; with another one, its build is tested instead
 *   --test    format, lint and tests of the crate
 *
 * Each part closes with `N passed, N failed`.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { exitCode, inRoot, run } from './program.ts';
import { captured, cargoHome, cargoProgram, crate, findToolchain, rustEnvironment, type Toolchain } from './rust-toolchain.ts';

const wasmPackVersion = '0.15.1';
/** The same as in wasm/Cargo.toml: the glue and the library must agree. */
const wasmBindgenVersion = '0.2.130';
const optimise = [
  '-O3',
  '--enable-simd',
  '--enable-bulk-memory',
  '--enable-nontrapping-float-to-int',
  '--enable-sign-ext',
  '--enable-mutable-globals',
  '--enable-reference-types',
  '--enable-multivalue',
];
const name = 'sotto_core';
const files = [`${name}.js`, `${name}.d.ts`, `${name}_bg.wasm`, `${name}_bg.wasm.d.ts`, 'BUILD.json'];
const pkg = join(crate, 'pkg');
const tools = inRoot('scripts/tools');

interface BuildRecord {
  readonly compiler: string;
  readonly std: string;
  readonly wasmPack: string;
  readonly wasmBindgen: string;
  readonly wasmOpt: string;
  /** Of the .wasm file. */
  readonly sha256: string;
}

function readRecord(): BuildRecord | undefined {
  const path = join(pkg, 'BUILD.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as BuildRecord) : undefined;
}

/** wasm-opt from npm's binaryen, installed on demand. */
async function wasmOpt(): Promise<string> {
  const stamp = join(tools, 'node_modules/.package-lock.json');
  const lock = join(tools, 'package-lock.json');
  if (!existsSync(stamp) || statSync(stamp).mtimeMs < statSync(lock).mtimeMs) {
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: tools });
  }
  return join(tools, 'node_modules/binaryen/bin/wasm-opt');
}

/** No path of the building machine gets into the bytes; the rest is in wasm/Cargo.toml. */
function compilerFlags(toolchain: Toolchain): string {
  // Where the registry is a mirror, cargo names its folder otherwise.
  const registries = join(cargoHome(), 'registry/src');
  return [
    '-Ctarget-feature=+simd128',
    // Memory grows as circuits come; the tables of wasm/src/door are bounded so that this is never reached.
    '-Clink-arg=--max-memory=536870912',
    ...readdirSync(registries).map((folder) => `--remap-path-prefix=${join(registries, folder)}=/crates`),
    `--remap-path-prefix=${crate}=/sotto-core`,
    `--remap-path-prefix=${join(toolchain.sysroot, 'lib/rustlib/src/rust')}=/rust`,
  ].join('\x1f');
}

/** Builds into `to`. */
async function build(toolchain: Toolchain, to: string): Promise<void> {
  const pack = await cargoProgram(toolchain, 'wasm-pack', 'wasm-pack', wasmPackVersion, '--locked');
  // Without --locked: the lockfile that wasm-bindgen-cli ships does not build with every compiler of today.
  const bindgen = await cargoProgram(toolchain, 'wasm-bindgen-cli', 'wasm-bindgen', wasmBindgenVersion);
  await run(join(toolchain.bin, 'cargo'), ['fetch', '--locked'], { cwd: crate, env: rustEnvironment(toolchain) });
  const fromSource = toolchain.std === 'built from source';
  const env = rustEnvironment(toolchain, {
    CARGO_ENCODED_RUSTFLAGS: compilerFlags(toolchain),
    ...(fromSource && { RUSTC_BOOTSTRAP: '1' }),
  });
  env['PATH'] = [toolchain.bin, dirname(bindgen), env['PATH']].join(delimiter);
  const cargoFlags = ['--', '--locked', ...(fromSource ? ['-Zbuild-std=std,panic_abort'] : [])];
  const raw = mkdtempSync(join(tmpdir(), 'sotto-wasm-raw-'));
  // 'force': wasm-pack looks for a library built in advance otherwise, and wasm-bindgen is on the PATH already.
  const packFlags = ['--target', 'web', '--mode', 'force', '--release', '--no-pack', '--out-dir', raw, '--out-name', name];
  await run(pack, ['build', ...packFlags, crate, ...cargoFlags], { env });
  mkdirSync(to, { recursive: true });
  for (const file of readdirSync(raw).filter((entry) => files.includes(entry))) copyFileSync(join(raw, file), join(to, file));
  const wasm = `${name}_bg.wasm`;
  const optimiser = await wasmOpt();
  await run(process.execPath, [optimiser, ...optimise, join(raw, wasm), '-o', join(to, wasm)]);
  rmSync(raw, { recursive: true });
  writeRecord(toolchain, to, optimiser);
}

function writeRecord(toolchain: Toolchain, to: string, optimiser: string): void {
  const record: BuildRecord = {
    compiler: toolchain.compiler,
    std: toolchain.std,
    wasmPack: wasmPackVersion,
    wasmBindgen: wasmBindgenVersion,
    wasmOpt: captured(process.execPath, [optimiser, '--version']).text.trim(),
    sha256: createHash('sha256')
      .update(readFileSync(join(to, `${name}_bg.wasm`)))
      .digest('hex'),
  };
  writeFileSync(join(to, 'BUILD.json'), `${JSON.stringify(record, null, 2)}\n`);
}

function close(passed: number, failed: number): void {
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

/** What of the build differs from what is checked in. */
const differing = (fresh: string): string[] =>
  files.filter((file) => !existsSync(join(pkg, file)) || !readFileSync(join(pkg, file)).equals(readFileSync(join(fresh, file))));

async function check(toolchain: Toolchain, recorded: BuildRecord | undefined): Promise<void> {
  const fresh = mkdtempSync(join(tmpdir(), 'sotto-wasm-'));
  try {
    await build(toolchain, fresh);
    if (recorded?.compiler === toolchain.compiler && recorded.std === toolchain.std) return compare(fresh);
    console.log(`wasm/pkg was built by ${recorded?.compiler ?? 'nobody'}; here is ${toolchain.compiler}.`);
    console.log('Bytes cannot be compared across compilers, so the tests run on the build made here.');
    const env = { ...process.env, SOTTO_WASM_PKG: fresh };
    const failed = (await exitCode(inRoot('node_modules/.bin/vitest'), ['run', 'src/crypto'], { env })) === 0 ? 0 : 1;
    close(1 - failed, failed);
  } finally {
    rmSync(fresh, { recursive: true });
  }
}

function compare(fresh: string): void {
  const stale = differing(fresh);
  for (const file of stale) console.log(`wasm/pkg/${file} is not what the sources give: run \`npm run wasm\``);
  if (stale.length === 0) console.log(`wasm/pkg: the same ${files.length} files from source, byte for byte`);
  close(files.length - stale.length, stale.length);
}

/** Format, lint, and the crate's tests, whose figures are summed. */
async function testCrate(toolchain: Toolchain): Promise<void> {
  const env = rustEnvironment(toolchain);
  const cargo = (args: readonly string[]): Promise<number> => exitCode(join(toolchain.bin, 'cargo'), args, { cwd: crate, env });
  const codes = [await cargo(['fmt', '--check']), await cargo(['clippy', '--locked', '--all-targets', '--', '-D', 'warnings'])];
  const bad = codes.filter((code) => code !== 0).length;
  close(codes.length - bad, bad);
  const tests = captured(join(toolchain.bin, 'cargo'), ['test', '--locked', '--', '--nocapture'], env);
  console.log(tests.text);
  const sums = [...tests.text.matchAll(/(\d+) passed; (\d+) failed; (\d+) ignored/g)];
  const sum = (...groups: readonly number[]): number => sums.reduce((all, one) => all + groups.reduce((n, g) => n + Number(one[g]), 0), 0);
  close(sum(1), tests.code !== 0 && sum(2, 3) === 0 ? 1 : sum(2, 3));
}

const recorded = readRecord();
const toolchain = await findToolchain(recorded?.compiler);
console.log(`Rust: ${toolchain.compiler} (${toolchain.bin}); standard library: ${toolchain.std}`);
const isOn = (flag: string): boolean => process.argv.includes(flag);
if (isOn('--check')) await check(toolchain, recorded);
if (isOn('--test')) await testCrate(toolchain);
if (!isOn('--check') && !isOn('--test')) await build(toolchain, pkg);
