/** Members who keep no rule: the others go on talking, whatever they do (docs/threat-model.md, "A member of a room"). */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { concat, hash, isRefusal, relayId, type Bytes, type Hash, type RelayId, type RoomId } from '../../src/base/index.ts';
import { testSeed } from '../../src/base/testing.ts';
import { initCryptoNode } from '../../src/crypto/node.ts';
import { EpochSecret, sealForBoth, type Epoch } from '../../src/keyring/index.ts';
import { BlobKind } from '../../src/keyring/blob.ts';
import { makeRotate } from '../../src/keyring/rotate.ts';
import { authorOperation } from '../../src/room/operation.ts';
import { fillBatches } from '../../src/room/batches.ts';
import { HostileMember, Stranger } from './hostile-member.ts';
import type { SimPeer } from './peer.ts';
import { scenario, type World } from './world.ts';

const seed = testSeed();
// Simulated time says what is late; a busy machine only makes it slower.
vi.setConfig({ testTimeout: 240_000 });
beforeAll(initCryptoNode);

let said = 0;
/** Each says something, and all the others have it soon. ms */
async function expectTalk(world: World, peers: readonly SimPeer[], room: RoomId, what: string, patience = 120_000): Promise<void> {
  const texts = peers.map((peer) => {
    const text = `${peer.name} ${what} ${said++}`;
    world.say(peer, room, text);
    return text;
  });
  await world
    .until(`they talk ${what}`, () => peers.every((peer) => texts.every((text) => peer.texts(room).includes(text))), patience)
    .catch((error) => {
      for (const peer of peers) console.log(peer.name, JSON.stringify(peer.peer.counters.all()));
      throw error;
    });
}

/** Anna, Ben and Mallory in a room of Anna's. */
async function three(world: World) {
  const { room, peers } = await world.meeting('Anna', 'Ben');
  const [anna] = peers;
  const mallory = await HostileMember.begin(world, 'Mallory');
  await mallory.join(await world.invite(anna, room, 1));
  await world.until('all see Mallory', () => peers.every((peer) => peer.room(room).members.length === 3));
  await expectTalk(world, peers, room, 'before');
  await world.run(5_000);
  return { room, peers, mallory };
}

interface Rotating {
  readonly parents: readonly Hash[];
  /** Of the room's other devices, those that get a slice. */
  readonly includes?: (device: string) => boolean;
  readonly mailboxes?: readonly [RelayId, RelayId];
}

/** An epoch of Mallory's making, posted where the room is written now. */
function rotate({ parts, network, random }: HostileMember, { parents, includes = () => true, mailboxes }: Rotating): Bytes {
  const devices = [...parts.log.state().members.values()].flatMap(({ identity, prekey }) =>
    identity.map(({ device }) => ({ device, prekey })),
  );
  const { frame } = parts.keyring.rotate({
    parents,
    address: { secret: random.bytes(32), mailboxes: mailboxes ?? network.pickMailboxes() },
    members: devices.filter(({ device }) => includes(device)),
    memberSet: hash(random.bytes(32)),
    sign: (purpose, body) => parts.persona.sign(purpose, body),
  });
  return frame;
}

const postAt = (mallory: HostileMember, epoch: Epoch, frame: Uint8Array): unknown =>
  mallory.post(mallory.parts.keyring.sealRotation(epoch.address, frame));

describe('a member', () => {
  it('who makes seventeen epochs beside each other cannot stop the next one', async () => {
    await scenario(seed, async (world) => {
      const { room, peers, mallory } = await three(world);
      const { epoch } = mallory;
      const frames = Array.from({ length: 17 }, () => rotate(mallory, { parents: [epoch.id] }));
      for (const frame of frames) void postAt(mallory, epoch, frame);
      await mallory.silence();
      await expectTalk(world, peers, room, 'after');
    });
  });

  it('who lets in fifty more than an epoch holds', async () => {
    await scenario(seed + 1, async (world) => {
      const { room, peers, mallory } = await three(world);
      mallory.room.admissions.invite({ uses: 1000, hours: 24, names: { inviter: 'M', room: 'R' } }, () => undefined);
      await world.run(10_000);
      await mallory.silence();
      const { parts } = mallory;
      const ipk = [...parts.log.state().invites.values()].find(({ author }) => author === parts.persona.id)?.ipk ?? new Uint8Array();
      const operations: Bytes[] = [];
      for (let i = 0; i < 60; i++) {
        const persona = mallory.persona();
        const prekey = parts.keyring.newPrekey();
        const admit = {
          joinHash: hash(mallory.random.bytes(32)),
          ipk: new Uint8Array(ipk),
          certificate: persona.certificate,
          prekey,
          name: `Puppet ${i}`,
        };
        const operation = authorOperation({ room, parents: parts.log.heads(), now: mallory.now(), content: { admit } }, parts.persona);
        const added = parts.log.add(operation);
        if (isRefusal(added)) break;
        operations.push(operation);
      }
      for (const text of fillBatches({ operations })) void mallory.post(mallory.seal(text));
      await world.run(60_000);
      for (const peer of peers) expect(peer.room(room).members).toHaveLength(49);
      await expectTalk(world, peers, room, 'after');
    });
  });

  it('who gives two members two secrets', async () => {
    await scenario(seed + 2, async (world) => {
      const { room, peers, mallory } = await three(world);
      const { epoch, parts, random } = mallory;
      const [first, second] = [random.bytes(32), random.bytes(32)];
      const others = [...parts.log.state().members.values()].filter(({ persona }) => persona !== parts.persona.id);
      const members = others.flatMap(({ identity, prekey }) =>
        identity.map(({ device }) => ({ device, prekey: mallory.prekeyOf(device) ?? prekey })),
      );
      class Two extends EpochSecret {
        override slices(...[of, id, to, chance]: Parameters<EpochSecret['slices']>): Bytes {
          const sorted = to.toSorted((a, b) => (a.device < b.device ? -1 : 1));
          return concat(...sorted.map((one, i) => new EpochSecret((i === 0 ? first : second).slice()).slices(of, id, [one], chance)));
        }
      }
      const { frame } = makeRotate(
        {
          room,
          author: parts.me,
          parents: [epoch.id],
          address: { secret: random.bytes(32), mailboxes: mallory.network.pickMailboxes() },
          members,
          memberSet: parts.log.state().memberSetHash,
          sign: (purpose, body) => parts.persona.sign(purpose, body),
        },
        new Two(first.slice()),
        random,
      );
      void postAt(mallory, epoch, frame);
      await world.run(10_000);
      await mallory.silence();
      await expectTalk(world, peers, room, 'after');
    });
  });

  it('who uses up the places of another’s chain', async () => {
    await scenario(seed + 3, async (world) => {
      const { room, peers, mallory } = await three(world);
      const [anna] = peers;
      const victim = mallory.parts.log.state().members.get(anna.room(room).members.find(({ me }) => me)?.id ?? ('' as never))
        ?.identity[0]?.device;
      if (victim === undefined) throw new Error('no victim');
      await world.run(5_000);
      const chain = mallory.chainOf(victim);
      for (let jump = 0; jump < 3; jump++) {
        const found = chain.find(chain.next + 1990);
        if (isRefusal(found)) throw new Error(found.refused);
        void mallory.post(mallory.sealAs(victim, { ...found, key: found.key.slice() }, new Uint8Array(0)));
        chain.accept(found);
        await world.run(2_000);
      }
      await mallory.silence();
      await world.run(5_000);
      await expectTalk(world, peers, room, 'after');
    });
  });

  it('who makes forty invites', async () => {
    await scenario(seed + 4, async (world) => {
      const { room, peers, mallory } = await three(world);
      for (let i = 0; i < 50; i++)
        mallory.room.admissions.invite({ uses: 1, hours: 24, names: { inviter: 'M', room: 'R' } }, () => undefined);
      await world.run(60_000);
      await mallory.silence();
      const cleo = await world.peer('Cleo');
      await world.join(cleo, await world.invite(peers[0], room, 1));
      await world.until('Cleo is in', () => cleo.room(room).standing === 'member');
      await expectTalk(world, [...peers, cleo], room, 'after');
    });
  });

  it('whose epoch names mailboxes that do not exist', async () => {
    await scenario(seed + 5, async (world) => {
      const { room, peers, mallory } = await three(world);
      const { epoch } = mallory;
      const nowhere: [RelayId, RelayId] = [relayId(new Uint8Array(32).fill(1)), relayId(new Uint8Array(32).fill(2))];
      void postAt(mallory, epoch, rotate(mallory, { parents: [epoch.id], mailboxes: nowhere }));
      await world.run(5_000);
      await mallory.silence();
      await expectTalk(world, peers, room, 'after', 300_000);
    });
  });

  it('who is removed and goes on making epochs', async () => {
    await scenario(seed + 6, async (world) => {
      const { room, peers, mallory } = await three(world);
      const [anna] = peers;
      const { epoch } = mallory;
      const before = rotate(mallory, { parents: [epoch.id] });
      await mallory.silence();
      await world.settled(
        'removed',
        anna.peer.removePerson(room, anna.room(room).members.find(({ name }) => name === 'Mallory')?.id ?? ('' as never)),
      );
      for (let i = 0; i < 5; i++) {
        void postAt(mallory, epoch, i === 0 ? before : rotate(mallory, { parents: [epoch.id] }));
        await world.run(3_000);
      }
      await expectTalk(world, peers, room, 'after');
    });
  });

  it('who fills what waits', async () => {
    await scenario(seed + 7, async (world) => {
      const { room, peers, mallory } = await three(world);
      const { epoch, random } = mallory;
      await mallory.silence();
      for (let i = 0; i < 600; i++) {
        const header = { kind: BlobKind.UPDATE, epoch: random.bytes(8), device: random.bytes(16), index: 0 };
        void mallory.post(sealForBoth(epoch.address, header, random.bytes(32), new Uint8Array(9), random));
        if (i % 20 === 0) await world.run(1_000);
      }
      for (let i = 0; i < 300; i++)
        void mallory.post(mallory.seal(fillBatches({ state: { heads: [], operations: [] } })[0] ?? new Uint8Array()));
      await world.run(60_000);
      const cleo = await world.peer('Cleo');
      await world.join(cleo, await world.invite(peers[0], room, 1));
      await expectTalk(world, [...peers, cleo], room, 'after');
    });
  });
});

describe('a flood of Joins on one link', () => {
  it('leaves other links as they are', async () => {
    await scenario(seed + 10, async (world) => {
      const { room, peers } = await world.meeting('Anna', 'Ben');
      const [anna] = peers;
      const link = await world.invite(anna, room, 1);
      const other = await world.invite(anna, room, 1);
      for (const peer of peers) await world.stop(peer);
      const stranger = await Stranger.begin(world, 'Stranger');
      for (let i = 0; i < 80; i++) {
        const { sealed } = await world.settled('a Join is made', stranger.newcomer(link, `Nobody ${i}`));
        void stranger.post(sealed);
      }
      await world.run(10_000);
      for (const peer of peers) await world.start(peer);
      await world.run(10_000);
      for (const peer of peers) expect(peer.peer.counters.get('join-flood')).toBeGreaterThan(0);
      expect(anna.room(room).joinRequests.length).toBeLessThan(20);
      const cleo = await world.peer('Cleo');
      await world.join(cleo, other);
      await world.until('Cleo is in', () => cleo.room(room).standing === 'member');
      await expectTalk(world, [...peers, cleo], room, 'after');
      for (const { id } of anna.room(room).invites) await world.settled('revoked', anna.peer.revoke(room, id));
      await world.until('nobody is asked about them any more', () => peers.every((peer) => peer.room(room).joinRequests.length === 0));
    });
  });
});
