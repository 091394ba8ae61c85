import { beforeAll, describe, expect, it } from 'vitest';
import { concat, fromHex, isRefusal, type Bytes } from '../base/index.ts';
import { seededRandom, testSeed } from '../base/testing.ts';
import { sha256 } from '../crypto/index.ts';
import { create, encode, RelayDescriptorSchema, SignedSchema } from '../wire/index.ts';
import { decodeDescriptor, keyIdOf, MAX_DESCRIPTOR_BYTES, signDescriptor, verifyDescriptor } from './descriptor.ts';
import { NOW, testFields, testRoot, testSigned, verified } from './testing.ts';

const seed = testSeed();

describe('descriptors', () => {
  it('read back what was signed, under the id that is the hash of the keyset', () => {
    const signed = testSigned(1);
    const descriptor = verified(signed);
    const { keyset } = testRoot(1);
    expect(descriptor).toMatchObject({ ...testFields(1), keyset, signed });
    expect(fromHex(descriptor.id)).toEqual(sha256(keyset));
    expect(keyIdOf(descriptor.onionKey)).toEqual(sha256(descriptor.onionKey).slice(0, 8));
    expect(signed.length).toBeLessThan(MAX_DESCRIPTOR_BYTES);
  });

  it('keep nothing of the buffer that they came in', () => {
    const buffer = testSigned(1);
    const descriptor = verified(buffer);
    buffer.fill(0);
    expect(descriptor.signed).toEqual(testSigned(1));
    expect(descriptor.onionKey).toEqual(testFields(1).onionKey);
  });

  it('offer suite 3 or 5, with an onion key of it', () => {
    const onionKey = seededRandom(5).bytes(1600);
    const descriptor = verified(signDescriptor(testRoot(1), { ...testFields(1), suite: 5, onionKey }));
    expect(descriptor).toMatchObject({ suite: 5, onionKey });
    expect(descriptor.keyset.length).toBe(1984);
    expect(descriptor.signed.length).toBeLessThan(MAX_DESCRIPTOR_BYTES);
  });

  it.each([
    [1, 832],
    [1, 1216],
    [0, 1216],
    [4, 1600],
    [7, 1600],
    [3, 1600],
    [5, 1216],
  ])('refuse suite %i with an onion key of %i bytes, whoever signed it', (suite, length) => {
    const { roles, ...rest } = testFields(1);
    const lists = { addresses: [...rest.addresses], delayClasses: [...rest.delayClasses] };
    const fields = { ...rest, ...roles, ...lists, suite, onionKey: new Uint8Array(length), keyset: testRoot(1).keyset };
    const signed = testRoot(1).sign('descriptor', encode(RelayDescriptorSchema, create(RelayDescriptorSchema, fields)));
    expect(verifyDescriptor(signed, NOW)).toMatchObject({ refused: 'descriptor-field' });
  });

  it.each([
    ['before its time', NOW - 601, 'descriptor-time'],
    ['as early as clocks differ', NOW - 600, undefined],
    ['in its last second', NOW + 10_799, undefined],
    ['when it has expired', NOW + 10_800, 'descriptor-time'],
  ])('are judged by network time: %s', (_when, now, word) => {
    const read = verifyDescriptor(testSigned(1), now);
    expect(isRefusal(read) ? read.refused : undefined).toBe(word);
  });

  it('refuse a body signed by another, and either signature alone', () => {
    const [mine, other] = [parts(testSigned(1)), parts(testSigned(2))];
    for (const mixed of [
      { ...mine, ed25519: other.ed25519 },
      { ...mine, mlDsa: other.mlDsa },
      { ...mine, mlDsa: new Uint8Array(0) },
      { ...mine, ed25519: new Uint8Array(64) },
      { ...mine, body: other.body },
    ]) {
      expect(verifyDescriptor(encode(SignedSchema, create(SignedSchema, mixed)), NOW)).toMatchObject({ refused: 'descriptor-signature' });
    }
  });

  it('refuse what is too long before reading it', () => {
    expect(verifyDescriptor(new Uint8Array(MAX_DESCRIPTOR_BYTES + 1), NOW)).toMatchObject({ refused: 'descriptor-size' });
  });

  it.each([
    ['no address', { addresses: [] }],
    ['nine addresses', { addresses: Array.from({ length: 9 }, () => '/ip4/203.0.113.1/tcp/1/ws') }],
    ['an address that nobody can dial', { addresses: ['/ip4/203.0.113.1/udp/1/quic-v1'] }],
    ['a longer life', { validUntil: NOW + 10_801 }],
    ['no life', { validUntil: NOW }],
    ['a family that is not plain text', { family: 'a\nb' }],
    ['a short onion key', { onionKey: new Uint8Array(1215) }],
    ['a key of suite 5 at suite 3', { onionKey: new Uint8Array(1600) }],
    ['a key of suite 3 at suite 5', { suite: 5 as const }],
    ['a delay of hours', { delayClasses: [60_001] }],
  ])('are not signed with %s', (_what, changes) => {
    expect(() => signDescriptor(testRoot(1), { ...testFields(1), ...changes })).toThrow(RangeError);
  });

  describe('flipped, cut and grown', () => {
    let signed: Bytes;
    beforeAll(() => {
      signed = testSigned(1, {
        addresses: ['/ip4/203.0.113.1/tcp/1'],
        family: '',
        version: '',
        delayClasses: [],
        roles: { guard: false, middle: false, mailbox: true },
      });
    });

    // A verification of Ed25519 costs a third of a millisecond and more, of ML-DSA several. So: every bit of the framing, of the small
    // fields and of the Ed25519 signature; one bit, at random, of each byte of the keys; of every 16th byte of the ML-DSA signature.
    it('are refused at each bit', () => {
      const random = seededRandom(seed);
      const { keyset, onionKey, mlDsa } = places(signed);
      for (let at = 0; at < signed.length; at++) {
        const inside = (place: readonly [number, number]): boolean => at >= place[0] && at < place[1];
        if (inside(mlDsa) && at % 16 !== 0) continue;
        const one = inside(keyset) || inside(onionKey) || inside(mlDsa) ? [(random.bytes(1)[0] ?? 0) & 7] : [0, 1, 2, 3, 4, 5, 6, 7];
        for (const bit of one) {
          const flipped = signed.slice();
          flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
          expect(isRefusal(verifyDescriptor(flipped, NOW)), `bit ${bit} of byte ${at}`).toBe(true);
        }
      }
    }, 120_000);

    it('are refused at each length, and with each byte more', () => {
      for (let length = 0; length < signed.length; length++)
        expect(isRefusal(decodeDescriptor(signed.subarray(0, length)))).toBe(
          length !== places(signed).mlDsa[0] - 3 && length !== places(signed).ed25519[0] - 2,
        );
      for (let byte = 0; byte < 256; byte++) expect(isRefusal(decodeDescriptor(concat(signed, Uint8Array.of(byte))))).toBe(true);
    }, 60_000);
  });
});

function parts(signed: Bytes): { body: Bytes; ed25519: Bytes; mlDsa: Bytes } {
  const { ed25519, mlDsa } = places(signed);
  return { body: signed.slice(3, ed25519[0] - 2), ed25519: signed.slice(...ed25519), mlDsa: signed.slice(...mlDsa) };
}

/** Where the long fields lie: [from, to). The frame is tag, length (2 bytes), body, tag, length, 64, tag, length (2 bytes), 3309. */
function places(signed: Bytes): Record<'keyset' | 'onionKey' | 'ed25519' | 'mlDsa', readonly [number, number]> {
  const at = (needle: Bytes): number => Buffer.from(signed).indexOf(needle);
  const [keyset, onionKey] = [at(testRoot(1).keyset), at(testFields(1).onionKey)];
  const end = signed.length;
  return {
    keyset: [keyset, keyset + 1984],
    onionKey: [onionKey, onionKey + 1216],
    mlDsa: [end - 3309, end],
    ed25519: [end - 3309 - 3 - 64, end - 3309 - 3],
  };
}
