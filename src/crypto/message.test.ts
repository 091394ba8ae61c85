import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { concat, isRefusal, u16, u32 } from '../base/index.ts';
import { seededRandom, testSeed } from '../base/testing.ts';
import { CELL_DATA, FLAG_REPLY, isRecognised, joinMessage, MAX_MESSAGE, openPart, partsFor, splitMessage, writeSeen } from './index.ts';
import { initCryptoNode } from './node.ts';

const seed = testSeed();
const random = seededRandom(seed);
const head = { kind: 16, flags: 0, message: 0x01020304 };

beforeAll(initCryptoNode);

/** The layout of docs/protocol.md §3, written a second time. */
function cellOf(part: number, parts: number, seen: number, data: Uint8Array): Uint8Array {
  const fields = concat(Uint8Array.of(head.kind, part, parts, head.flags), u32(head.message), u32(seen), u16(data.length), data);
  return concat(new Uint8Array(24), fields, new Uint8Array(1000 - fields.length));
}

describe('a message', () => {
  it('comes back whole from 1, 2, 4 … 64 cells', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_MESSAGE }), fc.boolean(), (length, reply) => {
        const data = random.bytes(length);
        const cells = splitMessage({ ...head, flags: reply ? FLAG_REPLY : 0 }, 9, data);
        expect(cells.length).toBe(partsFor(length));
        expect(Math.log2(cells.length) % 1).toBe(0);
        expect(joinMessage(cells)).toEqual({ ...head, flags: reply ? 1 : 0, data });
      }),
      { seed, numRuns: 60 },
    );
  });

  it.each([0, 1, 985, 986, 987, 1972, 1973, 3944, 3945, MAX_MESSAGE - 1, MAX_MESSAGE])(
    'of %i bytes has the layout of the protocol',
    (length) => {
      const data = random.bytes(length);
      const cells = splitMessage(head, 77, data);
      cells.forEach((cell, i) => expect(cell).toEqual(cellOf(i, cells.length, 77, data.subarray(i * CELL_DATA, (i + 1) * CELL_DATA))));
      expect(joinMessage(cells)).toEqual({ ...head, data });
    },
  );

  it('that does not fit 64 cells, or has unknown flags, is the caller’s mistake', () => {
    expect(() => splitMessage(head, 0, new Uint8Array(MAX_MESSAGE + 1))).toThrow(/at most 63104 bytes/);
    expect(() => splitMessage({ ...head, flags: 2 }, 0, new Uint8Array())).toThrow(/flags 2/);
  });

  it('is refused with parts that are missing, doubled, swapped, of another message, or needlessly padded', () => {
    const cells = splitMessage(head, 0, random.bytes(3000));
    const [a, b, c, d] = cells as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const other = splitMessage({ ...head, message: 5 }, 0, random.bytes(3000))[1] as Uint8Array;
    const short = cellOf(0, 2, 0, random.bytes(10));
    const sets = [
      [],
      [a],
      [a, b, c],
      [a, b, c, c],
      [b, a, c, d],
      [a, other, c, d],
      [...cells, ...cells],
      [short, cellOf(1, 2, 0, new Uint8Array())],
    ];
    for (const set of sets) expect(joinMessage(set)).toEqual({ refused: 'message-malformed' });
    const gap = [cellOf(0, 2, 0, random.bytes(900)), cellOf(1, 2, 0, random.bytes(986))];
    expect(joinMessage(gap)).toEqual({ refused: 'message-malformed' });
  });

  it('may have cells with different `seen`, set as each goes out', () => {
    const data = random.bytes(1500);
    const cells = splitMessage(head, 0, data);
    cells.forEach((cell, i) => writeSeen(cell, 100 + i));
    expect(cells.map((cell) => openPart(cell))).toMatchObject([{ seen: 100 }, { seen: 101 }]);
    expect(joinMessage(cells)).toEqual({ ...head, data });
  });
});

describe('an opened cell', () => {
  it('gives its fields', () => {
    const data = random.bytes(50);
    expect(openPart(cellOf(1, 4, 12, data))).toEqual({ ...head, part: 1, parts: 4, seen: 12, data });
  });

  it('without its zeros is not recognised', () => {
    for (let bit = 0; bit < 128; bit++) {
      const cell = cellOf(0, 1, 0, new Uint8Array());
      cell[8 + (bit >> 3)] = 1 << (bit & 7);
      expect(isRecognised(cell)).toBe(false);
      expect(openPart(cell)).toEqual({ refused: 'cell-unrecognised' });
    }
  });

  it('with anything that is not written so is malformed', () => {
    const good = cellOf(0, 1, 0, new Uint8Array(10).fill(1));
    const edits: readonly (readonly [number, number])[] = [
      ...[0, 3, 5, 65, 128, 255].map((parts) => [26, parts] as const),
      [25, 1],
      [27, 2],
      [27, 128],
      // The length: past the cell, and short of the data.
      [36, 255],
      [37, 9],
      ...Array.from({ length: CELL_DATA - 10 }, (_, i) => [48 + i, 1] as const),
    ];
    for (const [at, value] of edits) {
      const cell = good.slice();
      cell[at] = value;
      expect([at, openPart(cell)]).toEqual([at, { refused: 'cell-malformed' }]);
    }
  });

  it('of random content never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1000, maxLength: 1000 }), (rest) => {
        const cell = concat(new Uint8Array(24), rest);
        const part = openPart(cell);
        if (!isRefusal(part)) expect(part.data.length).toBeLessThanOrEqual(CELL_DATA);
        joinMessage([cell]);
      }),
      { seed },
    );
  });
});
