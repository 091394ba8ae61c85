/** Whole rooms over mailboxes in memory: several devices, each with records of its own. */
import { beforeAll, describe, expect, it } from 'vitest';
import { Counters, fromUtf8, relayId, toHex, utf8, type Clock, type PersonaId, type RelayId, type TopicId } from '../base/index.ts';
import { ManualClock, seededRandom, testSeed } from '../base/testing.ts';
import { initCryptoNode } from '../crypto/node.ts';
import { topics } from '../keyring/index.ts';
import { MailboxError, topicOf, type Follower, type Mailboxes, type Stored, type Topic } from '../mailbox/index.ts';
import type { EntryRecord } from '../replica/index.ts';
import { memoryStore } from '../store/index.ts';
import {
  createRoom,
  hourOf,
  joinRoom,
  openPosted,
  openRoom,
  readLink,
  readWelcome,
  type ParsedLink,
  type Room,
  type EntryFold,
  type RoomSurroundings,
  type Welcome,
} from './index.ts';

const random = seededRandom(testSeed());
beforeAll(initCryptoNode);

/** Every relay's mailbox, with 20 ms on the way. A relay in `silent` answers nobody. */
class Post {
  readonly relays: RelayId[] = [1, 2, 3, 4, 5].map((n) => relayId(new Uint8Array(32).fill(n)));
  readonly silent = new Set<RelayId>();
  readonly blobs = new Map<string, Uint8Array<ArrayBuffer>[]>();
  readonly #followers = new Map<string, Set<{ follower: Follower; sent: number }>>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  door(online: () => boolean): Mailboxes {
    return {
      post: (_isolation, topic, blob) =>
        new Promise<Stored>((resolve, reject) => {
          const copy = new Uint8Array(blob);
          this.#clock.after(20, () => {
            if (!online() || this.silent.has(topic.mailbox))
              return void this.#clock.after(10_000, () => reject(new MailboxError('silent', 'silent')));
            const key = keyOf(topic);
            const blobs = this.blobs.get(key) ?? [];
            this.blobs.set(key, [...blobs, copy]);
            this.#push(key);
            resolve({ instance: 1, cursor: BigInt(blobs.length + 1) });
          });
        }),
      follow: (_isolation, topic, from, follower) => {
        const key = keyOf(topic);
        const entry = { follower, sent: Number(from?.cursor ?? 0n) };
        this.#clock.after(20, () => {
          if (!online() || this.silent.has(topic.mailbox)) return;
          this.#followers.set(key, (this.#followers.get(key) ?? new Set()).add(entry));
          this.#push(key);
          follower.caughtUp(1, BigInt(this.blobs.get(key)?.length ?? 0));
        });
        return { close: () => void this.#followers.get(key)?.delete(entry) };
      },
    };
  }

  at(topic: TopicId, mailbox: RelayId): readonly Uint8Array<ArrayBuffer>[] {
    return this.blobs.get(`${mailbox}/${topic}`) ?? [];
  }

  #push(key: string): void {
    const blobs = this.blobs.get(key) ?? [];
    for (const entry of this.#followers.get(key) ?? []) {
      for (; entry.sent < blobs.length; entry.sent++) {
        const blob = blobs[entry.sent];
        if (blob !== undefined) entry.follower.blob(1, BigInt(entry.sent + 1), new Uint8Array(blob));
      }
    }
  }
}

const keyOf = (topic: Topic): string => `${topic.mailbox}/${topicOf(topic.seed)}`;

class World {
  readonly clock = new ManualClock();
  readonly post = new Post(this.clock);
  readonly names = new Map<PersonaId, string>();

  device(name: string): Device {
    return new Device(this, name);
  }

  /** What a page finds at the invite's address. */
  welcome(text: string): { link: ParsedLink; welcome: Welcome; signed: Uint8Array<ArrayBuffer> } {
    const link = readLink(text, hourOf(this.clock.now()));
    if ('refused' in link) throw new Error(`the link is ${link.refused}`);
    for (const { id, topic } of topics(link.address)) {
      for (const blob of this.post.at(id, topic.mailbox)) {
        const posted = openPosted(link, id, blob);
        if ('refused' in posted || posted.kind !== 'welcome') continue;
        const welcome = readWelcome(posted.signed, link, hourOf(this.clock.now()));
        if ('refused' in welcome) throw new Error(`the Welcome is refused: ${welcome.refused}`);
        return { link, welcome, signed: posted.signed };
      }
    }
    throw new Error('no Welcome at the address');
  }

  /** Time passes until the condition holds; fails after five minutes of it. */
  async until(condition: () => boolean, what: string): Promise<void> {
    for (let i = 0; i < 6_000; i++) {
      if (condition()) return;
      await this.clock.advance(50);
    }
    throw new Error(`never came true: ${what}`);
  }
}

class Device {
  readonly name: string;
  full = false;
  readonly store = memoryStore({ meets: (what) => (what === 'write' && this.full ? 'quota' : undefined) });
  readonly counters = new Counters();
  online = true;
  #room: Room | undefined;
  told = new Told();
  readonly #world: World;

  constructor(world: World, name: string) {
    this.#world = world;
    this.name = name;
  }

  get room(): Room {
    if (this.#room === undefined) throw new Error(`${this.name} has no room open`);
    return this.#room;
  }

  async surroundings(): Promise<RoomSurroundings> {
    const { clock, post } = this.#world;
    return {
      records: await this.store.open('aabbccdd'),
      mailboxes: post.door(() => this.online),
      clock,
      random,
      counters: this.counters,
      networkTime: () => clock.now(),
      isolation: this.name,
      pickMailboxes: () => {
        const [a, b] = post.relays.toSorted(() => (random.bytes(1)[0] ?? 0) - 128);
        if (a === undefined || b === undefined) throw new Error('no relays');
        return [a, b];
      },
      isDead: () => false,
      spares: () => undefined,
      fold: (this.told = new Told()),
      changed: () => undefined,
    };
  }

  async create(): Promise<void> {
    this.#room = createRoom(await this.surroundings(), {
      name: this.name,
      entries: [],
    });
    this.#world.names.set(this.room.me, this.name);
    this.room.start();
    await this.#world.until(() => this.room.idle, `${this.name}'s room is posted`);
  }

  async open(): Promise<void> {
    this.#room = openRoom(await this.surroundings());
    this.room.start();
  }

  async close(): Promise<void> {
    await this.room.stop();
    await this.store.close();
    this.#room = undefined;
  }

  async invite(uses = 1, hours = 168): Promise<string> {
    let sent = false;
    const link = this.room.admissions.invite({ uses, hours, names: { inviter: this.name, room: 'Garden' } }, () => (sent = true));
    await this.#world.until(() => sent, 'the Welcome is stored');
    return link;
  }

  async join(text: string): Promise<void> {
    const { link, welcome, signed } = this.#world.welcome(text);
    this.#room = joinRoom(await this.surroundings(), link, welcome, signed, {
      name: this.name,
      entries: [],
    });
    this.#world.names.set(this.room.me, this.name);
    this.room.start();
  }

  say(text: string): void {
    this.room.write(utf8(text));
  }

  discard(text: string): void {
    this.room.discard(this.told.sorted().find((entry) => entry.text === text)?.id ?? '');
  }

  hears(): string[] {
    return this.told.sorted().map(({ author, text }) => `${this.#world.names.get(author) ?? '?'}: ${text}`);
  }

  stateOf(text: string): string {
    const entry = this.told.sorted().find((one) => one.text === text);
    return entry === undefined ? 'absent' : this.room.stateOf(entry.id);
  }
}

/** Entries that are plain text, in the order of their times. */
class Told implements EntryFold {
  readonly #entries = new Map<string, { readonly id: string; readonly order: string; readonly author: PersonaId; readonly text: string }>();

  add(record: EntryRecord, author: PersonaId): undefined {
    const { id, hlc, device, position } = record;
    const order = `${hlc.toString().padStart(20, '0')}/${device}/${position}`;
    this.#entries.set(id, { id, order, author, text: fromUtf8(record.entry) });
  }

  remove(ids: Iterable<string>): void {
    for (const id of ids) this.#entries.delete(id);
  }

  sorted(): readonly { readonly id: string; readonly author: PersonaId; readonly text: string }[] {
    return [...this.#entries.values()].toSorted((a, b) => (a.order < b.order ? -1 : 1));
  }
}

async function two(): Promise<{ world: World; ana: Device; ben: Device }> {
  const world = new World();
  const [ana, ben] = [world.device('Ana'), world.device('Ben')];
  await ana.create();
  await ben.join(await ana.invite());
  await world.until(() => ben.room.standing === 'member', 'Ben is let in');
  return { world, ana, ben };
}

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
