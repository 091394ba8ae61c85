import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { concat, isRefusal, topicId, u32, utf8, type Bytes } from '../base/index.ts';
import { seededRandom, testSeed } from '../base/testing.ts';
import { aeadOpen, aeadSeal, kdf } from '../crypto/index.ts';
import { initCryptoNode } from '../crypto/node.ts';
import { BLOB_SIZES, BlobKind, MAX_TEXT, openBody, openHeader, sealBlob, unchained, type Header } from './blob.ts';

const seed = testSeed();
const random = seededRandom(seed);
beforeAll(initCryptoNode);

const A = random.bytes(32);
const key = random.bytes(32);
const topic = topicId(random.bytes(32));
const header: Header = { kind: BlobKind.UPDATE, epoch: random.bytes(8), device: random.bytes(16), index: 7 };
const seal = (text: Uint8Array, head = header): Bytes => sealBlob(A, topic, head, key, text, random);

/** What a receiver makes of a blob. */
function open(blob: Uint8Array, address = A, under = topic, bodyKey = key) {
  const opened = openHeader(address, under, blob);
  if (isRefusal(opened)) return opened;
  const text = openBody(bodyKey, under, blob, opened.length);
  return isRefusal(text) ? text : { ...opened, text };
}

describe('the sealed blob', () => {
  it('opens to what was sealed', () => {
    expect(open(seal(utf8('hello')))).toEqual({ ...header, length: 5, text: utf8('hello') });
  });

  it('has the bytes that the protocol says', () => {
    const blob = seal(utf8('hello'));
    const nonce = blob.subarray(0, 24);
    const clear = aeadOpen(
      kdf('header', 32, A),
      nonce,
      concat(utf8('sotto/1/header'), Uint8Array.from(Buffer.from(topic, 'hex'))),
      blob.subarray(24, 88),
    );
    expect(clear).toEqual(concat(Uint8Array.of(1, 0), header.epoch, header.device, u32(7), u32(5), new Uint8Array(14)));
    const aad = concat(utf8('sotto/1/body'), Uint8Array.from(Buffer.from(topic, 'hex')), blob.subarray(24, 88));
    expect(aeadOpen(key, nonce, aad, blob.subarray(88))).toEqual(concat(utf8('hello'), new Uint8Array(781)));
  });

  it('comes in seven sizes, the smallest that holds the text', () => {
    expect(BLOB_SIZES).toEqual([890, 1876, 3848, 7792, 15_680, 31_456, 63_008]);
    for (const [text, size] of [
      [0, 890],
      [786, 890],
      [787, 1876],
      [1772, 1876],
      [1773, 3848],
      [MAX_TEXT, 63_008],
    ] as const) {
      const blob = seal(new Uint8Array(text));
      expect(blob.length).toBe(size);
      expect(open(blob)).toMatchObject({ length: text });
    }
    expect(() => seal(new Uint8Array(MAX_TEXT + 1))).toThrow('split it');
  });

  it('is never the same twice', () => {
    expect(seal(utf8('a'))).not.toEqual(seal(utf8('a')));
  });

  it('refuses each flipped bit of the smallest', () => {
    const blob = seal(new Uint8Array(0));
    for (let bit = 0; bit < blob.length * 8; bit++) {
      const flipped = blob.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(open(flipped)).toMatchObject({ refused: 'forged' });
    }
  });

  it('refuses each length that it was cut or grown to', () => {
    const blob = seal(new Uint8Array(0));
    for (let length = 0; length < blob.length; length++) expect(open(blob.slice(0, length))).toMatchObject({ refused: 'size' });
    for (let more = 1; more < 1100; more++) expect(isRefusal(open(concat(blob, new Uint8Array(more))))).toBe(true);
  });

  it('refuses another address, topic or key', () => {
    const blob = seal(utf8('a'));
    expect(open(blob, random.bytes(32))).toMatchObject({ refused: 'forged' });
    expect(open(blob, A, topicId(random.bytes(32)))).toMatchObject({ refused: 'forged' });
    expect(open(blob, A, topic, random.bytes(32))).toMatchObject({ refused: 'forged' });
  });

  it('refuses a header spliced onto another body', () => {
    const [one, two] = [seal(utf8('a')), seal(utf8('b'))];
    expect(open(concat(one.subarray(0, 88), two.subarray(88)))).toMatchObject({ refused: 'forged' });
    expect(open(concat(two.subarray(0, 24), one.subarray(24)))).toMatchObject({ refused: 'forged' });
  });

  /** A blob whose header holds what no honest sender writes, sealed as it should be. */
  function crafted(clear: Uint8Array, padded: Uint8Array): Bytes {
    const nonce = random.bytes(24);
    const topicBytes = Uint8Array.from(Buffer.from(topic, 'hex'));
    const sealedHeader = aeadSeal(kdf('header', 32, A), nonce, concat(utf8('sotto/1/header'), topicBytes), clear);
    return concat(nonce, sealedHeader, aeadSeal(key, nonce, concat(utf8('sotto/1/body'), topicBytes, sealedHeader), padded));
  }
  const clearHeader = (version: number, kind: number, length: number, tail = new Uint8Array(14), chain = new Uint8Array(28)): Bytes =>
    concat(Uint8Array.of(version, kind), chain, u32(length), tail);

  it('refuses what its keys seal but the layout forbids', () => {
    const body = new Uint8Array(786);
    expect(open(crafted(clearHeader(1, 0, 5), body))).toMatchObject({ length: 5 });
    expect(open(crafted(clearHeader(2, 0, 5), body))).toMatchObject({ refused: 'malformed' });
    expect(open(crafted(clearHeader(1, 3, 5), body))).toMatchObject({ refused: 'malformed' });
    expect(open(crafted(clearHeader(1, 0, 787), body))).toMatchObject({ refused: 'malformed' });
    expect(open(crafted(clearHeader(1, 0, 0xffff_ffff), body))).toMatchObject({ refused: 'malformed' });
    expect(open(crafted(clearHeader(1, 0, 5), new Uint8Array(1772)))).toMatchObject({ refused: 'malformed' });
    for (let i = 0; i < 14; i++)
      expect(open(crafted(clearHeader(1, 0, 5, new Uint8Array(14).fill(1, i, i + 1)), body))).toMatchObject({ refused: 'malformed' });
    for (let i = 0; i < 28; i++)
      expect(open(crafted(clearHeader(1, 1, 5, undefined, new Uint8Array(28).fill(1, i, i + 1)), body))).toMatchObject({
        refused: 'malformed',
      });
    for (let i = 5; i < 786; i += 71)
      expect(open(crafted(clearHeader(1, 0, 5), new Uint8Array(786).fill(1, i, i + 1)))).toMatchObject({ refused: 'malformed' });
  });

  it('shows nothing but its size', () => {
    const blobs = [unchained(BlobKind.ROTATION), header].map((head) => seal(utf8('canary word'), head));
    for (const blob of blobs) expect(Buffer.from(blob).includes('canary')).toBe(false);
    expect(blobs[0]?.length).toBe(blobs[1]?.length);
  });

  it('never throws on bytes of any kind', () => {
    fc.assert(
      fc.property(fc.constantFrom(...BLOB_SIZES.slice(0, 3)), fc.nat(), (size, from) => {
        expect(isRefusal(open(seededRandom(from).bytes(size)))).toBe(true);
      }),
      { seed },
    );
  });
});
