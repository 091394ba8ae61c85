/**
 * Runs one of the project's commands: `node scripts/run.mjs <command> [arguments]`. Plain JavaScript, so that any Node from 18 on can run it.
 *
 *   Node ≥ 22.18? ── no ──▶ fetch one into .cache/node24 (once) ──▶ dependencies as in the lockfile? ── no ──▶ npm ci ──▶ the command
 *
 * From 22.18 on Node runs TypeScript as it stands, so no command needs a build of its own. Once installed, nothing here asks the network.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const npmFlags = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];

/** Commands whose program is not scripts/<command>.ts. */
const elsewhere = { relay: 'src/bin/relay.ts', cli: 'src/bin/cli.ts' };

function say(text) {
  process.stderr.write(`${text}\n`);
}

function npmCi(folder, env) {
  const npm = spawnSync('npm', npmFlags, { cwd: folder, env, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (npm.error) throw new Error(`npm could not be started (${npm.error.message}): install npm and try again`);
  if (npm.status !== 0)
    throw new Error(`npm ci in ${folder} failed: see its words above; once the network is there, run the command again`);
}

/** The path of a Node that runs TypeScript: this one, or the fetched one. */
function suitableNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath;
  const folder = join(root, '.cache', 'node24');
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const node = join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (!isInstalled(join(root, 'scripts', 'node24'), folder, name)) {
    say(`Node ${process.versions.node} is older than 22.18: fetching Node 24 into .cache/node24 (once, about 60 MB)`);
    mkdirSync(folder, { recursive: true });
    cpSync(join(root, 'scripts', 'node24'), folder, { recursive: true });
    npmCi(folder, process.env);
  }
  if (!existsSync(node))
    throw new Error(`there is no Node 24 on npm for ${process.platform} ${process.arch}: install Node 22.18 or newer yourself`);
  return node;
}

/** Whether all of a lockfile (or one package of it) is there. npm writes node_modules/.package-lock.json last, so what it lists is whole. */
function isInstalled(wantedFolder, folder, only) {
  const read = (path) => (existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')).packages ?? {}) : undefined);
  const wanted = read(join(wantedFolder, 'package-lock.json'));
  const there = read(join(folder, 'node_modules', '.package-lock.json'));
  if (!wanted || !there) return false;
  return Object.entries(wanted).every(([path, { version, optional, peer }]) => {
    if (path === '') return true;
    if (only !== undefined && path !== `node_modules/${only}`) return true;
    const mayBeAbsent = only === undefined && (optional === true || peer === true);
    return there[path] === undefined ? mayBeAbsent : there[path].version === version;
  });
}

function program(command) {
  const path = join(root, elsewhere[command] ?? `scripts/${command}.ts`);
  if (!/^[a-z]+$/.test(command) || !existsSync(path)) throw new Error(`there is no command "${command}": package.json lists the commands`);
  return path;
}

/** Signals go on to the command, and it is told to stop when npm, which started us, is gone. Our exit code is the command's. */
function runCommand(node, path, args, env) {
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', path, ...args], {
    env,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event) setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 1000).unref();
  child.on('error', (error) => stop(`${path} could not be started: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

function stop(text) {
  say(text);
  process.exit(1);
}

try {
  const [command = '', ...args] = process.argv.slice(2);
  const path = program(command);
  const node = suitableNode();
  // Node keeps what it compiled, which halves the start of each of the relays.
  const compiled = process.env.NODE_COMPILE_CACHE ?? join(root, '.cache', 'compile');
  const env = { ...process.env, NODE_COMPILE_CACHE: compiled, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` };
  if (!isInstalled(root, root)) {
    say('Installing the dependencies (once)');
    npmCi(root, env);
  }
  runCommand(node, path, args, env);
} catch (error) {
  stop(`sotto: ${error.message}`);
}
