import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../base/index.ts';
import { testSeed } from '../base/testing.ts';
import { piecesOf } from './pieces.ts';

describe('a long text', () => {
  it('is one piece when it fits', () => {
    expect(piecesOf('  a b\nc ')).toEqual(['a b\nc']);
    expect(piecesOf(' \n ')).toEqual([]);
  });

  it('is cut at a line or a space, and loses nothing but that', () => {
    expect(piecesOf('first line\nsecond line', 14)).toEqual(['first line', 'second line']);
    expect(piecesOf('one two three', 8)).toEqual(['one two', 'three']);
    expect(piecesOf('ääää', 4)).toEqual(['ää', 'ää']);
  });

  it('never comes in pieces that are too long or empty, and keeps every character that can be seen', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 200 }).map((one) => one.toWellFormed());
    fc.assert(
      fc.property(text, fc.integer({ min: 4, max: 40 }), (whole, most) => {
        const pieces = piecesOf(whole, most);
        for (const piece of pieces) {
          expect(utf8(piece).length).toBeLessThanOrEqual(most);
          expect(piece).not.toBe('');
        }
        expect(pieces.join('').replaceAll(/\s/gu, '')).toBe(whole.replaceAll(/\s/gu, ''));
      }),
      { seed: testSeed(), numRuns: 300 },
    );
  });
});
