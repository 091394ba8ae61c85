/** Floods: of topics at mailboxes, of an address by somebody who knows it, of circuits at a relay. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { idBytes, type RelayId } from '../../src/base/index.ts';
import { testSeed } from '../../src/base/testing.ts';
import { createHop } from '../../src/crypto/index.ts';
import { initCryptoNode } from '../../src/crypto/node.ts';
import { keyIdOf } from '../../src/directory/index.ts';
import { ControlType, type LinkHandler } from '../../src/link/index.ts';
import { blobBytes, topicSeed, type MailboxLimits } from '../../src/mailbox/index.ts';
import { encodeParamsOut } from '../../src/onion/layouts.ts';
import { expectAgreement } from './expect.ts';
import { HostileMember, Stranger } from './hostile-member.ts';
import { turn } from './hostile-relay.ts';
import type { SimPeer } from './peer.ts';
import { scenario, type World } from './world.ts';

const seed = testSeed();
// Simulated time says what is late; a busy machine only makes it slower.
vi.setConfig({ testTimeout: 240_000 });
beforeAll(initCryptoNode);

const SMALL: Partial<MailboxLimits> = { bytes: 1_000_000, topicBytes: 150_000 };

/** Every relay of the world with mailboxes that are soon full. */
async function narrow(world: World): Promise<void> {
  for (const relay of world.relays) await turn(world, relay, (parts) => ({ ...parts, mailboxLimits: SMALL }), 'has little room');
  await world.run(5_000);
}

/** New topics at these mailboxes, as many as they take and more. */
async function flood(world: World, stranger: Stranger, mailboxes: readonly RelayId[], count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    for (const mailbox of mailboxes) {
      const seed = topicSeed(stranger.random.bytes(32), mailbox);
      void stranger.post([{ topic: { mailbox, seed }, blob: stranger.random.bytes(blobBytes(16)) }], `flood ${i % 4}`);
    }
    await world.run(200);
  }
}

async function expectTalk(world: World, peers: readonly SimPeer[], room: Parameters<SimPeer['room']>[0]): Promise<void> {
  for (let i = 0; i < 20; i++) {
    for (const peer of peers) world.say(peer, room, `${peer.name} ${i}`);
    await world.run(1_000);
  }
  await expectAgreement(world, peers, room);
}

describe('a flood of topics', () => {
  it('at every mailbox leaves the room that talks where it is', async () => {
    await scenario(seed, async (world) => {
      await narrow(world);
      const { room, peers } = await world.meeting('Anna', 'Ben');
      const stranger = await Stranger.begin(world, 'Stranger');
      await world.run(5_000);
      await flood(
        world,
        stranger,
        world.relays.map(({ id }) => id),
        80,
      );
      for (const { relay } of world.relays) expect(relay.counters.get('mailbox-refused-7')).toBeGreaterThan(0);
      await expectTalk(world, peers, room);
    });
  });

  it('that fills the mailboxes of a room is gone around', async () => {
    await scenario(seed + 1, async (world) => {
      await narrow(world);
      const { room, peers } = await world.meeting('Anna', 'Ben');
      const mallory = await HostileMember.begin(world, 'Mallory');
      await mallory.join(await world.invite(peers[0], room, 1));
      await world.run(30_000);
      const { address } = mallory.epoch;
      await mallory.silence();
      // She knows the address: what she puts there counts against its own bound.
      for (let i = 0; i < 20; i++) {
        const junk = mallory.random.bytes(blobBytes(16));
        for (const { topic } of mallory.seal(new Uint8Array(0))) void mallory.post([{ topic, blob: junk }]);
        await world.run(500);
      }
      await expectTalk(world, peers, room);
      for (const { peer } of peers) expect(peer.network.avoids(address.mailboxes[0])).toBe(true);
    });
  });
});

describe('endless CREATEs', () => {
  it('at the relays of a room: it talks on, and they keep their bounds', async () => {
    await scenario(seed + 2, async (world) => {
      const { room, peers } = await world.meeting('Anna', 'Ben');
      const [relay] = world.relays;
      if (relay === undefined) throw new Error('no relay');
      const nothing = (): void => undefined;
      const handler: LinkHandler = { opened: nothing, closed: nothing, control: nothing, cell: nothing };
      const node = world.network.node('flooder', handler, { listens: false });
      const link = await world.settled('a link', node.dial([`/memory/${relay.name}`]));
      const known = relay.relay.directory.get(relay.id);
      if (known === undefined) throw new Error('it does not know itself');
      const target = { relay: idBytes(relay.id), keyId: keyIdOf(known.onionKey), onionKey: known.onionKey };
      const hop = createHop(target, encodeParamsOut({ delayClass: 1 }), { bytes: (length) => world.random.bytes(length) });
      if ('refused' in hop) throw new Error(hop.refused);
      for (let id = 1; id <= 3_000 && !link.closed; id++) {
        link.sendControl(ControlType.CREATE, id, hop.create);
        if (id % 100 === 0) await world.run(100);
      }
      expect(relay.relay.load().circuits).toBeLessThan(1_100);
      await expectTalk(world, peers, room);
    });
  });
});
