/**
 * What a screen sees of a peer: one immutable snapshot, replaced whenever something changes, and the actions that a person can take.
 * Everything a screen needs is here; nothing of the protocol is.
 */
import type { PersonaId, RoomId } from '../base/index.ts';

/** One's own messages: queued (here only) → sent (durable here and held by the network) → delivered → read; failed: retry or delete. */
export type MessageState = 'queued' | 'sent' | 'delivered' | 'read' | 'failed';

export interface MessageItem {
  readonly type: 'message';
  /** Stable over reloads and the same on every device. */
  readonly id: string;
  readonly author: PersonaId;
  readonly authorName: string;
  readonly mine: boolean;
  readonly text: string;
  /** Milliseconds since 1970, by its author's clock. */
  readonly at: number;
  /** More than a day ahead of network time, or before its author could have been here. */
  readonly clockWrong: boolean;
  /** Of one's own messages only. */
  readonly state?: MessageState;
  /** Why it failed, in words. */
  readonly failure?: string;
}

/** A line in the app's own voice: somebody joined, the room was renamed. */
export interface EventItem {
  readonly type: 'event';
  readonly id: string;
  readonly at: number;
  readonly event:
    | { readonly what: 'created' | 'joined' | 'left'; readonly who: string }
    | { readonly what: 'removed'; readonly who: string; readonly by: string }
    | { readonly what: 'renamed'; readonly name: string; readonly by: string }
    | { readonly what: 'frozen'; readonly who: string }
    /** So many of one's own messages came after one's removal. */
    | { readonly what: 'too-late'; readonly count: number };
}

export type TimelineItem = MessageItem | EventItem;

export interface PersonItem {
  readonly id: PersonaId;
  readonly name: string;
  readonly me: boolean;
  readonly kind: 'person' | 'agent';
  readonly role: 'owner' | 'member';
  /** Picks a dye: 0–5. */
  readonly dye: number;
  /** May be removed by this user. */
  readonly removable: boolean;
  /** `frozen`: wrote two histories, and counts no further. `deceived`: gave this device a key that is not the others'. */
  readonly trouble?: 'frozen' | 'deceived';
}

export interface InviteItem {
  readonly id: string;
  /** The link; only the device that made it has the secret part. */
  readonly link?: string;
  readonly usesLeft: number;
  readonly uses: number;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** Somebody whose admission a person has to decide: the policy asks for it, or two came for one use. */
export interface JoinRequestItem {
  readonly id: string;
  readonly name: string;
  readonly why: 'policy' | 'two-for-one-use';
}

/** Where this user stands in a room. `waiting`: joined by a link, not yet let in; what is written counts and is kept. */
export type Standing = 'member' | 'waiting' | 'removed' | 'left' | 'refused';

export interface RoomItem {
  readonly id: RoomId;
  readonly name: string;
  readonly standing: Standing;
  /** Why a link that was joined came to nothing, in the words of `LinkRefusal`; with standing `refused`. */
  readonly refusal?: LinkRefusal;
  readonly unread: number;
  readonly last?: { readonly authorName: string; readonly mine: boolean; readonly text: string; readonly at: number };
  readonly people: number;
}

/** Direct links in a room. */
export interface DirectView {
  /** This browser can, and the room allows it. */
  readonly possible: boolean;
  /** This user agrees. */
  readonly chosen: boolean;
  /** Names of others who agree, and of those to whom a link stands. */
  readonly agreed: readonly string[];
  readonly linked: readonly string[];
  /** With `chosen`: what the status Connection says in this room, in place of the network's words. */
  readonly words?: string;
}

export interface RoomView extends RoomItem {
  readonly timeline: readonly TimelineItem[];
  /** The id of the first unread item when the room was opened. */
  readonly firstUnread?: string;
  readonly members: readonly PersonItem[];
  readonly invites: readonly InviteItem[];
  readonly joinRequests: readonly JoinRequestItem[];
  readonly mayInvite: boolean;
  readonly mayRename: boolean;
  readonly direct: DirectView;
}

export interface HopView {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly place: 'guard' | 'middle' | 'mailbox';
}

export interface CircuitView {
  readonly id: string;
  readonly hops: readonly HopView[];
  /** Milliseconds; undefined until measured. */
  readonly roundTrip?: number;
  readonly openedAt: number;
  /** Rooms that it serves, by name. */
  readonly serves: string;
}

/** What a relay did that this peer has seen for itself. */
export interface ConductView {
  /** Of the relay. */
  readonly id: string;
  readonly name: string;
  readonly what: 'breaks-circuits' | 'not-kept' | 'left-out' | 'wrong-time' | 'forged-list';
}

export interface NetworkView {
  readonly mode: 'balanced';
  readonly circuits: readonly CircuitView[];
  /** Relays in the directory, and those reached as guards. */
  readonly relays: readonly { readonly id: string; readonly address: string; readonly anchor: boolean; readonly guard: boolean }[];
  /** Two sources of the directory told different things. */
  readonly disagreement: boolean;
  /** Of the last hour, the latest first. */
  readonly conduct: readonly ConductView[];
  /** Refusals counted since the page loaded, by word. */
  readonly refused: Readonly<Record<string, number>>;
}

/** `private`: circuits stand. `words` is what the status Connection says. `queued`: online, and yet what is written stays here. */
export interface ConnectionView {
  readonly state: 'private' | 'connecting' | 'looking' | 'offline';
  readonly hops: number;
  readonly words: string;
  readonly queued?: boolean;
}

export interface StorageView {
  /** The last write failed; nothing that is shown as sent is lost. `taken`: by another tab; a peer that is opened anew goes on. */
  readonly trouble?: 'full' | 'refused' | 'closed' | 'taken' | 'damaged';
  /** The browser keeps what is stored; undefined until asked. */
  readonly persisted?: boolean;
  /** Ask now: something was delivered for the first time. */
  readonly askToPersist: boolean;
}

export interface PeerView {
  readonly connection: ConnectionView;
  readonly storage: StorageView;
  readonly rooms: readonly RoomItem[];
  /** The name that new rooms begin with. */
  readonly name: string;
  readonly network: NetworkView;
}

export type LinkRefusal = 'used' | 'expired' | 'revoked' | 'damaged';

/** What a link says before anything is joined. */
export interface InvitePreview {
  readonly inviterName: string;
  readonly roomName: string;
  readonly people: number;
  readonly expires: number;
  /** Already in this room: its id. */
  readonly already?: RoomId;
}

export interface Peer {
  view(): PeerView;
  /** Calls back after each change of `view()` or of a room; returns the way to stop. */
  subscribe(listener: () => void): () => void;
  /** One room with its timeline; undefined of a room that is not here. The same object until something changes. */
  room(id: RoomId): RoomView | undefined;

  /** Makes a room at once, nothing required. Rejects with an Error in words when it cannot be kept. */
  newRoom(): Promise<RoomId>;
  /** Returns once the message stands in the timeline as queued; over 16 KiB of UTF-8 it is several messages. */
  say(room: RoomId, text: string): void;
  retry(room: RoomId, message: string): void;
  /** Deletes a failed message of one's own. */
  discard(room: RoomId, message: string): void;
  /** Everything in the room has been seen. */
  markRead(room: RoomId): void;
  renameRoom(room: RoomId, name: string): void;
  /** One's own name in one room, or, without a room, the name that new rooms begin with. */
  rename(name: string, room?: RoomId): void;
  /** Leaves, telling the others; the history stays here, read only. */
  leave(room: RoomId): Promise<void>;
  /** Deletes the room from this device. */
  forget(room: RoomId): Promise<void>;
  removePerson(room: RoomId, person: PersonaId): Promise<void>;
  admit(room: RoomId, request: string, yes: boolean): void;
  /** This user agrees to direct links in the room, or no longer. Throws an Error in words where there are none. */
  chooseDirect(room: RoomId, yes: boolean): void;

  /** Makes an invite; resolves with its link once the network holds it. */
  invite(room: RoomId, terms: { readonly uses: number; readonly hours: number }): Promise<InviteItem>;
  revoke(room: RoomId, invite: string): Promise<void>;
  /** Reads a link (whole URL, or its fragment) and asks its mailbox who invites to what. Rejects with LinkRefused or an Error in words. */
  preview(link: string): Promise<InvitePreview>;
  /** Joins by the link; resolves as soon as one can write. Rejects with LinkRefused or an Error in words. */
  join(link: string, name: string): Promise<RoomId>;

  /** Asks the browser to keep what is stored. */
  persist(): Promise<void>;
  stop(): Promise<void>;
}

export class LinkRefused extends Error {
  override readonly name = 'LinkRefused';
  readonly refusal: LinkRefusal;

  constructor(refusal: LinkRefusal, message: string) {
    super(message);
    this.refusal = refusal;
  }
}
