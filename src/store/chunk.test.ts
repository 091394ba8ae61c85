import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, utf8 } from '../base/index.ts';
import { testSeed } from '../base/testing.ts';
import { decodeChunk, encodeChunk, type Entry } from './chunk.ts';

describe('chunk', () => {
  it('has the bytes that its picture says', () => {
    const entries: Entry[] = [
      ['ab', utf8('xyz')],
      ['c', null],
    ];
    const bytes = fromHex('02' + '026162' + '01' + '0378797a' + '0163' + '00');
    expect(encodeChunk(entries)).toEqual(bytes);
    expect(decodeChunk(bytes)).toEqual(entries);
  });

  it('comes back as it was', () => {
    const entry = fc.tuple(fc.string({ unit: 'binary' }), fc.option(fc.uint8Array({ maxLength: 300 })));
    const back = fc.property(fc.array(entry), (entries) => {
      expect(decodeChunk(encodeChunk(entries))).toEqual(entries);
    });
    fc.assert(back, { seed: testSeed() });
  });

  it('refuses what is cut, grown, or of another kind', () => {
    const bytes = encodeChunk([
      ['ab', utf8('xyz')],
      ['c', null],
    ]);
    for (let length = 0; length < bytes.length; length++) expect(decodeChunk(bytes.subarray(0, length))).toBeUndefined();
    expect(decodeChunk(new Uint8Array([...bytes, 0]))).toBeUndefined();
    expect(decodeChunk(new Uint8Array([...bytes.subarray(0, -1), 2]))).toBeUndefined();
  });
});
