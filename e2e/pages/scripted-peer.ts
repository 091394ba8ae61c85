/** A peer that only remembers what it was told: the screen's own tests drive it from both sides. */
import type { PersonaId, RoomId } from '../../src/base/index.ts';
import {
  LinkRefused,
  type InviteItem,
  type InvitePreview,
  type Peer,
  type PeerView,
  type RoomItem,
  type RoomView,
  type TimelineItem,
} from '../../src/peer/view.ts';

export type RoomPatch = Partial<{ -readonly [K in keyof RoomView]: RoomView[K] }>;
export type ViewPatch = Partial<{ -readonly [K in keyof PeerView]: PeerView[K] }>;

const emptyView: PeerView = {
  connection: { state: 'private', hops: 3, words: 'Private · 3 hops' },
  storage: { askToPersist: false },
  rooms: [],
  name: '',
  network: { mode: 'balanced', circuits: [], relays: [], disagreement: false, conduct: [], refused: {} },
};

/** 64 hex digits from a short word. */
export const idOf = (word: string): string =>
  [...word.padEnd(32, '·')]
    .map((letter) => ((letter.codePointAt(0) ?? 0) & 0xff).toString(16).padStart(2, '0'))
    .join('')
    .slice(0, 64);

export class ScriptedPeer implements Peer {
  #view = emptyView;
  readonly #rooms = new Map<RoomId, RoomView>();
  readonly #listeners = new Set<() => void>();
  /** Every action that was asked for, as JSON: what a test looks at. */
  readonly asked: string[] = [];
  /** What a link says, why it is refused (a word of LinkRefusal), or what else goes wrong, in words. */
  preview_: InvitePreview | string = 'The network does not answer yet.';
  fails: string | undefined;
  #made = 0;

  view = (): PeerView => this.#view;
  room = (id: RoomId): RoomView | undefined => this.#rooms.get(id);

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  patch(patch: ViewPatch): void {
    this.#view = { ...this.#view, ...patch };
    this.#tell();
  }

  /** Makes or changes a room; the list follows. */
  patchRoom(word: string, patch: RoomPatch): RoomId {
    const id = idOf(word) as RoomId;
    const before = this.#rooms.get(id) ?? newRoom(id, this.#view.name);
    this.#rooms.set(id, { ...before, ...patch });
    this.#list();
    return id;
  }

  append(word: string, ...items: TimelineItem[]): void {
    const room = this.#rooms.get(idOf(word) as RoomId);
    this.patchRoom(word, { timeline: [...(room?.timeline ?? []), ...items] });
  }

  #list(): void {
    const rooms = [...this.#rooms.values()].map((room): RoomItem => {
      const last = room.timeline.findLast((item) => item.type === 'message');
      return last === undefined ? room : { ...room, last };
    });
    this.#view = { ...this.#view, rooms };
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #ask(action: string, ...values: unknown[]): void {
    this.asked.push(JSON.stringify([action, ...values]));
    if (this.fails !== undefined) throw new Error(this.fails);
  }

  #patchById(id: RoomId, change: (room: RoomView) => RoomPatch): void {
    const room = this.#rooms.get(id);
    if (room === undefined) return;
    this.#rooms.set(id, { ...room, ...change(room) });
    this.#list();
  }

  async newRoom(): Promise<RoomId> {
    this.#ask('newRoom');
    this.#made += 1;
    return this.patchRoom(`made ${this.#made}`, { name: `${this.#view.name}’s room` });
  }

  say(room: RoomId, text: string): void {
    this.#ask('say', text);
    this.#patchById(room, ({ timeline }) => ({
      timeline: [
        ...timeline,
        {
          type: 'message',
          id: `said ${timeline.length}`,
          author: idOf('me') as PersonaId,
          authorName: this.#view.name,
          mine: true,
          text,
          at: Date.now(),
          clockWrong: false,
          state: 'queued',
        },
      ],
    }));
  }

  retry(room: RoomId, message: string): void {
    this.#ask('retry', message);
    this.setState(room, message, 'queued');
  }

  setState(room: RoomId, message: string, state: 'queued' | 'sent' | 'delivered' | 'read' | 'failed'): void {
    this.#patchById(room, ({ timeline }) => ({
      timeline: timeline.map((item) => (item.type === 'message' && item.id === message ? { ...item, state } : item)),
    }));
  }

  discard(room: RoomId, message: string): void {
    this.#ask('discard', message);
    this.#patchById(room, ({ timeline }) => ({ timeline: timeline.filter((item) => item.id !== message) }));
  }

  markRead(room: RoomId): void {
    this.#ask('markRead', this.#rooms.get(room)?.name);
    this.#patchById(room, () => ({ unread: 0 }));
  }

  renameRoom(room: RoomId, name: string): void {
    this.#ask('renameRoom', name);
    this.#patchById(room, () => ({ name }));
  }

  rename(name: string, room?: RoomId): void {
    this.#ask('rename', name);
    if (room === undefined) this.patch({ name });
    else this.#patchById(room, ({ members }) => ({ members: members.map((member) => (member.me ? { ...member, name } : member)) }));
  }

  async leave(room: RoomId): Promise<void> {
    this.#ask('leave');
    this.#patchById(room, () => ({ standing: 'left' }));
  }

  async forget(room: RoomId): Promise<void> {
    this.#ask('forget');
    this.#rooms.delete(room);
    this.#list();
  }

  async removePerson(room: RoomId, person: PersonaId): Promise<void> {
    this.#ask('removePerson');
    this.#patchById(room, ({ members }) => ({
      members: members.filter(({ id }) => id !== person),
      people: members.length - 1,
      invites: [],
    }));
  }

  admit(room: RoomId, request: string, yes: boolean): void {
    this.#ask('admit', request, yes);
    this.#patchById(room, ({ joinRequests }) => ({ joinRequests: joinRequests.filter(({ id }) => id !== request) }));
  }

  chooseDirect(room: RoomId, yes: boolean): void {
    this.#ask('chooseDirect', yes);
    this.#patchById(room, ({ direct }) => ({ direct: { ...direct, chosen: yes } }));
  }

  async invite(room: RoomId, terms: { readonly uses: number; readonly hours: number }): Promise<InviteItem> {
    this.#ask('invite', terms);
    this.#made += 1;
    const invite: InviteItem = {
      id: `invite ${this.#made}`,
      link: `AQMAB${this.#made}`.padEnd(184, 'x9Zk_'),
      usesLeft: terms.uses,
      uses: terms.uses,
      expires: Date.now() + terms.hours * 3_600_000,
    };
    this.#patchById(room, ({ invites }) => ({ invites: [...invites, invite] }));
    return invite;
  }

  async revoke(room: RoomId, invite: string): Promise<void> {
    this.#ask('revoke', invite);
    this.#patchById(room, ({ invites }) => ({ invites: invites.filter(({ id }) => id !== invite) }));
  }

  async preview(link: string): Promise<InvitePreview> {
    this.asked.push(JSON.stringify(['preview', link]));
    const answer = this.preview_;
    if (answer === 'used' || answer === 'expired' || answer === 'revoked' || answer === 'damaged') throw new LinkRefused(answer, answer);
    if (typeof answer === 'string') throw new Error(answer);
    return answer;
  }

  async join(link: string, name: string): Promise<RoomId> {
    this.#ask('join', link, name);
    return this.patchRoom('joined', { name: 'Harbour garden', standing: 'waiting', people: 3 });
  }

  async persist(): Promise<void> {
    this.#ask('persist');
    this.patch({ storage: { askToPersist: false, persisted: true } });
  }

  async stop(): Promise<void> {
    this.#ask('stop');
  }
}

function newRoom(id: RoomId, me: string): RoomView {
  return {
    id,
    name: 'Room',
    standing: 'member',
    unread: 0,
    people: 1,
    timeline: [],
    members: [{ id: idOf('me') as PersonaId, name: me, me: true, kind: 'person', role: 'owner', dye: 0, removable: false }],
    invites: [],
    joinRequests: [],
    mayInvite: true,
    mayRename: true,
    direct: { possible: true, chosen: false, agreed: [], linked: [] },
  };
}
