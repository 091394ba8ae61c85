/** Direct links of whole rooms: agreed to, beside the mailboxes, without any mailbox, and withdrawn (docs/protocol.md §6.1). */
import { beforeAll, describe, expect, it } from 'vitest';
import { integer, isRefusal, pick, relayId, topicId, type TopicId } from '../base/index.ts';
import { seededRandom, testSeed } from '../base/testing.ts';
import { initCryptoNode } from '../crypto/node.ts';
import { topics, type Address } from '../keyring/index.ts';
import type { DirectId, DirectNode } from '../link/index.ts';
import type { Records } from '../store/index.ts';
import { create, DirectPresenceSchema } from '../wire/index.ts';
import { Following } from './following.ts';
import { counts, newest, PRESENCE_LIFE, readPresence, wirePresence } from './presence.ts';
import { two, type Device, type World } from './room-testing.ts';

beforeAll(initCryptoNode);

const isLinked = (device: Device, count = 1): boolean => device.room.direct.linked.length === count;

async function agreed(world: World, ...devices: Device[]): Promise<void> {
  for (const device of devices) device.room.chooseDirect(true);
  await world.until(() => devices.every((device) => isLinked(device, devices.length - 1)), 'all are linked');
}

/** No mailbox answers anybody any more, and no relay introduces anybody. */
function noRelays(world: World, down: boolean): void {
  for (const relay of world.post.relays) {
    if (down) world.post.silent.add(relay);
    else world.post.silent.delete(relay);
    world.direct.setRelay(relay, !down);
  }
}

const heard = (device: Device): string[] => device.hears().map((line) => line.replace(/^\w+: /, ''));

describe('direct links of a room', () => {
  it('stand once both have agreed, and not before; who asks is shown to the other', async () => {
    const { world, ana, ben } = await two();
    expect(ana.room.direct).toEqual({ possible: true, chosen: false, agreed: [], linked: [], stuck: false });
    ana.room.chooseDirect(true);
    await world.until(() => ben.room.direct.agreed.length === 1, 'Ben sees that Ana agrees');
    expect(ben.room.direct).toEqual({ possible: true, chosen: false, agreed: [ana.room.me], linked: [], stuck: false });
    await world.clock.advance(60_000);
    expect(world.nodes.has('Ben')).toBe(false);
    expect(ana.room.direct.linked).toEqual([]);
    ben.room.chooseDirect(true);
    await world.until(() => isLinked(ana) && isLinked(ben), 'both are linked');
    expect(ana.room.direct).toEqual({ possible: true, chosen: true, agreed: [ben.room.me], linked: [ben.room.me], stuck: false });
  });

  it('bring each message once, whichever way is first, and the mailboxes still get it', async () => {
    const { world, ana, ben } = await two();
    await agreed(world, ana, ben);
    const before = world.post.blobs.size;
    for (let i = 0; i < 20; i++) {
      ana.say(`a${i}`);
      ben.say(`b${i}`);
      await world.clock.advance(7);
    }
    await world.until(() => ana.room.idle && ben.room.idle && ana.hears().length === 40 && ben.hears().length === 40, 'all is heard');
    await world.clock.advance(5_000);
    for (const device of [ana, ben]) expect(new Set(heard(device)).size).toBe(40);
    expect(ana.hears()).toEqual(ben.hears());
    expect(world.post.blobs.size).toBeGreaterThanOrEqual(before);
    expect(Object.keys(ana.counters.all()).filter((word) => /^(blob|batch|update)-/.test(word))).toEqual([]);
  });

  it('carry the talk when no relay is left: delivered is what the other has receipted; then the mailboxes get what was said', async () => {
    const { world, ana, ben } = await two();
    await agreed(world, ana, ben);
    noRelays(world, true);
    ana.say('without anybody');
    await world.until(() => heard(ben).includes('without anybody'), 'Ben hears Ana');
    ben.say('between us');
    await world.until(() => ana.stateOf('without anybody') === 'delivered' && ben.stateOf('between us') === 'delivered', 'both delivered');
    expect(ana.room.idle).toBe(false);
    noRelays(world, false);
    await world.until(() => ana.room.idle && ben.room.idle, 'the mailboxes hold it');
    expect(ana.hears()).toEqual(['Ana: without anybody', 'Ben: between us']);
    expect(ben.hears()).toEqual(ana.hears());
  });

  it('that are lost say so, fall back to the mailboxes, and come again; what was said meanwhile arrives', async () => {
    const { world, ana, ben } = await two();
    await agreed(world, ana, ben);
    const [a, b] = [world.nodes.get('Ana')?.id, world.nodes.get('Ben')?.id] as [DirectId, DirectId];
    world.direct.part(a, b, true);
    await world.until(() => isLinked(ana, 0) && isLinked(ben, 0), 'the link is lost');
    expect(ana.room.direct).toMatchObject({ chosen: true, agreed: [ben.room.me] });
    ana.say('by mailbox');
    await world.until(() => heard(ben).includes('by mailbox'), 'Ben hears Ana');
    for (const relay of world.post.relays) world.post.silent.add(relay);
    ana.say('while nothing works');
    await world.clock.advance(30_000);
    expect(heard(ben)).not.toContain('while nothing works');
    world.direct.part(a, b, false);
    await world.until(() => isLinked(ana) && isLinked(ben), 'linked again');
    await world.until(() => ana.stateOf('while nothing works') === 'delivered', 'what waited has arrived');
  });

  it('are said to be impossible a while after each loss, however soon it follows the one before', async () => {
    const { world, ana, ben } = await two();
    await agreed(world, ana, ben);
    const [a, b] = [world.nodes.get('Ana')?.id, world.nodes.get('Ben')?.id] as [DirectId, DirectId];
    await world.clock.advance(60_000);
    expect(ana.room.direct.stuck).toBe(false);
    world.direct.cut(a, b);
    await world.until(() => isLinked(ana, 0), 'the link is lost');
    await world.until(() => isLinked(ana), 'linked again');
    world.direct.part(a, b, true);
    world.direct.cut(a, b);
    const lost = world.clock.now();
    await world.until(() => ana.shown?.stuck === true, 'Ana is told that there is no way');
    expect(world.clock.now() - lost).toBeGreaterThanOrEqual(20_000);
    world.direct.part(a, b, false);
    await world.until(() => ana.shown?.linked.length === 1, 'and that there is one again');
    expect(ana.shown?.stuck).toBe(false);
  });

  it('are withdrawn at once, on both sides, and the talk goes on', async () => {
    const { world, ana, ben } = await two();
    await agreed(world, ana, ben);
    ana.room.chooseDirect(false);
    await world.until(() => isLinked(ben, 0) && ben.room.direct.agreed.length === 0, 'Ben sees it');
    expect(ana.room.direct).toEqual({ possible: true, chosen: false, agreed: [ben.room.me], linked: [], stuck: false });
    ana.say('the other way');
    await world.until(() => heard(ben).includes('the other way'), 'Ben hears Ana');
    await agreed(world, ana);
    await world.until(() => isLinked(ana) && isLinked(ben), 'agreed again');
  });

  it('join those who agreed and nobody else in the room', async () => {
    const { world, ana, ben } = await two();
    const cyd = world.device('Cyd');
    await cyd.join(await ana.invite());
    await world.until(() => cyd.room.standing === 'member', 'Cyd is let in');
    await world.until(() => ben.room.state.members.size === 3, 'Ben knows Cyd');
    await agreed(world, ana, cyd);
    await world.until(() => ben.room.direct.agreed.length === 2, 'Ben sees both');
    expect([...world.nodes.keys()]).toEqual(['Ana', 'Cyd']);
    ana.say('to all');
    await world.until(() => heard(ben).includes('to all') && heard(cyd).includes('to all'), 'all hear it');
    await agreed(world, ana, ben, cyd);
    noRelays(world, true);
    ben.say('to all, without relays');
    await world.until(() => [ana, cyd].every((device) => heard(device).includes('to all, without relays')), 'all hear it');
  });

  it('bring a new epoch to those whom no mailbox can tell of it, and what was said under it, in whatever order', async () => {
    const { world, ana, ben } = await two();
    const cyd = world.device('Cyd');
    await cyd.join(await ana.invite());
    await world.until(() => [ana, ben, cyd].every((device) => device.room.state.members.size === 3), 'all know each other');
    await agreed(world, ana, ben);
    await world.until(() => [ana, ben, cyd].every((device) => device.room.idle), 'all is posted');
    const node = world.nodes.get('Ana');
    if (node === undefined) throw new Error('Ana has no node');
    // First over a link that opens only afterwards, then over one that turns the order round.
    for (const relay of world.post.relays) world.post.silent.add(relay);
    const other = world.nodes.get('Ben')?.id as DirectId;
    world.direct.part(node.id, other, true);
    await world.until(() => isLinked(ana, 0), 'the link is lost');
    ana.room.removeMember(cyd.room.me);
    ana.say('without Cyd');
    await world.clock.advance(5_000);
    expect(heard(ben)).not.toContain('without Cyd');
    world.direct.part(node.id, other, false);
    await world.until(() => heard(ben).includes('without Cyd'), 'Ben has the epoch and what was said under it');
    expect(ben.room.state.members.size).toBe(2);
  });

  it('keep for a while what comes before the rotation that tells where it belongs', async () => {
    const { world, ana, ben } = await two();
    const cyd = world.device('Cyd');
    await cyd.join(await ana.invite());
    await world.until(() => [ana, ben, cyd].every((device) => device.room.state.members.size === 3), 'all know each other');
    await agreed(world, ana, ben);
    await world.until(() => [ana, ben, cyd].every((device) => device.room.idle), 'all is posted');
    const node = world.nodes.get('Ana') as { send: DirectNode['send'] } | undefined;
    if (node === undefined) throw new Error('Ana has no node');
    for (const relay of world.post.relays) world.post.silent.add(relay);
    const { send } = node;
    const held: Parameters<DirectNode['send']>[] = [];
    node.send = (...what) => held.push(what) > 0;
    ana.room.removeMember(cyd.room.me);
    ana.say('without Cyd');
    await world.clock.advance(300);
    node.send = send;
    for (const what of held.toReversed()) send(...what);
    await world.clock.advance(100);
    expect(heard(ben)).toContain('without Cyd');
  });

  it('move no cursor of a mailbox', () => {
    const following = new Following({
      records: { get: () => undefined, entries: () => [], commit: () => Promise.resolve() } as unknown as Records,
      mailboxes: { post: () => Promise.reject(new Error('nothing is posted')), follow: () => ({ close: () => undefined }) },
      isolation: '',
      arrived: () => undefined,
      caughtUp: () => undefined,
    });
    const address: Address = {
      secret: new Uint8Array(32).fill(1),
      mailboxes: [relayId(new Uint8Array(32).fill(1)), relayId(new Uint8Array(32).fill(2))],
    };
    const [first, second] = topics(address).map(({ id }) => id) as [TopicId, TopicId];
    const at = { instance: 3, cursor: 4n };
    const blob = new Uint8Array(890);
    expect(following.cursors([{ address, topic: first, at: undefined, blob }])).toEqual([]);
    const both = [
      { address, topic: first, at: undefined, blob },
      { address, topic: second, at, blob },
    ];
    expect(following.cursors(both).map(([key]) => key)).toEqual([`c/${second}`]);
  });

  it('end for whoever is removed', async () => {
    const { world, ana, ben } = await two();
    await agreed(world, ana, ben);
    ana.room.removeMember(ben.room.me);
    await world.until(() => isLinked(ana, 0) && isLinked(ben, 0), 'the link ends');
    expect(ana.room.direct.agreed).toEqual([]);
    await world.until(() => ben.room.standing === 'removed', 'Ben knows');
    expect(ben.room.direct.linked).toEqual([]);
  });

  it('are agreed to for good: after a restart under another name, and found again', async () => {
    const { world, ana, ben } = await two();
    await agreed(world, ana, ben);
    const before = world.nodes.get('Ben')?.id;
    await world.until(() => ben.room.idle, 'all is written');
    await ben.close();
    await world.until(() => isLinked(ana, 0), 'Ana lost Ben');
    await ben.open();
    await world.until(() => isLinked(ana) && isLinked(ben), 'linked again');
    expect(world.nodes.get('Ben')?.id).not.toBe(before);
  });

  it('are nobody’s where the policy forbids them', async () => {
    const { world, ana, ben } = await two();
    await agreed(world, ana, ben);
    ana.room.author({ policy: { suite: 3, invites: 'members', admission: 'device', historyDays: 7, noDirect: true } });
    await world.until(() => !ana.room.direct.possible && !ben.room.direct.possible, 'both know');
    await world.until(() => isLinked(ana, 0) && isLinked(ben, 0), 'the link ends');
    ana.room.chooseDirect(false);
    expect(() => ana.room.chooseDirect(true)).toThrow(/not possible in this room/);
  });

  it('bring nothing at addresses that are not read, and drop what is no sealed blob of the room', async () => {
    const { world, ana, ben } = await two();
    await agreed(world, ana, ben);
    const [from, to] = [world.nodes.get('Ana'), world.nodes.get('Ben')];
    if (from === undefined || to === undefined) throw new Error('no nodes');
    const topics = [...world.post.blobs.keys()].map((key) => key.split('/')[1] ?? '');
    for (let i = 0; i < 200; i++) from.send(to.id, topicId(new Uint8Array(32).fill(i)), new Uint8Array(890).fill(i));
    for (const topic of new Set(topics)) from.send(to.id, topic as ReturnType<typeof topicId>, new Uint8Array(890).fill(9));
    ana.say('and then');
    await world.until(() => heard(ben).includes('and then'), 'Ben hears Ana');
    expect(ben.hears()).toEqual(['Ana: and then']);
    await world.until(() => ben.counters.get('blob-forged') > 0, 'it is counted');
    expect(ben.hears()).toEqual(['Ana: and then']);
  });
});

describe('direct links under chance', () => {
  it('lose and double nothing, whatever is chosen, cut or gone meanwhile', async () => {
    const chance = seededRandom(testSeed());
    const { world, ana, ben } = await two();
    const cyd = world.device('Cyd');
    await cyd.join(await ana.invite());
    const all = [ana, ben, cyd];
    await world.until(() => all.every((device) => device.room.state.members.size === 3), 'all know each other');
    await agreed(world, ...all);
    const idOf = (device: Device): DirectId => world.nodes.get(device.name)?.id ?? ('none' as DirectId);
    for (let step = 0; step < 120; step++) {
      const [one = ana, other = ben] = [pick(chance, all), pick(chance, all)];
      const what = integer(chance, 10);
      if (what < 5) one.say(`${step} of ${one.name}`);
      else if (what === 5) one.room.chooseDirect(integer(chance, 4) > 0);
      else if (what === 6) noRelays(world, integer(chance, 2) === 0);
      else if (what === 7 && one !== other) world.direct.cut(idOf(one), idOf(other));
      else if (what === 8 && one !== other) world.direct.part(idOf(one), idOf(other), integer(chance, 2) === 0);
      else await world.clock.advance(integer(chance, 20_000));
      await world.clock.advance(integer(chance, 300));
    }
    noRelays(world, false);
    const said = all.flatMap((device) => device.hears().filter((line) => line.startsWith(`${device.name}: `))).length;
    await world.until(() => all.every((device) => device.room.idle && device.hears().length === said), 'all have heard all');
    for (const device of all) expect(device.hears()).toEqual(ana.hears());
    expect(new Set(ana.hears()).size).toBe(said);
  });
});

describe('a presence', () => {
  const at = Date.UTC(2026, 10, 21);
  const presence = { id: 'ab'.repeat(32) as DirectId, relays: [], at };

  it('is read as it was written', () => {
    expect(readPresence(wirePresence(presence))).toEqual(presence);
    expect(readPresence(wirePresence({ id: undefined, relays: [], at }))).toEqual({ id: undefined, relays: [], at });
  });

  it.each([
    ['a key of the wrong size', { key: new Uint8Array(31) }],
    ['a relay of the wrong size', { key: new Uint8Array(32), relays: [new Uint8Array(16)] }],
    ['five relays', { key: new Uint8Array(32), relays: Array.from({ length: 5 }, () => new Uint8Array(32)) }],
    ['relays and no key', { relays: [new Uint8Array(32)] }],
    ['a time beyond all numbers', { key: new Uint8Array(32), at: 2n ** 63n }],
  ])('is refused with %s', (_what, fields) => {
    expect(isRefusal(readPresence(create(DirectPresenceSchema, fields)))).toBe(true);
  });

  it('gives way to a later one alone, and counts for an hour', () => {
    const later = { ...presence, id: undefined, at: at + 1 };
    expect([newest(presence, later), newest(later, presence), newest(undefined, later), newest(later, undefined)]).toEqual([
      later,
      later,
      later,
      later,
    ]);
    expect(counts(presence, at)).toBe(true);
    expect(counts(presence, at + PRESENCE_LIFE)).toBe(false);
    expect(counts({ ...presence, at: at + PRESENCE_LIFE }, at)).toBe(false);
    expect(counts(later, at)).toBe(false);
  });
});
