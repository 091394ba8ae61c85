/** What every store must do. Run by the test of each implementation; imported by nothing else. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../base/index.ts';
import type { Records, Store, StoreTrouble } from './store.ts';

/** One store under test. */
export interface Subject {
  readonly store: Store;
  /** Drops everything that a dying process drops, and gives the store as the next process finds it. */
  restart(): Promise<Store>;
  /** Makes each write of every store fail like this, until healed. */
  fail(trouble: 'quota' | 'aborted'): void;
  heal(): void;
  dispose?(): Promise<void>;
}

const NAME = '00c0ffee00c0ffee';
const OTHER = '11c0ffee11c0ffee';
const read = (records: Records, key: string): string | undefined => {
  const value = records.get(key);
  return value === undefined ? undefined : fromUtf8(value);
};
const list = (records: Records, prefix: string): string[] =>
  [...records.entries(prefix)].map(([key, value]) => `${key}=${fromUtf8(value)}`);
const put = (...pairs: [string, string][]) => ({ put: pairs.map(([key, value]): [string, Uint8Array] => [key, utf8(value)]) });

export function storeContract(what: string, make: () => Promise<Subject>): void {
  describe(what, () => {
    let subject: Subject;
    let store: Store;
    beforeEach(async () => {
      subject = await make();
      store = subject.store;
    });
    afterEach(async () => {
      subject.heal();
      await store.close();
      await subject.dispose?.();
    });
    const restart = async (): Promise<Records> => {
      store = await subject.restart();
      return store.open(NAME);
    };

    describe('reading and writing', () => {
      it('shows a commit at once and keeps it over a restart', async () => {
        const records = await store.open(NAME);
        const durable = records.commit(put(['a', '1'], ['b', '2']));
        expect(read(records, 'a')).toBe('1');
        await durable;
        expect(list(await restart(), '')).toEqual(['a=1', 'b=2']);
      });

      it('overwrites and deletes, over a restart too', async () => {
        const records = await store.open(NAME);
        await records.commit(put(['a', '1'], ['b', '2'], ['c', '3']));
        await records.commit({ ...put(['a', 'new']), delete: ['b', 'never there'] });
        expect(list(records, '')).toEqual(['a=new', 'c=3']);
        expect(list(await restart(), '')).toEqual(['a=new', 'c=3']);
      });

      it('deletes a key that one batch both puts and deletes', async () => {
        const records = await store.open(NAME);
        await records.commit({ ...put(['a', '1']), delete: ['a'] });
        expect(records.get('a')).toBeUndefined();
        expect((await restart()).get('a')).toBeUndefined();
      });

      it('lists by prefix, sorted by code units, as of the call', async () => {
        const records = await store.open(NAME);
        await records.commit(put(['m/2', 'b'], ['m/10', 'c'], ['m', 'x'], ['n/1', 'y'], ['m/1', 'a'], ['mé', 'z']));
        expect(list(records, 'm/')).toEqual(['m/1=a', 'm/10=c', 'm/2=b']);
        expect(list(records, '')).toHaveLength(6);
        expect(list(records, 'o')).toEqual([]);
        const before = records.entries('m/');
        void records.commit(put(['m/0', 'new']));
        expect([...before].map(([key]) => key)).toEqual(['m/1', 'm/10', 'm/2']);
      });

      it('is not changed by what the caller does with the bytes', async () => {
        const records = await store.open(NAME);
        const mine = utf8('kept');
        const durable = records.commit({ put: [['a', mine]] });
        mine.fill(0);
        records.get('a')?.fill(0);
        for (const [, value] of records.entries('')) value.fill(0);
        await durable;
        expect(read(records, 'a')).toBe('kept');
        expect(read(await restart(), 'a')).toBe('kept');
      });

      it('keeps empty values, empty keys and every byte', async () => {
        const records = await store.open(NAME);
        const all = Uint8Array.from({ length: 256 }, (_, i) => i);
        await records.commit({
          put: [
            ['empty', new Uint8Array()],
            ['', all],
            ['\u0000\ud83d\ude00', all],
          ],
        });
        const again = await restart();
        expect(again.get('empty')).toEqual(new Uint8Array());
        expect(again.get('')).toEqual(all);
        expect(again.get('\u0000\ud83d\ude00')).toEqual(all);
      });

      it('refuses a key that UTF-8 cannot carry, and then nothing of its batch', async () => {
        const records = await store.open(NAME);
        expect(() => records.commit(put(['a', '1'], ['\ud83d', '2']))).toThrow(RangeError);
        expect(list(records, '')).toEqual([]);
      });

      it('keeps a thousand records through hundreds of small commits', async () => {
        const records = await store.open(NAME);
        const want = new Map<string, string>();
        for (let i = 0; i < 1000; i++) {
          want.set(`m/${i}`, `text ${i}`);
          want.set('head', `${i}`);
          const batch = { ...put([`m/${i}`, `text ${i}`], ['head', `${i}`]), delete: i % 7 === 0 ? [`m/${i >> 1}`] : [] };
          if (i % 7 === 0) want.delete(`m/${i >> 1}`);
          const durable = records.commit(batch);
          if (i % 5 === 0) await durable;
        }
        await records.commit({});
        const got = new Map([...(await restart()).entries('')].map(([key, value]) => [key, fromUtf8(value)]));
        expect(got).toEqual(new Map([...want].toSorted(([a], [b]) => (a < b ? -1 : 1))));
      });
    });

    describe('names', () => {
      it('keeps names apart and removes one', async () => {
        const one = await store.open(NAME);
        const two = await store.open(OTHER);
        await Promise.all([one.commit(put(['a', 'one'])), two.commit(put(['a', 'two']))]);
        await store.remove(NAME);
        await expect(one.commit(put(['b', 'late']))).rejects.toMatchObject({ trouble: 'closed' });
        const again = await restart();
        expect(list(again, '')).toEqual([]);
        expect(read(await store.open(OTHER), 'a')).toBe('two');
      });

      it('removes what is absent without a word, and a removed name begins empty', async () => {
        await store.remove(OTHER);
        const records = await store.open(NAME);
        await records.commit(put(['a', '1']));
        await store.remove(NAME);
        expect(list(await store.open(NAME), '')).toEqual([]);
      });

      it('refuses a name that says something, and a second opening', async () => {
        await expect(store.open('my room')).rejects.toThrow(RangeError);
        const [first, second] = await Promise.allSettled([store.open(NAME), store.open(NAME)]);
        expect(first.status).toBe('fulfilled');
        expect(second).toMatchObject({ reason: expect.objectContaining({ message: expect.stringContaining('open already') }) });
      });

      it('opens again after closing; close writes what is queued', async () => {
        const records = await store.open(NAME);
        const durable = records.commit(put(['a', '1']));
        await records.close();
        await durable;
        await expect(records.commit(put(['b', '2']))).rejects.toMatchObject({ trouble: 'closed' });
        expect(list(await store.open(NAME), '')).toEqual(['a=1']);
      });
    });

    describe('failing', () => {
      it('rejects, keeps showing the batch, and writes it with the next commit', async () => {
        const told: (StoreTrouble | 'well')[] = [];
        store.onTrouble((trouble) => told.push(trouble));
        const records = await store.open(NAME);
        await records.commit(put(['a', '1']));
        expect(told).toEqual([]);
        subject.fail('quota');
        await expect(records.commit(put(['b', '2'], ['a', 'changed']))).rejects.toMatchObject({ name: 'StoreError', trouble: 'quota' });
        expect(list(records, '')).toEqual(['a=changed', 'b=2']);
        expect(told).toEqual(['quota']);
        subject.heal();
        await records.commit(put(['c', '3']));
        expect(told).toEqual(['quota', 'well']);
        expect(list(await restart(), '')).toEqual(['a=changed', 'b=2', 'c=3']);
      });

      it('loses a failed batch whole when the process dies, and nothing else', async () => {
        const records = await store.open(NAME);
        await records.commit(put(['a', '1']));
        subject.fail('aborted');
        await expect(records.commit({ ...put(['b', '2'], ['c', '3']), delete: ['a'] })).rejects.toMatchObject({ trouble: 'aborted' });
        const again = await restart();
        expect(list(again, '')).toEqual(['a=1']);
        subject.heal();
        await again.commit(put(['d', '4']));
        expect(list(await restart(), '')).toEqual(['a=1', 'd=4']);
      });

      it('tries again with an empty commit, and at closing', async () => {
        const records = await store.open(NAME);
        subject.fail('aborted');
        await expect(records.commit(put(['a', '1']))).rejects.toMatchObject({ trouble: 'aborted' });
        await expect(records.commit({})).rejects.toMatchObject({ trouble: 'aborted' });
        subject.heal();
        await records.commit({});
        subject.fail('aborted');
        await expect(records.commit(put(['b', '2']))).rejects.toMatchObject({ trouble: 'aborted' });
        subject.heal();
        await records.close();
        expect(list(await restart(), '')).toEqual(['a=1', 'b=2']);
      });

      it('fails over and over and loses nothing, however much gathers meanwhile', async () => {
        const records = await store.open(NAME);
        const outcomes: Promise<unknown>[] = [];
        for (let i = 0; i < 600; i++) {
          if (i % 40 === 0) subject.fail(i % 80 === 0 ? 'quota' : 'aborted');
          if (i % 40 === 20) subject.heal();
          const outcome = records.commit(put([`m/${String(i).padStart(4, '0')}`, `${i}`])).catch(() => undefined);
          outcomes.push(outcome);
          if (i % 3 === 0) await outcome;
        }
        await Promise.all(outcomes);
        subject.heal();
        await records.commit({});
        expect(list(await restart(), 'm/').map((line) => Number(line.split('=')[1]))).toEqual(Array.from({ length: 600 }, (_, i) => i));
      });
    });
  });
}
