import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, fromHex, isRefusal } from '../base/index.ts';
import { testSeed } from '../base/testing.ts';
import { create, decodeStrict, encode, SignedSchema } from './index.ts';

const seed = testSeed();
const bytes = fc.uint8Array({ maxLength: 200 });
const smallest = fromHex('0a0101' + '120102' + '1a0103');

describe('strict Protocol Buffers', () => {
  it('writes the bytes of the format', () => {
    const message = create(SignedSchema, { body: Uint8Array.of(1), ed25519: Uint8Array.of(2), mlDsa: Uint8Array.of(3) });
    expect(encode(SignedSchema, message)).toEqual(smallest);
  });

  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(bytes, bytes, bytes, (body, ed25519, mlDsa) => {
        const message = create(SignedSchema, { body, ed25519, mlDsa });
        expect(decodeStrict(SignedSchema, encode(SignedSchema, message))).toEqual(message);
      }),
      { seed },
    );
  });

  it.each([
    ['an unknown field', '0a0101120102' + '1a0103' + '200a', 'not-canonical'],
    ['a field twice', '0a0101' + '0a0101', 'not-canonical'],
    ['fields out of order', '120102' + '0a0101', 'not-canonical'],
    ['a default written out', '0a00', 'not-canonical'],
    ['a length in more bytes than it needs', '0a810001', 'not-canonical'],
    ['a length beyond the end', '0a0201', 'malformed'],
    ['a field of another wire type', '0801', 'malformed'],
    ['field number 0', '0201', 'malformed'],
    ['a group that never ends', '23', 'malformed'],
  ])('refuses %s', (_what, hex, word) => {
    expect(decodeStrict(SignedSchema, fromHex(hex))).toMatchObject({ refused: word });
  });

  it('refuses, or reads as something else, each flipped bit; refuses each cut inside a field and each byte more', () => {
    const original = decodeStrict(SignedSchema, smallest);
    for (let bit = 0; bit < smallest.length * 8; bit++) {
      const flipped = smallest.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(decodeStrict(SignedSchema, flipped)).not.toEqual(original);
    }
    for (let length = 0; length < smallest.length; length++) {
      expect(isRefusal(decodeStrict(SignedSchema, smallest.slice(0, length)))).toBe(length % 3 !== 0);
    }
    for (let byte = 0; byte < 256; byte++) expect(isRefusal(decodeStrict(SignedSchema, concat(smallest, Uint8Array.of(byte))))).toBe(true);
  });

  it('never throws, and never reads two byte strings as one message', () => {
    fc.assert(
      fc.property(bytes, (input) => {
        const read = decodeStrict(SignedSchema, input);
        if (!isRefusal(read)) expect(encode(SignedSchema, read)).toEqual(input);
      }),
      { seed },
    );
  });
});
