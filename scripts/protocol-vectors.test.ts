/** docs/vectors.json is what the code makes today, and the code reads it back. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { fromHex, isRefusal, toHex, type Bytes } from '../src/base/index.ts';
import { makeVectors, vectorText, type Vectors } from './protocol-vectors/all.ts';
import type { Case } from './protocol-vectors/case.ts';
import { inRoot } from './program.ts';

interface Vector {
  readonly name: string;
  readonly section: string;
  readonly frame: string;
}

const text = readFileSync(inRoot('docs/vectors.json'), 'utf8');
const { vectors, refused } = JSON.parse(text) as { readonly vectors: readonly Vector[]; readonly refused: readonly Vector[] };
let made: Vectors = { cases: [], refused: [] };

beforeAll(async () => {
  made = await makeVectors();
});

function caseOf(name: string): Case {
  const found = made.cases.find((one) => one.name === name);
  if (found === undefined) throw new Error(`${name} is no longer made: run node scripts/protocol-vectors.ts`);
  return found;
}

/** What a reader gets, as hex; undefined when it refuses. */
function reading({ read }: Case, frame: Bytes): string | undefined {
  const got = read(frame);
  return isRefusal(got) ? undefined : toHex(got);
}

describe('docs/vectors.json', () => {
  it('is what the code makes today', () => {
    expect(vectorText(made) === text, 'docs/vectors.json is stale: run node scripts/protocol-vectors.ts and look at what changed').toBe(
      true,
    );
  });

  it('names each frame once, and every section that has frames', () => {
    for (const list of [vectors, refused]) expect(new Set(list.map(({ name }) => name)).size).toBe(list.length);
    expect([...new Set(vectors.map(({ section }) => section))].toSorted()).toEqual([
      '1',
      '2',
      '3',
      '4.1',
      '4.2',
      '4.3',
      '5',
      '6.1',
      '7',
      '7.1',
      '8.1',
      '8.2',
      '8.3',
      '8.4',
      '8.5',
    ]);
  });

  it.each(vectors.map((vector) => [vector.name, vector] as const))('%s reads back', (name, vector) => {
    const one = caseOf(name);
    const frame = fromHex(vector.frame);
    const right = toHex(one.reads ?? one.frame);
    expect(reading(one, frame.slice())).toBe(right);
    // A changed bit is refused, or at the least is seen: layouts without a signature or seal carry whatever they are given.
    for (const place of [0, frame.length >> 1, frame.length - 1]) {
      const changed = frame.slice();
      changed[place] = (changed[place] ?? 0) ^ 1;
      expect(reading(one, changed)).not.toBe(right);
    }
  });

  it.each(refused.map((vector) => [vector.name, vector] as const))('%s is refused', (name, vector) => {
    const one = made.refused.find((other) => other.name === name);
    expect(isRefusal(one?.read(fromHex(vector.frame)))).toBe(true);
  });
});
