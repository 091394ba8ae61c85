/**
 * What a room shows: a fold over the entries of its members, the same whatever the order in which they are added.
 *
 *   say ─▶ timeline, by (time, device, place)        profile, room name ─▶ the last by the same order
 *
 * An entry's hybrid time is greater than that of everything its author had seen, so an answer never stands above its question.
 */
import { isRefusal, refuse, type PersonaId, type Refusal } from '../base/index.ts';
import { millisecondsOf, type EntryRecord } from '../replica/index.ts';
import { decodeEntry, placeId, type Place } from './entry.ts';
import { Sorted } from './sorted.ts';

interface Written extends Place {
  readonly id: string;
  readonly author: PersonaId;
  readonly hlc: bigint;
  /** Milliseconds since 1970, by its author's clock. */
  readonly at: number;
}

export interface ChatMessage extends Written {
  readonly text: string;
  /** Id of the message that this one answers; it need not be here. */
  readonly replyTo?: string;
}

export interface Rename extends Written {
  readonly name: string;
}

/** (time, device, place): total, as no two entries share a place. */
const order = (a: Written, b: Written): number => {
  if (a.hlc !== b.hlc) return a.hlc < b.hlc ? -1 : 1;
  if (a.device !== b.device) return a.device < b.device ? -1 : 1;
  return a.segment - b.segment || a.position - b.position;
};

export class ChatView {
  #records = new Map<string, { readonly record: EntryRecord; readonly author: PersonaId }>();
  #messages = new Sorted<ChatMessage>(order);
  #renames = new Sorted<Rename>(order);
  #names = new Map<PersonaId, Rename>();

  /** Adds an entry; one that is here already changes nothing. Refused, and left out: what `decodeEntry` refuses. */
  add(record: EntryRecord, author: PersonaId): Refusal | undefined {
    if (this.#records.has(record.id)) return refuse('repeated');
    this.#records.set(record.id, { record, author });
    return this.#fold(record, author);
  }

  /** Takes entries away, as if they had never been added; rare, so everything is folded again. */
  remove(ids: Iterable<string>): void {
    const gone = new Set(ids);
    const kept = [...this.#records].filter(([id]) => !gone.has(id));
    if (kept.length === this.#records.size) return;
    this.#records = new Map(kept);
    this.#messages = new Sorted<ChatMessage>(order);
    this.#renames = new Sorted<Rename>(order);
    this.#names = new Map();
    for (const { record, author } of this.#records.values()) this.#fold(record, author);
  }

  /** Messages in order; the same array until one is added or taken away. */
  timeline(): readonly ChatMessage[] {
    return this.#messages.all();
  }

  /** Every time that the room was given a name, in order. */
  renames(): readonly Rename[] {
    return this.#renames.all();
  }

  roomName(): { readonly name: string; readonly by: PersonaId } | undefined {
    const last = this.#renames.all().at(-1);
    return last && { name: last.name, by: last.author };
  }

  /** How a person wishes to be called; undefined until they have said. */
  nameOf(persona: PersonaId): string | undefined {
    return this.#names.get(persona)?.name;
  }

  #fold(record: EntryRecord, author: PersonaId): Refusal | undefined {
    const entry = decodeEntry(record.entry);
    if (isRefusal(entry)) return entry;
    const { id, device, segment, position, hlc } = record;
    const written = { id, author, device, segment, position, hlc, at: millisecondsOf(hlc) };
    if ('say' in entry) {
      const { text, replyTo } = entry.say;
      this.#messages.add(replyTo === undefined ? { ...written, text } : { ...written, text, replyTo: placeId(replyTo) });
    } else if ('roomName' in entry) this.#renames.add({ ...written, name: entry.roomName.name });
    else {
      const before = this.#names.get(author);
      const now = { ...written, name: entry.profile.name };
      if (before === undefined || order(before, now) < 0) this.#names.set(author, now);
    }
    return undefined;
  }
}
