/**
 * createPeer: everything put together, the same in a tab, in Node and in the simulation.
 *
 *   store ──► device ──► rooms ─┐
 *   link ──► network ──► mailboxes ──► rooms ──► one view for the screen
 */
import { Counters, toHex, type Bytes, type Cancel, type Clock, type PersonaId, type Random, type RoomId } from '../base/index.ts';
import { ChatView, cleanName, encodeEntry, piecesOf } from '../chat/index.ts';
import type { Anchor } from '../directory/index.ts';
import type { LinkHandler, LinkNode } from '../link/index.ts';
import { createRoom, joinRoom, openRoom, type Room, type RoomSurroundings } from '../room/index.ts';
import { StoreError, VaultLost, type Records, type Store, type StoreTrouble } from '../store/index.ts';
import { arrive, linkRefused, parseLink, type Arrival } from './arrival.ts';
import { Device } from './device.ts';
import { directDoor, type DirectGround, type OpenDirect } from './direct.ts';
import { pulse, type Machine } from './machine.ts';
import { networkView } from './network-view.ts';
import { PeerNetwork } from './network.ts';
import { inviteItem, roomItem, roomView, unreadOf, type ChatRoom } from './room-view.ts';
import { LinkRefused, type InviteItem, type InvitePreview, type Peer, type PeerView, type RoomView, type StorageView } from './view.ts';

export interface PeerOptions {
  readonly store: Store;
  readonly link: (handler: LinkHandler, trusted: (address: string) => boolean) => Promise<LinkNode>;
  readonly anchors: readonly Anchor[];
  readonly clock: Clock;
  readonly random: Random;
  readonly counters?: Counters;
  /** Opens a node for direct links, where the platform has them. */
  readonly direct?: OpenDirect;
  /** Asks the platform to keep what is stored; resolves with its answer. */
  readonly persist?: () => Promise<boolean>;
  readonly machine?: Machine;
}

/** Changes within so many ms reach the screen as one. */
const BREATH = 16;
/** What a room is called until somebody says otherwise; no control on the screen is called this. */
const firstName = (owner: string): string => (owner === '' ? 'A room' : `${owner}’s room`);

const TROUBLES: Record<StoreTrouble, NonNullable<StorageView['trouble']>> = {
  quota: 'full',
  aborted: 'closed',
  closed: 'closed',
  taken: 'taken',
  blocked: 'closed',
  refused: 'refused',
  damaged: 'damaged',
};

interface Held extends ChatRoom {
  readonly store: string;
  view: RoomView | undefined;
  firstUnread: string | undefined;
}

/** Rejects with StoreError when nothing can be kept, and with an Error in words. */
export async function createPeer(options: PeerOptions): Promise<LocalPeer> {
  const device = await Device.open(options.store);
  const peer = new LocalPeer(options, device);
  await peer.open();
  return peer;
}

/** A clock further off than that is a day when the link holds no longer, whatever the relays say: ms. */
const CLOCK_WRONG = 86_400_000;

export class LocalPeer implements Peer {
  readonly network: PeerNetwork;
  readonly counters: Counters;
  readonly #options: PeerOptions;
  readonly #device: Device;
  readonly #rooms = new Map<RoomId, Held>();
  readonly #listeners = new Set<() => void>();
  readonly #arrivals = new Map<string, Promise<Arrival>>();
  #view: PeerView | undefined;
  #breath = false;
  #trouble: StorageView['trouble'];
  #persisted: boolean | undefined;
  #unlisten: Cancel[] = [];
  #stopped = false;

  constructor(options: PeerOptions, device: Device) {
    this.#options = options;
    this.#device = device;
    this.counters = options.counters ?? new Counters();
    const { clock, random, anchors, link } = options;
    this.network = new PeerNetwork({
      link,
      anchors,
      clock,
      random,
      counters: this.counters,
      kept: (key) => device.kept(key),
      keep: (key, value) => void device.keep(key, value).catch(() => this.counters.count('write-failed')),
      changed: () => this.#changed(),
      mailboxesChanged: () => {
        for (const { room } of this.#rooms.values()) room.mailboxesChanged();
      },
    });
  }

  async open(): Promise<void> {
    const { store, clock, machine } = this.#options;
    const awake = (): void => this.wake();
    this.#unlisten = [
      store.onTrouble((trouble) => {
        this.#trouble = trouble === 'well' ? undefined : TROUBLES[trouble];
        this.#changed();
      }),
      pulse(clock, awake),
      machine?.listen({ online: (is) => this.#setOnline(is), awake }) ?? (() => undefined),
    ];
    if (this.#device.lost) this.#trouble = 'damaged';
    for (const { room, store } of this.#device.rooms()) await this.#reopen(room, store);
    await this.network.start();
    for (const { room } of this.#rooms.values()) room.start();
    if (this.#rooms.size === 0) this.#prepareRoom();
  }

  /** The machine slept, was frozen, or is on another network: everything that waits is tried at once. */
  wake(): void {
    this.network.wake();
    for (const { room } of this.#rooms.values()) room.retry();
  }

  #setOnline(online: boolean): void {
    if (this.network.setOnline(online) && online) this.wake();
  }

  // ── the view ──

  view(): PeerView {
    this.#view ??= this.#look();
    return this.#view;
  }

  room(id: RoomId): RoomView | undefined {
    const held = this.#rooms.get(id);
    if (held === undefined) return undefined;
    const firstUnread = held.firstUnread ?? unreadOf(held)[0]?.id;
    held.view ??= roomView(
      held,
      { now: this.network.now(), failure: failureWords(held.room), connection: networkView.connection(this.network).words },
      firstUnread,
    );
    return held.view;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #look(): PeerView {
    const rooms = [...this.#rooms.values()].map((held) => roomItem(held));
    const latest = (at: number | undefined): number => at ?? Number.MAX_SAFE_INTEGER;
    const { delivered, asked } = this.#device.asks;
    return {
      connection: networkView.connection(this.network),
      storage: {
        ...(this.#trouble && { trouble: this.#trouble }),
        ...(this.#persisted !== undefined && { persisted: this.#persisted }),
        askToPersist: delivered && !asked,
      },
      rooms: rooms.toSorted((a, b) => latest(b.last?.at) - latest(a.last?.at)),
      name: this.#device.name,
      network: networkView.whole(this.network, this.counters, (isolation) => this.#servedBy(isolation)),
    };
  }

  #servedBy(isolation: string): string {
    const held = [...this.#rooms.values()].find(({ room }) => room.isolation === isolation);
    return held === undefined ? '' : roomItem(held).name;
  }

  /** One call to the listeners for all that changes within a breath. */
  #changed(held?: Held): void {
    this.#view = undefined;
    if (held === undefined) for (const other of this.#rooms.values()) other.view = undefined;
    else held.view = undefined;
    if (this.#breath || this.#stopped) return;
    this.#breath = true;
    this.#options.clock.after(BREATH, () => {
      this.#breath = false;
      this.#noteDelivery();
      for (const listener of [...this.#listeners]) listener();
    });
  }

  #noteDelivery(): void {
    if (this.#device.asks.delivered) return;
    const delivered = [...this.#rooms.values()].some(({ room, chat }) =>
      chat.timeline().some((message) => message.author === room.me && ['delivered', 'read'].includes(room.stateOf(message.id))),
    );
    if (delivered) void this.#device.noteDelivered().catch(() => this.counters.count('write-failed'));
  }

  // ── rooms ──

  /** The circuits of the next room, built while nobody has asked for it yet. */
  #next: { readonly isolation: string; readonly mailboxes: ReturnType<PeerNetwork['pickMailboxes']> } | undefined;

  #prepareRoom(): void {
    try {
      const mailboxes = this.network.pickMailboxes();
      const isolation = toHex(this.#options.random.bytes(16));
      this.#next = { isolation, mailboxes };
      for (const mailbox of mailboxes) this.network.prepare(isolation, mailbox);
    } catch {
      // Fewer than two relays are known: the room is made without.
      this.#next = undefined;
    }
  }

  #surroundings(records: Records, fold: ChatView, changed: () => void): RoomSurroundings {
    const { clock, random, direct } = this.#options;
    const next = this.#next;
    this.#next = undefined;
    let prepared = next?.mailboxes;
    return {
      records,
      mailboxes: this.network.mailboxes,
      clock,
      random,
      counters: this.counters,
      networkTime: () => this.network.now(),
      isolation: next?.isolation ?? toHex(random.bytes(16)),
      pickMailboxes: () => {
        const picked = prepared ?? this.network.pickMailboxes();
        prepared = undefined;
        return picked;
      },
      isDead: (mailbox) => this.network.isDead(mailbox),
      avoids: (mailbox) => this.network.avoids(mailbox),
      spares: (address) => this.network.spares(address),
      fold,
      ...(direct && { direct: directDoor(direct, this.#directGround) }),
      changed,
    };
  }

  async #reopen(id: RoomId, store: string): Promise<void> {
    try {
      const records = await this.#options.store.open(store);
      const room = this.#hold(store, (fold, changed) => openRoom(this.#surroundings(records, fold, changed)));
      // Listed, and never written: its making was cut short.
      if (room === undefined) await this.#device.dropRoom(id);
    } catch (error) {
      this.counters.count('room-damaged');
      this.#trouble = error instanceof StoreError ? TROUBLES[error.trouble] : 'damaged';
      if (!(error instanceof VaultLost)) return;
      // Its records are gone for good; an empty room would only pretend.
      await this.#device.dropRoom(id);
      await this.#options.store.remove(store);
    }
  }

  #hold<R extends Room | undefined>(store: string, make: (fold: ChatView, changed: () => void) => R): R {
    let held: Held | undefined;
    const chat = new ChatView();
    const room = make(chat, () => this.#changed(held));
    if (room !== undefined) {
      held = { room, chat, store, view: undefined, firstUnread: undefined };
      this.#rooms.set(room.id, held);
    }
    return room;
  }

  /** Lists the room first: what is listed and empty is dropped at the next start, what is kept and not listed would be lost. */
  async #begin(make: (surroundings: RoomSurroundings) => Room): Promise<RoomId> {
    const store = Device.storeName(this.#options.random);
    const records = await this.#options.store.open(store);
    const room = this.#hold(store, (fold, changed) => make(this.#surroundings(records, fold, changed)));
    await this.#device.addRoom(room.id, store);
    room.start();
    await room.settled();
    this.#changed();
    return room.id;
  }

  newRoom(): Promise<RoomId> {
    const name = this.#device.name;
    return this.#begin((surroundings) =>
      createRoom(surroundings, { name, entries: [...profile(name), encodeEntry({ roomName: { name: firstName(name) } })] }),
    );
  }

  say(id: RoomId, text: string): void {
    const pieces = piecesOf(text);
    if (pieces.length > 0) this.#held(id).room.write(...pieces.map((piece) => encodeEntry({ say: { text: piece } })));
  }

  retry(id: RoomId, _message: string): void {
    this.#held(id).room.retry();
  }

  discard(id: RoomId, message: string): void {
    this.#held(id).room.discard(message);
  }

  markRead(id: RoomId): void {
    const held = this.#held(id);
    const [first] = unreadOf(held);
    if (first === undefined) return;
    held.firstUnread = first.id;
    held.room.markRead();
  }

  renameRoom(id: RoomId, name: string): void {
    this.#held(id).room.write(encodeEntry({ roomName: { name } }));
  }

  rename(name: string, id?: RoomId): void {
    if (id === undefined) {
      void this.#device.rename(name).catch(() => this.counters.count('write-failed'));
      this.#changed();
    } else {
      this.#held(id).room.write(...profile(name));
    }
  }

  async leave(id: RoomId): Promise<void> {
    const { room } = this.#held(id);
    room.leave();
    await room.settled();
  }

  async forget(id: RoomId): Promise<void> {
    const { room, store } = this.#held(id);
    await room.stop();
    this.#rooms.delete(id);
    await this.#device.dropRoom(id);
    await this.#options.store.remove(store);
    this.#changed();
  }

  async removePerson(id: RoomId, person: PersonaId): Promise<void> {
    const { room } = this.#held(id);
    room.removeMember(person);
    await room.settled();
  }

  admit(id: RoomId, request: string, yes: boolean): void {
    this.#held(id).room.admissions.answer(request, yes);
  }

  chooseDirect(id: RoomId, yes: boolean): void {
    this.#held(id).room.chooseDirect(yes);
  }

  /** What rooms may know of the network for their direct links. */
  readonly #directGround: DirectGround = {
    relays: () => this.network.signallers(),
    addressesOf: (relay) => this.network.addressesOf(relay),
    trusts: (address) => this.network.trusts(address),
  };

  // ── invites ──

  invite(id: RoomId, terms: { readonly uses: number; readonly hours: number }): Promise<InviteItem> {
    const { room } = this.#held(id);
    const held = this.#held(id);
    const names = { inviter: held.chat.nameOf(room.me) ?? room.firstName, room: roomItem(held).name };
    return new Promise((resolve, reject) => {
      const link = room.admissions.invite({ ...terms, names }, () => {
        const made = room.admissions.invites().find((invite) => invite.link === link);
        if (made === undefined) reject(new Error('The invite was closed before the network held it.'));
        else resolve(inviteItem(made));
      });
    });
  }

  async revoke(id: RoomId, invite: string): Promise<void> {
    const { room } = this.#held(id);
    room.admissions.revoke(invite);
    await room.settled();
  }

  async preview(text: string): Promise<InvitePreview> {
    const { welcome, link } = await this.#arrival(text);
    const held = this.#rooms.get(welcome.room);
    return {
      inviterName: welcome.inviterName,
      roomName: welcome.roomName,
      people: welcome.people,
      expires: link.expiresHour * 3_600_000,
      ...(held !== undefined && held.room.standing !== 'left' && { already: welcome.room }),
    };
  }

  async join(text: string, name: string): Promise<RoomId> {
    const { link, welcome, signed } = await this.#arrival(text);
    const held = this.#rooms.get(welcome.room);
    if (held !== undefined && (held.room.standing === 'member' || held.room.standing === 'waiting')) return welcome.room;
    if (held !== undefined) await this.forget(welcome.room);
    return this.#begin((surroundings) => joinRoom(surroundings, link, welcome, signed, { name, entries: profile(name) }));
  }

  /** A link is asked about once a visit, but for a failure. */
  #arrival(text: string): Promise<Arrival> {
    const { clock, random } = this.#options;
    let link;
    try {
      // A clock that is wrong by a day at most calls no good link expired; its Welcome is judged once relays have told the time.
      const own = clock.now() - CLOCK_WRONG;
      link = parseLink(text, this.network.timeKnown ? Math.max(this.network.now(), own) : own);
    } catch (error) {
      return Promise.reject(error instanceof LinkRefused ? error : linkRefused('damaged'));
    }
    const known = this.#arrivals.get(link.link);
    if (known !== undefined) return known;
    const arrival = arrive(link, { mailboxes: this.network.mailboxes, clock, random, now: () => this.network.now() });
    this.#arrivals.set(link.link, arrival);
    arrival.catch(() => this.#arrivals.delete(link.link));
    return arrival;
  }

  // ── the device ──

  async persist(): Promise<void> {
    this.#persisted = await this.#options.persist?.();
    await this.#device.noteAsked();
    this.#changed();
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const unlisten of this.#unlisten) unlisten();
    await Promise.all([...this.#rooms.values()].map(({ room }) => room.stop()));
    await this.network.stop();
    await this.#options.store.close();
  }

  #held(id: RoomId): Held {
    const held = this.#rooms.get(id);
    if (held === undefined) throw new Error('That room is not on this device.');
    return held;
  }
}

/** How one is called, as an entry; nothing where one has no name. */
const profile = (name: string): Bytes[] => (cleanName(name) === '' ? [] : [encodeEntry({ profile: { name } })]);

/** Why nothing could be written, in words for the screen. */
function failureWords(room: Room): string | undefined {
  const error = room.writeFailed;
  if (error === undefined) return undefined;
  const full = error instanceof StoreError && error.trouble === 'quota';
  return full ? 'This device is full. Free some space, then try again.' : 'This could not be kept on this device. Try again.';
}
