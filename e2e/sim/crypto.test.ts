/** What is remembered of signatures is what would be computed. */
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/testing.ts';
import { remembering } from './crypto.ts';

const bytes = (seed: number, length: number): Uint8Array => seededRandom(seed).bytes(length);
const flipped = (all: Uint8Array, at: number): Uint8Array => all.map((byte, i) => (i === at ? byte ^ 1 : byte));

describe('a remembered signature', () => {
  const [key, message, signature] = [bytes(1, 32), bytes(2, 500), bytes(3, 3309)];

  it('is verified once, and anew for every bit that differs', () => {
    const asked: string[] = [];
    const verify = remembering((...given) => {
      asked.push(given.map((part) => part.join()).join('|'));
      return asked.length === 1;
    });
    expect([verify(key, message, signature), verify(key.slice(), message.slice(), signature.slice())]).toEqual([true, true]);
    expect(asked).toHaveLength(1);
    const others: [Uint8Array, Uint8Array, Uint8Array][] = [
      [flipped(key, 31), message, signature],
      [key, flipped(message, 499), signature],
      [key, message, flipped(signature, 0)],
      [key, message, flipped(signature, 3308)],
      [key, message.subarray(0, 499), signature],
    ];
    expect(others.map((other) => verify(...other))).toEqual(others.map(() => false));
    expect(new Set(asked).size).toBe(1 + others.length);
  });

  it('that is changed in its place is not taken for what it was', () => {
    const verify = remembering((_key, given) => given[0] === message[0]);
    const mine = message.slice();
    expect(verify(key, mine, signature)).toBe(true);
    mine[0] = (mine[0] ?? 0) ^ 1;
    expect(verify(key, mine, signature)).toBe(false);
  });

  it('is not remembered when verifying throws', () => {
    let asked = 0;
    const verify = remembering(() => {
      asked++;
      throw new Error('not on the curve');
    });
    for (let i = 0; i < 2; i++) expect(() => verify(key, message, signature)).toThrow('not on the curve');
    expect(asked).toBe(2);
  });
});
