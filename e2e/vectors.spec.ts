/** Published vectors in Chromium: the files that Node runs (scripts/vector-families.ts), through every build of the core. */
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { vectorFiles, type VectorFile } from '../scripts/vector-families.ts';
import { ACCUMULATED } from '../src/crypto/accumulated-testing.ts';
import { vectorPath } from '../src/crypto/vector-files.ts';
import { builtPage, type BuiltPage } from './built-page.ts';
import { expect, test, type People } from './fixtures.ts';

let built: BuiltPage;

test.beforeAll(async () => {
  built = await builtPage('vectors');
});
test.afterAll(() => built.close());

const addressOf = ({ crate, path }: VectorFile): string => `/published/${crate}/${path}`;
const bytesOf = ({ crate, path }: VectorFile): Buffer => readFileSync(vectorPath(crate, path));

/** The page by one build, and beside it the files as `body` gives them. */
async function opened(people: People, query: string, body: (file: VectorFile) => Buffer): Promise<Page> {
  const { page } = await people.open('ana');
  for (const file of vectorFiles)
    await page.route(`**${addressOf(file)}`, (route) => route.fulfill({ contentType: 'application/octet-stream', body: body(file) }));
  await page.goto(`${built.url}${query}`);
  await page.waitForFunction(() => 'vectors' in window);
  return page;
}

const run = (page: Page, file: VectorFile) => page.evaluate((path) => window.vectors.run(path), addressOf(file));

for (const name of ['relaxed', 'simd', 'scalar']) {
  test(`published vectors in Chromium, the build ${name}`, async ({ people }) => {
    const page = await opened(people, `?build=${name}`, bytesOf);
    const counts = new Map<string, number>();
    for (const file of vectorFiles) {
      const { cases, wrong } = await run(page, file);
      expect(wrong, addressOf(file)).toEqual([]);
      expect(cases, addressOf(file)).toBe(file.cases);
      counts.set(file.family, (counts.get(file.family) ?? 0) + cases);
    }
    for (const [family, cases] of counts) console.log(`vectors in Chromium, ${name}, ${family}: ${cases} run`);
    for (const size of [512, 768, 1024] as const) {
      const { digest, published } = await page.evaluate(([s, count]) => window.vectors.accumulated(s, count), [size, ACCUMULATED] as const);
      expect(digest, `ML-KEM-${size}`).toBe(published);
      console.log(`vectors in Chromium, ${name}, ML-KEM-${size} accumulated: ${ACCUMULATED} run`);
    }
  });
}

test('the build that Chromium takes by itself is the one of relaxed SIMD', async ({ people }) => {
  const page = await opened(people, '', bytesOf);
  expect(await page.evaluate(() => window.vectors.lanes)).toBe('relaxed');
});

interface Case {
  readonly result?: string;
  readonly [field: string]: unknown;
}

/** Where each kind of case has an answer. */
const ANSWERS = ['K', 'ek', 'shared', 'ss', 'ciphertext_hex', 'ct'];

/** The file with one digit changed in an answer of its last case that has a right one. */
function changed(bytes: Buffer): Buffer {
  // Packed strings end with an answer.
  if (bytes[0] !== 0x7b && bytes[0] !== 0x5b) return Buffer.from(bytes.with(bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1));
  const file = JSON.parse(bytes.toString('utf8')) as
    | readonly Case[]
    | { readonly testGroups: readonly { readonly tests: readonly Case[] }[] };
  const cases = 'testGroups' in file ? file.testGroups.flatMap(({ tests }) => tests) : file;
  const last = cases.findLast(({ result }) => result === undefined || result === 'valid');
  const field = ANSWERS.find((name) => last !== undefined && name in last);
  const answer = field === undefined ? undefined : last?.[field];
  if (last === undefined || field === undefined || typeof answer !== 'string' || answer === '') throw new Error('no answer to change');
  Object.assign(last, { [field]: `${answer.startsWith('0') ? '1' : '0'}${answer.slice(1)}` });
  return Buffer.from(JSON.stringify(file));
}

test('one digit changed in an answer of each file is one case that is wrong', async ({ people }) => {
  const page = await opened(people, '', (file) => changed(bytesOf(file)));
  for (const file of vectorFiles) {
    const { cases, wrong } = await run(page, file);
    expect(wrong, addressOf(file)).toHaveLength(1);
    expect(cases, addressOf(file)).toBe(file.cases);
  }
});
