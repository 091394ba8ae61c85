/**
 * A member of a room who keeps no rule: the product's own parts, put together so that a test can reach each of them.
 *
 *   link ──► PeerNetwork ──► Room (takes part as anybody does) ◄── its keyring, log, replica and persona, in the hands of the test
 */
import { Counters, idBytes, type Bytes, type DeviceId, type Hash, type Random, type RoomId } from '../../src/base/index.ts';
import { ChatView, encodeEntry } from '../../src/chat/index.ts';
import { createPersona, type Persona } from '../../src/identity/index.ts';
import { Keyring, sealForBoth, type Epoch, type SealedFor } from '../../src/keyring/index.ts';
import { BlobKind } from '../../src/keyring/blob.ts';
import { decodeEpoch } from '../../src/keyring/records.ts';
import { importChain, type Found, type SenderChain } from '../../src/keyring/sender-chain.ts';
import type { Stored } from '../../src/mailbox/index.ts';
import { arrive, parseLink } from '../../src/peer/arrival.ts';
import { PeerNetwork } from '../../src/peer/network.ts';
import { hlcAt, Replica } from '../../src/replica/index.ts';
import { clientOf, openDocument, pushEntries } from '../../src/replica/append.ts';
import { NO_HASH, Update } from '../../src/replica/update.ts';
import { hourOf, Room, type RoomSurroundings } from '../../src/room/index.ts';
import type { RoomParts } from '../../src/room/context.ts';
import { Acknowledgements } from '../../src/room/acknowledgements.ts';
import { makeJoin, sealJoin } from '../../src/room/join.ts';
import { MembershipLog } from '../../src/room/log.ts';
import { memoryStore, type Records } from '../../src/store/index.ts';
import { create, RoomRecordSchema } from '../../src/wire/index.ts';
import { seededRandom } from '../../src/base/testing.ts';
import type { World } from './world.ts';

const LIFE_HOURS = 87_600;

/** Anybody who has a link: a network of their own, and what the invite's address shows. */
export class Stranger {
  readonly name: string;
  readonly world: World;
  readonly random: Random;
  readonly counters = new Counters();
  readonly network: PeerNetwork;

  protected constructor(world: World, name: string, seed: number) {
    this.world = world;
    this.name = name;
    this.random = seededRandom(seed);
    this.network = new PeerNetwork({
      link: async (handler) => world.network.node(name, handler, { listens: false, counters: this.counters }),
      anchors: world.relays.map(({ anchor }) => anchor),
      clock: world.clock,
      random: this.random,
      counters: this.counters,
      kept: () => undefined,
      keep: () => undefined,
      changed: () => undefined,
    });
  }

  static async begin(world: World, name: string, seed = world.seed + 7): Promise<Stranger> {
    const stranger = new Stranger(world, name, seed);
    world.note(`${name} appears`);
    await stranger.network.start();
    return stranger;
  }

  now(): number {
    return this.network.now();
  }

  persona(): Persona {
    return createPersona(this.random, { kind: 'person', expiresHour: hourOf(this.now()) + LIFE_HOURS });
  }

  protected keyring(room: RoomId, persona: Persona): Keyring {
    const signLight = (purpose: string, body: Uint8Array): Bytes => persona.signLight(purpose, body);
    return new Keyring({ room, me: persona.device, signLight, random: this.random, now: () => this.now() });
  }

  arrive(link: string): ReturnType<typeof arrive> {
    const { clock } = this.world;
    const mailboxes = this.network.mailboxes;
    return arrive(parseLink(link, this.now()), { mailboxes, clock, random: this.random, now: () => this.now() });
  }

  /** Posts to both mailboxes, or those that are there. What a mailbox refuses is counted by it. */
  async post(sealed: readonly SealedFor[], isolation = this.name): Promise<readonly PromiseSettledResult<Stored>[]> {
    return Promise.allSettled(sealed.map(({ topic, blob }) => this.network.mailboxes.post(isolation, topic, blob)));
  }

  /** A newcomer of its own making, and the Join that asks for it to be let in. */
  async newcomer(
    text: string,
    name: string,
  ): Promise<{ readonly persona: Persona; readonly keyring: Keyring; readonly sealed: SealedFor[] }> {
    const { link, welcome } = await this.arrive(text);
    const persona = this.persona();
    const keyring = this.keyring(welcome.room, persona);
    const address = { secret: this.random.bytes(32), mailboxes: this.network.pickMailboxes() };
    const terms = { welcome, link, persona, keyring, prekey: keyring.newPrekey(), name, address, random: this.random };
    return { persona, keyring, sealed: sealJoin(link, makeJoin(terms).frame, this.random) };
  }
}

export interface Crafted {
  readonly device: DeviceId;
  readonly seq: number;
  readonly previous: Hash;
  readonly hlc: bigint;
  /** Of Yjs. */
  readonly client: number;
  /** Position of its first entry. */
  readonly first: number;
  readonly text: string;
  readonly entries: readonly Bytes[];
  readonly sign: Pick<Persona, 'signLight'>;
}

/** One who has been let in. */
export class HostileMember extends Stranger {
  #room: Room | undefined;
  #parts: RoomParts | undefined;
  #kept: Records | undefined;

  static override async begin(world: World, name: string, seed = world.seed + 77): Promise<HostileMember> {
    const member = new HostileMember(world, name, seed);
    world.note(`${name} appears`);
    await member.network.start();
    return member;
  }

  get room(): Room {
    if (this.#room === undefined) throw new Error(`${this.name} has joined no room`);
    return this.#room;
  }

  get parts(): RoomParts {
    if (this.#parts === undefined) throw new Error(`${this.name} has joined no room`);
    return this.#parts;
  }

  /** Joins by a link and takes part like anybody, until told otherwise. Says its name, if it writes. */
  async join(text: string, writes = true): Promise<RoomId> {
    const { world, random } = this;
    world.note(`${this.name} joins by the link`);
    const { link, welcome, signed } = await world.settled(`${this.name} arrives`, this.arrive(text));
    const persona = this.persona();
    const { room } = welcome;
    const keyring = this.keyring(room, persona);
    const replica = new Replica({ room, me: persona.device, signLight: (purpose, body) => persona.signLight(purpose, body) });
    const address = { secret: random.bytes(32), mailboxes: this.network.pickMailboxes() };
    const terms = { welcome, link, persona, keyring, prekey: keyring.newPrekey(), name: this.name, address, random };
    const { frame, joinHash } = makeJoin(terms);
    this.#parts = { room, me: persona.device, persona, log: new MembershipLog({ room }), keyring, replica };
    const joining = { link: link.link, welcome: signed, joinHash: idBytes(joinHash), epoch: idBytes(joinHash) };
    const record = create(RoomRecordSchema, { room: idBytes(room), name: this.name, invitedTo: welcome.roomName, joining });
    this.#room = new Room(await this.#surroundings(), this.#parts, record);
    this.#room.begin([['m/persona', persona.export()]], [sealJoin(link, frame, random)]);
    if (writes) this.#room.write(encodeEntry({ profile: { name: this.name } }));
    this.#room.start();
    await world.until(`${this.name} is a member`, () => this.room.standing === 'member');
    return room;
  }

  say(text: string): void {
    this.room.write(encodeEntry({ say: { text } }));
  }

  /** Takes no more part: what others do from now on passes it by. */
  async silence(): Promise<void> {
    await this.world.settled(`${this.name} stops taking part`, this.room.stop());
  }

  /** The epoch that all write under. */
  get epoch(): Epoch {
    const open = this.parts.keyring.epochs().filter(({ join }) => !join);
    const followed = new Set(open.flatMap(({ parents }) => parents));
    const newest = open.findLast(({ id }) => !followed.has(id));
    if (newest === undefined) throw new Error(`${this.name} holds no epoch`);
    return newest;
  }

  /** An update that nothing has looked at: after whatever, at whatever time, by whatever client. */
  update(at: Partial<Crafted> = {}): Bytes {
    const { room, me, persona, replica } = this.parts;
    const head = replica.heads().find(({ device }) => device === me);
    const [segment, before] = [head?.segment ?? 0, head?.seq ?? -1];
    const { device = me, seq = before + 1, previous = head?.hash ?? NO_HASH, text = 'crafted' } = at;
    const { hlc = hlcAt(this.now()), client = clientOf(me, segment), first = seq, sign = persona } = at;
    const entries = at.entries ?? [encodeEntry({ say: { text } })];
    const document = openDocument([]);
    if (first > 0)
      pushEntries(
        document,
        client,
        Array.from({ length: first }, () => new Uint8Array(0)),
      );
    const changes = pushEntries(document, client, entries).slice();
    const content = { previous, hlc, changes, append: { first, entries } };
    return Update.make({ room, device, segment, seq }, content, (purpose, body) => sign.signLight(purpose, body)).bytes;
  }

  /** Any text at all, as a Batch of one's own. */
  seal(text: Uint8Array): SealedFor[] {
    return this.parts.keyring.seal(this.epoch.id, text).blobs;
  }

  /** The newest prekey that a device has told. */
  prekeyOf(device: DeviceId): Bytes | undefined {
    return new Acknowledgements(this.#records, this.parts.me).prekeyOf(device);
  }

  /** A chain of the epoch as this member keeps it: every member can derive every chain. */
  chainOf(device: DeviceId): SenderChain {
    const { epoch } = this;
    const kept = this.#records;
    const place = [...kept.entries('k/e/')].find(([, value]) => decodeEpoch(value).epoch.id === epoch.id)?.[0].slice('k/e/'.length);
    const chain = place === undefined ? undefined : kept.get(`k/c/${place}/${epoch.devices.indexOf(device)}`);
    if (chain === undefined) throw new Error(`${this.name} keeps no chain of that device`);
    return importChain(new Uint8Array(chain), []);
  }

  /** Sealed with a key of a chain, in the name of its device. */
  sealAs(device: DeviceId, { index, key }: Found, text: Uint8Array): SealedFor[] {
    const { epoch, random } = this;
    const header = { kind: BlobKind.UPDATE, epoch: idBytes(epoch.id).slice(0, 8), device: idBytes(device), index };
    return sealForBoth(epoch.address, header, key, text, random);
  }

  get #records(): Records {
    if (this.#kept === undefined) throw new Error(`${this.name} has joined no room`);
    return this.#kept;
  }

  async #surroundings(): Promise<RoomSurroundings> {
    this.#kept = await memoryStore().open('aabbccdd');
    return {
      records: this.#kept,
      mailboxes: this.network.mailboxes,
      clock: this.world.clock,
      random: this.random,
      counters: this.counters,
      networkTime: () => this.now(),
      isolation: this.name,
      pickMailboxes: () => this.network.pickMailboxes(),
      avoids: () => false,
      isDead: () => false,
      spares: () => undefined,
      fold: new ChatView(),
      changed: () => undefined,
    };
  }
}
