import { beforeAll, describe, expect, it, vi } from 'vitest';
import { testSeed } from '../../src/base/testing.ts';
import { initCryptoNode } from '../../src/crypto/node.ts';
import { expectAgreement } from './expect.ts';
import { scenario, type World } from './world.ts';

const seed = testSeed();
// Simulated time says what is late; a busy machine only makes it slower.
vi.setConfig({ testTimeout: 240_000 });
beforeAll(initCryptoNode);

describe('two peers', () => {
  const talk = async (world: World): Promise<void> => {
    const { room, peers } = await world.meeting('Anna', 'Ben');
    const [anna, ben] = peers;
    for (let i = 0; i < 5; i++) {
      world.say(anna, room, `Anna ${i}`);
      world.say(ben, room, `Ben ${i}`);
      await world.run(200);
    }
    await expectAgreement(world, peers, room);
    expect(anna.texts(room)).toHaveLength(10);
    expect(anna.shared(room)).toMatchObject({
      members: expect.arrayContaining([
        expect.objectContaining({ name: 'Anna', role: 'owner' }),
        expect.objectContaining({ name: 'Ben', role: 'member' }),
      ]),
      events: [
        { what: 'created', who: 'Anna' },
        { what: 'joined', who: 'Ben' },
      ],
    });
    for (const peer of peers) expect(peer.peer.view().connection).toMatchObject({ state: 'private', hops: 3 });
  };

  it('meet by a link and talk, and one seed gives one run, cell by cell', async () => {
    const first = await scenario(seed, talk);
    const again = await scenario(seed, talk);
    expect(again.trace()).toBe(first.trace());
    expect(again.script).toEqual(first.script);
  });
});

describe('a room', () => {
  it('is joined while its inviter is away, who then lets the other in', async () => {
    await scenario(seed + 1, async (world) => {
      const { room, peers } = await world.meeting('Anna');
      const [anna] = peers;
      world.say(anna, room, 'before anybody came');
      const link = await world.invite(anna, room, 1);
      await world.stop(anna);
      const ben = await world.peer('Ben');
      await world.join(ben, link);
      world.say(ben, room, 'is somebody here?');
      await world.until('it is sent', () => ben.sent.has('is somebody here?'));
      expect(ben.room(room).standing).toBe('waiting');
      await world.start(anna);
      await world.until('Ben is let in', () => ben.room(room).standing === 'member');
      world.say(anna, room, 'I am');
      await world.until(
        'both have what they may',
        () => ben.texts(room).includes('I am') && anna.texts(room).includes('is somebody here?'),
      );
      await expectAgreement(world, [anna, ben], room);
    });
  });

  it('of which somebody is removed goes on without them', async () => {
    await scenario(seed + 2, async (world) => {
      const { room, peers } = await world.meeting('Anna', 'Ben', 'Cleo');
      const [anna, ben, cleo] = peers;
      world.say(cleo, room, 'Cleo, a member');
      await world.until('all have it', () => peers.every((peer) => peer.texts(room).includes('Cleo, a member')));
      const person = anna.room(room).members.find(({ name }) => name === 'Cleo');
      world.note('Anna removes Cleo');
      await world.settled('Cleo is removed', anna.peer.removePerson(room, person?.id ?? expect.fail('Cleo is no member')));
      await world.until('both see it', () => [anna, ben].every((peer) => peer.room(room).members.length === 2));
      world.say(ben, room, 'between us');
      await world.until('Anna has it', () => anna.texts(room).includes('between us'));
      await world.until('Cleo learns of it', () => cleo.room(room).standing === 'removed');
      expect(() => cleo.peer.say(room, 'I am still here')).toThrow(/no longer/);
      await world.run(60_000);
      expect(cleo.texts(room)).toEqual(['Cleo, a member']);
      await expectAgreement(world, [anna, ben], room);
      expect(anna.texts(room)).toEqual(['Cleo, a member', 'between us']);
    });
  });
});
