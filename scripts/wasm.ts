/**
 * `npm run wasm`: builds wasm/pkg from the crates in wasm/. docs/wasm-build.md says how anyone can repeat it.
 *
 *   --check   builds beside it and compares: the same compiler must give the same bytes; with another one, its build is tested instead
 *   --test    format, lint and tests of the crates, and of wasm/fuzz
 *
 * Each part closes with `N passed, N failed`.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { exitCode, inRoot, run } from './program.ts';
import {
  captured,
  cargoHome,
  cargoProgram,
  crate,
  findToolchain,
  rustEnvironment,
  rustRoot,
  target,
  type Toolchain,
} from './rust-toolchain.ts';

/** The same as in wasm/Cargo.toml: the glue and the library must agree. */
const wasmBindgenVersion = '0.2.130';
const optimise = [
  '-O3',
  // The first kilobyte is the far end of the stack: adding to an address never leads there.
  '--low-memory-unused',
  '--enable-bulk-memory',
  '--enable-nontrapping-float-to-int',
  '--enable-sign-ext',
  '--enable-mutable-globals',
  '--enable-reference-types',
  '--enable-multivalue',
  '--strip-producers',
  '--strip-target-features',
];

interface Lanes {
  readonly name: string;
  /** Comes after the module's name. */
  readonly suffix: string;
  readonly rust: readonly string[];
  readonly optimise: readonly string[];
  readonly modules: readonly string[];
}

/**
 * The kernels are vectors and words as they are meant to be. Addresses stay one base and an offset, which is an instruction less each; loads
 * of words do not become loads of vectors, which would wait for words just written to leave the processor.
 */
const asWritten = ['-Cllvm-args=-disable-lsr', '-Cllvm-args=-disable-vector-combine'];
/** Nor do sums of words become sums of vectors, where NH has words beside its vectors. Ed25519's tables gain by it. */
const noOwnVectors = '-Cno-vectorize-slp';

/** The same sources for engines that can do more and less; the page chooses (src/crypto/core.ts). */
const simd = { suffix: '_bg', optimise: ['--enable-simd'] };
const builds: readonly Lanes[] = [
  { name: 'simd', ...simd, rust: ['-Ctarget-feature=+simd128', noOwnVectors], modules: ['sotto_cell'] },
  { name: 'simd-core', ...simd, rust: ['-Ctarget-feature=+simd128'], modules: ['sotto_core'] },
  {
    name: 'relaxed',
    suffix: '_relaxed',
    rust: ['-Ctarget-feature=+simd128,+relaxed-simd', noOwnVectors],
    optimise: ['--enable-simd', '--enable-relaxed-simd'],
    modules: ['sotto_cell'],
  },
  { name: 'scalar', suffix: '_scalar', rust: [], optimise: [], modules: ['sotto_cell', 'sotto_core'] },
];
const wasmFiles = builds.flatMap(({ suffix, modules }) => modules.map((name) => `${name}${suffix}.wasm`));
const glueOf = (name: string): readonly string[] => [`${name}.js`, `${name}.d.ts`, `${name}_bg.wasm.d.ts`];
const files = [...wasmFiles, ...['sotto_cell', 'sotto_core'].flatMap(glueOf), 'BUILD.json'];
const pkg = join(crate, 'pkg');
const tools = inRoot('scripts/tools');

interface BuildRecord {
  readonly compiler: string;
  readonly std: string;
  readonly wasmBindgen: string;
  readonly wasmOpt: string;
  /** Of each .wasm file. */
  readonly sha256: Readonly<Record<string, string>>;
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
function compilerFlags(toolchain: Toolchain, lanes: Lanes): string {
  // Where the registry is a mirror, cargo names its folder otherwise.
  const registries = join(cargoHome(), 'registry/src');
  return [
    ...lanes.rust,
    ...asWritten,
    // A panic stops without words, for which there is nobody: with a library built from source even its texts are left out.
    ...(toolchain.std === 'built from source' ? ['-Zunstable-options', '-Cpanic=immediate-abort'] : []),
    // The tables behind the doors are bounded so that this is never reached.
    '-Clink-arg=--max-memory=536870912',
    ...readdirSync(registries).map((folder) => `--remap-path-prefix=${join(registries, folder)}=/crates`),
    `--remap-path-prefix=${crate}=/sotto`,
    `--remap-path-prefix=${join(toolchain.sysroot, 'lib/rustlib/src/rust')}=/rust`,
  ].join('\x1f');
}

/** Compiles both modules for these lanes; gives the folder in which they lie. */
async function compile(toolchain: Toolchain, lanes: Lanes): Promise<string> {
  const fromSource = toolchain.std === 'built from source';
  const env = rustEnvironment(toolchain, {
    CARGO_ENCODED_RUSTFLAGS: compilerFlags(toolchain, lanes),
    ...(fromSource && { RUSTC_BOOTSTRAP: '1' }),
  });
  const own = join(env['CARGO_TARGET_DIR'] ?? join(crate, 'target'), lanes.name);
  const packages = lanes.modules.flatMap((name) => ['-p', name.replace('_', '-')]);
  const flags = ['--release', '--lib', '--locked', '--target', target, '--target-dir', own];
  const std = fromSource ? ['-Zbuild-std=std,panic_abort'] : [];
  await run(join(toolchain.bin, 'cargo'), ['build', ...flags, ...packages, ...std], { cwd: crate, env });
  return join(own, target, 'release');
}

/** Lays the glue and the optimised module into `to`. */
async function bind(bindgen: string, optimiser: string, lanes: Lanes, compiled: string, to: string): Promise<void> {
  const raw = mkdtempSync(join(tmpdir(), 'sotto-wasm-raw-'));
  for (const name of lanes.modules) {
    await run(bindgen, [join(compiled, `${name}.wasm`), '--target', 'web', '--out-dir', raw, '--out-name', name]);
    for (const file of glueOf(name)) keepGlue(join(raw, file), join(to, file));
    const out = join(to, `${name}${lanes.suffix}.wasm`);
    await run(process.execPath, [optimiser, ...optimise, ...lanes.optimise, join(raw, `${name}_bg.wasm`), '-o', out]);
  }
  rmSync(raw, { recursive: true });
}

/** One glue serves all builds of a module. Throws when another build needs another one. */
function keepGlue(from: string, to: string): void {
  if (existsSync(to) && !readFileSync(to).equals(readFileSync(from)))
    throw new Error(`${basename(to)}: two builds of one module differ in it`);
  copyFileSync(from, to);
}

/** Builds into `to`. */
async function build(toolchain: Toolchain, to: string): Promise<void> {
  // Without --locked: the lockfile that wasm-bindgen-cli ships does not build with every compiler of today.
  const bindgen = await cargoProgram(toolchain, 'wasm-bindgen-cli', 'wasm-bindgen', wasmBindgenVersion);
  const optimiser = await wasmOpt();
  await run(join(toolchain.bin, 'cargo'), ['fetch', '--locked'], { cwd: crate, env: rustEnvironment(toolchain) });
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  for (const lanes of builds) await bind(bindgen, optimiser, lanes, await compile(toolchain, lanes), to);
  writeRecord(toolchain, to, optimiser);
}

function writeRecord(toolchain: Toolchain, to: string, optimiser: string): void {
  const hash = (file: string): string =>
    createHash('sha256')
      .update(readFileSync(join(to, file)))
      .digest('hex');
  const record: BuildRecord = {
    compiler: toolchain.compiler,
    std: toolchain.std,
    wasmBindgen: wasmBindgenVersion,
    wasmOpt: captured(process.execPath, [optimiser, '--version']).text.trim(),
    sha256: Object.fromEntries(wasmFiles.map((file) => [file, hash(file)])),
  };
  writeFileSync(join(to, 'BUILD.json'), `${JSON.stringify(record, null, 2)}\n`);
}

/** Builds beside wasm/pkg and then switches, so that it is whole whenever it is there. */
async function replace(toolchain: Toolchain): Promise<void> {
  const fresh = join(crate, 'target/pkg');
  await build(toolchain, fresh);
  rmSync(pkg, { recursive: true, force: true });
  renameSync(fresh, pkg);
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

/**
 * Format, lint, and the crates' tests, whose figures are summed; in wasm/fuzz, a workspace of its own, they play what fuzzing has kept. Each
 * workspace builds in a folder of its own: in one, cargo may link what the other has built of the same crates.
 */
async function testCrate(toolchain: Toolchain, workspace = crate): Promise<void> {
  const env = rustEnvironment(toolchain, workspace === crate ? {} : { CARGO_TARGET_DIR: join(rustRoot, `target-${basename(workspace)}`) });
  const cargo = (args: readonly string[]): Promise<number> => exitCode(join(toolchain.bin, 'cargo'), args, { cwd: workspace, env });
  const codes = [
    await cargo(['fmt', '--all', '--check']),
    await cargo(['clippy', '--locked', '--workspace', '--all-targets', '--', '-D', 'warnings']),
  ];
  const bad = codes.filter((code) => code !== 0).length;
  close(codes.length - bad, bad);
  const tests = captured(join(toolchain.bin, 'cargo'), ['test', '--locked', '--workspace', '--', '--nocapture'], env, workspace);
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
if (isOn('--test')) {
  await testCrate(toolchain);
  await testCrate(toolchain, join(crate, 'fuzz'));
}
if (!isOn('--check') && !isOn('--test')) await replace(toolchain);
