/** Reads the JSON reports of Vitest and Playwright: how much passed, how much failed, and what it was. */
import { existsSync, readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

export interface Count {
  readonly passed: number;
  readonly failed: number;
  /** What failed, each with its name and why. */
  readonly failures?: readonly string[];
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages?: readonly string[] | null;
    }[];
  }[];
}

interface PlaywrightSuite {
  readonly suites?: readonly PlaywrightSuite[];
  readonly specs: readonly {
    readonly title: string;
    readonly file: string;
    readonly tests: readonly {
      readonly status: string;
      readonly results: readonly { readonly errors: readonly { readonly message?: string }[] }[];
    }[];
  }[];
}

interface PlaywrightReport {
  readonly suites: readonly PlaywrightSuite[];
  readonly errors: readonly { readonly message?: string }[];
  readonly stats: { readonly expected: number };
}

const longest = 24;

/** A failure as it is shown: its name, and the first lines of why, indented. */
function told(name: string, why: readonly string[]): string {
  const lines = stripVTControlCharacters(why.join('\n')).split('\n');
  const shown = lines.length > longest ? [...lines.slice(0, longest), '…'] : lines;
  return [name, ...shown.map((line) => `    ${line}`.trimEnd())].join('\n');
}

/** A test that was not run is no test that passed. A file that broke before its first test is one failure. */
function vitestCount({ numPassedTests, testResults }: VitestReport): Count {
  const failures = testResults.flatMap(({ name, status, message, assertionResults }) => {
    const others = assertionResults.filter((test) => test.status !== 'passed');
    if (others.length === 0 && status !== 'passed') return [told(name, [message])];
    return others.map((test) => told(`${name} › ${test.fullName}`, test.failureMessages?.length ? test.failureMessages : [test.status]));
  });
  return { passed: numPassedTests, failed: failures.length, failures };
}

function playwrightCount({ suites, errors, stats }: PlaywrightReport): Count {
  const failures = errors.map(({ message }) => told('before any test', [message ?? 'no message']));
  const read = (suite: PlaywrightSuite): void => {
    for (const { title, file, tests } of suite.specs)
      for (const { status, results } of tests.filter((test) => test.status !== 'expected')) {
        const why = results.flatMap((result) => result.errors.map(({ message }) => message ?? 'no message'));
        failures.push(told(`${file} › ${title}`, why.length > 0 ? why : [status]));
      }
    suite.suites?.forEach(read);
  };
  suites.forEach(read);
  return { passed: stats.expected, failed: failures.length, failures };
}

/** What a run left in its report, together with its exit code: a run that fails without a failed test is a failure too. */
function reported(code: number, file: string, read: (text: string) => Count): Count {
  if (!existsSync(file)) return { passed: 0, failed: 1, failures: [`no report was left; the run ended with ${code}`] };
  const count = read(readFileSync(file, 'utf8'));
  if (code === 0 || count.failed > 0) return count;
  return { ...count, failed: 1, failures: [`the run ended with ${code}, though no test failed`] };
}

export const vitestReport = (code: number, file: string): Count =>
  reported(code, file, (text) => vitestCount(JSON.parse(text) as VitestReport));
export const playwrightReport = (code: number, file: string): Count =>
  reported(code, file, (text) => playwrightCount(JSON.parse(text) as PlaywrightReport));
