/**
 * `npm run bench -- [--json FILE] [--only PART,PART]`: every figure beside those of its peers, measured in one run (bench/README.md).
 * A row that could not be measured is left out, said so, and makes the exit code 1.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { inRoot, run } from './program.ts';

const { values } = parseArgs({ options: { json: { type: 'string' }, only: { type: 'string' } } });
await installPeers().catch((error: unknown) => console.log(`What is compared with could not be installed: ${String(error)}`));
// Not before its peers are there.
const { benchmark, partNames } = await import('../bench/benchmark.ts');
const parts = values.only?.split(',') ?? partNames;
const unknown = parts.find((part) => !partNames.includes(part));
if (unknown !== undefined) throw new Error(`--only ${unknown}: the parts are ${partNames.join(', ')}`);
const { rows, missing } = await benchmark(parts, (line) => console.log(line));
const [cpu] = cpus();
const machine = {
  cpu: cpu?.model ?? 'unknown',
  cores: cpus().length,
  memoryGB: Math.round(totalmem() / 2 ** 30),
  os: `${process.platform} ${process.arch}`,
  node: process.versions.node,
  v8: process.versions.v8,
  at: new Date().toISOString(),
};
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ machine, rows, missing }, null, 2)}\n`);
for (const { id, why } of missing) console.log(`not measured: ${id} (${why})`);
process.exit(missing.length === 0 ? 0 : 1);

/** Into bench/node_modules, when what the lockfile names is not there. */
async function installPeers(): Promise<void> {
  const lock = (path: string): Record<string, { readonly version?: string }> => {
    if (!existsSync(path)) return {};
    const { packages } = JSON.parse(readFileSync(path, 'utf8')) as { packages?: Record<string, { version?: string }> };
    return packages ?? {};
  };
  const there = lock(inRoot('bench/node_modules/.package-lock.json'));
  const wanted = Object.entries(lock(inRoot('bench/package-lock.json'))).filter(([path]) => path !== '');
  if (wanted.every(([path, { version }]) => there[path]?.version === version)) return;
  console.log('Installing what is compared with into bench/node_modules (once, 19 MB)');
  await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: inRoot('bench') });
}
