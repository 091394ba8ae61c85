/** Every frame type with bits flipped, cut at each length, grown: refused, or, where something around it is signed, at least seen. */
import { describe, expect, it } from 'vitest';
import { concat, isRefusal, toHex, type Bytes } from '../../src/base/index.ts';
import { seededRandom, testSeed } from '../../src/base/testing.ts';
import { newVaultFromKey } from '../../src/identity/index.ts';
import * as wire from '../../src/wire/index.ts';
import type { Case } from '../protocol-vectors/case.ts';
import { makeVectors } from '../protocol-vectors/all.ts';
import { bitsOf, parts, rows, stored, type Row } from './table.ts';

const random = seededRandom(testSeed());
/** All bits of all frames: a quarter of an hour. */
const ALL = process.env['SOTTO_EVERY_BIT'] === '1';
const made = await makeVectors();

const rowOf = ({ name }: Case): Row => rows[name] ?? expect.fail(`${name} has no row`);

/** What became of a frame that is not the one that was made: refused, or read as another. */
function outcome({ read, reads, frame }: Case, changed: Bytes): 'refused' | 'another' | 'the same' {
  const got = read(changed);
  if (isRefusal(got)) return 'refused';
  return toHex(got) === toHex(reads ?? frame) ? 'the same' : 'another';
}

const flipped = (frame: Uint8Array, bit: number): Bytes => {
  const other = new Uint8Array(frame);
  other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return other;
};

describe('the table of frames', () => {
  it('has a row for each vector', () => {
    expect(Object.keys(rows).toSorted()).toEqual(made.cases.map(({ name }) => name).toSorted());
  });

  it('names every message of src/wire', () => {
    const messages = Object.entries(wire).flatMap(([name, value]) =>
      name.endsWith('Schema') && typeof value === 'object' && 'kind' in value && value.kind === 'message'
        ? [name.slice(0, -'Schema'.length)]
        : [],
    );
    const named = new Set([...Object.values(rows).flatMap((row) => row.wire ?? []), ...stored, ...Object.keys(parts)]);
    expect(messages.length).toBeGreaterThan(40);
    expect(messages.filter((name) => !named.has(name))).toEqual([]);
    expect([...named].filter((name) => !messages.includes(name))).toEqual([]);
  });
});

const casesOf = (...kinds: readonly Row['kind'][]) =>
  made.cases.filter((one) => kinds.includes(rowOf(one).kind)).map((one) => [one.name, one] as const);

describe.each(casesOf('whole', 'carried', 'cell'))('%s', (_name, one) => {
  const { kind } = rowOf(one);
  const { frame } = one;

  it('with a bit flipped', { timeout: 1_800_000 }, () => {
    const chance = (): number => random.bytes(1)[0] ?? 0;
    const wrong: number[] = [];
    let flips = 0;
    for (const bit of bitsOf(one, chance, ALL)) {
      const became = outcome(one, flipped(frame, bit));
      flips++;
      // Of a cell on its way `seen` may say anything, and CREATE's shape is the handshake's to look at.
      if (became === 'the same' ? kind !== 'cell' : kind === 'whole' && became !== 'refused') wrong.push(bit);
    }
    expect({ flips: flips > 0, wrong }).toEqual({ flips: true, wrong: [] });
  });
});

describe.each(casesOf('whole', 'carried'))('%s', (_name, one) => {
  const { kind } = rowOf(one);
  const { frame } = one;

  it('cut at each length, and grown', { timeout: 600_000 }, () => {
    const lengths = Array.from({ length: frame.length }, (_, length) => length);
    const step = Math.max(1, Math.ceil(frame.length / 2048));
    const cut = lengths.filter((length) => length % step === 0 || length > frame.length - 64);
    // A shorter text may be one in its own right only where something around it says how long it is.
    const wrongCuts = cut.filter((length) => {
      const became = outcome(one, frame.slice(0, length));
      return became === 'the same' || (kind === 'whole' && became !== 'refused');
    });
    const grown = [1, 2, 16, 986, 1024, 65_536].flatMap((more) => [concat(frame, new Uint8Array(more)), concat(frame, random.bytes(more))]);
    grown.push(concat(frame, frame));
    const wrongGrowth = grown
      .filter((longer) => {
        const became = outcome(one, longer);
        return became === 'the same' || (kind === 'whole' && became !== 'refused');
      })
      .map(({ length }) => length);
    expect({ wrongCuts, wrongGrowth }).toEqual({ wrongCuts: [], wrongGrowth: [] });
  });
});

describe.each(casesOf('whole'))('%s', (_name, one) => {
  it('in the place of any other', () => {
    const { frame } = one;
    const taken = made.cases.filter(
      (other) => other.name !== one.name && rowOf(other).kind === 'whole' && outcome(other, frame.slice()) !== 'refused',
    );
    // Of one type, by people who may both say such things.
    const type = one.name.split('/')[0];
    expect(taken.filter(({ name }) => name.split('/')[0] !== type).map(({ name }) => name)).toEqual([]);
  });
});

describe.each(stored.map((name) => [name] as const))('a record of %s at rest', (name) => {
  const vault = newVaultFromKey(random.bytes(32), random);
  const context = `room/aabbccdd/${name}`;
  const sealed = vault.seal(random.bytes(200), context);

  it('is refused with any bit flipped, cut, grown, or in another’s place', () => {
    const opened: unknown[] = [];
    for (let bit = 0; bit < sealed.length * 8; bit++) opened.push(vault.open(flipped(sealed, bit), context));
    for (let length = 0; length < sealed.length; length++) opened.push(vault.open(sealed.subarray(0, length), context));
    for (const more of [1, 16, 1024]) opened.push(vault.open(concat(sealed, new Uint8Array(more)), context));
    for (const other of stored) if (other !== name) opened.push(vault.open(sealed, `room/aabbccdd/${other}`));
    opened.push(vault.open(sealed, `room/aabbccde/${name}`), newVaultFromKey(random.bytes(32), random).open(sealed, context));
    expect(opened.every((one) => one === undefined)).toBe(true);
    expect(vault.open(sealed, context)).toHaveLength(200);
  });
});
