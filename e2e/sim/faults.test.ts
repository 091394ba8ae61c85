/** Faults on the links of live circuits, and relays that die: the conversation goes on, nothing is lost and nothing comes twice. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { RoomId } from '../../src/base/index.ts';
import { testSeed } from '../../src/base/testing.ts';
import { initCryptoNode } from '../../src/crypto/node.ts';
import type { CircuitView } from '../../src/peer/index.ts';
import { expectAgreement } from './expect.ts';
import type { SimPeer } from './peer.ts';
import type { SimRelay } from './relay.ts';
import { scenario, type World } from './world.ts';

const seed = testSeed();
// Simulated time says what is late; a busy machine only makes it slower.
vi.setConfig({ testTimeout: 240_000 });
beforeAll(initCryptoNode);

const PLACES = ['guard', 'middle', 'mailbox'] as const;

/** The circuits that serve a peer's rooms; not those that are kept for a while after their use. */
const circuitsOf = (peer: SimPeer): readonly CircuitView[] => peer.peer.view().network.circuits.filter(({ serves }) => serves !== '');
const keyOf = ({ openedAt, hops }: CircuitView): string => `${openedAt} ${hops.map(({ id }) => id).join(' ')}`;

/** The relays of a circuit, guard first. */
const relaysOf = (world: World, { hops }: CircuitView): readonly SimRelay[] =>
  hops.map(({ id }) => world.relays.find((relay) => relay.id === id) ?? expect.fail('an unknown relay'));

/** Both say something every 300 ms until it is over. */
async function talkUntil(world: World, room: RoomId, peers: readonly SimPeer[], what: string, isOver: () => boolean): Promise<void> {
  for (let i = 0; !isOver(); i++) {
    if (i >= 400) throw new Error(`never came true: ${what}`);
    for (const peer of peers) world.say(peer, room, `${peer.name} ${what} ${i}`);
    await world.run(300);
  }
}

describe.each(['drop', 'double', 'garble'] as const)('a live circuit whose cells a link may %s', (fault) => {
  it.each([
    ['peer and guard', 0],
    ['guard and middle', 1],
    ['middle and mailbox', 2],
  ] as const)('between %s is destroyed, held against its path, and another takes its place', async (_where, link) => {
    await scenario(seed + link, async (world) => {
      const { room, peers } = await world.meeting('Anna', 'Ben');
      const [anna] = peers;
      const before = circuitsOf(anna);
      const links = before.map((circuit) => [anna.name, ...relaysOf(world, circuit).map(({ name }) => name)].slice(link, link + 2));
      const setFault = (probability: number): void => {
        for (const [near = '', far = ''] of links) world.network.fault(near, far, { [fault]: probability });
        world.note(`cells between ${links.map((one) => one.join(' and ')).join(', ')}: ${fault} ${probability}`);
      };
      const standing = (): string[] => circuitsOf(anna).map(keyOf);
      const blamed = (): number => anna.peer.counters.get('circuit-blamed');
      const blamedBefore = blamed();
      setFault(0.1);
      await talkUntil(world, room, peers, 'meanwhile', () => blamed() > blamedBefore);
      setFault(0);
      await world.until('one is gone and another stands', () => {
        const now = standing();
        return before.some((one) => !now.includes(keyOf(one))) && now.some((key) => !before.map(keyOf).includes(key));
      });
      world.say(anna, room, 'afterwards');
      await expectAgreement(world, peers, room);
    });
  });
});

describe('a relay that is killed while messages flow', () => {
  it.each(PLACES)('as %s loses nothing and doubles nothing, and is used again when it is back', async (place) => {
    const index = PLACES.indexOf(place);
    await scenario(seed + index, async (world) => {
      const { room, peers } = await world.meeting('Anna', 'Ben');
      const [anna] = peers;
      // One that has become a mailbox of the room meanwhile is rather not its middle.
      const placesOf = ({ hops }: CircuitView): CircuitView['hops'] => (place === 'middle' ? hops : hops.slice(index, index + 1));
      const uses = (relay: SimRelay): boolean =>
        peers.flatMap(circuitsOf).some((circuit) => placesOf(circuit).some(({ id }) => id === relay.id));
      const circuits = circuitsOf(anna);
      const guards = new Set(circuits.map(({ hops }) => hops[0]?.id));
      // A mailbox that is a guard itself has the next guard before it, and that one is needed only as long as that mailbox is.
      const lasting = circuits.filter(({ hops }) => !guards.has(hops[2]?.id));
      const relay = relaysOf(world, world.pick(place === 'guard' ? lasting : circuits))[index] ?? expect.fail('a circuit has three hops');
      await talkUntil(world, room, peers, 'before', () => anna.texts(room).length >= 6);
      await world.kill(relay);
      let rounds = 0;
      await talkUntil(world, room, peers, 'without it', () => ++rounds > 10);
      await world.until('every message is sent', () => peers.every((peer) => peer.messages(room).every(({ state }) => state !== 'queued')));
      await expectAgreement(world, peers, room);
      await world.until('it is used no more', () => !uses(relay));
      await world.start(relay);
      await world.until(`it is used as ${place} again`, () => uses(relay), 3_600_000);
      world.say(anna, room, 'it is back');
      await expectAgreement(world, peers, room);
    });
  });
});

describe('a mailbox that is back before a minute has passed', () => {
  it.each([2_000, 8_000, 20_000])('after %i ms is used for the same address, and nobody says that it broke anything', async (down) => {
    await scenario(seed + down, async (world) => {
      const { room, peers } = await world.meeting('Anna', 'Ben');
      const mailboxes = (): Set<string | undefined> => new Set(peers.flatMap(circuitsOf).map(({ hops }) => hops[2]?.id));
      await world.until('one address is left', () => mailboxes().size === 2, 3_600_000);
      const before = mailboxes();
      const relay = relaysOf(world, world.pick(circuitsOf(peers[0])))[2] ?? expect.fail('a circuit has three hops');
      const talk = async (what: string, ms: number): Promise<void> => {
        const end = world.clock.now() + ms;
        await talkUntil(world, room, peers, what, () => world.clock.now() >= end);
      };
      await world.kill(relay, 'process');
      await talk('without it', down);
      await world.start(relay);
      await talk('with it', 30_000);
      expect(peers.flatMap((peer) => peer.peer.view().network.conduct)).toEqual([]);
      expect(mailboxes()).toEqual(before);
      await expectAgreement(world, peers, room);
    });
  });
});
