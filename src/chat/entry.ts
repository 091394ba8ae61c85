/**
 * What people say and set, as entries of their documents. A name is cleaned when it is written and again when it is read, for its
 * author's program may be another.
 */
import { deviceId, idBytes, isRefusal, refuse, utf8, type Bytes, type DeviceId, type Refusal } from '../base/index.ts';
import { create, decodeStrict, encode, EntrySchema, type MessageShape } from '../wire/index.ts';

export const TEXT_BYTES = 16 * 1024;
export const NAME_LENGTH = 64;

/** An entry's name: where it stands in its author's documents. */
export interface Place {
  readonly device: DeviceId;
  readonly segment: number;
  readonly position: number;
}

export type Entry =
  | { readonly say: { readonly text: string; readonly replyTo?: Place } }
  | { readonly profile: { readonly name: string } }
  | { readonly roomName: { readonly name: string } };

/** The id of the entry at a place, as the replica writes it. */
export const placeId = ({ device, segment, position }: Place): string => `${device}/${segment}/${position}`;

/** Throws RangeError when a text is over 16 KiB of UTF-8, or a name is empty once cleaned. */
export function encodeEntry(entry: Entry): Bytes {
  const message = toMessage(entry);
  const fault = faultOf(message);
  if (fault !== undefined) throw new RangeError(`entry: ${fault.detail ?? fault.refused}`);
  return encode(EntrySchema, message);
}

/** Refused: `malformed`, `not-canonical`, `too-long`, `empty-name`. */
export function decodeEntry(bytes: Uint8Array): Entry | Refusal {
  const message = decodeStrict(EntrySchema, bytes);
  if (isRefusal(message)) return message;
  return faultOf(message) ?? fromMessage(message);
}

/** Control characters, line and paragraph separators, and whatever turns the direction of writing or cannot be seen; not the joiners of emoji and scripts. */
const UNSEEN = /[\p{Cc}\p{Cs}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

/** A name fit to be shown: one line, nothing that hides or turns around, at most 64 characters. May be empty. */
export function cleanName(name: string): string {
  const line = name.replaceAll(/\s/gu, ' ').replaceAll(UNSEEN, '').replaceAll(/ +/g, ' ').trim();
  return Array.from(line).slice(0, NAME_LENGTH).join('').trim();
}

function toMessage(entry: Entry): Message {
  if ('say' in entry) {
    const text = entry.say.text.toWellFormed();
    const value = entry.say.replyTo === undefined ? { text } : { text, replyTo: toPlace(entry.say.replyTo) };
    return create(EntrySchema, { what: { case: 'say', value } });
  }
  if ('profile' in entry) return create(EntrySchema, { what: { case: 'profile', value: { name: cleanName(entry.profile.name) } } });
  return create(EntrySchema, { what: { case: 'roomName', value: { name: cleanName(entry.roomName.name) } } });
}

const toPlace = ({ device, segment, position }: Place): { device: Bytes; segment: number; position: number } => ({
  device: idBytes(device),
  segment,
  position,
});

type Message = MessageShape<typeof EntrySchema>;

function faultOf({ what }: Message): Refusal | undefined {
  switch (what.case) {
    case 'say': {
      const { text, replyTo } = what.value;
      if (text.length > TEXT_BYTES || utf8(text).length > TEXT_BYTES) return refuse('too-long', `a text is at most ${TEXT_BYTES} bytes`);
      return replyTo !== undefined && replyTo.device.length !== 16 ? refuse('malformed', 'place') : undefined;
    }
    case 'profile':
    case 'roomName':
      return cleanName(what.value.name) === '' ? refuse('empty-name', 'a name needs a character that can be seen') : undefined;
    case undefined:
      break;
  }
  return refuse('malformed', 'entry of no kind');
}

function fromMessage({ what }: Message): Entry | Refusal {
  switch (what.case) {
    case 'say': {
      const { text, replyTo } = what.value;
      return { say: replyTo === undefined ? { text } : { text, replyTo: fromPlace(replyTo) } };
    }
    case 'profile':
      return { profile: { name: cleanName(what.value.name) } };
    case 'roomName':
      return { roomName: { name: cleanName(what.value.name) } };
    case undefined:
      break;
  }
  return refuse('malformed', 'entry of no kind');
}

const fromPlace = ({
  device,
  segment,
  position,
}: {
  readonly device: Uint8Array;
  readonly segment: number;
  readonly position: number;
}): Place => ({
  device: deviceId(device),
  segment,
  position,
});
