/** Relays that keep no rule: the talk goes on, what can be seen of it is shown, and another way is taken (docs/threat-model.md). */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { RelayId } from '../../src/base/index.ts';
import { testSeed } from '../../src/base/testing.ts';
import { initCryptoNode } from '../../src/crypto/node.ts';
import type { Descriptor, Misdeed } from '../../src/directory/index.ts';
import { expectAgreement } from './expect.ts';
import { amiss, turn, type Amiss } from './hostile-relay.ts';
import type { SimPeer } from './peer.ts';
import type { SimRelay } from './relay.ts';
import { scenario, type World } from './world.ts';

const seed = testSeed();
// Simulated time says what is late; a busy machine only makes it slower.
vi.setConfig({ testTimeout: 240_000 });
beforeAll(initCryptoNode);

const PLACES = ['guard', 'middle', 'mailbox'] as const;
const QUIET = 90_000;

const relayOf = (world: World, id: RelayId | undefined): SimRelay =>
  world.relays.find((relay) => relay.id === id) ?? expect.fail('an unknown relay');

const pathsOf = ({ peer }: SimPeer): readonly (readonly RelayId[])[] => peer.network.serving().map(({ circuit }) => circuit.path);

const seen = ({ peer }: SimPeer, relay: SimRelay): Misdeed[] =>
  peer.network.conduct
    .all()
    .filter((known) => known.relay === relay.id)
    .map(({ what }) => what);

/** Two who talk for two minutes over relays of which one of the speaker's has turned; then all agree. */
async function expectTalk(
  [name, how]: readonly [string, Amiss],
  place: (typeof PLACES)[number],
  after: (world: World, peers: readonly SimPeer[], relay: SimRelay) => Promise<void> | void = () => undefined,
): Promise<void> {
  await scenario(seed + PLACES.indexOf(place), async (world) => {
    const { room, peers } = await world.meeting('Anna', 'Ben');
    const [anna] = peers;
    await world.run(QUIET);
    const relay = relayOf(world, pathsOf(anna)[0]?.[PLACES.indexOf(place)]);
    await turn(world, relay, how, name);
    for (let i = 0; i < 20; i++) {
      for (const peer of peers) world.say(peer, room, `${peer.name} ${i}`);
      await world.run(4_000);
    }
    await expectAgreement(world, peers, room);
    await after(world, peers, relay);
  });
}

describe.each([
  ['drops cells', amiss.drops],
  ['doubles cells', amiss.doubles],
  ['garbles cells', amiss.garbles],
  ['holds cells back', amiss.delays],
  ['replays cells', amiss.replays],
  ['swallows cells', amiss.swallows],
  ['refuses to extend', amiss.refusesToExtend],
] as const)('a relay that %s', (name, how) => {
  it('as guard is passed over, and shown', async () => {
    await expectTalk([name, how], 'guard', async (world, [anna], relay) => {
      if (anna === undefined) throw new Error('nobody');
      expect(seen(anna, relay)).toContain('breaks-circuits');
      expect(anna.peer.view().network.conduct).toContainEqual({ id: relay.id, name: relay.id.slice(0, 8), what: 'breaks-circuits' });
      await world.until('another guard is used', () => pathsOf(anna).every(([guard]) => guard !== relay.id));
    });
  });

  it('as middle does not stop the talk', async () => {
    await expectTalk([name, how], 'middle');
  });
});

describe.each([
  ['drops cells', amiss.drops],
  ['garbles cells', amiss.garbles],
  ['keeps nothing that it says it stored', amiss.keepsNothing],
  ['keeps something else', amiss.keepsOther],
] as const)('a mailbox that %s', (name, how) => {
  it('is found out, shown, and left for another', async () => {
    await expectTalk([name, how], 'mailbox', async (world, peers, relay) => {
      await world.until('somebody has seen it', () => peers.some((peer) => seen(peer, relay).length > 0));
      await world.until('the room is elsewhere', () =>
        peers.every((peer) => pathsOf(peer).filter((path) => path[2] === relay.id).length === 0),
      );
    });
  });
});

describe('both mailboxes of an address', () => {
  it('that keep nothing lose nothing for good: the room goes elsewhere, and what was said is told there', async () => {
    await scenario(seed + 20, async (world) => {
      const { room, peers } = await world.meeting('Anna', 'Ben');
      const [anna] = peers;
      await world.run(QUIET);
      const liars = [...new Set(pathsOf(anna).map((path) => path[2]))].map((id) => relayOf(world, id));
      for (const relay of liars) await turn(world, relay, amiss.keepsNothing, 'keeps nothing');
      await world.run(5_000);
      for (const peer of peers) world.say(peer, room, `${peer.name} to the liars`);
      await world.until('both are found out', () => liars.every((relay) => seen(anna, relay).includes('not-kept')));
      await expectAgreement(world, peers, room);
    });
  });
});

describe('a relay that lies in its descriptor', () => {
  it.each([
    ['claims another’s address', (other: Descriptor): Partial<Descriptor> => ({ addresses: other.addresses })],
    ['claims another’s key', (other: Descriptor): Partial<Descriptor> => ({ onionKey: other.onionKey })],
    ['claims another’s family', (other: Descriptor): Partial<Descriptor> => ({ family: other.family })],
  ])('and %s does not stop the talk', async (name, lie) => {
    let others: readonly Descriptor[] = [];
    const how = amiss.describing(
      (own, known) => lie(known.find(({ id }) => id !== own.id) ?? own),
      () => others,
    );
    await scenario(seed + 30, async (world) => {
      const { room, peers } = await world.meeting('Anna', 'Ben');
      const [anna] = peers;
      await world.run(QUIET);
      const relay = relayOf(world, pathsOf(anna)[0]?.[1]);
      others = relay.relay.directory.list();
      await turn(world, relay, how, name);
      for (let i = 0; i < 20; i++) {
        for (const peer of peers) world.say(peer, room, `${peer.name} ${i}`);
        await world.run(4_000);
      }
      // Those who come now have nothing but what it says.
      const cleo = await world.peer('Cleo');
      await world.join(cleo, await world.invite(anna, room, 1));
      await world.until('Cleo is in', () => cleo.room(room).standing === 'member');
      world.say(cleo, room, 'here I am');
      await expectAgreement(world, [...peers, cleo], room);
    });
  });
});

describe('a mailbox that hands over the newest first', () => {
  it('cannot be told from one that holds nothing else: what it left out comes from the other one', async () => {
    await scenario(seed + 10, async (world) => {
      const { room, peers } = await world.meeting('Anna', 'Ben');
      const [anna, ben] = peers;
      await world.run(QUIET);
      const relay = relayOf(world, pathsOf(anna)[0]?.[2]);
      await turn(world, relay, amiss.shuffles, 'hands over the newest first');
      await world.run(10_000);
      await world.stop(ben);
      for (let i = 0; i < 20; i++) {
        world.say(anna, room, `while he is away ${i}`);
        await world.run(500);
      }
      await world.start(ben);
      await expectAgreement(world, peers, room);
      expect(ben.peer.counters.get('blob-again')).toBeGreaterThan(3);
    });
  });
});

describe('a relay whose clock is wrong', () => {
  const expectTime = (world: World, peers: readonly SimPeer[]): void => {
    for (const peer of peers) expect(Math.abs(peer.peer.network.now() - world.clock.now())).toBeLessThan(2_000);
  };

  it('by a day moves nobody’s, and takes the time of the others', async () => {
    await expectTalk(['its clock is a day fast', amiss.clockOff(86_400_000)], 'mailbox', (world, peers, relay) => {
      expectTime(world, peers);
      const said = relay.relay.directory.get(relay.id)?.validFrom ?? expect.fail('it describes itself');
      expect(said * 1000).toBeLessThanOrEqual(world.clock.now());
    });
  });

  it.each([
    ['nine minutes', 540_000],
    ['a day', 86_400_000],
  ])('by %s moves nobody’s if it stands by it; it is shown when it is far', async (name, ms) => {
    await expectTalk([`its clock is ${name} fast, and right`, amiss.standsByItsClock(ms)], 'mailbox', (world, peers, relay) => {
      expectTime(world, peers);
      expect(peers.some((peer) => seen(peer, relay).includes('wrong-time'))).toBe(ms > 600_000);
    });
  });
});
