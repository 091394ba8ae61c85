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
const MINUTE = 60_000;
/** So many relays that whoever has guards among the dead has others. */
const MANY = 8;

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

describe.each(PLACES.map((place, index) => [place, index] as const))(
  'a relay that comes back without its onion keys, as %s',
  (_place, index) => {
    it('is used again once the directory has its new ones, within two minutes', async () => {
      await scenario(seed + 10 + index, async (world) => {
        const { room, peers } = await world.meeting('Anna', 'Ben');
        const [anna] = peers;
        await world.run(QUIET);
        const relay = relayOf(world, world.pick(pathsOf(anna))[index]);
        await world.kill(relay);
        relay.loseOnionKeys();
        await world.run(5_000);
        await world.start(relay);
        if (index !== 1) await world.until('it is used again', () => pathsOf(anna).some((path) => path[index] === relay.id), 120_000);
        await talk(world, room, peers, 'afterwards', 2_000);
        await expectAgreement(world, peers, room);
      });
    });
  },
);

describe('circuits that are replaced every ten minutes', () => {
  it('go over none of the mailboxes of one’s own on their way to the other', async () => {
    await scenario(
      seed + 14,
      async (world) => {
        const { peers } = await world.meeting('Anna', 'Ben');
        const opened = new Set<string>();
        for (let i = 0; i < 50; i++) {
          await world.run(MINUTE);
          for (const { peer } of peers) {
            const own = peer.network.services().map(({ mailbox }) => mailbox);
            for (const { circuit } of i < 12 ? [] : peer.network.serving()) {
              opened.add(`${circuit.openedAt} ${circuit.path.join()}`);
              expect(own).not.toContain(circuit.path[1]);
            }
          }
        }
        expect(opened.size).toBeGreaterThan(10);
      },
      MANY,
    );
  });

  it('lose nothing, double nothing and hold nothing up', async () => {
    await scenario(seed + 13, async (world) => {
      const { room, peers } = await world.meeting('Anna', 'Ben');
      const [anna, ben] = peers;
      const opened = new Set<string>();
      let slowest = 0;
      for (let i = 0; i < 300; i++) {
        const from = world.clock.now();
        world.say(anna, room, `Anna ${i}`);
        await world.until('it is there', () => ben.texts(room).includes(`Anna ${i}`));
        slowest = Math.max(slowest, world.clock.now() - from);
        await world.run(5_000);
        for (const { circuit } of anna.peer.network.serving()) opened.add(`${circuit.openedAt} ${circuit.path.join()}`);
      }
      world.note(`${opened.size} circuits, the slowest message took ${slowest} ms`);
      // Two mailboxes, 25 minutes.
      expect(opened.size).toBeGreaterThanOrEqual(6);
      expect(slowest).toBeLessThan(2_000);
      await expectAgreement(world, peers, room);
    });
  });
});

/** Once all is well again: how long until the other sees what each of them says, ms. */
async function heardWithin(world: World, room: RoomId, peers: readonly SimPeer[], name: string): Promise<number> {
  const from = world.clock.now();
  for (const peer of peers) world.say(peer, room, `${peer.name} ${name}`);
  await world.until(`all hear ${name}`, () =>
    peers.every((reader) => peers.every((speaker) => reader.texts(room).includes(`${speaker.name} ${name}`))),
  );
  world.note(`all heard it after ${world.clock.now() - from} ms`);
  return world.clock.now() - from;
}

const well = (peer: SimPeer): boolean => peer.peer.view().connection.words === 'Private · 3 hops';

const HOUR = 60 * MINUTE;
const SOON = 8_000;

describe('a peer that was away', () => {
  it.each([
    ['an hour, and the browser says so', HOUR, true],
    ['ten minutes, of which only late timers tell', 10 * MINUTE, false],
  ])('frozen for %s: it talks again within seconds, and holds its own absence against nobody', async (_how, absence, told) => {
    await scenario(seed + 20, async (world) => {
      const { room, peers } = await world.meeting('Anna', 'Ben');
      const [anna, ben] = peers;
      await world.run(QUIET);
      world.say(anna, room, 'just before');
      await world.run(50);
      const blamed = anna.peer.counters.get('circuit-blamed');
      anna.freeze();
      for (let i = 0; i < 6; i++) {
        world.say(ben, room, `meanwhile ${i}`);
        await world.run(absence / 6);
      }
      anna.thaw(told);
      expect(await heardWithin(world, room, peers, 'awake')).toBeLessThan(SOON);
      expect(anna.peer.counters.get('circuit-blamed')).toBe(blamed);
      await world.until('the screen says that all is well', () => well(anna), SOON);
      await expectAgreement(world, peers, room);
    });
  });

  it('offline for a while and online again: what it wrote is queued, and goes within seconds', async () => {
    await scenario(seed + 21, async (world) => {
      const { room, peers } = await world.meeting('Anna', 'Ben');
      const [anna, ben] = peers;
      await world.run(QUIET);
      for (const { name } of world.relays) world.network.part(anna.name, name);
      anna.setOnline(false);
      world.say(anna, room, 'written offline');
      world.say(ben, room, 'meanwhile');
      await world.run(20 * MINUTE);
      expect(anna.messages(room).find(({ text }) => text === 'written offline')?.state).toBe('queued');
      expect(anna.peer.view().connection).toMatchObject({ state: 'offline', words: 'Offline · messages are queued' });
      for (const { name } of world.relays) world.network.mend(anna.name, name);
      anna.setOnline(true);
      expect(await heardWithin(world, room, peers, 'online')).toBeLessThan(SOON);
      expect(ben.texts(room)).toContain('written offline');
      expect(anna.texts(room)).toContain('meanwhile');
      await world.until('the screen says that all is well', () => well(anna), SOON);
      await expectAgreement(world, peers, room);
    });
  });

  it('asleep for longer than any descriptor is valid: it talks again within seconds', async () => {
    await scenario(seed + 22, async (world) => {
      const { room, peers } = await world.meeting('Anna', 'Ben');
      const [anna, ben] = peers;
      await world.run(QUIET);
      anna.freeze();
      world.say(ben, room, 'meanwhile');
      await world.run(5_000);
      ben.freeze();
      await world.run(3.5 * HOUR);
      for (const peer of peers) peer.thaw(true);
      expect(await heardWithin(world, room, peers, 'awake')).toBeLessThan(2 * SOON);
      await expectAgreement(world, peers, room);
    });
  });
});

describe('all relays at once', () => {
  it.each<Death>(['process', 'power'])('gone for a minute (%s): messages are queued, said so, and all arrive', async (death) => {
    await scenario(seed + 23, async (world) => {
      const { room, peers } = await world.meeting('Anna', 'Ben');
      const [anna] = peers;
      await world.run(QUIET);
      for (const relay of world.relays) await world.kill(relay, death);
      for (let i = 0; i < 10; i++) {
        for (const peer of peers) world.say(peer, room, `${peer.name} without relays ${i}`);
        await world.run(3_000);
      }
      await world.run(30_000);
      const states = new Set(anna.messages(room).flatMap(({ text, state }) => (text.startsWith('Anna without') ? [state] : [])));
      expect([...states]).toEqual(['queued']);
      for (const { peer } of peers)
        expect(peer.view().connection).toMatchObject({ state: 'looking', words: 'No relay answers · messages are queued', queued: true });
      for (const relay of world.relays) await world.start(relay);
      expect(await heardWithin(world, room, peers, 'with them again')).toBeLessThan(30_000);
      await expectAgreement(world, peers, room);
      await world.until('the screen says that all is well', () => peers.every(well), 30_000);
    });
  });
});

describe('a mailbox that is gone for good', () => {
  /** The mailboxes that the peers' rooms use now. */
  const mailboxesOf = (peers: readonly SimPeer[]): Set<RelayId> =>
    new Set(peers.flatMap(({ peer }) => peer.network.services().map(({ mailbox }) => mailbox)));

  /** One says something now and then until the condition holds. */
  const talkUntil = async (world: World, room: RoomId, peer: SimPeer, what: string, isOver: () => boolean): Promise<void> => {
    for (let i = 0; !isOver(); i++) {
      if (i >= 40) throw new Error(`never came true: ${what}`);
      world.say(peer, room, `${peer.name} until ${what} ${i}`);
      await world.run(5_000);
    }
  };

  it('is replaced by a new address, with two that live; the living one carries the way there', async () => {
    await scenario(
      seed + 30,
      async (world) => {
        const { room, peers } = await world.meeting('Anna', 'Ben', 'Cleo');
        const [anna, , cleo] = peers;
        await world.run(QUIET);
        const relay = relayOf(world, world.pick(pathsOf(anna)).at(-1));
        const silent = ({ peer }: SimPeer): boolean => peer.view().connection.words === 'Private · 3 hops · one mailbox does not answer';
        await world.kill(relay);
        world.say(anna, room, 'the first without it');
        await world.until('the screen says so', () => silent(anna), 30_000);
        await talkUntil(world, room, anna, 'nobody uses it', () => !mailboxesOf(peers).has(relay.id) && peers.every(well));
        expect(mailboxesOf(peers).size).toBe(2);
        world.say(cleo, room, 'the first at the new address');
        await expectAgreement(world, peers, room);
        // It comes back, and nobody needs it any more.
        await world.start(relay);
        world.say(anna, room, 'it is back');
        await expectAgreement(world, peers, room);
      },
      MANY,
    );
  });

  it('together with the other one: members meet at the spares, and what was queued arrives', async () => {
    await scenario(
      seed + 31,
      async (world) => {
        const { room, peers } = await world.meeting('Anna', 'Ben');
        const [anna, ben] = peers;
        await world.run(QUIET);
        const both = pathsOf(anna).map((path) => relayOf(world, path.at(-1)));
        for (const relay of both) await world.kill(relay);
        world.say(anna, room, 'Anna to nobody');
        world.say(ben, room, 'Ben to nobody');
        await world.run(5_000);
        expect(anna.messages(room).at(-1)?.state).toBe('queued');
        await world.until('both hear each other', () =>
          peers.every((peer) => ['Anna to nobody', 'Ben to nobody'].every((text) => peer.texts(room).includes(text))),
        );
        await expectAgreement(world, peers, room);
        await world.until('all is well', () => peers.every(well));
        expect(both.some(({ id }) => mailboxesOf(peers).has(id))).toBe(false);
      },
      MANY,
    );
  });

  it('one after the other while somebody was away, who finds the others all the same', async () => {
    await scenario(
      seed + 32,
      async (world) => {
        const { room, peers } = await world.meeting('Anna', 'Ben');
        const [anna, ben] = peers;
        await world.run(QUIET);
        const [first, second] = pathsOf(anna).map((path) => relayOf(world, path.at(-1)));
        if (first === undefined || second === undefined) throw new Error('an address has two mailboxes');
        await world.stop(ben);
        await world.kill(first);
        await talkUntil(world, room, anna, 'Anna writes elsewhere', () =>
          anna.peer.network.services().some(({ mailbox }) => mailbox !== first.id && mailbox !== second.id),
        );
        await world.kill(second);
        await world.run(30_000);
        await world.start(ben);
        world.say(ben, room, 'is somebody here?');
        await world.until('they hear each other', () => anna.texts(room).includes('is somebody here?'), 600_000);
        await expectAgreement(world, peers, room);
      },
      MANY,
    );
  });
});
