import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, isRefusal, toHex, type Bytes } from '../base/index.ts';
import { testSeed } from '../base/testing.ts';
import { CONTROL_PAYLOAD_BYTES, ControlReader, encodeControl, MAX_PARTS } from './control.ts';
import { ControlType } from './link.ts';

const seed = testSeed();
const type = fc.constantFrom(ControlType.CREATE, ControlType.CREATED, ControlType.DESTROY, ControlType.DESCRIBE, ControlType.DESCRIPTOR);
const circuit = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const payload = fc.uint8Array({ maxLength: 4 * CONTROL_PAYLOAD_BYTES, size: 'max' }).map((bytes) => Uint8Array.from(bytes));

const readAll = (reader: ControlReader, cells: readonly Bytes[]) => cells.map((cell) => reader.read(cell));

describe('control cells', () => {
  it('writes the bytes of docs/protocol.md §3', () => {
    const [cell] = encodeControl(ControlType.DESTROY, 0x01020304, Uint8Array.of(0xff));
    expect(toHex(cell ?? new Uint8Array(0))).toBe('0000000000000000' + '03000100' + '01020304' + '0001' + 'ff' + '00'.repeat(1005));
  });

  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(type, circuit, payload, (t, c, p) => {
        const results = readAll(new ControlReader(), encodeControl(t, c, p));
        expect(results.slice(0, -1).every((r) => r === undefined)).toBe(true);
        expect(results.at(-1)).toEqual({ type: t, circuit: c, payload: p });
      }),
      { seed },
    );
  });

  it('refuses, or reads as something else, each flipped bit of a smallest message', () => {
    const [cell = fromHex('')] = encodeControl(ControlType.DESTROY, 1, Uint8Array.of(0));
    const original = new ControlReader().read(cell);
    let refused = 0;
    // Bits of the first four bytes make it a cell of a circuit, which never comes here.
    for (let bit = 32; bit < cell.length * 8; bit++) {
      const flipped = cell.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const read = new ControlReader().read(flipped);
      if (isRefusal(read)) refused += 1;
      else expect(read).not.toEqual(original);
    }
    // What is read as something else: another type, circuit or payload byte, or a first part of more. All padding is refused.
    expect(refused).toBeGreaterThan(1005 * 8);
  });

  it('refuses parts out of order, doubled, missing, mixed; and recovers with the next message', () => {
    const three = encodeControl(ControlType.CREATE, 5, new Uint8Array(2410).fill(1));
    const other = encodeControl(ControlType.CREATE, 6, new Uint8Array(2410).fill(2));
    const [a, b, c] = three as [Bytes, Bytes, Bytes];
    const orders: Bytes[][] = [
      [b],
      [a, a],
      [a, c],
      [a, b, b],
      [a, other[1] as Bytes],
      [a, encodeControl(ControlType.PADDING, 0, new Uint8Array(0))[0] as Bytes],
    ];
    for (const order of orders) {
      const reader = new ControlReader();
      const results = readAll(reader, order);
      expect(results.slice(0, -1).every((r) => r === undefined)).toBe(true);
      expect(results.at(-1)).toMatchObject({ refused: 'control-order' });
      expect(readAll(reader, three).at(-1)).toMatchObject({ type: ControlType.CREATE, circuit: 5 });
    }
  });

  it.each([
    ['a counter', 7, 1, 'control-counter'],
    ['an unknown type', 8, 6, 'control-type'],
    ['no parts', 10, 0, 'control-parts'],
    ['too many parts', 10, MAX_PARTS + 1, 'control-parts'],
    ['a byte that is not zero', 11, 1, 'control-zero'],
    ['a length beyond the cell', 16, 4, 'control-length'],
    ['a first part that is not full', 10, 2, 'control-length'],
    ['padding that is not zero', 1023, 1, 'control-padding'],
  ])('refuses %s', (_what, at, value, word) => {
    const [cell = fromHex('')] = encodeControl(ControlType.DESTROY, 1, Uint8Array.of(0));
    cell[at] = value;
    expect(new ControlReader().read(cell)).toMatchObject({ refused: word });
  });

  it('never throws, and has one encoding for each message', () => {
    const noise = fc.uint8Array({ minLength: 1016, maxLength: 1016 });
    fc.assert(
      fc.property(noise, fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 1010 }), (bytes, t, length) => {
        const cell = new Uint8Array(1024);
        cell.set([t, 0, 1, 0], 8);
        cell.set(bytes.subarray(0, 4), 12);
        new DataView(cell.buffer).setUint16(16, length);
        cell.set(bytes.subarray(0, Math.min(length, 1006)), 18);
        const read = new ControlReader().read(cell);
        if (read !== undefined && !isRefusal(read)) expect(encodeControl(read.type, read.circuit, read.payload)).toEqual([cell]);
      }),
      { seed },
    );
  });
});
