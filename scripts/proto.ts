/** `npm run proto`: lints src/wire/proto and makes src/wire/gen from it. With --check nothing is written; a difference is told and fails. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { inRoot, root, run } from './program.ts';

const source = inRoot('src/wire/proto');
const made = inRoot('src/wire/gen');
const tools = inRoot('scripts/tools');

/** The tools are installed on demand: only a change of a .proto file or of the Rust code needs them. */
async function installTools(): Promise<void> {
  const stamp = join(tools, 'node_modules/.package-lock.json');
  const lock = join(tools, 'package-lock.json');
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= statSync(lock).mtimeMs) return;
  await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: tools });
}

/** Generates into `to`, which is emptied of what no .proto file makes any more. */
async function generate(to: string): Promise<void> {
  const template = JSON.stringify({
    version: 'v2',
    plugins: [{ local: 'protoc-gen-es', out: to, opt: ['target=js+dts', 'import_extension=js'] }],
    clean: true,
  });
  await buf(['generate', source, '--config', inRoot('scripts/buf.yaml'), '--template', template]);
}

function buf(args: readonly string[]): Promise<void> {
  const bin = join(tools, 'node_modules/.bin');
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`, BUF_CACHE_DIR: inRoot('.cache/buf') };
  return run(join(bin, 'buf'), args, { cwd: root, env });
}

function differences(a: string, b: string): string[] {
  const names = new Set([...readdirSync(a), ...readdirSync(b)]);
  const text = (folder: string, name: string): string | undefined =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : undefined;
  return [...names].filter((name) => text(a, name) !== text(b, name)).toSorted();
}

async function check(): Promise<void> {
  const fresh = mkdtempSync(join(tmpdir(), 'sotto-proto-'));
  try {
    await generate(fresh);
    const stale = differences(made, fresh);
    if (stale.length > 0) throw new Error(`src/wire/gen is stale (${stale.join(', ')}): run \`npm run proto\``);
  } finally {
    rmSync(fresh, { recursive: true });
  }
}

await installTools();
await buf(['lint', source, '--config', inRoot('scripts/buf.yaml')]);
await (process.argv.includes('--check') ? check() : generate(made));
