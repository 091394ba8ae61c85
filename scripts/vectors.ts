/**
 * `npm run vectors -- FILE…`: runs published vector files, of whatever known format, through the core across the WebAssembly boundary
 * and through the core as a native program. Closes with `N passed, N failed`; a case of an unknown kind is a failed one.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { initCryptoNode } from '../src/crypto/node.ts';
import { answersOfRust } from './native-answers.ts';
import { faultAcrossBoundary, faultOf, isAcross, isNative } from './vector-answers.ts';
import type { Question, VectorCase } from './vector-case.ts';
import { casesOf } from './vector-formats.ts';
import { casesOfBlob, casesOfCavp, isBlob, isCavp } from './vector-hashes.ts';
import { casesOfText } from './vector-texts.ts';

/** What is wrong with each case; undefined for what is right. */
async function faults(cases: readonly VectorCase[]): Promise<readonly (string | undefined)[]> {
  const asked = cases.flatMap(({ questions = [] }) => questions.filter(isNative));
  const answers = asked.length > 0 ? await answersOfRust(asked) : [];
  const ofRust = new Map(asked.map((question, i) => [question, answers[i]]));
  return cases.map((one) => {
    const boundary = faultAcrossBoundary(one);
    if (boundary !== undefined) return `across the boundary: ${boundary}`;
    const native = (one.questions ?? []).filter(isNative).map((question) => faultOf(question, ofRust.get(question)));
    const wrong = native.find((fault) => fault !== undefined);
    return wrong && `native: ${wrong}`;
  });
}

/** Who has answered, and how often. */
function sides(cases: readonly VectorCase[]): string {
  const number = (is: (question: Question) => boolean): number => cases.filter(({ questions = [] }) => questions.some(is)).length;
  const told = [
    ['across the boundary', number((question) => isAcross(question) && isNative(question))],
    ['native', number(isNative)],
    ['by the product alone', number((question) => !isNative(question))],
  ] as const;
  return told.flatMap(([who, many]) => (many === 0 ? [] : [`${many} ${who}`])).join(', ');
}

interface Count {
  readonly passed: number;
  readonly failed: number;
}

/** JSON or text, compressed or not. */
function read(path: string): readonly VectorCase[] {
  const bytes = readFileSync(path);
  if (isBlob(path)) return casesOfBlob(path, bytes);
  const text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8');
  if (/^\s*[[{]/.test(text)) return casesOf(JSON.parse(text));
  return isCavp(text) ? casesOfCavp(text) : casesOfText(text);
}

async function runFile(path: string): Promise<Count> {
  try {
    const cases = read(path);
    const found = await faults(cases);
    found.forEach((fault, i) => fault !== undefined && console.log(`${path}: case ${cases[i]?.name}: ${fault}`));
    const failed = found.filter((fault) => fault !== undefined).length;
    console.log(`${path}: ${cases.length} cases, ${sides(cases)}`);
    return { passed: cases.length - failed, failed };
  } catch (error) {
    console.log(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    return { passed: 0, failed: 1 };
  }
}

const files = process.argv.slice(2);
if (files.length === 0) {
  console.log(
    'npm run vectors -- FILE…: want one file of published vectors or more (Wycheproof, ACVP, CAVP, CCTV, Adiantum, X-Wing, blobby)',
  );
  process.exitCode = 1;
} else {
  await initCryptoNode();
  let [passed, failed] = [0, 0];
  for (const file of files) {
    const count = await runFile(file);
    passed += count.passed;
    failed += count.failed;
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}
