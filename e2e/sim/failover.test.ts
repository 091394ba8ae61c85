/** Relays that die and come back, machines that sleep: how soon the talk goes on, and that nothing is lost or doubled by it. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { RelayId, RoomId } from '../../src/base/index.ts';
import { testSeed } from '../../src/base/testing.ts';
import { initCryptoNode } from '../../src/crypto/node.ts';
import { expectAgreement } from './expect.ts';
import type { SimPeer } from './peer.ts';
import type { Death, SimRelay } from './relay.ts';
import { scenario, type World } from './world.ts';

const seed = testSeed();
// Simulated time says what is late; a busy machine only makes it slower.
vi.setConfig({ testTimeout: 240_000 });
beforeAll(initCryptoNode);

const PLACES = ['guard', 'middle', 'mailbox'] as const;
/** After so long only what the present address needs has circuits. */
const QUIET = 90_000;
/** Five messages a second. */
const BETWEEN = 200;
const LONGEST_PAUSE = 10_000;

const pathsOf = (peer: SimPeer): readonly (readonly RelayId[])[] => peer.peer.network.serving().map(({ circuit }) => circuit.path);

function relayOf(world: World, id: RelayId | undefined): SimRelay {
  return world.relays.find((relay) => relay.id === id) ?? expect.fail('an unknown relay');
}

/** Says five things a second for so long, ms; the longest time for which the reader saw nothing new. */
async function talk(world: World, room: RoomId, [speaker, reader]: readonly SimPeer[], name: string, ms: number): Promise<number> {
  if (speaker === undefined || reader === undefined) throw new Error('two are needed');
  let seen = reader.texts(room).length;
  let since = world.clock.now();
  let longest = 0;
  for (let i = 0; i < ms / BETWEEN; i++) {
    world.say(speaker, room, `${name} ${i}`);
    await world.run(BETWEEN);
    const now = world.clock.now();
    longest = Math.max(longest, now - since);
    if (reader.texts(room).length > seen) since = now;
    seen = reader.texts(room).length;
  }
  return longest;
}

describe.each<Death>(['process', 'power'])('a relay that is killed while five messages a second flow (%s)', (death) => {
  it.each(PLACES.flatMap((place, index) => [[place, 'of the speaker', index, 0] as const, [place, 'of the reader', index, 1] as const]))(
    'as %s %s stops the talk for less than 10 s, and is used again',
    async (place, _whose, index, whose) => {
      await scenario(seed + index, async (world) => {
        const { room, peers } = await world.meeting('Anna', 'Ben');
        await world.run(QUIET);
        const owner = peers[whose] ?? expect.fail('two have met');
        const relay = relayOf(world, world.pick(pathsOf(owner))[index]);
        expect(await talk(world, room, peers, 'before', 4_000)).toBeLessThan(2_000);
        await world.kill(relay, death);
        const pause = await talk(world, room, peers, 'without it', 30_000);
        world.note(`the longest pause was ${pause} ms`);
        expect(pause).toBeLessThan(LONGEST_PAUSE);
        await world.start(relay);
        if (place !== 'middle')
          await world.until('it is used again', () => pathsOf(owner).some((path) => path[index] === relay.id), 120_000);
        await expectAgreement(world, peers, room);
      });
    },
  );
});
