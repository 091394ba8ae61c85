/** Relays whose clocks are wrong by a day: the others correct them, and they are gone around while none can (docs/protocol.md §1). */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { testSeed } from '../../src/base/testing.ts';
import { expectAgreement } from './expect.ts';
import { initCryptoSim } from './crypto.ts';
import { World } from './world.ts';

const seed = testSeed();
const DAY = 24 * 3_600_000;
vi.setConfig({ testTimeout: 600_000 });
beforeAll(initCryptoSim);

/** By how many seconds the relay's descriptor, as each of the others holds it, is away from the true time. */
const away = (world: World, name: string): number[] => {
  const { relays, clock } = world;
  const id = relays.find((relay) => relay.name === name)?.id ?? expect.fail(`no relay ${name}`);
  return relays.filter((relay) => relay.up).map(({ relay }) => Math.abs((relay.directory.get(id)?.validFrom ?? 0) - clock.now() / 1000));
};

const corrected = (world: World): number[] => world.relays.map(({ relay }) => relay.counters.all()['clock-wrong'] ?? 0);

describe('relays whose clocks are wrong by a day', () => {
  it.each([
    ['one that is ahead', { relay1: DAY }],
    ['one that is behind', { relay1: -DAY }],
    ['one ahead and one behind', { relay1: DAY, relay3: -DAY }],
  ])('are corrected by the others, and are relays like them: %s', async (_, skews) => {
    const world = await World.begin(seed, { relays: 7, skews });
    expect(corrected(world)).toEqual(world.relays.map(({ name }) => (name in skews ? 1 : 0)));
    for (const name of Object.keys(skews)) expect(Math.max(...away(world, name))).toBeLessThan(120);
    const { room, peers } = await world.meeting('Anna', 'Ben');
    world.say(peers[0], room, 'what time is it?');
    await expectAgreement(world, peers, room);
    expect(peers.flatMap(({ peer }) => peer.view().network.conduct.filter(({ what }) => what === 'wrong-time'))).toEqual([]);
  });

  it('are gone around while they hear too few of the others to be corrected, and then are', async () => {
    const world = await World.begin(seed + 1, { relays: 5, skews: { relay1: DAY } });
    const { room, peers } = await world.meeting('Anna', 'Ben');
    const late = world.relays[1] ?? expect.fail('no relay 1');
    await world.kill(late, 'process');
    for (const other of ['relay2', 'relay3']) world.network.part(late.name, other);
    await world.start(late);
    // Time enough to hear whom it can hear.
    await world.run(20_000);
    expect(late.relay.counters.all()['clock-wrong']).toBeUndefined();
    for (let i = 0; i < 10; i++) {
      world.say(peers[i % 2 === 0 ? 0 : 1], room, `message ${i}`);
      await world.run(2_000);
    }
    await expectAgreement(world, peers, room);
    expect(peers[0].texts(room)).toHaveLength(10);
    world.mend();
    await world.until('it is corrected', () => late.relay.counters.all()['clock-wrong'] === 1);
    await world.until('all know its time', () => Math.max(...away(world, late.name)) < 120);
  });
});
