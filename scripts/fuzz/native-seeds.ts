/** First inputs of the core's targets: the frames of docs/vectors.json, in the form that wasm/fuzz/src reads. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { concat, fromHex, type Bytes } from '../../src/base/index.ts';
import { suiteLengths, SUITES } from '../../src/crypto/suite.ts';
import { inRoot } from '../program.ts';

interface Vector {
  readonly name: string;
  readonly frame: string;
}

const HEAD = 42;
const CELL = 1024;
const HEADER = 8;

/** The first byte says which suite, the second that the rest is taken as it is (0), or as changes to something good (1). */
const as = (suite: number, taken: Uint8Array): Bytes => concat(Uint8Array.of(suite, 0), taken);

/** By target: name and input of each. Targets that take no frames begin with a list of choices. */
function seeds(vectors: readonly Vector[]): Readonly<Record<string, readonly (readonly [string, Bytes])[]>> {
  const frameOf = (name: string): Bytes => fromHex(vectors.find((vector) => vector.name === name)?.frame ?? '');
  const bySuite = (frame: (suite: string, at: number) => Bytes) =>
    SUITES.map((suite, i) => [`suite-${suite}`, frame(suite === 3 ? '' : `-suite-${suite}`, i)] as const);
  const partOf = (suite: string, at: number, first: boolean): Bytes => {
    const create = frameOf(`handshake/create${suite}`);
    const { kemCiphertext, kemPublic } = suiteLengths[SUITES[at] ?? 3];
    const middle = HEAD + kemCiphertext;
    return first ? create.slice(HEAD, middle) : create.slice(middle, middle + kemPublic);
  };
  const choices = [['choices', Uint8Array.from({ length: 64 }, (_, i) => (i * 37) & 255)] as const];
  const messages = vectors.filter(({ name }) => name.startsWith('message/'));
  return {
    body: messages.map(({ name, frame }) => [name.slice('message/'.length), fromHex(frame).slice(HEADER, CELL)]),
    create: bySuite((suite, at) => as(at, frameOf(`handshake/create${suite}`))),
    created: bySuite((suite, at) => as(at, frameOf(`handshake/created${suite}`))),
    kem_public: bySuite((suite, at) => as(at, partOf(suite, at, false))),
    kem_ciphertext: bySuite((suite, at) => as(at, partOf(suite, at, true))),
    expanded_key: bySuite((_, at) => Uint8Array.of(at, 1)),
    ...Object.fromEntries(['adiantum', 'aead_open', 'handles', 'reassembly', 'ring'].map((name) => [name, choices])),
  };
}

/** Writes them where the corpus of each target lies. */
export function writeSeeds(folderOf: (target: string) => string): void {
  const { vectors, refused } = JSON.parse(readFileSync(inRoot('docs/vectors.json'), 'utf8')) as Record<string, readonly Vector[]>;
  for (const [target, inputs] of Object.entries(seeds([...(vectors ?? []), ...(refused ?? [])]))) {
    mkdirSync(folderOf(target), { recursive: true });
    for (const [name, bytes] of inputs) writeFileSync(join(folderOf(target), `vector-${name}.bin`), bytes);
  }
}
