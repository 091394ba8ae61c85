/**
 * `npm test`: every check there is, in order, the long ones in two lanes beside each other; a failed step does not hide the later ones.
 * Closes with what failed, by name, and `N passed, N failed`.
 * `npm test -- --only unit,types` runs some of the steps.
 */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { exitCode, inRoot } from './program.ts';
import type { Count } from './reports.ts';
import { chromiumThere, lanes, steps, type Step } from './test-steps.ts';

interface Result extends Count {
  readonly name: string;
  readonly seconds: number;
}

function chosen(only: string | undefined): readonly Step[] {
  if (only === undefined) return steps;
  const names = only.split(',');
  const unknown = names.filter((name) => !steps.some((step) => step.name === name));
  if (unknown.length > 0) throw new Error(`no such step: ${unknown.join(', ')}; there are ${steps.map(({ name }) => name).join(', ')}`);
  return steps.filter(({ name }) => names.includes(name));
}

async function runStep(step: Step): Promise<Result> {
  console.log(`\n── ${step.name}`);
  const started = performance.now();
  const count = await step.run().catch((error: unknown): Count => {
    const why = error instanceof Error ? error.message : String(error);
    console.log(why);
    return { passed: 0, failed: 1, failures: [why] };
  });
  return { name: step.name, ...count, seconds: (performance.now() - started) / 1000 };
}

/** Runs steps in a process of its own. The last line that it writes to its report is its results. */
async function runLane(names: readonly string[], place: number): Promise<readonly Result[]> {
  const [printed, report] = [inRoot(`.cache/lane-${place}.txt`), inRoot(`.cache/lane-${place}.json`)];
  rmSync(report, { force: true });
  const out = openSync(printed, 'w');
  const stdio = place === 0 ? (['ignore', 'inherit', 'inherit'] as const) : (['ignore', out, out] as const);
  await exitCode(process.execPath, [import.meta.filename, '--only', names.join(), '--report', report], { stdio: [...stdio] });
  closeSync(out);
  process.stdout.write(readFileSync(printed));
  if (existsSync(report)) return JSON.parse(readFileSync(report, 'utf8')) as Result[];
  return names.map((name) => ({ name, passed: 0, failed: 1, failures: ['its lane ended without a report'], seconds: 0 }));
}

/** The steps that are left for lanes, when there are some for each. */
function lanesOf(chosenSteps: readonly Step[]): readonly (readonly string[])[] {
  const names = lanes.map((lane) => lane.filter((name) => chosenSteps.some((step) => step.name === name)));
  return names.every((lane) => lane.length > 0) ? names : [];
}

const { values: options } = parseArgs({ options: { only: { type: 'string' }, report: { type: 'string' } } });
mkdirSync(inRoot('.cache'), { recursive: true });
const toRun = chosen(options.only);
const beside = lanesOf(toRun);
const results: Result[] = [];
for (const step of toRun) {
  if (!beside.flat().includes(step.name)) results.push(await runStep(step));
  else if (step.name === beside[0]?.[0]) {
    // Two installations at once would be in each other's way.
    await chromiumThere();
    results.push(...(await Promise.all(beside.map(runLane))).flat());
  }
}
if (options.report !== undefined) writeFileSync(options.report, JSON.stringify(results));

for (const { name, failed, failures } of results.filter((result) => result.failed > 0)) {
  console.log(`\n── ${name}: ${failed} failed`);
  for (const failure of failures ?? []) console.log(failure);
}
console.log('');
for (const { name, passed, failed, seconds } of results) {
  const figures = [`${passed} passed`.padStart(12), `${failed} failed`.padStart(10), `${seconds.toFixed(1)} s`.padStart(9)];
  console.log(`${failed > 0 ? '✗' : '✓'} ${name.padEnd(12)}${figures.join('')}`);
}
const sum = (key: 'passed' | 'failed'): number => results.reduce((total, result) => total + result[key], 0);
console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
process.exitCode = sum('failed') > 0 ? 1 : 0;
