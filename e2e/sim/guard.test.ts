/** A relay that only an invite names is dialled by nobody who opens that invite: it is no guard, whatever becomes of the others (docs/protocol.md §5). */
import { beforeAll, describe, expect, it } from 'vitest';
import { concat, fromBase64url, idBytes, toBase64url, type RelayId } from '../../src/base/index.ts';
import { seededRandom, testSeed } from '../../src/base/testing.ts';
import { kdf } from '../../src/crypto/index.ts';
import { initCryptoNode } from '../../src/crypto/node.ts';
import type { Anchor } from '../../src/directory/index.ts';
import { SimPeer } from './peer.ts';
import { SimRelay, type Ground } from './relay.ts';
import { scenario, type World } from './world.ts';

const seed = testSeed();
beforeAll(initCryptoNode);

/** Where the second mailbox begins in a link, and where its check does (docs/protocol.md §8.5). bytes */
const SECOND_MAILBOX = 102;
const CHECK = 134;

/** The same invite, with another relay for its second mailbox: whoever holds a link can make such a one. */
function naming(link: string, mailbox: RelayId): string {
  const head = concat(fromBase64url(link.slice(link.indexOf('#') + 1)).subarray(0, SECOND_MAILBOX), idBytes(mailbox));
  expect(head.length).toBe(CHECK);
  return toBase64url(concat(head, kdf('invite/check', 4, head)));
}

/** The world's ground with anchors of one's own. `met` takes the names of all who have a link to the process. */
function ground(world: World, anchors: () => readonly Anchor[], met: string[] = []): Ground {
  return {
    clock: world.clock,
    network: world.network,
    stream: () => seededRandom(seed + 100),
    skew: () => 0,
    witness: () => ({ opened: ({ remote }) => void met.push(remote), cell: () => undefined, closed: () => undefined }),
    anchors,
  };
}

describe('a relay that only an invite names', () => {
  it('is never a guard, not even when every other relay is dead', async () => {
    await scenario(seed, async (world) => {
      const { room, peers } = await world.meeting('Anna');
      const [anna] = peers;
      const met: string[] = [];
      const stranger: SimRelay = new SimRelay(
        'stranger',
        ground(world, () => [stranger.anchor], met),
      );
      await world.start(stranger);

      const ben = await world.peer('Ben');
      await world.join(ben, naming(await world.invite(anna, room, 1), stranger.id));
      await world.until('Ben is in, by the mailbox that is listed', () => ben.room(room).standing === 'member');
      world.say(ben, room, 'here I am');
      await world.until('Anna has it', () => anna.texts(room).includes('here I am'));
      for (const relay of world.relays) await world.kill(relay);
      await world.until('nobody answers', () => ben.peer.view().connection.state === 'looking');
      await world.run(3_600_000);
      expect(met).toEqual([]);

      // It could be dialled: by whom it is an anchor for, it is.
      const cleo = new SimPeer(
        'Cleo',
        ground(world, () => [stranger.anchor]),
      );
      await world.start(cleo);
      await world.until('Cleo has a link to it', () => met.length > 0);
      expect(new Set(met).size).toBe(1);
    });
  });
});
