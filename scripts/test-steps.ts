/** The steps of `npm test`, in order. Each returns how much passed and failed; what failed has been printed by then. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildApp } from './build.ts';
import { checkWords } from './check-words.ts';
import { faultsOf, readSources } from './check-imports.ts';
import { findChromium, installChromium } from './chromium.ts';
import { exitCode, inRoot, output } from './program.ts';
import { playwrightReport, vitestReport, type Count } from './reports.ts';

export interface Step {
  readonly name: string;
  run(): Promise<Count>;
}

const tool = (name: string): string => inRoot(`node_modules/.bin/${name}`);
const script = (name: string): string => inRoot(`scripts/${name}.ts`);
const one = (isGood: boolean): Count => (isGood ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });

/** A program that is one check. */
const program = async (path: string, args: readonly string[]): Promise<Count> => one((await exitCode(path, args)) === 0);

function check(faults: readonly string[]): Count {
  for (const fault of faults) console.log(fault);
  return { passed: faults.length === 0 ? 1 : 0, failed: faults.length, failures: faults };
}

async function vitest(paths: readonly string[]): Promise<Count> {
  const report = inRoot('.cache/vitest.json');
  rmSync(report, { force: true });
  const code = await exitCode(tool('vitest'), ['run', ...paths, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]);
  return vitestReport(code, report);
}

/** Where Chromium is; it is installed if need be. */
export const chromiumThere = async (): Promise<string> => findChromium() ?? (await installChromium());

/** What is bounded in time (ten seconds until a talk goes on) is looked at alone. */
const alone = ['e2e/faults.spec.ts'];
const beside = (): string[] =>
  readdirSync(inRoot('e2e'))
    .filter((name) => name.endsWith('.spec.ts'))
    .map((name) => `e2e/${name}`)
    .filter((path) => !alone.includes(path));

async function playwright(specs: readonly string[]): Promise<Count> {
  const report = inRoot('.cache/playwright.json');
  rmSync(report, { force: true });
  const chromium = await chromiumThere();
  const env = { ...process.env, SOTTO_CHROMIUM: chromium, PLAYWRIGHT_JSON_OUTPUT_NAME: report };
  const code = await exitCode(tool('playwright'), ['test', ...specs], { env });
  return playwrightReport(code, report);
}

/** A program of ours that closes each of its parts with `N passed, N failed`. */
async function counted(path: string, args: readonly string[]): Promise<Count> {
  const { code, text } = await output(process.execPath, [path, ...args]);
  const parts = [...text.matchAll(/^(\d+) passed, (\d+) failed$/gm)];
  if (parts.length === 0) return one(code === 0);
  const sum = (group: number): number => parts.reduce((total, part) => total + Number(part[group]), 0);
  return { passed: sum(1), failed: code !== 0 && sum(2) === 0 ? 1 : sum(2) };
}

async function build(): Promise<Count> {
  const dist = await buildApp();
  return one(existsSync(join(dist, 'index.html')) && existsSync(join(dist, 'sw.js')));
}

export const steps: readonly Step[] = [
  { name: 'format', run: () => program(tool('oxfmt'), ['--check']) },
  { name: 'lint', run: () => program(tool('oxlint'), []) },
  { name: 'imports', run: async () => check(faultsOf(readSources())) },
  { name: 'words', run: async () => check(checkWords()) },
  { name: 'types', run: () => program(tool('tsc'), ['-p', '.']) },
  { name: 'proto', run: () => program(process.execPath, [script('proto'), '--check']) },
  { name: 'build', run: build },
  { name: 'wasm', run: () => counted(script('wasm'), ['--check', '--test']) },
  { name: 'unit', run: () => vitest(['src/', 'scripts/']) },
  { name: 'simulation', run: () => vitest(['e2e/sim/']) },
  { name: 'browser', run: () => playwright(beside()) },
  { name: 'faults', run: () => playwright(alone) },
  { name: 'strangers', run: () => vitest(['e2e/stranger/']) },
];

/** These two rows of steps run beside each other: browsers wait more than they work. What a stranger costs others is looked at alone. */
export const lanes: readonly (readonly string[])[] = [['wasm', 'unit', 'simulation'], ['browser']];
