/** A seed is one run, and one that fails is told by the shortest list of events that still fails. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { testSeed } from '../../src/base/testing.ts';
import { initCryptoNode } from '../../src/crypto/node.ts';
import { draw, scriptOf, type SimEvent } from './events.ts';
import { FEW, play } from './run.ts';
import { shortest } from './shrink.ts';

const seed = testSeed();
// Simulated time says what is late; a busy machine only makes it slower.
vi.setConfig({ testTimeout: 600_000 });
beforeAll(initCryptoNode);

describe('a seed', () => {
  it('draws one plan, and another seed another', () => {
    expect(scriptOf(draw(seed, FEW))).toBe(scriptOf(draw(seed, FEW)));
    expect(scriptOf(draw(seed, FEW))).not.toBe(scriptOf(draw(seed + 1, FEW)));
  });

  it('is one run, cell by cell, and a run with one event less is another', async () => {
    const plan = draw(seed, FEW);
    const one = await play(plan);
    expect(one.error).toBeUndefined();
    expect((await play(plan)).digest).toBe(one.digest);
    const { events } = plan;
    const said = events.findIndex(({ does }) => does === 'say');
    expect((await play({ ...plan, events: events.filter((_, i) => i !== said) })).digest).not.toBe(one.digest);
  });
});

describe('the shortest list', () => {
  const numbers = Array.from({ length: 100 }, (_, i) => i);

  it('is found where two of a hundred are needed, with few tries', async () => {
    const found = await shortest(numbers, async (some) => some.includes(17) && some.includes(80), 1_000);
    expect(found.events).toEqual([17, 80]);
    expect(found.spent).toBeLessThan(200);
  });

  it('is empty where nothing is needed, and everything where all is', async () => {
    expect((await shortest(numbers, async () => true, 1_000)).events).toEqual([]);
    expect((await shortest(numbers, async (some) => some.length === 100, 1_000)).events).toEqual(numbers);
  });

  it('keeps to its tries, and what it gives back fails', async () => {
    const fails = async (some: readonly number[]): Promise<boolean> => [3, 50, 97].every((one) => some.includes(one));
    const { events, spent } = await shortest(numbers, fails, 7);
    expect(spent).toBe(7);
    expect(await fails(events)).toBe(true);
    expect(events.length).toBeLessThan(numbers.length);
  });

  it('of a run in which somebody says what must not be said is that one event', async () => {
    const plan = draw(seed, {
      ...FEW,
      peers: 2,
      relays: 3,
      steps: 12,
      weights: { say: 4, cut: 1, slow: 1, mend: 1 },
      skewed: { peers: 0, relays: 0 },
    });
    const said = plan.events.filter((event) => event.does === 'say');
    const forbidden = said[Math.floor(said.length / 2)]?.text ?? expect.fail('nobody said anything');
    const fails = async (events: readonly SimEvent[]): Promise<boolean> =>
      (await play({ ...plan, events })).notes.some((note) => note.includes(`“${forbidden}”`));
    const { events } = await shortest(plan.events, fails, 60);
    expect(events.map((event) => (event.does === 'say' ? event.text : event.does))).toEqual([forbidden]);
  });
});
