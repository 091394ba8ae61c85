/** What every BlobStore must do. Run by the tests of each. */
import { describe, expect, it } from 'vitest';
import { hash, topicId, type Bytes, type Hash, type TopicId } from '../base/index.ts';
import { seededRandom } from '../base/testing.ts';
import { sha256 } from '../crypto/index.ts';
import { blobBytes } from './blob-size.ts';
import type { BlobStore } from './blob-store.ts';

const topic = (n: number): TopicId => topicId(new Uint8Array(32).fill(n));
const blob = (n: number): Bytes => seededRandom(n).bytes(blobBytes(1));
const hashOf = (bytes: Uint8Array): Hash => hash(sha256(bytes));
const NOW = Date.UTC(2026, 10, 21);

export function blobStoreContract(name: string, make: () => BlobStore): void {
  describe(`${name}: a blob store`, () => {
    it('gives back what was put, by topic, in order, after a cursor', () => {
      const store = make();
      const cursors = [1, 2, 3, 4, 5].map((n) => store.put(topic(n % 2), hashOf(blob(n)), blob(n), NOW));
      expect(cursors).toEqual(cursors.toSorted((a, b) => (a < b ? -1 : 1)));
      expect(new Set(cursors).size).toBe(5);
      expect(store.after(topic(1), 0n, 10).map((held) => held.blob)).toEqual([blob(1), blob(3), blob(5)]);
      expect(store.after(topic(1), cursors[0] ?? 0n, 1)).toEqual([{ cursor: cursors[2], blob: blob(3) }]);
      expect(store.after(topic(9), 0n, 10)).toEqual([]);
      expect(store.after(topic(1), 2n ** 64n - 1n, 10)).toEqual([]);
      store.close();
    });

    it('says when what was put is durable, to all who ask', async () => {
      const store = make();
      expect(store.durable()).toBeUndefined();
      for (let n = 1; n <= 3; n++) {
        store.put(topic(n), hashOf(blob(n)), blob(n), NOW);
        await Promise.all([store.durable(), store.durable()]);
        expect(store.durable()).toBeUndefined();
      }
      store.close();
    });

    it('finds a blob by its hash, in its own topic', () => {
      const store = make();
      const cursor = store.put(topic(1), hashOf(blob(1)), blob(1), NOW);
      expect(store.find(topic(1), hashOf(blob(1)))).toBe(cursor);
      expect(store.find(topic(2), hashOf(blob(1)))).toBeUndefined();
      expect(store.find(topic(1), hashOf(blob(2)))).toBeUndefined();
      store.close();
    });

    it('counts the bytes of all and of each topic', () => {
      const store = make();
      for (const n of [1, 2, 3]) store.put(topic(n % 2), hashOf(blob(n)), blob(n), NOW);
      expect([store.bytes, store.topicBytes(topic(1)), store.topicBytes(topic(0)), store.topicBytes(topic(7))]).toEqual([
        3 * 890,
        2 * 890,
        890,
        0,
      ]);
      store.close();
    });

    it('expires what is old and nothing else, and never gives a cursor twice', () => {
      const store = make();
      expect(store.oldest()).toBeUndefined();
      const old = store.put(topic(1), hashOf(blob(1)), blob(1), NOW);
      const last = store.put(topic(1), hashOf(blob(2)), blob(2), NOW + 1000);
      expect(store.oldest()).toBe(NOW);
      expect(store.expire(NOW)).toBe(0);
      expect(store.expire(NOW + 1)).toBe(1);
      expect(store.find(topic(1), hashOf(blob(1)))).toBeUndefined();
      expect([store.oldest(), store.bytes, store.topicBytes(topic(1))]).toEqual([NOW + 1000, 890, 890]);
      expect(store.expire(NOW + 2000)).toBe(1);
      expect([store.oldest(), store.bytes, store.topicBytes(topic(1))]).toEqual([undefined, 0, 0]);
      // A clock that went back does not bring an old cursor back.
      const next = store.put(topic(1), hashOf(blob(3)), blob(3), NOW - 5000);
      expect(next > last && last > old).toBe(true);
      store.close();
    });

    it('keeps a copy of its own', () => {
      const store = make();
      const bytes = blob(1);
      store.put(topic(1), hashOf(bytes), bytes, NOW);
      bytes.fill(0);
      store.after(topic(1), 0n, 1)[0]?.blob.fill(1);
      expect(store.after(topic(1), 0n, 1)[0]?.blob).toEqual(blob(1));
      store.close();
    });
  });
}
