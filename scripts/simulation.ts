/**
 * `npm run simulation -- [--runs 200] [--seed N] [--beside N]`: the crowd's runs (e2e/sim), as many beside each other as there are cores.
 * The runs' seeds count up from the first, so `--seed N --runs 1` repeats one run exactly. A run that fails prints the shortest script
 * of events that still fails. Closes with `N passed, N failed`.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { inRoot } from './program.ts';

const { values } = parseArgs({ options: { runs: { type: 'string' }, seed: { type: 'string' }, beside: { type: 'string' } } });
const runs = whole('runs', values.runs ?? '200');
const first = whole('seed', values.seed ?? String(Math.floor(Math.random() * 2 ** 31)));
const beside = Math.min(runs, whole('beside', values.beside ?? String(availableParallelism())));
const from = performance.now();
const count = { passed: 0, failed: 0 };

console.log(`${runs} runs from seed ${first}, ${beside} at a time`);
const codes = await Promise.all(Array.from({ length: beside }, (_, i) => work(i)));
// A worker that died has said nothing of the runs that it was at.
count.failed += runs - count.passed - count.failed;
console.log(`${Math.round((performance.now() - from) / 1000)} s`);
console.log(`${count.passed} passed, ${count.failed} failed`);
process.exit(count.failed === 0 && codes.every((code) => code === 0) ? 0 : 1);

function whole(name: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new Error(`--${name} ${text}: want a whole number`);
  return Number(text);
}

/** One process with its share of the seeds. Its exit code. */
function work(place: number): Promise<number> {
  const seeds = Array.from({ length: runs }, (_, i) => i)
    .filter((i) => i % beside === place)
    .map((i) => String(first + i));
  const child = spawn(process.execPath, ['--expose-gc', inRoot('e2e/sim/worker.ts'), ...seeds], { stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface({ input: child.stdout }).on('line', (line) => told(line));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

function told(line: string): void {
  const { seed, seconds, why } = JSON.parse(line) as { seed: number; seconds: number; why?: string };
  if (why === undefined) count.passed++;
  else count.failed++;
  console.log(`seed ${seed}: ${why === undefined ? 'passed' : 'FAILED'} in ${seconds} s${why === undefined ? '' : `\n${why}`}`);
}
