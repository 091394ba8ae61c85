/** Who computes what: by the known answer first, by the clock then. */
import { beforeAll, describe, expect, it } from 'vitest';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { shake256 as nobleShake256 } from '@noble/hashes/sha3.js';
import { concat } from '../base/index.ts';
import { seededRandom, testSeed } from '../base/testing.ts';
import { inUse } from './core.ts';
import { choose, Dispatch, wrongAnswers, type Contender, type Operation } from './dispatch.ts';
import { ed25519Dispatch } from './ed25519.ts';
import { hashes, sha256, shake256 } from './hash.ts';
import { initCryptoNode } from './node.ts';
import { dispatches } from './start.ts';

type Triple = (of: number) => number;

const triple: Operation<Triple> = { name: 'triple', trial: (run) => Uint8Array.of(run(7)), answer: '15', warm: 3 };

/** Contenders that each take a time of their own, by a clock that only they move. */
function field(costs: Readonly<Record<string, number>>, results: Readonly<Record<string, number>> = {}) {
  let ms = 0;
  const calls: Record<string, number> = {};
  const contenders = Object.entries(costs).map(([name, cost]): Contender<Triple> => ({
    name,
    run: (of) => {
      ms += cost;
      calls[name] = (calls[name] ?? 0) + 1;
      return results[name] ?? 3 * of;
    },
  }));
  return { contenders, calls, now: () => ms };
}

describe('the choice', () => {
  it.each(['core', 'noble', 'OpenSSL'])('is %s where that one is the fastest', (fastest) => {
    const { contenders, now } = field({ core: 3, noble: 3, OpenSSL: 3, [fastest]: 2 });
    const choice = choose(triple, contenders, now);
    expect(choice.name).toBe(fastest);
    expect(choice.run(5)).toBe(15);
    expect(choice.times[fastest]).toBe(2000);
    expect(Object.keys(choice.times).toSorted()).toEqual(['OpenSSL', 'core', 'noble']);
  });

  it.each(['core', 'noble', 'OpenSSL'])('is never %s where that one is wrong, be it the fastest', (wrong) => {
    const { contenders, now, calls } = field({ core: 3, noble: 4, OpenSSL: 5, [wrong]: 0.001 }, { [wrong]: 22 });
    const before = wrongAnswers.get(`${wrong} triple`);
    const choice = choose(triple, contenders, now);
    expect(wrongAnswers.get(`${wrong} triple`)).toBe(before + 1);
    expect(choice.name).not.toBe(wrong);
    expect(choice.wrong).toEqual([wrong]);
    expect(calls[wrong]).toBe(1);
    expect(choice.times).not.toHaveProperty(wrong);
  });

  it('is not one that throws', () => {
    const { contenders, now } = field({ core: 3 });
    const broken: Contender<Triple> = {
      name: 'broken',
      run: () => {
        throw new Error('no such thing here');
      },
    };
    expect(choose(triple, [broken, ...contenders], now)).toMatchObject({ name: 'core', wrong: ['broken'] });
  });

  it('is one that is the fastest once it is warm, however long it takes at first', () => {
    let ms = 0;
    const taking = (name: string, cost: (use: number) => number): Contender<Triple> => {
      let uses = 0;
      return { name, run: (of) => ((ms += cost(uses++)), 3 * of) };
    };
    const core = taking('core', () => 0.003);
    const openssl = taking('OpenSSL', (use) => (use === 1 ? 30 : use < 40 ? 0.05 : 0.001));
    expect(choose(triple, [core, openssl], () => ms).name).toBe('OpenSSL');
  });

  it('is the first where the clock shows no difference', () => {
    const { contenders, now } = field({ core: 0, noble: 0, OpenSSL: 0 });
    expect(choose(triple, contenders, now).name).toBe('core');
  });

  it('times nobody that is alone', () => {
    const { contenders, now, calls } = field({ core: 3 });
    expect(choose(triple, contenders, now).times).toEqual({});
    expect(calls).toEqual({ core: 1 });
  });

  it('leaves a spare one alone unless all others are wrong', () => {
    const { contenders, now, calls } = field({ core: 3, noble: 1 });
    const spare = contenders.map((one) => ({ ...one, spare: one.name === 'noble' }));
    expect(choose(triple, spare, now).name).toBe('core');
    expect(calls['noble']).toBeUndefined();
    const lost = field({ core: 3, noble: 9 }, { core: 20 });
    const last = lost.contenders.map((one) => ({ ...one, spare: one.name === 'noble' }));
    expect(choose(triple, last, lost.now)).toMatchObject({ name: 'noble', wrong: ['core'] });
  });

  it('fails aloud where nobody is right', () => {
    const { contenders, now } = field({ core: 3, noble: 1 }, { core: 1, noble: 2 });
    expect(() => choose(triple, contenders, now)).toThrow('core, noble gives no right answer for triple');
  });
});

describe('a dispatch', () => {
  const take = ([one]: readonly Contender<Triple>[]): Contender<Triple> => {
    if (one === undefined) throw new Error('nobody');
    return one;
  };

  it('uses the first for a while, then times all of them once', () => {
    const { contenders, now, calls } = field({ core: 2, OpenSSL: 1, noble: 3 });
    const dispatch = new Dispatch(triple, take(contenders.slice(2)), now);
    for (const one of contenders.slice(0, 2)) dispatch.offer(one);
    expect(calls).toEqual({});
    expect([dispatch.run(2), dispatch.run(3), dispatch.run(4)]).toEqual([6, 9, 12]);
    expect(calls).toEqual({ core: 4, OpenSSL: 1, noble: 1 });
    expect(dispatch.run(2)).toBe(6);
    const timed = { ...calls };
    expect(timed['noble']).toBeGreaterThan(1);
    expect(dispatch.decide()).toMatchObject({ operation: 'triple', choice: { name: 'OpenSSL', wrong: [] } });
    for (let i = 0; i < 9; i++) dispatch.run(i);
    expect(calls).toEqual({ ...timed, OpenSSL: (timed['OpenSSL'] ?? 0) + 9 });
  });

  it('never uses one that is wrong, neither at first nor later', () => {
    const { contenders, now } = field({ core: 1, OpenSSL: 2, noble: 3 }, { core: 20 });
    const dispatch = new Dispatch(triple, take(contenders.slice(2)), now);
    for (const one of contenders.slice(0, 2)) dispatch.offer(one);
    expect(dispatch.wrong()).toEqual(['core']);
    for (let i = 0; i < 9; i++) expect(dispatch.run(i)).toBe(3 * i);
    expect(dispatch.decide().choice).toMatchObject({ name: 'OpenSSL', wrong: ['core'] });
  });

  it('looks again when another is offered', () => {
    const { contenders, now } = field({ core: 2, noble: 3 });
    const dispatch = new Dispatch(triple, take(contenders.slice(1)), now);
    expect(dispatch.decide().choice.name).toBe('noble');
    dispatch.offer(take(contenders));
    expect(dispatch.decide().choice.name).toBe('core');
  });
});

describe('those that are there', () => {
  const random = seededRandom(testSeed());
  beforeAll(initCryptoNode);

  it('are all right about the known answers', () => {
    const all = [...hashes.sha256, ...hashes.shake256, ...Object.values(ed25519Dispatch)];
    for (const { contenders } of all) expect(contenders.map(({ name }) => name)).toEqual(['core', 'OpenSSL', 'noble']);
    for (const { operation, choice } of dispatches().map((dispatch) => dispatch.decide())) {
      expect([operation, ...choice.wrong]).toEqual([operation]);
      for (const name of ['core', 'OpenSSL', 'noble']) expect(wrongAnswers.get(`${name} ${operation}`)).toBe(0);
      expect(Object.keys(choice.times).length).toBeGreaterThan(1);
      console.log(`${operation}: ${choice.name}`, choice.times);
    }
  });

  it('hash alike, in one part or many, of any length, and keep nothing', () => {
    const lengths = [...Array.from({ length: 300 }, (_, i) => i), 1000, 65_535, 65_536, 65_537, 200_000];
    for (const length of lengths) {
      const message = random.bytes(length);
      const cut = length === 0 ? 0 : (random.bytes(1)[0] ?? 0) % length;
      const parts = [message.subarray(0, cut), new Uint8Array(0), message.subarray(cut)];
      const want = new Uint8Array(nobleSha256(message));
      expect(sha256(...parts)).toEqual(want);
      for (const { run } of hashes.sha256[0].contenders) expect([run([message]), run(parts)]).toEqual([want, want]);
      for (const out of [32, 160, 700]) {
        const squeezed = new Uint8Array(nobleShake256(message, { dkLen: out }));
        expect(shake256(out, ...parts)).toEqual(squeezed);
        for (const { run } of hashes.shake256[0].contenders) expect([run(out, [message]), run(out, parts)]).toEqual([squeezed, squeezed]);
      }
    }
    expect(inUse()).toMatchObject({ kemKeys: 0 });
  });

  it('hash no parts as they hash nothing', () => {
    for (const { run } of hashes.sha256[0].contenders) expect(run([])).toEqual(new Uint8Array(nobleSha256(concat())));
    for (const { run } of hashes.shake256[0].contenders) expect(run(8, [])).toEqual(new Uint8Array(nobleShake256(concat(), { dkLen: 8 })));
  });
});
