import { describe, expect, it } from 'vitest';
import { utf8 } from '../base/index.ts';
import { storeContract } from './contract.ts';
import { memoryStore } from './memory.ts';
import type { StoreTrouble } from './store.ts';

storeContract('memory', async () => {
  let trouble: StoreTrouble | undefined;
  const store = memoryStore({ meets: (what) => (what === 'write' ? trouble : undefined) });
  return {
    store,
    async restart() {
      store.crash();
      return store;
    },
    fail: (wanted) => (trouble = wanted),
    heal: () => (trouble = undefined),
  };
});

describe('memory: crash', () => {
  it('drops the write that is held, keeps the one before, and the dead records say so', async () => {
    const held = Promise.withResolvers<void>();
    let holding = false;
    const store = memoryStore({ hold: () => (holding ? held.promise : Promise.resolve()) });
    const records = await store.open('00aa00aa');
    await records.commit({ put: [['a', utf8('1')]] });
    holding = true;
    const late = records.commit({ put: [['b', utf8('2')]] });
    store.crash();
    const again = await store.open('00aa00aa');
    held.resolve();
    await expect(late).rejects.toMatchObject({ trouble: 'closed' });
    expect([...again.entries('')].map(([key]) => key)).toEqual(['a']);
  });

  it('gathers what is committed during one write into the next', async () => {
    let writes = 0;
    const store = memoryStore({ meets: (what) => void (what === 'write' && writes++) });
    const records = await store.open('00aa00aa');
    const commits = Array.from({ length: 50 }, (_, i) => records.commit({ put: [[`${i}`, utf8('x')]] }));
    await commits[0];
    await Promise.all(Array.from({ length: 50 }, (_, i) => records.commit({ put: [[`${i}`, utf8('y')]] })));
    expect(writes).toBe(2);
  });

  it('passes on what opening meets', async () => {
    const told: string[] = [];
    const store = memoryStore({ meets: (what) => (what === 'open' ? 'refused' : undefined) });
    store.onTrouble((trouble) => told.push(trouble));
    await expect(store.open('00aa00aa')).rejects.toMatchObject({ trouble: 'refused' });
    expect(told).toEqual(['refused']);
  });
});
