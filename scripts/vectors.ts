/**
 * `npm run vectors -- FILE…`: runs published vector files, of whatever known format, through the core across the WebAssembly boundary
 * and through the core as a native program. Closes with `N passed, N failed`; a case of an unknown kind is a failed one.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { initCryptoNode } from '../src/crypto/node.ts';
import { answersOfRust } from './native-answers.ts';
import { faultAcrossBoundary, faultOf, isInCore } from './vector-answers.ts';
import { casesOf, type VectorCase } from './vector-formats.ts';
import { casesOfText } from './vector-texts.ts';

/** What is wrong with each case; undefined for what is right. */
async function faults(cases: readonly VectorCase[]): Promise<readonly (string | undefined)[]> {
  const asked = cases.flatMap(({ questions = [] }) => questions.filter(isInCore));
  const answers = asked.length > 0 ? await answersOfRust(asked) : [];
  const ofRust = new Map(asked.map((question, i) => [question, answers[i]]));
  return cases.map((one) => {
    const boundary = faultAcrossBoundary(one);
    if (boundary !== undefined) return `across the boundary: ${boundary}`;
    const native = (one.questions ?? []).filter(isInCore).map((question) => faultOf(question, ofRust.get(question)));
    const wrong = native.find((fault) => fault !== undefined);
    return wrong && `native: ${wrong}`;
  });
}

interface Count {
  readonly passed: number;
  readonly failed: number;
}

/** JSON or text, compressed or not. */
function read(path: string): readonly VectorCase[] {
  const bytes = readFileSync(path);
  const text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8');
  return /^\s*[[{]/.test(text) ? casesOf(JSON.parse(text)) : casesOfText(text);
}

async function runFile(path: string): Promise<Count> {
  try {
    const cases = read(path);
    const found = await faults(cases);
    found.forEach((fault, i) => fault !== undefined && console.log(`${path}: case ${cases[i]?.name}: ${fault}`));
    const failed = found.filter((fault) => fault !== undefined).length;
    const sides = cases.some(({ questions = [] }) => questions.some(isInCore)) ? 'across the boundary and native' : 'by noble alone';
    console.log(`${path}: ${cases.length} cases, ${sides}`);
    return { passed: cases.length - failed, failed };
  } catch (error) {
    console.log(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    return { passed: 0, failed: 1 };
  }
}

const files = process.argv.slice(2);
if (files.length === 0) {
  console.log('npm run vectors -- FILE…: want one file of published vectors or more (Wycheproof, ACVP, CCTV, Adiantum, X-Wing)');
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
