/** A room as a screen sees it: a fold over what the room holds. */
import { equal, type PersonaId } from '../base/index.ts';
import { millisecondsOf } from '../replica/index.ts';
import type { Member, OperationRecord, Room } from '../room/index.ts';
import type { EventItem, InviteItem, LinkRefusal, MessageItem, PersonItem, RoomItem, RoomView, TimelineItem } from './view.ts';

const DYES = 6;
const DAY = 24 * 3_600_000;

export interface Wording {
  /** Network time, ms since 1970. */
  readonly now: number;
  /** Why the last write failed, in words; undefined when it did not. */
  readonly failure: string | undefined;
}

export const dyeOf = (persona: PersonaId): number => Number.parseInt(persona.slice(0, 6), 16) % DYES;

/** A person whose name has not come yet is known by their key. */
const nameOf = (room: Room, persona: PersonaId): string =>
  room.chat.nameOf(persona) ?? room.state.members.get(persona)?.name ?? room.state.former.get(persona)?.name ?? (persona === room.me ? room.ownName : `Somebody ${persona.slice(0, 4)}`);

export function roomItem(room: Room): RoomItem {
  const last = room.chat.timeline().at(-1);
  const refusal = room.refusal === '' ? undefined : (room.refusal as LinkRefusal);
  return {
    id: room.id,
    name: room.chat.roomName()?.name ?? room.invitedTo,
    standing: room.standing,
    ...(refusal && { refusal }),
    unread: room.unread().length,
    ...(last && { last: { authorName: nameOf(room, last.author), mine: last.author === room.me, text: last.text, at: last.at } }),
    people: Math.max(1, room.state.members.size),
  };
}

export function roomView(room: Room, wording: Wording, firstUnread: string | undefined): RoomView {
  const members = [...room.state.members.values()];
  const member = room.standing === 'member';
  return {
    ...roomItem(room),
    timeline: timeline(room, wording),
    ...(firstUnread !== undefined && { firstUnread }),
    members: members.map((one) => person(room, one)).toSorted((a, b) => Number(b.me) - Number(a.me) || a.name.localeCompare(b.name)),
    invites: room.admissions.invites().map(inviteItem),
    joinRequests: room.admissions.requests(),
    mayInvite: member,
    mayRename: member,
  };
}

export const inviteItem = (invite: ReturnType<Room['admissions']['invites']>[number]): InviteItem => {
  const { link, ...rest } = invite;
  return link === undefined ? rest : { ...rest, link };
};

function person(room: Room, member: Member): PersonItem {
  const me = member.persona === room.me;
  return {
    id: member.persona,
    name: nameOf(room, member.persona),
    me,
    kind: member.identity[0]?.kind ?? 'person',
    role: member.role,
    dye: dyeOf(member.persona),
    removable: !me && room.mayRemove(member.persona),
  };
}

function timeline(room: Room, wording: Wording): TimelineItem[] {
  const messages: MessageItem[] = room.chat.timeline().map((message) => {
    const mine = message.author === room.me;
    const state = mine ? room.stateOf(message.id) : undefined;
    return {
      type: 'message',
      id: message.id,
      author: message.author,
      authorName: nameOf(room, message.author),
      mine,
      text: message.text,
      at: message.at,
      clockWrong: Math.abs(message.at - wording.now) > DAY && message.at > wording.now,
      ...(state && { state }),
      ...(state === 'failed' && wording.failure !== undefined && { failure: wording.failure }),
    };
  });
  return [...messages, ...events(room)].toSorted((a, b) => a.at - b.at);
}

function events(room: Room): EventItem[] {
  const renames = room.chat.renames().slice(1);
  const renamed = renames.map(({ id, at, name, author }): EventItem => ({ type: 'event', id, at, event: { what: 'renamed', name, by: nameOf(room, author) } }));
  const frozen = room.frozen.map((device): EventItem => {
    const persona = room.personaOf(device);
    return { type: 'event', id: `frozen/${device}`, at: 0, event: { what: 'frozen', who: persona === undefined ? 'Somebody' : nameOf(room, persona) } };
  });
  return [...room.state.operations.flatMap((operation) => membershipEvent(room, operation)), ...renamed, ...frozen];
}

function membershipEvent(room: Room, operation: OperationRecord): EventItem[] {
  const by = nameOf(room, operation.author);
  const line = (event: EventItem['event']): EventItem[] => [{ type: 'event', id: operation.hash, at: millisecondsOf(operation.hlc), event }];
  const { says } = operation;
  if ('create' in says) return line({ what: 'created', who: by });
  if ('admit' in says) return line({ what: 'joined', who: admittedName(room, says.admit) });
  if ('remove' in says) return line({ what: 'removed', who: nameOf(room, says.remove.persona), by });
  return 'leave' in says ? line({ what: 'left', who: by }) : [];
}

/** The name that they go by now, or the one that they came with. */
function admittedName(room: Room, { certificate, name }: { readonly certificate: Uint8Array; readonly name?: string }): string {
  const found = [...room.state.members.values()].find((member) => equal(member.certificate, certificate));
  return found === undefined ? (name ?? 'Somebody') : nameOf(room, found.persona);
}
