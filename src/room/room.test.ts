/** Whole rooms over mailboxes in memory: several devices, each with records of its own. */
import { beforeAll, describe, expect, it } from 'vitest';
import { fromUtf8, toHex } from '../base/index.ts';
import { initCryptoNode } from '../crypto/node.ts';
import { eightGuests, two, World } from './room-testing.ts';

beforeAll(initCryptoNode);

describe('a room', () => {
  it('is joined by a link, and both talk', async () => {
    const { world, ana, ben } = await two();
    ben.say('good evening');
    await world.until(() => ana.hears().includes('Ben: good evening'), 'Ana hears Ben');
    ana.say('and to you');
    await world.until(() => ben.hears().includes('Ana: and to you'), 'Ben hears Ana');
    await world.until(() => ana.stateOf('and to you') === 'delivered' && ben.stateOf('good evening') === 'delivered', 'both delivered');
    expect(ana.hears()).toEqual(ben.hears());
    ben.room.markRead();
    await world.until(() => ana.stateOf('and to you') === 'read', 'read');
  });

  it('takes a join and its first messages while the inviter is away, and a third likewise', async () => {
    const world = new World();
    const [ana, ben, eva] = [world.device('Ana'), world.device('Ben'), world.device('Eva')];
    await ana.create();
    ana.say('before');
    const [first, second] = [await ana.invite(), await ana.invite()];
    await world.until(() => ana.room.idle, 'Ana is done');
    await ana.close();
    await ben.join(first);
    ben.say('anybody in?');
    await world.until(() => ben.stateOf('anybody in?') === 'sent', 'sent while waiting');
    expect(ben.room.standing).toBe('waiting');
    await ben.close();
    await eva.join(second);
    eva.say('nor here?');
    await world.until(() => eva.stateOf('nor here?') === 'sent', 'sent while waiting');
    await ana.open();
    await world.until(() => ana.hears().length === 3, 'Ana hears both');
    await ben.open();
    const all = ['Ana: before', 'Ben: anybody in?', 'Eva: nor here?'];
    await world.until(() => [ana, ben, eva].every((one) => one.hears().toSorted().join() === all.toSorted().join()), 'all three have all');
    ben.say('all here');
    await world.until(() => ana.hears().includes('Ben: all here') && eva.hears().includes('Ben: all here'), 'all hear Ben');
  });

  it('lets in together who comes together, each of whom hears that the link is used up as no refusal', async () => {
    const { world, ana, guests } = await eightGuests();
    const standings = new Set<string>();
    await world.until(() => {
      for (const { room } of guests) standings.add(room.standing);
      return guests.every(({ room }) => room.standing === 'member');
    }, 'all are in');
    expect([...standings].toSorted()).toEqual(['member', 'waiting']);
    for (const guest of guests) guest.say(`${guest.name} is here`);
    await world.until(() => [ana, ...guests].every((one) => one.hears().length === 8), 'all hear all');
    // An address has two topics: the room's first, the invite's, one for each Join and one for each rotation.
    const rotations = world.post.blobs.size / 2 - 2 - guests.length;
    expect(rotations).toBeGreaterThan(0);
    expect(rotations).toBeLessThanOrEqual(2);
  });

  it('does not answer rotations that come late with ever more of them', async () => {
    const { world, ana, guests } = await eightGuests();
    const all = [ana, ...guests];
    await world.until(() => all.every(({ room }) => room.standing === 'member' && room.idle), 'all are in');
    await world.clock.advance(60_000);
    const addresses = (): number => world.post.blobs.size / 2;
    const before = addresses();
    // Much longer than the turns of those who may rotate are apart.
    world.post.delay = 7_000;
    guests[0]?.room.leave();
    await world.clock.advance(240_000);
    const rotations = addresses() - before;
    expect(rotations).toBeGreaterThan(0);
    expect(rotations).toBeLessThan(3 * all.length);
    world.post.delay = 20;
    const stay = all.filter((one) => one !== guests[0]);
    for (const one of stay) one.say(`${one.name} is here`);
    await world.until(() => stay.every((one) => one.hears().length === stay.length), 'all hear all');
  });

  it('keeps fifty messages for somebody who is away, once each and in order', async () => {
    const { world, ana, ben } = await two();
    await world.until(() => ana.room.idle && ben.room.idle, 'quiet');
    await ben.close();
    const texts = Array.from({ length: 50 }, (_, i) => `number ${i}`);
    for (const text of texts) {
      ana.say(text);
      await world.clock.advance(30);
    }
    await world.until(() => texts.every((text) => ana.stateOf(text) === 'sent'), 'all sent');
    await ana.close();
    await ben.open();
    await world.until(() => ben.hears().length === 50, 'Ben has all');
    expect(ben.hears()).toEqual(texts.map((text) => `Ana: ${text}`));
    await ana.open();
    await world.until(() => texts.every((text) => ana.stateOf(text) === 'delivered'), 'all delivered');
  });

  it('lets a removed member neither read nor write', async () => {
    const world = new World();
    const [ana, ben, eva] = [world.device('Ana'), world.device('Ben'), world.device('Eva')];
    await ana.create();
    await ben.join(await ana.invite());
    await world.until(() => ben.room.standing === 'member', 'Ben is in');
    await eva.join(await ana.invite());
    await world.until(() => eva.room.standing === 'member' && ben.room.state.members.size === 3, 'Eva is in');
    await world.until(() => [ana, ben, eva].every((one) => one.room.idle), 'quiet');
    const before = eva.room.me;
    ana.room.removeMember(before);
    ana.say('she is gone');
    await world.until(() => ben.hears().includes('Ana: she is gone'), 'Ben hears');
    await world.until(() => eva.room.standing === 'removed', 'Eva is told');
    expect(eva.hears()).not.toContain('Ana: she is gone');
    expect(() => eva.say('let me back')).toThrow(/only be read/);
    expect(ben.room.state.members.has(before)).toBe(false);
  });

  it('makes durable what is written at any moment of its loop', async () => {
    const { ben } = await two();
    ben.online = false;
    for (let turns = 0; turns < 12; turns++) {
      await ben.close();
      await ben.open();
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      ben.say(`after ${turns}`);
      for (let turn = 0; turn < 100; turn++) await Promise.resolve();
      await ben.close();
      await ben.open();
      expect(ben.hears()).toContain(`Ben: after ${turns}`);
    }
  });

  it('keeps what a removed member wrote too late from the log, and knows that it did', async () => {
    const { world, ana, ben } = await two();
    ben.say('in time');
    await world.until(() => ana.hears().includes('Ben: in time'), 'Ana hears');
    await ben.close();
    ben.online = false;
    await ben.open();
    ben.say('too late');
    expect(ben.room.unaccepted()).toEqual([]);
    ana.room.removeMember(ben.room.me);
    await world.until(() => ana.room.idle, 'Ana has told it');
    await ben.close();
    ben.online = true;
    await ben.open();
    await world.until(() => ben.room.standing === 'removed', 'Ben is told');
    expect(ben.hears()).toEqual(['Ben: in time']);
    expect(ben.room.unaccepted().map(({ entry }) => fromUtf8(entry))).toEqual(['too late']);
    await ben.close();
    await ben.open();
    expect(ben.room.unaccepted()).toHaveLength(1);
    expect(ana.room.unaccepted()).toEqual([]);
  });

  it('asks a person when two come for one use, and lets in the one that is chosen', async () => {
    const world = new World();
    const [ana, ben, eva] = [world.device('Ana'), world.device('Ben'), world.device('Eva')];
    await ana.create();
    const link = await ana.invite();
    await ana.close();
    await ben.join(link);
    await eva.join(link);
    await world.clock.advance(5_000);
    await ana.open();
    await world.until(() => ana.room.admissions.requests().length === 2, 'Ana is asked');
    await world.clock.advance(60_000);
    expect(ana.room.state.members.size).toBe(1);
    const chosen = ana.room.admissions.requests().find(({ name }) => name === 'Eva');
    ana.room.admissions.answer(chosen?.id ?? '', true);
    await world.until(() => eva.room.standing === 'member', 'Eva is in');
    await world.until(() => ben.room.standing === 'refused', 'Ben is told');
    expect(ben.room.refusal).toBe('used');
    expect(eva.room.refusal).toBe('');
  });

  it('tells a joiner that the invite was revoked', async () => {
    const world = new World();
    const [ana, ben] = [world.device('Ana'), world.device('Ben')];
    await ana.create();
    const link = await ana.invite();
    const page = world.welcome(link);
    const [invite] = ana.room.admissions.invites();
    ana.room.admissions.revoke(invite?.id ?? '');
    await world.until(() => ana.room.idle, 'revoked');
    expect(page.welcome.roomName).toBe('Garden');
    await ben.join(link);
    await world.until(() => ben.room.standing === 'refused', 'Ben is told');
    expect(ben.room.refusal).toBe('revoked');
    expect(ana.room.admissions.invites()).toEqual([]);
  });

  it('goes on with one mailbox while the other is silent', async () => {
    const { world, ana, ben } = await two();
    await world.until(() => ana.room.idle && ben.room.idle, 'quiet');
    for (const relay of world.post.relays.slice(0, 3)) world.post.silent.add(relay);
    ana.say('still here');
    await world.until(() => ['sent', 'delivered'].includes(ana.stateOf('still here')) || ana.stateOf('still here') === 'queued', 'tried');
    world.post.silent.clear();
    await world.until(() => ben.hears().includes('Ana: still here'), 'Ben hears');
    expect(ben.hears()).toEqual(['Ana: still here']);
  });

  it('puts the two mailboxes of an address nothing in common', async () => {
    const { world, ana, ben } = await two();
    ben.say('hello');
    await world.until(() => ana.hears().length === 1, 'heard');
    const keys = [...world.post.blobs.keys()].map((key) => key.slice(65));
    expect(new Set(keys).size).toBe(keys.length);
    const blobs = [...world.post.blobs.values()].flat().map(toHex);
    expect(new Set(blobs).size).toBe(blobs.length);
  });

  it('takes back what a full disk refused, and sends what was written after it', async () => {
    const { world, ana, ben } = await two();
    await world.until(() => ana.room.idle && ben.room.idle, 'quiet');
    ana.full = true;
    ana.say('never mind');
    ana.say('this one stays');
    await world.until(() => ana.stateOf('never mind') === 'failed', 'failed');
    ana.discard('never mind');
    ana.full = false;
    ana.room.retry();
    await world.until(() => ben.hears().includes('Ana: this one stays'), 'Ben hears the one');
    expect(ben.hears()).toEqual(['Ana: this one stays']);
    ben.say('heard');
    await world.until(() => ana.hears().includes('Ben: heard'), 'and it goes on');
    await ana.close();
    await ana.open();
    expect(ana.hears()).toEqual(['Ana: this one stays', 'Ben: heard']);
  });

  it.each([0, 60])('opens what was sealed while one was away for two days, having left %i ms after letting somebody in', async (pause) => {
    const world = new World();
    const [ana, ben, eva] = [world.device('Ana'), world.device('Ben'), world.device('Eva')];
    await ana.create();
    await ben.join(await ana.invite());
    await world.until(() => ana.room.state.members.size === 2, 'let in');
    await world.clock.advance(pause);
    await world.until(() => ana.room.idle, 'posted');
    await ana.close();
    await world.until(() => ben.room.standing === 'member', 'Ben is let in');
    for (let hour = 0; hour < 49; hour++) await world.clock.advance(3_600_000);
    await eva.join(await ben.invite());
    await world.until(() => eva.room.standing === 'member', 'Eva is let in by Ben');
    ben.say('three of us');
    await world.until(() => eva.hears().includes('Ben: three of us'), 'Eva hears Ben');
    await ana.open();
    await world.until(() => ana.hears().includes('Ben: three of us'), 'Ana hears Ben');
    expect(ana.room.state.members.size).toBe(3);
  });
});
