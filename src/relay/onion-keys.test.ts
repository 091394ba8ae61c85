import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemRandom, toHex } from '../base/index.ts';
import { ManualClock } from '../base/testing.ts';
import { inUse } from '../crypto/index.ts';
import { initCryptoNode } from '../crypto/node.ts';
import { keyIdOf } from '../directory/index.ts';
import { OnionKeys } from './onion-keys.ts';
import { RelayState } from './state.ts';

const HOUR = 3_600_000;
let folder: string;
beforeAll(initCryptoNode);
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'sotto-relay-'))));
afterEach(() => rmSync(folder, { recursive: true }));

describe('onion keys', () => {
  const open = async (clock: ManualClock, suite: 3 | 5 = 3): Promise<OnionKeys> => {
    const state = new RelayState(folder);
    const { id } = await state.identity(systemRandom);
    return new OnionKeys(id, suite, state, clock, systemRandom);
  };

  it('are new each day, and yesterday’s is kept a day', async () => {
    const clock = new ManualClock();
    const keys = await open(clock);
    const [first, held] = [keys.current, inUse().onionKeys];
    await clock.advance(23 * HOUR);
    expect([keys.rotate(), toHex(keys.current)]).toEqual([false, toHex(first)]);
    await clock.advance(HOUR);
    expect(keys.rotate()).toBe(true);
    expect(toHex(keys.current)).not.toBe(toHex(first));
    expect(keys.find(keyIdOf(first))?.publicKey).toEqual(first);
    await clock.advance(24 * HOUR);
    keys.rotate();
    expect([keys.find(keyIdOf(first)), inUse().onionKeys]).toEqual([undefined, held + 1]);
    expect(readFileSync(join(folder, 'onion.json'), 'utf8').match(/seed/g)?.length).toBe(2);
    keys.wipe();
    expect(inUse().onionKeys).toBe(held - 1);
  });

  it('stay over a restart', async () => {
    const clock = new ManualClock();
    const before = await open(clock);
    const [current, id] = [toHex(before.current), keyIdOf(before.current)];
    before.wipe();
    const after = await open(clock);
    expect([toHex(after.current), after.find(id) === undefined]).toEqual([current, false]);
    after.wipe();
  });

  it('have the suite that is offered: raised, the lower ones go at once; lowered, the higher one is kept its day', async () => {
    const clock = new ManualClock();
    const low = await open(clock);
    const [first, seen] = [low.current, low.find(keyIdOf(low.current))?.suite];
    expect([first.length, seen]).toEqual([1216, 3]);
    low.wipe();
    const high = await open(clock, 5);
    const second = high.current;
    expect([second.length, high.find(keyIdOf(second))?.suite, high.find(keyIdOf(first))]).toEqual([1600, 5, undefined]);
    expect(new RelayState(folder).readOnionKeys().map(({ suite }) => suite)).toEqual([5]);
    high.wipe();
    const lowered = await open(clock);
    expect([lowered.current.length, lowered.find(keyIdOf(second))?.suite]).toEqual([1216, 5]);
    lowered.wipe();
    const raised = await open(clock, 5);
    expect(raised.current).toEqual(second);
    raised.wipe();
  });

  it('that were written before there were other suites are of suite 3', async () => {
    const clock = new ManualClock();
    writeFileSync(join(folder, 'onion.json'), JSON.stringify([{ seed: '07'.repeat(32), madeAt: clock.now() }]));
    const keys = await open(clock);
    expect(keys.find(keyIdOf(keys.current))?.suite).toBe(3);
    expect(new RelayState(folder).readOnionKeys()).toMatchObject([{ suite: 3 }]);
    keys.wipe();
    writeFileSync(join(folder, 'onion.json'), JSON.stringify([{ seed: '07'.repeat(32), suite: 1, madeAt: clock.now() }]));
    expect(() => new RelayState(folder).readOnionKeys()).toThrow(/onion.json is damaged/);
  });

  it('made under a clock that was wrong are replaced', async () => {
    const late = new ManualClock(Date.UTC(2036, 0));
    const before = await open(late);
    const wrong = toHex(before.current);
    before.wipe();
    const after = await open(new ManualClock());
    expect(toHex(after.current)).not.toBe(wrong);
    after.wipe();
  });
});

describe('state', () => {
  it('is for its owner alone, and the identity stays', async () => {
    const { id, peerId } = await new RelayState(folder).identity(systemRandom);
    for (const [name, mode] of [
      ['.', 0o700],
      ['root.key', 0o600],
      ['libp2p.key', 0o600],
    ] as const)
      expect(statSync(join(folder, name)).mode & 0o777).toBe(mode);
    expect(await new RelayState(folder).identity(systemRandom)).toMatchObject({ id, peerId });
  });

  it('that is damaged is not replaced by a new identity', async () => {
    await new RelayState(folder).identity(systemRandom);
    writeFileSync(join(folder, 'root.key'), Buffer.alloc(63));
    await expect(new RelayState(folder).identity(systemRandom)).rejects.toThrow(/root.key is damaged/);
    writeFileSync(join(folder, 'onion.json'), '[{"seed":"zz","madeAt":1}]');
    expect(() => new RelayState(folder).readOnionKeys()).toThrow(/onion.json is damaged/);
  });
});
