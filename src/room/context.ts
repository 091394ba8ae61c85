/** What a room is put together from, and what it asks of those above it. */
import type { Clock, Counters, DeviceId, PersonaId, Random, Refusal, RelayId, RoomId } from '../base/index.ts';
import type { Persona } from '../identity/index.ts';
import type { Address, Keyring } from '../keyring/index.ts';
import type { Mailboxes } from '../mailbox/index.ts';
import type { EntryRecord, Replica } from '../replica/index.ts';
import type { Records } from '../store/index.ts';
import type { DirectDoor } from './direct.ts';
import type { MembershipLog } from './log.ts';

/** Handed to a room by the peer. */
export interface RoomSurroundings {
  readonly records: Records;
  readonly mailboxes: Mailboxes;
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  /** Milliseconds since 1970, by network time where it is known. */
  readonly networkTime: () => number;
  /** Keeps this room's circuits apart from all others'; fresh in each run. */
  readonly isolation: string;
  /** Two different mailboxes for a new address, picked at random. Throws an Error in words when fewer are known. */
  readonly pickMailboxes: () => readonly [RelayId, RelayId];
  /** It has been silent for a minute, while the relays before it answered (docs/protocol.md §7). */
  readonly isDead: (mailbox: RelayId) => boolean;
  /** Another would do better: it does not keep what it says it stored, circuits to it break, or it is full. */
  readonly avoids: (mailbox: RelayId) => boolean;
  /** Where members look for each other when both mailboxes of an address are dead; undefined while too few relays are known. */
  readonly spares: (address: Address) => Address | undefined;
  readonly fold: EntryFold;
  /** Undefined where the platform has no direct links. */
  readonly direct?: DirectDoor | undefined;
  /** Something that a screen shows has changed. */
  readonly changed: () => void;
}

/** What a room's entries mean: folded above the room, which only says which of them count. */
export interface EntryFold {
  /** Refused, and left out: an entry that cannot be read. */
  add(record: EntryRecord, author: PersonaId): Refusal | undefined;
  remove(ids: Iterable<string>): void;
}

/** The parts that hold a room's state. Each is drained into the commit that makes its changes durable. */
export interface RoomParts {
  readonly room: RoomId;
  readonly me: DeviceId;
  readonly persona: Persona;
  readonly keyring: Keyring;
  readonly replica: Replica;
  readonly log: MembershipLog;
}

/** Where this device stands in a room. `waiting`: joined by a link and not yet let in. */
export type Standing = 'member' | 'waiting' | 'removed' | 'left' | 'refused';

export const hourOf = (ms: number): number => Math.floor(ms / 3_600_000);
