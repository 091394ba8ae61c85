import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { fromUtf8, integer, utf8 } from '../base/index.ts';
import { ManualClock, seededRandom, settle, testSeed } from '../base/testing.ts';
import { storeContract } from './contract.ts';
import { answered, closeByForce, crash, failWrites, mapMarks, meddle, randomName, readRaw } from './fake-origin.ts';
import { indexedDbStore, type IndexedDbOptions } from './indexeddb.ts';
import { VaultLost, type Records, type Sealer, type Store, type StoreTrouble } from './store.ts';
import { testSealer } from './testing.ts';

storeContract('indexeddb', async () => {
  const sealer = testSealer();
  const options = { prefix: randomName(), marks: mapMarks() };
  return {
    store: indexedDbStore(sealer, options),
    async restart() {
      crash();
      return indexedDbStore(sealer, options);
    },
    fail: (trouble) => failWrites(() => trouble),
    heal: () => failWrites(() => undefined),
  };
});

let sealer: Sealer;
let marks: ReturnType<typeof mapMarks>;
let name: string;
beforeEach(() => {
  failWrites(() => undefined);
  sealer = testSealer();
  marks = mapMarks();
  name = randomName();
});
const tab = (options: Partial<IndexedDbOptions> = {}): Store => indexedDbStore(sealer, { prefix: '', marks, ...options });
const put = (...pairs: [string, string][]) => ({ put: pairs.map(([key, value]): [string, Uint8Array] => [key, utf8(value)]) });
const contents = (records: Records): Record<string, string> =>
  Object.fromEntries([...records.entries('')].map(([key, value]) => [key, fromUtf8(value)]));
const many = (from: number, to: number) =>
  put(...Array.from({ length: to - from }, (_, i): [string, string] => [`m/${String(from + i).padStart(6, '0')}`, `text ${from + i}`]));

describe('indexeddb: a long history', () => {
  const size = async (): Promise<number> => {
    let sum = 0;
    for (const store of ['updates', 'custom'] as const)
      for (const value of (await readRaw(name, store)).values()) sum += (value as Uint8Array).length;
    return sum;
  };

  it('moves cold records into sealed chunks, and the document stays small', async () => {
    const records = await tab().open(name);
    for (let i = 0; i < 3000; i += 10) await records.commit({ ...many(i, i + 10), ...(i > 0 ? { delete: [`o/${i - 10}`] } : {}) });
    await records.close();
    const updates = [...(await readRaw(name, 'updates')).values()] as Uint8Array[];
    const chunks = [...(await readRaw(name, 'custom')).keys()];
    expect(chunks.length).toBeGreaterThan(10);
    expect(updates.length).toBeLessThanOrEqual(17);
    expect(updates.reduce((sum, update) => sum + update.length, 0)).toBeLessThan(40_000);
    const again = await tab().open(name);
    expect(Object.keys(contents(again))).toHaveLength(3000);
    expect(contents(again)['m/000000']).toBe('text 0');
  });

  it('does not grow by overwriting', async () => {
    const records = await tab().open(name);
    for (let i = 0; i < 4000; i++) await records.commit(put(['chain', `${i}`], [`slot/${i % 100}`, `${i} ${'x'.repeat(100)}`]));
    await records.close();
    expect(await size()).toBeLessThan(100_000);
    expect(contents(await tab().open(name))['chain']).toBe('3999');
  });

  it('does not grow by being opened, changed a little and closed', async () => {
    for (let session = 0; session < 80; session++) {
      const records = await tab().open(name);
      for (let i = 0; i < 50; i++) await records.commit(put([`slot/${i}`, `${session}`]));
      await records.close();
    }
    expect(await size()).toBeLessThan(8000);
  });

  it('takes what was deleted and overwritten out of the chunks again, and lets old chunks go', async () => {
    const records = await tab().open(name);
    const long = (from: number, to: number) => ({
      put: many(from, to).put.map(([key]): [string, Uint8Array] => [key, new Uint8Array(200)]),
    });
    for (let i = 0; i < 3000; i += 100) await records.commit(long(i, i + 100));
    expect(await size()).toBeGreaterThan(600_000);
    const keys = [...records.entries('')].map(([key]) => key);
    for (let i = 0; i < 3000; i += 50) await records.commit({ delete: keys.slice(i, i + 50).filter((_, at) => at % 10 !== 0) });
    for (let i = 0; i < 3000; i += 50) await records.commit({ ...long(5000 + i, 5000 + i + 50), delete: keys.slice(i, i + 20) });
    for (let i = 0; i < 3000; i += 50) await records.commit({ delete: long(5000 + i, 5000 + i + 50).put.map(([key]) => key) });
    const want = contents(records);
    await records.close();
    expect(Object.keys(want)).toHaveLength(180);
    expect(await size()).toBeLessThan(150_000);
    expect(contents(await tab().open(name))).toEqual(want);
  });

  it('forgets in the end that there was something to delete', async () => {
    const records = await tab().open(name);
    for (let i = 0; i < 3000; i += 100) await records.commit(many(i, i + 100));
    const keys = [...records.entries('')].map(([key]) => key);
    for (const share of [9, 20]) {
      for (let i = 0; i < 3000; i += 100) await records.commit({ delete: keys.slice(i, i + 100).filter((_, at) => at % 20 < share) });
      for (let i = 0; i < 8000; i += 40)
        await records.commit(put(...Array.from({ length: 40 }, (_, at): [string, string] => [`slot/${at}`, `${i}`])));
    }
    await records.close();
    expect(await size()).toBeLessThan(10_000);
    expect(Object.keys(contents(await tab().open(name)))).toHaveLength(40);
  });

  it('keeps records larger than a chunk, and many changes in one commit', async () => {
    const records = await tab().open(name);
    const large = (seed: number) => new Uint8Array(300_000).fill(seed);
    await records.commit({ put: [['large', large(1)], ...many(0, 2000).put] });
    await records.commit({ put: [['large', large(2)]] });
    await records.commit({ put: [['larger', large(3)]] });
    await records.close();
    const again = await tab().open(name);
    expect(again.get('large')).toEqual(large(2));
    expect(again.get('larger')).toEqual(large(3));
    expect([...again.entries('m/')]).toHaveLength(2000);
  });
});

describe('indexeddb: faults in any order', () => {
  const keys = (maxLength: number) =>
    fc.array(
      fc.nat({ max: 900 }).map((n) => `k/${n}`),
      { maxLength, size: 'max' },
    );
  const step = fc.oneof(
    { weight: 12, arbitrary: fc.record({ put: keys(120), delete: keys(60), size: fc.nat({ max: 900 }) }) },
    { weight: 8, arbitrary: fc.constant('await' as const) },
    { weight: 8, arbitrary: fc.constant('go on' as const) },
    { weight: 1, arbitrary: fc.constant('crash' as const) },
    { weight: 1, arbitrary: fc.constant('reopen' as const) },
    { weight: 1, arbitrary: fc.constant('closed by the browser' as const) },
  );
  const steps = fc.array(step, { minLength: 10, maxLength: 80, size: 'max' });

  it('holds a prefix of the commits, with every one that was told durable', { timeout: 60_000 }, async () => {
    const run = fc.asyncProperty(steps, fc.nat({ max: 4 }), fc.nat(), async (some, ill, seed) => {
      const luck = seededRandom(seed);
      failWrites(() => (integer(luck, 10) < ill ? 'quota' : undefined));
      await follow([...some, 'reopen', 'crash']);
      crash();
    });
    await fc.assert(run, { seed: testSeed(), numRuns: 60, interruptAfterTimeLimit: 30_000 });
  });

  type Step = 'await' | 'go on' | 'crash' | 'reopen' | 'closed by the browser' | { put: string[]; delete: string[]; size: number };

  async function follow(steps: readonly Step[]): Promise<void> {
    name = randomName();
    let records = await tab().open(name);
    /** What the records were after each commit; the first `durable` + 1 of these are not to be lost. */
    let states = [new Map<string, string>()];
    let durable = 0;
    let last: Promise<unknown> = Promise.resolve();
    for (const [turn, step] of steps.entries()) {
      if (step === 'await') await last;
      else if (step === 'go on') await settle();
      else if (step === 'closed by the browser') closeByForce();
      else if (typeof step === 'object') {
        const state = new Map(states.at(-1));
        const text = `${turn} `.padEnd(step.size, '.');
        for (const one of step.put) state.set(one, text);
        for (const one of step.delete) state.delete(one);
        const at = states.push(state) - 1;
        const batch = { ...put(...step.put.map((one): [string, string] => [one, text])), delete: step.delete };
        last = records.commit(batch).then(
          () => (durable = Math.max(durable, at)),
          () => undefined,
        );
      } else {
        if (step === 'crash') crash();
        else await records.close();
        await last;
        records = await tab().open(name);
        const found = JSON.stringify(contents(records));
        const matches = states.findLastIndex((state) => JSON.stringify(sorted(state)) === found);
        expect(matches, `${step} at ${turn}: must be one of the commits`).toBeGreaterThanOrEqual(0);
        expect(states.slice(durable).some((state) => JSON.stringify(sorted(state)) === found)).toBe(true);
        states = [new Map(Object.entries(contents(records)))];
        durable = 0;
      }
    }
    await last;
  }

  const sorted = (state: ReadonlyMap<string, string>) => Object.fromEntries([...state].toSorted(([a], [b]) => (a < b ? -1 : 1)));
});

describe('indexeddb: two tabs', () => {
  it('refuses the one that was there first once the other has written, and loses neither', async () => {
    const first = await tab().open(name);
    await first.commit(put(['a', '1']));
    const second = await tab().open(name);
    expect(contents(second)).toEqual({ a: '1' });
    await second.commit(put(['b', '2']));
    await expect(first.commit(put(['c', '3']))).rejects.toMatchObject({ trouble: 'taken' });
    await expect(first.commit(put(['d', '4']))).rejects.toMatchObject({ trouble: 'taken' });
    await second.commit(put(['e', '5']));
    expect(contents(await tab().open(name))).toEqual({ a: '1', b: '2', e: '5' });
  });

  it('refuses the one that was there first once the other has opened, whatever it still had to write', async () => {
    const first = await tab().open(name);
    await first.commit(put(['a', '1']));
    const second = await tab().open(name);
    await expect(first.commit(put(['b', '2']))).rejects.toMatchObject({ trouble: 'taken' });
    await second.commit(put(['c', '3']));
    expect(contents(await tab().open(name))).toEqual({ a: '1', c: '3' });
  });

  it('refuses the one that read before the other wrote, where opening could not claim anything', async () => {
    const first = await tab().open(name);
    failWrites(() => 'quota');
    const second = await tab().open(name);
    failWrites(() => undefined);
    await first.commit(put(['a', '1']));
    await expect(second.commit(put(['b', '2']))).rejects.toMatchObject({ trouble: 'taken' });
    expect(contents(await tab().open(name))).toEqual({ a: '1' });
  });

  it('loses nothing that was told durable, however two take turns', async () => {
    const told = new Map<string, string>();
    const tabs = [await tab().open(name), await tab().open(name)];
    for (let i = 0; i < 200; i++) {
      const turn = i % 2;
      if (i % 17 === 0) tabs[turn] = await tab().open(name);
      const pair: [string, string] = [`m/${i}`, `${i}`];
      await tabs[turn]?.commit(put(pair)).then(
        () => told.set(...pair),
        () => undefined,
      );
    }
    expect(told.size).toBeGreaterThan(20);
    expect(contents(await tab().open(name))).toMatchObject(Object.fromEntries(told));
  });
});

describe('indexeddb: what the browser does', () => {
  it('says that a database was closed, opens it again for the next commit, and is well', async () => {
    const told: (StoreTrouble | 'well')[] = [];
    const store = tab();
    store.onTrouble((trouble) => told.push(trouble));
    const records = await store.open(name);
    await records.commit(put(['a', '1']));
    closeByForce();
    await settle();
    expect(told).toEqual(['closed']);
    await records.commit(put(['b', '2']));
    expect(told).toEqual(['closed', 'well']);
    expect(contents(await tab().open(name))).toEqual({ a: '1', b: '2' });
  });

  it('does not bring back what somebody deleted under it', async () => {
    const records = await tab().open(name);
    await records.commit(put(['a', '1']));
    await answered(indexedDB.deleteDatabase(name));
    await expect(records.commit(put(['b', '2']))).rejects.toMatchObject({ trouble: 'taken' });
    expect(await readRaw(name, 'updates')).toEqual(new Map());
  });

  it('reads on a full disk', async () => {
    const records = await tab().open(name);
    await records.commit(many(0, 300));
    await records.close();
    failWrites(() => 'quota');
    const again = await tab().open(name);
    expect([...again.entries('')]).toHaveLength(300);
    await expect(again.commit(put(['a', '1']))).rejects.toMatchObject({ trouble: 'quota' });
  });

  it('tells a vault that is gone from one that never was, until it is removed', async () => {
    await (await tab().open(name)).close();
    const records = await tab().open(name);
    await records.commit(put(['a', '1']));
    crash();
    await answered(indexedDB.deleteDatabase(name));
    await expect(tab().open(name)).rejects.toThrow(VaultLost);
    const store = tab();
    await expect(store.open(name)).rejects.toMatchObject({ trouble: 'damaged' });
    await store.remove(name);
    expect(contents(await store.open(name))).toEqual({});
  });

  it('gives up an opening that gets no answer, and says what it waits for', async () => {
    const held = await answered(indexedDB.open(name));
    const removing = indexedDB.deleteDatabase(name);
    await new Promise((resolve) => (removing.onblocked = resolve));
    const clock = new ManualClock();
    const opening = expect(tab({ clock }).open(name)).rejects.toMatchObject({ trouble: 'blocked' });
    await clock.advance(5000);
    await opening;
    held.close();
    await answered(removing);
    // The late answer to the opening that was given up leaves no connection behind.
    await answered(indexedDB.deleteDatabase(name));
  });

  it('gives up a removal that another tab holds up', async () => {
    const held = await answered(indexedDB.open(name));
    const clock = new ManualClock();
    const removing = expect(tab({ clock }).remove(name)).rejects.toMatchObject({ trouble: 'blocked' });
    await clock.advance(5000);
    await removing;
    held.close();
  });

  it('says when there is no IndexedDB at all', async () => {
    const real = globalThis.indexedDB;
    Reflect.deleteProperty(globalThis, 'indexedDB');
    try {
      await expect(tab().open(name)).rejects.toMatchObject({ trouble: 'refused' });
      await expect(tab().remove(name)).rejects.toMatchObject({ trouble: 'refused' });
    } finally {
      globalThis.indexedDB = real;
    }
  });
});

describe('indexeddb: what is stored', () => {
  const words = (value: unknown): string => (value instanceof Uint8Array ? new TextDecoder('latin1').decode(value) : JSON.stringify(value));
  const found = async (word: string): Promise<boolean> => {
    for (const store of ['updates', 'custom'] as const)
      for (const [key, value] of await readRaw(name, store)) if (words(key).includes(word) || words(value).includes(word)) return true;
    return false;
  };

  it('shows no key and no value; the same look finds what lies there unsealed', async () => {
    const records = await tab().open(name);
    for (let i = 0; i < 40; i++)
      await records.commit(
        put(
          [`canary-key-${i}`, `canary-value-${i}`],
          ...[...many(i * 20, i * 20 + 20).put].map(([key]): [string, string] => [key, 'canary']),
        ),
      );
    await records.close();
    expect((await readRaw(name, 'custom')).size).toBeGreaterThan(2);
    expect(await found('canary')).toBe(false);
    await meddle(name, 'custom', (store) => store.put(utf8('a canary in the open'), 99));
    expect(await found('canary')).toBe(true);
  });

  it('refuses each altered, missing, exchanged or foreign part, cleanly', async () => {
    const records = await tab().open(name);
    for (let i = 0; i < 1000; i += 50) await records.commit(many(i, i + 50));
    await records.commit(put(['last', 'x']));
    await records.close();
    const refused = async (): Promise<void> => expect(tab().open(name)).rejects.toMatchObject({ trouble: 'damaged' });
    let tried = 0;
    for (const store of ['updates', 'custom'] as const) {
      for (const [key, value] of await readRaw(name, store)) {
        if (!(value instanceof Uint8Array)) continue;
        tried++;
        const flipped = value.slice();
        flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] as number) ^ 1;
        await meddle(name, store, (raw) => raw.put(flipped, key));
        await refused();
        await meddle(name, store, (raw) => raw.put(value, key));
      }
    }
    const chunks = await readRaw(name, 'custom');
    const [one, two] = [...chunks.keys()].filter((key) => key !== 0);
    await meddle(name, 'custom', (raw) => raw.delete(one as number));
    await refused();
    await meddle(name, 'custom', (raw) => raw.put(chunks.get(two as number), one));
    await refused();
    await meddle(name, 'custom', (raw) => raw.put(chunks.get(one as number), one));
    const own = sealer;
    sealer = testSealer();
    await refused();
    sealer = own;
    expect(tried).toBeGreaterThan(3);
    expect(Object.keys(contents(await tab().open(name)))).toHaveLength(1001);
  });

  it('refuses when an update in the middle is gone, which Yjs alone would hide', async () => {
    const records = await tab().open(name);
    for (let i = 0; i < 8; i++) await records.commit(put([`${i}`, 'x']));
    await records.close();
    await meddle(name, 'updates', (store) => store.delete(4));
    await expect(tab().open(name)).rejects.toMatchObject({ trouble: 'damaged' });
  });

  it('sweeps chunks that a crash left behind', async () => {
    const records = await tab().open(name);
    await records.commit(put(['a', '1']));
    await records.close();
    await meddle(name, 'custom', (store) => store.put(new Uint8Array(10), 7));
    const again = await tab().open(name);
    await again.commit(put(['b', '2']));
    await again.close();
    expect([...(await readRaw(name, 'custom')).keys()]).toEqual([0]);
  });
});
