/**
 * Direct links of a room (docs/protocol.md §6.1): beside the mailboxes, never instead of their sealing.
 *
 *   the user agrees ──► node of this room's own ──► found at relays ──► presence in the next receipt
 *   others' presences ──► allowed ──► linked ──► what is owed, one's state, and from then on every blob that is posted
 *   no longer, left, removed, forbidden ──► node stopped, presence withdrawn
 */
import type { Bytes, DeviceId, PersonaId, RelayId, RoomId, TopicId } from '../base/index.ts';
import type { DirectHandler, DirectId, DirectNode, DirectPeer } from '../link/index.ts';
import type { Incoming } from './following.ts';
import type { Sealed } from './outbox.ts';
import { counts, PRESENCE_LIFE, type Presence } from './presence.ts';
import type { Rotations } from './rotations.ts';
import type { Telling } from './telling.ts';
import type { Work } from './work.ts';

/** Opens nodes for direct links, where the platform has them. `avoid`: relays that are better not asked to introduce anybody. */
export interface DirectDoor {
  open(handler: DirectHandler, terms: { readonly room: RoomId; readonly avoid: readonly RelayId[] }): Promise<DirectNode>;
}

/** How it stands with direct links in a room. */
export interface DirectState {
  /** There is a way to have them here, and the room's policy allows them. */
  readonly possible: boolean;
  /** This user agrees. */
  readonly chosen: boolean;
  /** Others who agree now, and those of them to whom a link stands. */
  readonly agreed: readonly PersonaId[];
  readonly linked: readonly PersonaId[];
  /** Others agree, and no way to any of them has been found for a while. */
  readonly stuck: boolean;
}

/** Blobs at addresses that are not read yet: the rotation that tells of them may still be on the way. */
const EARLY = 64;
/** A node that could not be opened is tried again after, ms. */
const OPEN_PAUSE = 30_000;
/** Changes of the relays at which one is found are told together, ms. */
const MOVE_PAUSE = 2_000;
/** After so long without a way to anybody it is said that there is none, ms. */
const PATIENCE = 20_000;

interface Handed {
  readonly topic: TopicId;
  readonly blob: Bytes;
  readonly taken: () => void;
}

export class Direct {
  readonly #work: Work;
  readonly #rotations: Rotations;
  readonly #telling: Telling;
  readonly #owed: () => Iterable<readonly Sealed[]>;
  #node: DirectNode | undefined;
  #opening: symbol | undefined;
  #said: Presence | undefined;
  /** Others have agreed and no link stands: since lately, or for long enough to say that there is no way. */
  #seeking: 'lately' | 'long' | undefined;
  #handed: Handed[] = [];
  #early: Handed[] = [];

  /** `owed`: what the mailboxes do not hold yet, in its order. */
  constructor(work: Work, rotations: Rotations, telling: Telling, owed: () => Iterable<readonly Sealed[]>) {
    this.#work = work;
    this.#rotations = rotations;
    this.#telling = telling;
    this.#owed = owed;
  }

  get state(): DirectState {
    const { surroundings, parts, record } = this.#work;
    const possible = surroundings.direct !== undefined && parts.log.state().policy.noDirect !== true;
    const personas = (devices: readonly DeviceId[]): PersonaId[] => [
      ...new Set(devices.flatMap((device) => parts.log.personaOf(device) ?? [])),
    ];
    const linked = new Set(this.#node?.linked());
    const found = this.#found();
    return {
      possible,
      chosen: record.direct && possible,
      agreed: personas(found.map(({ device }) => device)),
      linked: personas(found.flatMap(({ device, presence }) => (linked.has(presence.id) ? device : []))),
      stuck: this.#seeking === 'long',
    };
  }

  /** What the next receipt says of this device; undefined while its user has never agreed. */
  get presence(): Presence | undefined {
    const { record } = this.#work;
    return this.#said ?? (record.directAt === 0n ? undefined : { id: undefined, relays: [], at: Number(record.directAt) });
  }

  /** Throws an Error in words when the room, or this browser, does not have them. */
  choose(yes: boolean): void {
    const { record, surroundings } = this.#work;
    if (record.direct === yes) return;
    if (yes && !this.state.possible) throw new Error('Direct links are not possible in this room.');
    record.direct = yes;
    // At once, even while nothing can be written.
    if (!yes) this.#close();
    this.#work.keepRecord();
    surroundings.changed();
    this.#work.wake();
  }

  /** After whatever arrived: opens or closes the node, and lets in whoever may come in now. */
  decide(): void {
    const wanted = this.#work.record.direct && this.#work.standing() === 'member' && this.state.possible;
    if (!wanted) return this.#close();
    if (this.#node === undefined && this.#opening === undefined) this.#open();
    this.#node?.allow(this.#peers());
    this.#seek();
  }

  /** Hands what came over direct links to the intake, each as if it came from a mailbox. */
  hand(take: (incoming: Incoming) => void): void {
    for (const handed of [...this.#early.splice(0), ...this.#handed.splice(0)]) {
      const { topic, blob, taken } = handed;
      const address = this.#work.following.addressOf(topic);
      if (address !== undefined) take({ address, topic, at: undefined, blob });
      else this.#keepEarly(handed);
      taken();
    }
  }

  /** Nothing waits to be handed over. */
  get idle(): boolean {
    return this.#handed.length === 0;
  }

  /** Sends a group of posts to all who are linked: one copy, as either opens. Only at addresses that are read here too. */
  send(posts: readonly Sealed[], to = this.#node?.linked() ?? []): void {
    if (this.#node === undefined || to.length === 0) return;
    for (const { topic, blob } of posts) {
      const name = this.#work.following.nameOf(topic);
      if (name === undefined) continue;
      for (const peer of to) this.#node.send(peer, name, blob);
      return;
    }
  }

  /** The machine has slept: ways that were not found are looked for at once. */
  hurry(): void {
    this.#node?.hurry();
  }

  async stop(): Promise<void> {
    const node = this.#node;
    this.#node = undefined;
    this.#opening = undefined;
    await node?.stop();
  }

  // ── the node ──

  #open(): void {
    const { surroundings } = this.#work;
    const turn = Symbol('opening');
    this.#opening = turn;
    const avoid = this.#rotations.addresses().flatMap(({ mailboxes }) => mailboxes);
    surroundings.direct?.open(this.#handler(), { room: this.#work.parts.room, avoid }).then(
      (node) => {
        if (this.#opening !== turn) return void node.stop();
        this.#node = node;
        this.#opening = undefined;
        this.#moved();
        this.#work.wake();
      },
      () => {
        surroundings.counters.count('direct-not-opened');
        this.#work.later('direct-open', OPEN_PAUSE, () => {
          if (this.#opening === turn) this.#opening = undefined;
          this.#work.wake();
        });
      },
    );
  }

  #close(): void {
    this.#opening = undefined;
    this.#handed = [];
    this.#early = [];
    this.#notSeeking();
    if (this.#node === undefined) return;
    void this.#node.stop();
    this.#node = undefined;
    this.#say(undefined, []);
  }

  #handler(): DirectHandler {
    return {
      linked: (peer) => this.#linked(peer),
      lost: () => {
        this.#seek();
        this.#work.surroundings.changed();
      },
      blob: (_peer, topic, blob, taken) => {
        this.#handed.push({ topic, blob, taken });
        this.#work.wake();
      },
      moved: () => this.#moved(),
    };
  }

  /** What they may lack goes to them at once: all that the mailboxes do not hold yet; and each tells the other what it holds. */
  #linked(peer: DirectId): void {
    // Called from within the node: the link stands in its list once this turn is over.
    queueMicrotask(() => {
      for (const posts of this.#owed()) this.send(posts, [peer]);
    });
    this.#notSeeking();
    this.#telling.announce();
    this.#telling.receiptSoon();
    this.#work.surroundings.changed();
  }

  /** Notes that a way is looked for, and has the screen told when that takes long. */
  #seek(): void {
    const { agreed, linked } = this.state;
    if (agreed.length === 0 || linked.length > 0) return this.#notSeeking();
    if (this.#seeking !== undefined) return;
    this.#seeking = 'lately';
    this.#work.later('direct-stuck', PATIENCE, () => {
      this.#seeking = 'long';
      this.#work.surroundings.changed();
    });
  }

  #notSeeking(): void {
    this.#seeking = undefined;
    this.#work.notLater('direct-stuck');
  }

  // ── presences ──

  /** Told when the relays at which one is found are others than was said, but not that there are none: links stand without them. */
  #moved(): void {
    this.#work.later('direct-moved', MOVE_PAUSE, () => {
      const relays = this.#node?.relays() ?? [];
      const said = this.#said?.id === this.#node?.id ? this.#said?.relays : undefined;
      if (relays.length > 0 && said?.toSorted().join() !== relays.toSorted().join()) this.#say(this.#node?.id, relays);
    });
  }

  #say(id: DirectId | undefined, relays: readonly RelayId[]): void {
    const { record, surroundings } = this.#work;
    const at = Math.max(Math.floor(surroundings.networkTime()), Number(record.directAt) + 1);
    this.#said = { id, relays: relays.slice(0, 4), at };
    record.directAt = BigInt(at);
    this.#work.keepRecord();
    this.#telling.receiptSoon();
    this.#work.later('direct-renew', PRESENCE_LIFE / 2, () => {
      if (this.#node !== undefined) this.#say(this.#node.id, this.#node.relays().length > 0 ? this.#node.relays() : relays);
    });
    surroundings.changed();
    this.#work.wake();
  }

  /** The other members' devices whose presence counts now. */
  #found(): { readonly device: DeviceId; readonly presence: Presence & { readonly id: DirectId } }[] {
    const { acknowledged, parts, surroundings } = this.#work;
    const now = surroundings.networkTime();
    return this.#rotations.memberDevices().flatMap((device) => {
      const presence = device === parts.me ? undefined : acknowledged.presenceOf(device);
      return counts(presence, now) ? { device, presence } : [];
    });
  }

  #peers(): DirectPeer[] {
    return this.#found().map(({ presence: { id, relays } }) => ({ id, relays }));
  }

  #keepEarly(handed: Handed): void {
    this.#early.push(handed);
    if (this.#early.length > EARLY) this.#early.shift();
  }
}
