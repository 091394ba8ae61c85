import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { hash, topicId } from '../base/index.ts';
import { seededRandom, testSeed } from '../base/testing.ts';
import { sha256 } from '../crypto/index.ts';
import { blobStoreContract } from './contract.ts';
import { MemoryBlobStore } from './memory-blob-store.ts';
import { SqliteBlobStore } from './node.ts';

const random = seededRandom(testSeed());
const folder = mkdtempSync(join(tmpdir(), 'blobs-'));
afterAll(() => rmSync(folder, { recursive: true }));

blobStoreContract('memory', () => new MemoryBlobStore(random));
blobStoreContract('sqlite in memory', () => new SqliteBlobStore(':memory:', random));
let files = 0;
blobStoreContract('sqlite in a file', () => new SqliteBlobStore(join(folder, `${files++}.db`), random));

describe('sqlite', () => {
  const put = (store: SqliteBlobStore, n: number): bigint => {
    const blob = seededRandom(n).bytes(890);
    return store.put(topicId(new Uint8Array(32)), hash(sha256(blob)), blob, 1000 + n);
  };

  it('has what is durable in its log, to be read back after a death', async () => {
    const path = join(folder, 'living.db');
    const store = new SqliteBlobStore(path, random);
    put(store, 1);
    await store.durable();
    // What a disk would hold when the machine dies now: the files as they are, opened elsewhere.
    for (const end of ['', '-wal']) copyFileSync(`${path}${end}`, join(folder, `dead.db${end}`));
    put(store, 2);
    const after = new SqliteBlobStore(join(folder, 'dead.db'), random);
    expect(after.after(topicId(new Uint8Array(32)), 0n, 5).map(({ blob }) => blob)).toEqual([seededRandom(1).bytes(890)]);
    expect(after.instance).toBe(store.instance);
    after.close();
    store.close();
  });

  it('syncs once for all that have come while the disk was busy', async () => {
    const store = new SqliteBlobStore(join(folder, 'many.db'), random);
    const order: string[] = [];
    const say =
      (word: string): (() => void) =>
      () =>
        void order.push(word);
    put(store, 1);
    const first = store.durable()?.then(say('first'));
    const rest = [2, 3, 4].map((n) => {
      put(store, n);
      return store.durable()?.then(say('rest'));
    });
    await Promise.all([first, ...rest]);
    expect(order).toEqual(['first', 'rest', 'rest', 'rest']);
    expect(store.durable()).toBeUndefined();
    store.close();
  });

  it('closes while the disk is busy', async () => {
    const path = join(folder, 'closing.db');
    const store = new SqliteBlobStore(path, random);
    put(store, 1);
    const durable = store.durable();
    store.close();
    await durable;
    const again = new SqliteBlobStore(path, random);
    expect(again.bytes).toBe(890);
    again.close();
  });

  it('goes on where it was, as the same instance', () => {
    const path = join(folder, 'again.db');
    const topic = topicId(new Uint8Array(32));
    const blob = random.bytes(890);
    const first = new SqliteBlobStore(path, random);
    const cursor = first.put(topic, hash(sha256(blob)), blob, 1000);
    const { instance } = first;
    first.close();
    const second = new SqliteBlobStore(path, random);
    expect([second.instance, second.bytes]).toEqual([instance, 890]);
    expect(second.after(topic, 0n, 5)).toEqual([{ cursor, blob }]);
    expect(second.put(topic, hash(sha256(Uint8Array.of(1))), random.bytes(890), 0) > cursor).toBe(true);
    second.close();
    expect(new SqliteBlobStore(join(folder, 'other.db'), random).instance).not.toBe(instance);
  });
});
