/**
 * The replica of a room: one document for each device, written by that device alone (docs/protocol.md §8.3).
 *
 *   append ─▶ my document ─▶ signed update ─▶ everybody's accept ─▶ entries
 *
 * Knows no meaning of entries, and no members: which devices may write, and how far, the room hands in as Rights.
 */
import type * as Y from 'yjs';
import { isRefusal, refuse, type Bytes, type DeviceId, type Hash, type Refusal, type RoomId } from '../base/index.ts';
import { verifyLight } from '../identity/index.ts';
import { clientOf, entriesIn, openDocument, pushEntries, SEGMENT_ENTRIES } from './append.ts';
import { dayOf, nextHlc } from './hlc.ts';
import { Track, type Journal, type Placed } from './track.ts';
import { comparePositions, NO_HASH, PURPOSE, Update, UPDATE_BYTES, type Position } from './update.ts';

/** The last update of a device up to which nothing is missing. */
export interface Head {
  readonly device: DeviceId;
  readonly segment: number;
  readonly seq: number;
  readonly hash: Hash;
}

/** The last update of a removed device that counts. */
export interface Cut {
  readonly segment: number;
  readonly seq: number;
  readonly hash: Hash;
}

/** A cut before everything. */
export const NOTHING: Cut = { segment: 0, seq: -1, hash: NO_HASH };

/** What the room says of devices. */
export interface Rights {
  /** Ed25519 and ML-DSA keyset of a device that is or was a member's; undefined of any other. */
  keysetOf(device: DeviceId): Bytes | undefined;
  /** Undefined while nothing is cut off. */
  cutOf(device: DeviceId): Cut | undefined;
}

export interface EntryRecord {
  /** "device/segment/position": stable, and the same everywhere. */
  readonly id: string;
  readonly device: DeviceId;
  readonly segment: number;
  /** Counts entries from 0 in each segment. */
  readonly position: number;
  /** u48 milliseconds since 1970, u16 counter; greater than that of everything its author had seen. */
  readonly hlc: bigint;
  readonly entry: Bytes;
  readonly update: Position;
}

export interface Accepted {
  readonly entries: readonly EntryRecord[];
  /** Undefined only while the room's rights withhold all of the device. */
  readonly head: Head | undefined;
  /** The device that has just been found to have written two histories; it is frozen. */
  readonly forked?: DeviceId;
  /** Entries that were here and count no more: they lay beyond a fork. */
  readonly withdrawn: readonly EntryRecord[];
}

export interface ReplicaOptions {
  readonly room: RoomId;
  readonly me: DeviceId;
  /** Ed25519 signature of one's device over "sotto/1/<purpose>" | body. bytes: 64 */
  readonly signLight: (purpose: string, body: Uint8Array) => Bytes;
  /** What was drained before, in any order; call `enforce` before anything else when there is some. */
  readonly records?: Iterable<readonly [string, Uint8Array]>;
}

/** What `append` leaves to the rest of an update: fixed fields, signature, and each entry's length and column. */
const ROOM_FOR_ENTRIES = UPDATE_BYTES - 512;
const BYTES_PER_ENTRY = 8;

export class Replica {
  readonly #room: RoomId;
  readonly #me: DeviceId;
  readonly #sign: ReplicaOptions['signLight'];
  readonly #tracks = new Map<DeviceId, Track>();
  readonly #put = new Map<string, Bytes>();
  readonly #deleted = new Set<string>();
  readonly #journal: Journal;
  /** One's own newest document. */
  #document: { readonly segment: number; readonly doc: Y.Doc } | undefined;
  #seen = 0n;

  constructor({ room, me, signLight, records = [] }: ReplicaOptions) {
    this.#room = room;
    this.#me = me;
    this.#sign = signLight;
    this.#journal = {
      put: (update) => {
        this.#deleted.delete(update.key);
        this.#put.set(update.key, update.bytes);
      },
      delete: (update) => {
        this.#put.delete(update.key);
        this.#deleted.add(update.key);
      },
    };
    this.#track(me);
    this.#load(records);
  }

  /** What one's own store has to do since the last call; keys begin "u/". */
  drain(): { readonly put: readonly [string, Bytes][]; readonly delete: readonly string[] } {
    const changes = { put: [...this.#put], delete: [...this.#deleted] };
    this.#put.clear();
    this.#deleted.clear();
    return changes;
  }

  /**
   * Writes entries, as one update of at most 48 KiB. `now` is in milliseconds since 1970. Throws RangeError when they are too many
   * or too large, and Error when this device is frozen or removed.
   */
  append(
    entries: Uint8Array | readonly Uint8Array[],
    now: number,
  ): { readonly update: Bytes; readonly record: EntryRecord; readonly records: readonly EntryRecord[] } {
    const all = entries instanceof Uint8Array ? [entries] : entries;
    const size = all.reduce((sum, entry) => sum + entry.length + BYTES_PER_ENTRY, 0);
    if (all.length === 0 || all.length > SEGMENT_ENTRIES)
      throw new RangeError(`append: want 1 to ${SEGMENT_ENTRIES} entries, got ${all.length}`);
    if (size > ROOM_FOR_ENTRIES)
      throw new RangeError(`append: ${size} bytes do not fit one update of ${ROOM_FOR_ENTRIES}: write fewer entries`);
    const track = this.#track(this.#me);
    if (track.frozen || track.limited)
      throw new Error('this device may not write here any more: it is frozen or removed; join again as a new device');
    const update = this.#next(track, all, now);
    const placed = track.insert(update);
    if (placed === 'waiting' || isRefusal(placed)) throw new Error('an update of one’s own did not follow the one before it');
    this.#seen = update.hlc > this.#seen ? update.hlc : this.#seen;
    const records = recordsOf(update);
    const [record] = records;
    if (record === undefined) throw new Error('an update of one’s own held no entry');
    return { update: update.bytes, record, records };
  }

  /**
   * Takes back one's own update and those after it, as if they had never been written: only while nothing of them has left this
   * device, or it would have written two histories. Returns their entries.
   */
  takeBack(from: Position): readonly EntryRecord[] {
    this.#document?.doc.destroy();
    this.#document = undefined;
    return this.#track(this.#me).takeBack(from).flatMap(recordsOf);
  }

  /**
   * Takes an update from anybody. `waiting`: its predecessor is missing; it comes out with the accept that brings that. Refused:
   * `oversized`, `malformed`, `not-canonical`, `wrong-room`, `repeated`, `unknown-device`, `beyond-cut`, `bad-signature`,
   * `wrong-client`, `not-append`, `pending`, `segment-full`, `hlc-not-rising`, `frozen`, `too-many-waiting`.
   */
  accept(bytes: Uint8Array, rights: Rights): Accepted | { readonly waiting: true } | Refusal {
    const read = Update.read(bytes, this.#room);
    if (isRefusal(read)) return read;
    const { update } = read;
    const { device } = update;
    if (this.#tracks.get(device)?.has(update) === true) return refuse('repeated');
    const keyset = rights.keysetOf(device);
    if (keyset === undefined) return refuse('unknown-device');
    const cut = rights.cutOf(device);
    if (cut !== undefined && isBeyond(update, cut)) return refuse('beyond-cut');
    if (!verifyLight(PURPOSE, keyset, read.body, read.signature)) return refuse('bad-signature');
    const track = this.#track(device, cut);
    const placed = track.insert(update);
    if (placed === 'waiting') return { waiting: true };
    return isRefusal(placed) ? placed : this.#accepted(track, placed);
  }

  /**
   * Applies the room's rights to what is here; call it after every change of membership. Returns the entries that are withdrawn
   * (of devices that are no members', and beyond cuts) and those that count again, should a removal or a suspension prove void.
   */
  enforce(rights: Rights): { readonly withdrawn: readonly EntryRecord[]; readonly restored: readonly EntryRecord[] } {
    const withdrawn: EntryRecord[] = [];
    const restored: EntryRecord[] = [];
    for (const track of this.#tracks.values()) {
      const hidden = track.device !== this.#me && rights.keysetOf(track.device) === undefined;
      const changes = track.limit({ hidden, cut: rights.cutOf(track.device) });
      withdrawn.push(...changes.withdrawn.flatMap(recordsOf));
      restored.push(...changes.restored.flatMap(recordsOf));
    }
    return { withdrawn, restored };
  }

  /** Ascending by device. */
  heads(): readonly Head[] {
    const heads = [...this.#tracks.values()].map((track) => track.head()).filter((head) => head !== undefined);
    return heads.toSorted((a, b) => (a.device < b.device ? -1 : 1));
  }

  /**
   * Updates that somebody lacks whose heads are `theirs`, each device's in order. `since` (ms since 1970) is how far back a
   * newcomer sees: of a device that they have nothing of, segments that ended before it are left out.
   */
  missing(theirs: readonly Head[], since = 0): Bytes[] {
    const known = new Map(theirs.map((head) => [head.device, head]));
    const tracks = [...this.#tracks.values()].toSorted((a, b) => (a.device < b.device ? -1 : 1));
    return tracks.flatMap((track) => track.missing(known.get(track.device), since)).map((update) => update.bytes);
  }

  /** Whether somebody whose heads are `theirs` has what is missing here. */
  gaps(theirs: readonly Head[]): boolean {
    return theirs.some((head) => this.#tracks.get(head.device)?.lacks(head) ?? true);
  }

  /** All that counts, device by device, each in order. */
  *entries(): Generator<EntryRecord> {
    for (const track of this.#tracks.values()) for (const update of track.updates()) yield* recordsOf(update);
  }

  /** One's own that does not count, in order: it lies beyond the cut of one's removal. */
  *withheld(): Generator<EntryRecord> {
    for (const update of this.#track(this.#me).withheld()) yield* recordsOf(update);
  }

  /** Devices that have written two histories. */
  frozen(): readonly DeviceId[] {
    return [...this.#tracks.values()].filter((track) => track.frozen).map((track) => track.device);
  }

  /** The time of something that is written now, beside the replica: after everything seen. `now` in milliseconds since 1970. */
  hlc(now: number): bigint {
    this.#seen = nextHlc(now, 0n, this.#seen);
    return this.#seen;
  }

  /** Tells the clock of a time seen elsewhere in the room. */
  observe(hlc: bigint): void {
    if (hlc > this.#seen) this.#seen = hlc;
  }

  #load(records: Iterable<readonly [string, Uint8Array]>): void {
    const byDevice = Map.groupBy(
      [...records].map(([key, bytes]) => Update.stored(key, bytes)).filter((update) => update !== undefined),
      (update) => update.device,
    );
    for (const [device, updates] of byDevice) {
      const track = this.#track(device);
      for (const update of updates.toSorted(comparePositions)) track.load(update);
      this.observe(track.last()?.hlc ?? 0n);
    }
  }

  #track(device: DeviceId, cut?: Cut): Track {
    const known = this.#tracks.get(device);
    if (known !== undefined) return known;
    const track = new Track(device, this.#journal, { hidden: false, cut });
    this.#tracks.set(device, track);
    return track;
  }

  /** One's own next update; opens a new segment when this one is full, or at the first entry of a new UTC day. */
  #next(track: Track, entries: readonly Uint8Array[], now: number): Update {
    const last = track.last();
    const hlc = nextHlc(now, last?.hlc ?? 0n, this.#seen);
    const turns = last !== undefined && (last.end + entries.length > SEGMENT_ENTRIES || dayOf(hlc) > dayOf(last.hlc));
    const segment = last === undefined ? 0 : last.segment + (turns ? 1 : 0);
    const seq = last === undefined || turns ? 0 : last.seq + 1;
    const document = this.#open(track, segment);
    const first = entriesIn(document);
    const changes = pushEntries(document, clientOf(this.#me, segment), entries).slice();
    const append = { first, entries: entries.map((entry) => new Uint8Array(entry)) };
    return Update.make(
      { room: this.#room, device: this.#me, segment, seq },
      { previous: last?.hash ?? NO_HASH, hlc, changes, append },
      this.#sign,
    );
  }

  #open(track: Track, segment: number): Y.Doc {
    const expected = track.segment(segment).at(-1)?.end ?? 0;
    if (this.#document?.segment === segment && entriesIn(this.#document.doc) === expected) return this.#document.doc;
    this.#document?.doc.destroy();
    const doc = openDocument(track.segment(segment).map((update) => update.changes));
    this.#document = { segment, doc };
    return doc;
  }

  #accepted(track: Track, { linked, dropped, forked }: Placed): Accepted {
    for (const update of linked) this.observe(update.hlc);
    const result = { entries: linked.flatMap(recordsOf), head: track.head(), withdrawn: dropped.flatMap(recordsOf) };
    return forked ? { ...result, forked: track.device } : result;
  }
}

const isBeyond = (update: Update, cut: Cut): boolean => {
  const order = comparePositions(update, cut);
  return order > 0 || (order === 0 && update.hash !== cut.hash);
};

const recordsOf = (update: Update): EntryRecord[] =>
  update.append.entries.map((entry, i) => {
    const { device, segment, seq, hlc } = update;
    const position = update.append.first + i;
    return { id: `${device}/${segment}/${position}`, device, segment, position, hlc, entry, update: { segment, seq } };
  });
