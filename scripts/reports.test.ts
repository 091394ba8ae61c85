import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCode, inRoot } from './program.ts';
import { playwrightReport, vitestReport } from './reports.ts';

const folder = inRoot('.cache/reports-test');
const report = `${folder}/report.json`;

/** The tests are written under names that no other run of ours looks for. */
async function runVitest(text: string): Promise<number> {
  writeFileSync(`${folder}/broken.vitest.js`, `import { expect, it } from 'vitest';\n${text}`);
  writeFileSync(`${folder}/vitest.config.js`, "export default { test: { include: ['**/*.vitest.js'] } };");
  return exitCode(inRoot('node_modules/.bin/vitest'), ['run', '--root', folder, '--reporter=json', `--outputFile.json=${report}`], {
    stdio: 'ignore',
  });
}

async function runPlaywright(text: string): Promise<number> {
  writeFileSync(`${folder}/broken.playwright.js`, `import { expect, test } from '@playwright/test';\n${text}`);
  const config = "export default { testMatch: '**/*.playwright.js', reporter: [['json', { outputFile: 'report.json' }]] };";
  writeFileSync(`${folder}/playwright.config.js`, config);
  return exitCode(inRoot('node_modules/.bin/playwright'), ['test'], { cwd: folder, stdio: 'ignore' });
}

const mixed = (test: string): string => `
${test}('adds', () => expect(1 + 1).toBe(2));
${test}('adds wrongly', () => expect(1 + 1, 'the sum').toBe(3));
${test}.skip('is left out', () => undefined);
`;

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/package.json`, '{ "type": "module" }');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the reports of a run', () => {
  it('name what failed in Vitest and why, and count what was left out', { timeout: 60_000 }, async () => {
    const { passed, failed, failures } = vitestReport(await runVitest(mixed('it')), report);
    expect([passed, failed]).toEqual([1, 2]);
    expect(failures?.[0]).toMatch(/broken\.vitest\.js › adds wrongly\n {4}.*the sum: expected 2 to be 3/);
    expect(failures?.[1]).toMatch(/broken\.vitest\.js › is left out\n {4}skipped$/);
  });

  it('name a file of Vitest that broke before its tests', { timeout: 60_000 }, async () => {
    const { passed, failed, failures } = vitestReport(await runVitest("throw new Error('at its start');"), report);
    expect([passed, failed]).toEqual([0, 1]);
    expect(failures?.[0]).toMatch(/broken\.vitest\.js\n {4}at its start/);
  });

  it('name what failed in Playwright and why, without colours, and count what was left out', { timeout: 60_000 }, async () => {
    const { passed, failed, failures } = playwrightReport(await runPlaywright(mixed('test')), report);
    expect([passed, failed]).toEqual([1, 2]);
    expect(failures?.[0]).toMatch(/broken\.playwright\.js › adds wrongly\n {4}Error: the sum\n(.*\n)* {4}Expected: 3\n {4}Received: 2/);
    expect(failures?.[1]).toMatch(/broken\.playwright\.js › is left out\n {4}skipped$/);
  });

  it('name what broke Playwright before any test', { timeout: 60_000 }, async () => {
    const { failed, failures } = playwrightReport(await runPlaywright("throw new Error('at its start');"), report);
    expect(failed).toBeGreaterThan(0);
    expect(failures?.join('\n')).toMatch(/before any test\n {4}Error: at its start/);
  });

  it('count a run without a report, and one that ends badly though no test failed', async () => {
    rmSync(report);
    expect(vitestReport(1, report)).toMatchObject({ passed: 0, failed: 1, failures: ['no report was left; the run ended with 1'] });
    await runVitest("it('adds', () => expect(1 + 1).toBe(2));");
    expect(vitestReport(0, report)).toEqual({ passed: 1, failed: 0, failures: [] });
    expect(vitestReport(7, report)).toMatchObject({ passed: 1, failed: 1, failures: ['the run ended with 7, though no test failed'] });
  }, 60_000);
});
