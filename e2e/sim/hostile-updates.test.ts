/** What a member can write that is against the rules: refused and counted by all alike, or shown; and the talk goes on. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { concat, hash, type Bytes, type DeviceId } from '../../src/base/index.ts';
import { testSeed } from '../../src/base/testing.ts';
import { encodeEntry } from '../../src/chat/index.ts';
import { initCryptoNode } from '../../src/crypto/node.ts';
import { sealForBoth } from '../../src/keyring/index.ts';
import { BlobKind } from '../../src/keyring/blob.ts';
import { hlcAt } from '../../src/replica/index.ts';
import { clientOf } from '../../src/replica/append.ts';
import { fillBatches } from '../../src/room/batches.ts';
import { BatchSchema, create, encode } from '../../src/wire/index.ts';
import { expectAgreement } from './expect.ts';
import { HostileMember } from './hostile-member.ts';
import type { SimPeer } from './peer.ts';
import { scenario, type World } from './world.ts';

const seed = testSeed();
// Simulated time says what is late; a busy machine only makes it slower.
vi.setConfig({ testTimeout: 240_000 });
beforeAll(initCryptoNode);

const DAY = 86_400_000;

/** Anna, Ben and Mallory in a room; what Mallory does; then Anna and Ben talk, and see the same. */
async function expectTalkDespite(
  offset: number,
  does: (world: World, mallory: HostileMember, peers: readonly SimPeer[]) => Promise<void> | void,
  shows: (peers: readonly SimPeer[], room: Parameters<SimPeer['room']>[0], world: World) => void,
  writes = true,
): Promise<void> {
  await scenario(seed + offset, async (world) => {
    const { room, peers } = await world.meeting('Anna', 'Ben');
    const [anna, ben] = peers;
    const mallory = await HostileMember.begin(world, 'Mallory');
    await mallory.join(await world.invite(anna, room, 1), writes);
    await world.until('all see Mallory', () => peers.every((peer) => peer.room(room).members.length === 3));
    await world.run(10_000);
    await mallory.silence();
    await does(world, mallory, peers);
    await world.run(10_000);
    world.say(anna, room, 'still here');
    world.say(ben, room, 'so am I');
    await expectAgreement(world, peers, room);
    for (const peer of peers) expect(peer.texts(room)).toEqual(expect.arrayContaining(['still here', 'so am I']));
    shows(peers, room, world);
  });
}

const tell = (mallory: HostileMember, ...updates: readonly Bytes[]): void => {
  for (const text of fillBatches({ updates })) void mallory.post(mallory.seal(text));
};
const count = (peers: readonly SimPeer[], word: string): void => {
  for (const { peer } of peers) expect({ [word]: peer.counters.get(word) > 0 }).toEqual({ [word]: true });
};
const deviceOf = (mallory: HostileMember, name: string): DeviceId =>
  [...mallory.parts.log.state().members.values()].find((member) => member.name === name)?.identity[0]?.device ??
  expect.fail(`${name} is no member`);

describe('a member who', () => {
  it('writes two histories is frozen, and shown so', async () => {
    await expectTalkDespite(
      1,
      async (world, mallory) => {
        tell(mallory, mallory.update({ text: 'yes' }));
        await world.run(3_000);
        tell(mallory, mallory.update({ text: 'no' }));
        await world.run(3_000);
        tell(mallory, mallory.update({ text: 'perhaps' }));
      },
      (peers, room) => {
        for (const peer of peers) {
          const { members, timeline } = peer.room(room);
          expect(members.filter(({ trouble }) => trouble === 'frozen').map(({ name }) => name)).toEqual(['Mallory']);
          expect(timeline.some((item) => item.type === 'event' && item.event.what === 'frozen')).toBe(true);
        }
      },
    );
  });

  it('dates updates back, or into the future, changes nobody’s order and nobody’s clock', async () => {
    await expectTalkDespite(
      2,
      async (world, mallory) => {
        const first = mallory.update({ text: 'from long ago', hlc: hlcAt(world.clock.now() - 400 * DAY) });
        tell(mallory, first);
        mallory.parts.replica.accept(first, mallory.parts.log.rights());
        await world.run(2_000);
        const future = mallory.update({ text: 'from next year', hlc: hlcAt(world.clock.now() + 400 * DAY) });
        tell(mallory, future);
        mallory.parts.replica.accept(future, mallory.parts.log.rights());
        await world.run(2_000);
        tell(mallory, mallory.update({ text: 'back again' }));
      },
      (peers, room, world) => {
        count(peers, 'update-hlc-not-rising');
        for (const peer of peers) {
          const marks = Object.fromEntries(peer.messages(room).map(({ text, clockWrong }) => [text, clockWrong]));
          expect(marks).toEqual({ 'from long ago': true, 'still here': false, 'so am I': false, 'from next year': true });
          const own = peer.messages(room).find(({ mine }) => mine);
          expect(Math.abs((own?.at ?? 0) - world.clock.now())).toBeLessThan(400_000);
        }
      },
      false,
    );
  });

  it('writes as somebody else, under their client, or where they do not belong', async () => {
    await expectTalkDespite(
      3,
      (_world, mallory) => {
        const ben = deviceOf(mallory, 'Ben');
        tell(
          mallory,
          mallory.update({ client: clientOf(ben, 0) }),
          mallory.update({ device: ben, seq: 9, previous: hash(mallory.random.bytes(32)), first: 3, client: clientOf(ben, 0) }),
          mallory.update({ first: 40 }),
        );
      },
      (peers, room) => {
        count(peers, 'update-wrong-client');
        count(peers, 'update-bad-signature');
        for (const peer of peers) expect(peer.texts(room).every((text) => text !== 'crafted')).toBe(true);
      },
    );
  });

  it('makes everything as large as can be, and larger', async () => {
    await expectTalkDespite(
      4,
      (_world, mallory) => {
        const large = new Uint8Array(62_000).fill(97);
        tell(
          mallory,
          mallory.update({ entries: [large.slice(0, 50_000)] }),
          mallory.update({ entries: Array.from({ length: 1100 }, () => large.slice(0, 30)) }),
        );
        for (const batch of [
          encode(BatchSchema, create(BatchSchema, { operations: [large] })),
          encode(BatchSchema, create(BatchSchema, { receipt: large })),
          encode(BatchSchema, create(BatchSchema, { updates: Array.from({ length: 20_000 }, () => new Uint8Array(1)) })),
          encode(BatchSchema, create(BatchSchema, { operations: Array.from({ length: 20_000 }, () => new Uint8Array(1)) })),
          concat(large, new Uint8Array(800)),
          new Uint8Array(0),
        ])
          void mallory.post(mallory.seal(batch));
        tell(mallory, mallory.update({ entries: [encodeEntry({ profile: { name: 'M'.repeat(64) } }), new Uint8Array(40_000)] }));
      },
      (peers) => {
        for (const word of [
          'update-oversized',
          'operation-oversized',
          'update-malformed',
          'operation-malformed',
          'batch-malformed',
          'receipt-malformed',
        ])
          count(peers, word);
      },
    );
  });

  it('puts garbage, and what was said before, at the address', async () => {
    await expectTalkDespite(
      5,
      async (world, mallory) => {
        const { address } = mallory.epoch;
        const { random } = mallory;
        const old = mallory.seal(fillBatches({ updates: [mallory.update()] })[0] ?? new Uint8Array(0));
        const kinds = Object.values(BlobKind);
        for (let i = 0; i < 40; i++) {
          const sealed = sealForBoth(
            address,
            { kind: kinds[i % 3] ?? 0, epoch: new Uint8Array(8), device: new Uint8Array(16), index: 0 },
            random.bytes(32),
            random.bytes(100),
            random,
          );
          void mallory.post(sealed);
          void mallory.post(sealed.map(({ topic, blob }) => ({ topic, blob: random.bytes(blob.length) })));
          void mallory.post(old);
          await world.run(100);
        }
      },
      (peers) => {
        for (const word of ['blob-forged', 'blob-unknown-epoch']) count(peers, word);
        for (const { peer } of peers) expect(peer.counters.get('blob-unforeseen')).toBe(0);
      },
    );
  });
});
