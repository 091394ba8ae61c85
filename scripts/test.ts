/**
 * `npm test`: every check there is, in order; a failed step does not hide the later ones. Closes with `N passed, N failed`.
 * `npm test -- --only unit,types` runs some of the steps.
 */
import { mkdirSync } from 'node:fs';
import { inRoot } from './program.ts';
import { steps, type Count, type Step } from './test-steps.ts';

interface Result extends Count {
  readonly name: string;
  readonly seconds: number;
}

function chosen(args: readonly string[]): readonly Step[] {
  const at = args.indexOf('--only');
  if (at < 0) return steps;
  const names = (args[at + 1] ?? '').split(',');
  const unknown = names.filter((name) => !steps.some((step) => step.name === name));
  if (unknown.length > 0) throw new Error(`no such step: ${unknown.join(', ')}; there are ${steps.map(({ name }) => name).join(', ')}`);
  return steps.filter(({ name }) => names.includes(name));
}

async function runStep(step: Step): Promise<Result> {
  console.log(`\n── ${step.name}`);
  const started = performance.now();
  const count = await step.run().catch((error: unknown): Count => {
    console.log(error instanceof Error ? error.message : String(error));
    return { passed: 0, failed: 1 };
  });
  return { name: step.name, ...count, seconds: (performance.now() - started) / 1000 };
}

const results: Result[] = [];
mkdirSync(inRoot('.cache'), { recursive: true });
for (const step of chosen(process.argv.slice(2))) results.push(await runStep(step));

console.log('');
for (const { name, passed, failed, seconds } of results) {
  const figures = [`${passed} passed`.padStart(12), `${failed} failed`.padStart(10), `${seconds.toFixed(1)} s`.padStart(9)];
  console.log(`${failed > 0 ? '✗' : '✓'} ${name.padEnd(12)}${figures.join('')}`);
}
const sum = (key: 'passed' | 'failed'): number => results.reduce((total, result) => total + result[key], 0);
console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
process.exitCode = sum('failed') > 0 ? 1 : 0;
