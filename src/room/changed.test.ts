/** What is changed on its way into a whole room: refused, counted by everybody else whom it reaches, and the talk goes on. */
import { beforeAll, describe, expect, it } from 'vitest';
import { concat, type Bytes } from '../base/index.ts';
import { seededRandom, testSeed } from '../base/testing.ts';
import { initCryptoNode } from '../crypto/node.ts';
import { World, type Device } from './room-testing.ts';

const random = seededRandom(testSeed());
const FLIPS = 12;
beforeAll(initCryptoNode);

const counted = ({ counters }: Device): number => Object.values(counters.all()).reduce((sum, count) => sum + count, 0);

function flipped(blob: Uint8Array): Bytes {
  const other = new Uint8Array(blob);
  const [a = 0, b = 0, c = 0] = random.bytes(3);
  const at = ((a << 8) | b) % other.length;
  other[at] = (other[at] ?? 0) ^ (1 << (c & 7));
  return other;
}

/** The blob with bits flipped, cut, grown, and the blob that was posted before it, wherever that was. */
function tamperer(): (blob: Bytes) => Bytes[] {
  let last: Bytes | undefined;
  return (blob) => {
    const flips = Array.from({ length: FLIPS }, () => flipped(blob));
    const elsewhere = last === undefined ? [] : [flipped(last)];
    last = blob;
    const cut = [blob.slice(0, -1), blob.slice(0, blob.length >> 1), blob.slice(0, 1), blob.slice(0, 0)];
    return [...flips, ...elsewhere, ...cut, concat(blob, new Uint8Array(1)), concat(blob, blob)];
  };
}

describe('each blob of a room and of its invites', () => {
  it('that comes flipped, cut and grown before it comes as it is: each is refused and counted, and nothing is harmed', async () => {
    const world = new World();
    world.post.tamper = tamperer();
    const [ana, ben, cy] = [world.device('Ana'), world.device('Ben'), world.device('Cy')];
    await ana.create();
    await ben.join(await ana.invite());
    await world.until(() => ben.room.standing === 'member', 'Ben is let in');
    const link = await ben.invite(2);
    await cy.join(link);
    cy.say('before I am in');
    await world.until(() => cy.room.standing === 'member', 'Cy is let in');
    const all = [ana, ben, cy];
    for (const round of [1, 2, 3]) for (const one of all) one.say(`${one.name} says ${round}`);
    await world.until(() => all.every((one) => one.hears().length === 10 && one.room.idle), 'all hear all');

    for (const one of all) {
      expect(one.hears()).toEqual(ana.hears());
      const handed = world.post.handed.get(one.name) ?? 0;
      expect(handed).toBeGreaterThan(50);
      expect(counted(one), `${one.name} of ${handed}: ${JSON.stringify(one.counters.all())}`).toBeGreaterThanOrEqual(handed);
    }
    const heard = ana.hears();
    await ana.close();
    await ana.open();
    expect(ana.hears()).toEqual(heard);
  });
});
