import { mkdtempSync, rmSync } from 'node:fs';
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
