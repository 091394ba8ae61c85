/** Whole rooms over mailboxes in memory: several devices, each with records of its own. For tests. */
import { Counters, fromUtf8, relayId, utf8, type Clock, type PersonaId, type RelayId, type TopicId } from '../base/index.ts';
import { ManualClock, seededRandom, testSeed } from '../base/testing.ts';
import { memoryDirectNetwork, type DirectNode } from '../link/index.ts';
import { topics } from '../keyring/index.ts';
import { blobSizes, MailboxError, topicOf, type Follower, type Mailboxes, type Stored, type Topic } from '../mailbox/index.ts';
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
  type DirectState,
  type EntryFold,
  type RoomSurroundings,
  type Welcome,
} from './index.ts';

const random = seededRandom(testSeed());

/** Every relay's mailbox, with 20 ms on the way. A relay in `silent` answers nobody. */
export class Post {
  readonly relays: RelayId[] = [1, 2, 3, 4, 5].map((n) => relayId(new Uint8Array(32).fill(n)));
  readonly silent = new Set<RelayId>();
  /** How long a blob is on its way to a mailbox, ms. */
  delay = 20;
  readonly blobs = new Map<string, Uint8Array<ArrayBuffer>[]>();
  /** What one of an address's two mailboxes hands over before each blob that is posted. */
  tamper: ((blob: Uint8Array<ArrayBuffer>) => readonly Uint8Array<ArrayBuffer>[]) | undefined;
  /** How many such were handed to somebody else than who posted, by name. */
  readonly handed = new Map<string, number>();
  readonly #tampered = { turn: '', mailbox: '' };
  readonly #followers = new Map<string, Set<{ name: string; follower: Follower; sent: number }>>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  door(online: () => boolean): Mailboxes {
    return {
      post: (name, topic, blob) =>
        new Promise<Stored>((resolve, reject) => {
          const copy = new Uint8Array(blob);
          this.#clock.after(this.delay, () => {
            if (!online() || this.silent.has(topic.mailbox))
              return void this.#clock.after(10_000, () => reject(new MailboxError('silent', 'silent')));
            const key = keyOf(topic);
            this.#tamperWith(name, topic, copy);
            const blobs = this.blobs.get(key) ?? [];
            this.blobs.set(key, [...blobs, copy]);
            this.#push(key);
            resolve({ instance: 1, cursor: BigInt(blobs.length + 1) });
          });
        }),
      follow: (name, topic, from, follower) => {
        const key = keyOf(topic);
        const entry = { name, follower, sent: Number(from?.cursor ?? 0n) };
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

  /** Only at the mailbox that is first with it: what was opened once is a repetition at the other, whatever is wrong with it. */
  #tamperWith(name: string, topic: Topic, blob: Uint8Array<ArrayBuffer>): void {
    if (this.tamper === undefined) return;
    const turn = `${name}/${this.#clock.now()}`;
    if (this.#tampered.turn !== turn) Object.assign(this.#tampered, { turn, mailbox: topic.mailbox });
    if (this.#tampered.mailbox !== topic.mailbox) return;
    const key = keyOf(topic);
    const wrong = this.tamper(blob);
    this.blobs.set(key, [...(this.blobs.get(key) ?? []), ...wrong]);
    for (const entry of this.#followers.get(key) ?? []) {
      if (entry.name !== name) this.handed.set(entry.name, (this.handed.get(entry.name) ?? 0) + wrong.length);
    }
    this.#push(key);
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

export class World {
  readonly clock = new ManualClock();
  readonly post = new Post(this.clock);
  readonly names = new Map<PersonaId, string>();
  readonly direct = memoryDirectNetwork({ clock: this.clock, random, sizes: blobSizes });
  /** Nodes for direct links, by whose they are: the last that was opened. */
  readonly nodes = new Map<string, DirectNode>();

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

export class Device {
  readonly name: string;
  full = false;
  readonly store = memoryStore({ meets: (what) => (what === 'write' && this.full ? 'quota' : undefined) });
  readonly counters = new Counters();
  online = true;
  #room: Room | undefined;
  told = new Told();
  /** What a screen that draws when it is told to shows of direct links. */
  shown: DirectState | undefined;
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
      avoids: () => false,
      isDead: () => false,
      spares: () => undefined,
      direct: {
        open: (handler) => {
          const node = this.#world.direct.node(handler, post.relays.slice(0, 2), this.counters);
          this.#world.nodes.set(this.name, node);
          return Promise.resolve(node);
        },
      },
      fold: (this.told = new Told()),
      changed: () => (this.shown = this.#room?.direct),
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

/** Ana's room, and eight who come by one link at the same time. */
export async function eightGuests() {
  const world = new World();
  const ana = world.device('Ana');
  await ana.create();
  const link = await ana.invite(8);
  const guests = Array.from({ length: 8 }, (_, i) => world.device(`Guest ${i}`));
  for (const guest of guests) await guest.join(link);
  return { world, ana, guests };
}

/** Entries that are plain text, in the order of their times. */
export class Told implements EntryFold {
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

export async function two(): Promise<{ world: World; ana: Device; ben: Device }> {
  const world = new World();
  const [ana, ben] = [world.device('Ana'), world.device('Ben')];
  await ana.create();
  await ben.join(await ana.invite());
  await world.until(() => ben.room.standing === 'member', 'Ben is let in');
  return { world, ana, ben };
}
