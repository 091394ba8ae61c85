import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { concat, equal, u32 } from '../base/index.ts';
import { seededRandom, testSeed } from '../base/testing.ts';
import {
  CELL,
  decipherLayers,
  encipherLayers,
  inUse,
  isRecognised,
  LayerKey,
  processCells,
  ring,
  RING_SLOTS,
  splitMessage,
} from './index.ts';
import { initCryptoNode } from './node.ts';
import { adiantum12 } from './oracle.ts';

const seed = testSeed();
const random = seededRandom(seed);
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const u32s = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const HEADER = 8;

beforeAll(initCryptoNode);

/** One layer by the oracle; the header stays. */
const byOracle = (way: 'encipher' | 'decipher', key: Uint8Array, counter: number, cell: Uint8Array): Uint8Array =>
  concat(cell.subarray(0, HEADER), adiantum12(way, key, u32(counter), cell.subarray(HEADER)));

describe('a layer', () => {
  it('is what the oracle says, in both ways', () => {
    fc.assert(
      fc.property(bytes(32), u32s, bytes(CELL), (key, counter, cell) => {
        const layer = LayerKey.of(key);
        for (const way of ['encipher', 'decipher'] as const) {
          const ours = cell.slice();
          (way === 'encipher' ? encipherLayers : decipherLayers)(ours, [layer], [counter]);
          expect(ours).toEqual(byOracle(way, key, counter, cell));
        }
        layer.wipe();
      }),
      { seed, numRuns: 40 },
    );
  });

  it('leaves the header of a cell alone and the bytes behind it never', () => {
    const layer = LayerKey.of(random.bytes(32));
    const cell = random.bytes(CELL);
    const before = cell.slice();
    encipherLayers(cell, [layer], [0]);
    expect(cell.subarray(0, HEADER)).toEqual(before.subarray(0, HEADER));
    expect(equal(cell.subarray(HEADER), before.subarray(HEADER))).toBe(false);
    layer.wipe();
  });

  it('opens to noise when any one bit was flipped, or under another counter or key', () => {
    const [layer, other] = [LayerKey.of(random.bytes(32)), LayerKey.of(random.bytes(32))];
    const [plain] = splitMessage({ kind: 16, flags: 0, message: 1 }, 0, random.bytes(300));
    if (plain === undefined) throw new Error('no cell');
    const cell = plain.slice();
    encipherLayers(cell, [layer], [7]);
    for (let bit = 8 * HEADER; bit < 8 * CELL; bit++) {
      const flipped = cell.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      decipherLayers(flipped, [layer], [7]);
      if (isRecognised(flipped)) throw new Error(`bit ${bit} was flipped and the cell is recognised`);
    }
    for (const [key, counter] of [
      [layer, 8],
      [other, 7],
    ] as const) {
      const wrong = cell.slice();
      decipherLayers(wrong, [key], [counter]);
      expect(isRecognised(wrong)).toBe(false);
    }
    decipherLayers(cell, [layer], [7]);
    expect(cell).toEqual(plain);
    layer.wipe();
    other.wipe();
  });
});

describe('many layers', () => {
  it('forward: each relay removes its own, guard first; backward: the client removes them, guard first', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(bytes(32), u32s), { minLength: 1, maxLength: 7 }), bytes(CELL), (hops, plain) => {
        const keys = hops.map(([key]) => LayerKey.of(key));
        const counters = hops.map(([, counter]) => counter);
        const forward = plain.slice();
        encipherLayers(forward, keys, counters);
        keys.forEach((key, i) => decipherLayers(forward, [key], [counters[i] ?? 0]));
        expect(forward).toEqual(plain);
        const backward = plain.slice();
        for (const i of keys.keys().toArray().toReversed()) encipherLayers(backward, keys.slice(i, i + 1), counters.slice(i, i + 1));
        decipherLayers(backward, keys, counters);
        expect(backward).toEqual(plain);
        keys.forEach((key) => key.wipe());
      }),
      { seed, numRuns: 50 },
    );
  });

  it('are the same one by one, in the ring, and in a batch of many cells with keys of their own', () => {
    const batch = Array.from({ length: RING_SLOTS + 9 }, (_, counter) => {
      const key = random.bytes(32);
      return {
        raw: key,
        key: LayerKey.of(key),
        counter,
        cell: random.bytes(CELL),
        way: counter % 2 === 0 ? ('encipher' as const) : ('decipher' as const),
      };
    });
    const expected = batch.map(({ raw, counter, cell, way }) => (counter < 9 ? byOracle(way, raw, counter, cell) : undefined));
    const single = batch.map(({ key, counter, cell, way }) => {
      const copy = cell.slice();
      (way === 'encipher' ? encipherLayers : decipherLayers)(copy, [key], [counter]);
      return copy;
    });
    processCells(batch);
    batch.forEach(({ cell }, i) => expect(cell).toEqual(single[i]));
    expected.forEach((want, i) => expect(want === undefined || equal(want, single[i] ?? new Uint8Array())).toBe(true));
    batch.forEach(({ key }) => key.wipe());
  });
});

describe('keys', () => {
  it('are held until wiped, and wiping twice frees nobody else’s', () => {
    const before = inUse().layerKeys;
    const first = LayerKey.of(random.bytes(32));
    first.wipe();
    const second = LayerKey.of(random.bytes(32));
    first.wipe();
    expect(inUse().layerKeys).toBe(before + 1);
    encipherLayers(new Uint8Array(CELL), [second], [0]);
    second.wipe();
    expect(inUse().layerKeys).toBe(before);
  });

  it('do not work once wiped, and nothing else of the call is done', () => {
    const [good, gone] = [LayerKey.of(random.bytes(32)), LayerKey.of(random.bytes(32))];
    gone.wipe();
    const cell = random.bytes(CELL);
    const before = cell.slice();
    expect(() => encipherLayers(cell, [good, gone], [0, 0])).toThrow(/wiped/);
    expect(cell).toEqual(before);
    good.wipe();
  });

  it('may be more than memory first had room for: views follow it as it grows', () => {
    const keys = Array.from({ length: 3000 }, (_, i) => LayerKey.of(concat(u32(i), new Uint8Array(28))));
    const cell = random.bytes(CELL);
    const before = cell.slice();
    const last = keys.slice(-3);
    encipherLayers(cell, last, [1, 2, 3]);
    decipherLayers(cell, last, [1, 2, 3]);
    expect(cell).toEqual(before);
    keys.forEach((key) => key.wipe());
  });

  it('a caller’s mistakes throw: lengths, counts, slots', () => {
    const key = LayerKey.of(random.bytes(32));
    expect(() => LayerKey.of(random.bytes(31))).toThrow(/want 32 bytes/);
    expect(() => encipherLayers(new Uint8Array(CELL - 1), [key], [0])).toThrow(/want 1024 bytes/);
    expect(() => encipherLayers(new Uint8Array(CELL), [key], [])).toThrow(/1 keys but 0 counters/);
    expect(() => ring.run([{ slot: RING_SLOTS, key, counter: 0, way: 'encipher' }])).toThrow(/out of range/);
    key.wipe();
  });
});
