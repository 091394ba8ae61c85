import fc from 'fast-check';
import * as encoding from 'lib0/encoding';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { concat, isRefusal } from '../base/index.ts';
import { testSeed } from '../base/testing.ts';
import { openDocument, pushEntries, readAppend } from './append.ts';

const seed = testSeed();
const CLIENT = 77;

/** A Yjs update made by some other change of a document of CLIENT. */
function changeOf(change: (doc: Y.Doc) => void, before: (doc: Y.Doc) => void = () => undefined): Uint8Array {
  const doc = new Y.Doc();
  doc.clientID = CLIENT;
  before(doc);
  const state = Y.encodeStateVector(doc);
  change(doc);
  return Y.encodeStateAsUpdateV2(doc, state);
}

/** One's own first entry, and another client's after it. */
function besideAnother(doc: Y.Doc): void {
  array(doc).push([Uint8Array.of(1)]);
  const other = new Y.Doc();
  other.clientID = 5;
  Y.applyUpdateV2(other, Y.encodeStateAsUpdateV2(doc));
  array(other).push([Uint8Array.of(9)]);
  Y.applyUpdateV2(doc, Y.encodeStateAsUpdateV2(other));
}

const array = (doc: Y.Doc): Y.Array<unknown> => doc.getArray('entries');
const two = (doc: Y.Doc): void => array(doc).push([Uint8Array.of(1), Uint8Array.of(2)]);

describe('appends', () => {
  it('gives a reader what any Yjs document gives', () => {
    const batches = fc.array(fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(batches, (all) => {
        const doc = openDocument([]);
        const updates = all.map((entries) => pushEntries(doc, CLIENT, entries));
        const read = updates.map((update) => readAppend(update, CLIENT));
        const appends = read.filter((append) => 'first' in append);
        expect(appends.length).toBe(all.length);
        const plain = new Y.Doc();
        for (const update of updates) Y.applyUpdateV2(plain, update);
        expect(plain.store.pendingStructs).toBeNull();
        expect(appends.flatMap((append) => [...append.entries])).toEqual(plain.getArray('entries').toArray());
        expect(appends.map((append) => append.first)).toEqual(all.map((_, i) => all.slice(0, i).flat().length));
      }),
      { seed },
    );
  });

  it('goes on where a document that was opened again ended', () => {
    const doc = openDocument([]);
    const first = pushEntries(doc, CLIENT, [Uint8Array.of(1)]);
    const again = pushEntries(openDocument([first]), CLIENT, [Uint8Array.of(2)]);
    expect(again).toEqual(pushEntries(doc, CLIENT, [Uint8Array.of(2)]));
  });

  it.each([
    ['nothing', changeOf(() => undefined), 'not-append'],
    ['text in the array', changeOf((doc) => array(doc).push(['text'])), 'not-append'],
    ['a map', changeOf((doc) => doc.getMap('entries').set('key', Uint8Array.of(1))), 'not-append'],
    ['another array', changeOf((doc) => doc.getArray('other').push([Uint8Array.of(1)])), 'not-append'],
    ['a subdocument', changeOf((doc) => array(doc).push([new Y.Doc()])), 'not-append'],
    ['a deletion', changeOf((doc) => array(doc).delete(0, 1), two), 'not-append'],
    ['an entry in front', changeOf((doc) => array(doc).insert(0, [Uint8Array.of(3)]), two), 'not-append'],
    ['an entry in the middle', changeOf((doc) => array(doc).insert(1, [Uint8Array.of(3)]), two), 'not-append'],
    [
      'entries after one of another client',
      changeOf(two, (doc) => Y.applyUpdateV2(doc, pushEntries(openDocument([]), 5, [Uint8Array.of(9)]))),
      'not-append',
    ],
    ['an entry before one of another client', changeOf((doc) => array(doc).insert(1, [Uint8Array.of(3)]), besideAnother), 'not-append'],
    ['another client', pushEntries(openDocument([]), CLIENT + 1, [Uint8Array.of(1)]), 'wrong-client'],
    ['a byte more', concat(changeOf(two), Uint8Array.of(0)), 'not-canonical'],
    ['Yjs update v1', Y.convertUpdateFormatV2ToV1(changeOf(two)), 'malformed'],
    ['no bytes', new Uint8Array(0), 'malformed'],
  ])('refuses %s', (_what, update, word) => {
    expect(readAppend(update, CLIENT)).toMatchObject({ refused: word });
  });

  it('refuses a few bytes that claim more items than memory holds, at once', () => {
    const info = new encoding.RleEncoder(encoding.writeUint8);
    info.write(0);
    const length = new encoding.UintOptRleEncoder();
    length.write(1);
    length.write(1);
    const bomb = encoding.encode((encoder) => {
      encoding.writeVarUint(encoder, 0);
      const columns = [0, 1, 2, 3]
        .map(() => new Uint8Array(0))
        .concat(
          [encoding.toUint8Array(info)],
          [5, 6, 7].map(() => new Uint8Array(0)),
          [length.toUint8Array()],
        );
      for (const column of columns) encoding.writeVarUint8Array(encoder, column);
      encoding.writeVarUint(encoder, 1);
      encoding.writeVarUint(encoder, 2 ** 40);
      encoding.writeVarUint(encoder, 0);
    });
    expect(bomb.length).toBeLessThan(40);
    expect(readAppend(bomb, CLIENT)).toMatchObject({ refused: 'not-append' });
  });

  it('never throws, and reads nothing from a cut or a flipped bit that is not itself an append', () => {
    const update = changeOf(two);
    for (let length = 0; length < update.length; length++) expect(isRefusal(readAppend(update.slice(0, length), CLIENT))).toBe(true);
    for (let bit = 0; bit < update.length * 8; bit++) {
      const flipped = update.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const read = readAppend(flipped, CLIENT);
      if (isRefusal(read)) continue;
      const again = openDocument([]);
      expect(read.first).toBe(0);
      expect(pushEntries(again, CLIENT, [...read.entries])).toEqual(flipped);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => void readAppend(bytes, CLIENT)),
      { seed },
    );
  });
});
