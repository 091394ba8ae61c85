/** Every input that fuzzing has kept, and every seed, through its target, whole and cut short. */
import { describe, expect, it } from 'vitest';
import { readInputs } from './campaign.ts';
import { faultOf } from './explore.ts';
import { marked } from './instrument.ts';
import { chanceOf, fieldsOf, joinFields, mutated } from './mutate.ts';
import { pageTargets } from './page/all.ts';
import { corpusOf, pageNames } from './page.ts';

const targets = await pageTargets();

it('each target is played', () => {
  expect(targets.map(({ name }) => name)).toEqual(pageNames);
});

describe.each(targets.map((target) => [target.name, target] as const))('%s', (name, target) => {
  it('takes or refuses all that is kept', async () => {
    const kept = readInputs(corpusOf(name)).map(({ bytes }) => bytes);
    expect(kept.length).toBeGreaterThan(0);
    const faults: string[] = [];
    for (const input of [...target.seeds, ...kept].flatMap((one) => [one, one.slice(0, one.length >> 1), one.slice(0, -1)])) {
      const fault = await faultOf(target, input);
      if (fault !== undefined) faults.push(fault);
    }
    expect(faults).toEqual([]);
  });
});

describe('the search', () => {
  it('marks every kind of branch, and changes nothing else', () => {
    const text =
      'const f = (a, b) => a ? (b || 1) : { c: 2 };\nfunction g(x) { switch (x) { case 1: return 3; default: if (x) return 4; else { return 5; } } }';
    expect(marked('a.js', text)).toBe(
      'const f = (a, b) => (__sottoTaken(0),a ? (__sottoTaken(1),(b || (__sottoTaken(3),1))) : (__sottoTaken(2),{ c: 2 }));\n' +
        'function g(x) {__sottoTaken(4); switch (x) { case 1: __sottoTaken(5);return 3; default: __sottoTaken(6);if (x) {__sottoTaken(7);return 4;} else {__sottoTaken(8); return 5; } } }',
    );
  });

  it('repeats itself by its seed, and knows a message when it sees one', () => {
    const [one, other] = [chanceOf(7), chanceOf(7)];
    const input = Uint8Array.of(10, 2, 1, 2, 16, 5);
    expect(joinFields(fieldsOf(input) ?? [])).toEqual(input);
    const tried = (chance: typeof one) => Array.from({ length: 200 }, () => mutated(input, chance, input, 0, 100));
    const all = tried(one);
    expect(tried(other)).toEqual(all);
    expect(new Set(all.map(String)).size).toBeGreaterThan(100);
  });
});
