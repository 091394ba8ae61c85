/** Holds y-indexeddb to what SealedPersistence relies on: its version is pinned, and this says which of its insides matter. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { utf8 } from '../base/index.ts';
import { failWrites, randomName, readRaw } from './fake-origin.ts';
import { SealedPersistence, type Claim } from './sealed-persistence.ts';
import { testSealer } from './testing.ts';

const real = testSealer();
const sealer = {
  seal: (plain: Uint8Array) => real.seal(plain, 'x'),
  open: (sealed: Uint8Array) => real.open(sealed, 'x'),
};
const claim = (owner = randomName()): Claim => ({ owner, claimed: false, readTo: undefined });

let name: string;
let open: SealedPersistence[];
beforeEach(() => {
  name = randomName();
  open = [];
  failWrites(() => undefined);
});
afterEach(() => Promise.all(open.map((one) => one.destroy())));

async function persistence(doc: Y.Doc, owner?: string): Promise<SealedPersistence> {
  const one = new SealedPersistence(name, doc, sealer, claim(owner), () => undefined);
  open.push(one);
  await one.loaded;
  return one;
}

function change(doc: Y.Doc, key: string): Uint8Array {
  const before = Y.encodeStateVector(doc);
  doc.getMap('m').set(key, key);
  return Y.encodeStateAsUpdate(doc, before);
}

describe('y-indexeddb, as it is relied on', () => {
  it('is the version that was read', () => {
    const file = createRequire(import.meta.url).resolve('y-indexeddb/package.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ version: '9.0.12' });
  });

  it('loads with nothing written but whose it is, and leaves changes alone that nobody wrote', async () => {
    const doc = new Y.Doc();
    const owner = randomName();
    const one = await persistence(doc, owner);
    expect(one.synced).toBe(true);
    change(doc, 'a');
    await one.destroy();
    expect(await readRaw(name, 'updates')).toEqual(new Map());
    expect(await readRaw(name, 'custom')).toEqual(new Map([[0, owner]]));
  });

  it('adds one sealed record a write, and counts them as it loads', async () => {
    const doc = new Y.Doc();
    const one = await persistence(doc);
    for (const key of ['a', 'b', 'c']) await one.write(change(doc, key));
    await one.destroy();
    const updates = [...(await readRaw(name, 'updates')).values()];
    expect(updates).toHaveLength(3);
    for (const update of updates) expect(sealer.open(update as Uint8Array)).toBeInstanceOf(Uint8Array);
    const again = new Y.Doc();
    expect((await persistence(again))._dbsize).toBe(3);
    expect(again.getMap('m').toJSON()).toEqual({ a: 'a', b: 'b', c: 'c' });
  });

  it('trims to one sealed record that holds all', async () => {
    const doc = new Y.Doc();
    const one = await persistence(doc);
    for (const key of ['a', 'b', 'c']) await one.write(change(doc, key));
    await one.trim();
    await one.destroy();
    expect((await readRaw(name, 'updates')).size).toBe(1);
    const again = new Y.Doc();
    await persistence(again);
    expect(again.getMap('m').toJSON()).toEqual({ a: 'a', b: 'b', c: 'c' });
  });

  it('never starts a trim of its own', async () => {
    const doc = new Y.Doc();
    const one = await persistence(doc);
    one._storeTimeout = 0;
    for (let i = 0; i < 520; i++) await one.write(change(doc, `${i}`));
    await new Promise((resolve) => setTimeout(resolve));
    expect(one._storeTimeoutId).toBeNull();
    await one.destroy();
    expect((await readRaw(name, 'updates')).size).toBe(520);
  });

  it('rejects a write, a trim and a chunk that were undone, and leaves what was there', async () => {
    const doc = new Y.Doc();
    const one = await persistence(doc);
    await one.write(change(doc, 'a'));
    failWrites(() => 'quota');
    await expect(one.write(change(doc, 'b'))).rejects.toMatchObject({ trouble: 'quota' });
    await expect(one.trim()).rejects.toMatchObject({ trouble: 'quota' });
    await expect(one.chunks(new Map([[1, utf8('sealed')]]), [])).rejects.toMatchObject({ trouble: 'quota' });
    failWrites(() => undefined);
    const again = new Y.Doc();
    await persistence(again);
    expect(again.getMap('m').toJSON()).toEqual({ a: 'a' });
    expect(await one.readChunk(1)).toBeUndefined();
  });

  it('rejects what is asked after the end', async () => {
    const doc = new Y.Doc();
    const one = await persistence(doc);
    await one.destroy();
    await expect(one.write(change(doc, 'a'))).rejects.toMatchObject({ trouble: 'closed' });
    await expect(one.trim()).rejects.toMatchObject({ trouble: 'closed' });
    await expect(one.readChunk(1)).rejects.toMatchObject({ trouble: 'closed' });
    expect(one.dead).toBe(true);
  });
});
