/** A room as a screen sees it: a fold over what the room holds. */
import { equal, isRefusal, toHex, type DeviceId, type PersonaId } from '../base/index.ts';
import { decodeEntry, type ChatMessage, type ChatView } from '../chat/index.ts';
import { millisecondsOf } from '../replica/index.ts';
import type { Member, OperationRecord, Room } from '../room/index.ts';
import { directView } from './direct.ts';
import type { EventItem, InviteItem, LinkRefusal, MessageItem, PersonItem, RoomItem, RoomView, TimelineItem } from './view.ts';

const DYES = 6;
const DAY = 24 * 3_600_000;

/** A room, and its entries folded into a chat. */
export interface ChatRoom {
  readonly room: Room;
  readonly chat: ChatView;
}

export interface Wording {
  /** Network time, ms since 1970. */
  readonly now: number;
  /** Why the last write failed, in words; undefined when it did not. */
  readonly failure: string | undefined;
  /** What is said of the network. */
  readonly connection: string;
}

export const dyeOf = (persona: PersonaId): number => Number.parseInt(persona.slice(0, 6), 16) % DYES;

/** A person whose name has not come yet is known by their key. */
const nameOf = ({ room, chat }: ChatRoom, persona: PersonaId): string =>
  chat.nameOf(persona) ??
  room.state.members.get(persona)?.name ??
  room.state.former.get(persona)?.name ??
  (persona === room.me ? room.firstName : `Somebody ${persona.slice(0, 4)}`);

export const unreadOf = ({ room, chat }: ChatRoom): readonly ChatMessage[] =>
  chat.timeline().filter((message) => message.author !== room.me && !room.isSeen(message.id, message.device));

export function roomItem(held: ChatRoom): RoomItem {
  const { room, chat } = held;
  const last = chat.timeline().at(-1);
  const refusal = room.refusal === '' ? undefined : (room.refusal as LinkRefusal);
  return {
    id: room.id,
    name: chat.roomName()?.name ?? room.invitedTo,
    standing: room.standing,
    ...(refusal && { refusal }),
    unread: unreadOf(held).length,
    ...(last && { last: { authorName: nameOf(held, last.author), mine: last.author === room.me, text: last.text, at: last.at } }),
    people: Math.max(1, room.state.members.size),
  };
}

export function roomView(held: ChatRoom, wording: Wording, firstUnread: string | undefined): RoomView {
  const { room } = held;
  const members = [...room.state.members.values()];
  const member = room.standing === 'member';
  return {
    ...roomItem(held),
    timeline: timeline(held, wording),
    ...(firstUnread !== undefined && { firstUnread }),
    members: members.map((one) => person(held, one)).toSorted((a, b) => Number(b.me) - Number(a.me) || a.name.localeCompare(b.name)),
    invites: room.admissions.invites().map(inviteItem),
    joinRequests: room.admissions.requests(),
    mayInvite: member,
    mayRename: member,
    direct: directView(room.direct, wording.connection, (persona) => nameOf(held, persona)),
  };
}

export const inviteItem = (invite: ReturnType<Room['admissions']['invites']>[number]): InviteItem => {
  const { link, ...rest } = invite;
  return link === undefined ? rest : { ...rest, link };
};

function person(held: ChatRoom, member: Member): PersonItem {
  const { room } = held;
  const me = member.persona === room.me;
  const devices = member.identity.map(({ device }) => device);
  const isAmong = (others: readonly DeviceId[]): boolean => devices.some((device) => others.includes(device));
  const trouble = isAmong(room.frozen) ? 'frozen' : isAmong(room.deceivers) ? 'deceived' : undefined;
  return {
    id: member.persona,
    name: nameOf(held, member.persona),
    me,
    kind: member.identity[0]?.kind ?? 'person',
    role: member.role,
    dye: dyeOf(member.persona),
    removable: !me && room.mayRemove(member.persona),
    ...(trouble && { trouble }),
  };
}

/** When the invite was made that let somebody in, ms since 1970: before that they wrote nothing here, whatever their updates say. */
function beginningOf({ room }: ChatRoom, { rests: [admission] }: Member): number {
  const ipk = admission?.says('admit')?.ipk;
  const first = (ipk && room.state.invites.get(toHex(ipk))?.node) ?? admission;
  return first === undefined ? 0 : millisecondsOf(first.operation.hlc);
}

function timeline(held: ChatRoom, wording: Wording): TimelineItem[] {
  const { room, chat } = held;
  const begins = new Map([...room.state.members.values()].map((member) => [member.persona, beginningOf(held, member)]));
  const messages: MessageItem[] = chat.timeline().map((message) => {
    const mine = message.author === room.me;
    const state = mine ? room.stateOf(message.id) : undefined;
    return {
      type: 'message',
      id: message.id,
      author: message.author,
      authorName: nameOf(held, message.author),
      mine,
      text: message.text,
      at: message.at,
      clockWrong: message.at > wording.now + DAY || message.at < (begins.get(message.author) ?? 0) - DAY,
      ...(state && { state }),
      ...(state === 'failed' && wording.failure !== undefined && { failure: wording.failure }),
    };
  });
  return [...events(held, messages), ...messages].toSorted((a, b) => a.at - b.at);
}

/**
 * Whoever comes while nobody else is there writes before anybody has let them in: that they came stands before their first words since
 * they last left. `messages`: in the order of their times.
 */
export function arrivedAt(
  persona: PersonaId,
  admitted: number,
  left: number,
  messages: readonly Pick<MessageItem, 'author' | 'at' | 'clockWrong'>[],
): number {
  for (const { author, at, clockWrong } of messages) {
    if (at >= admitted) break;
    if (author === persona && at > left && !clockWrong) return at;
  }
  return admitted;
}

function events(held: ChatRoom, messages: readonly MessageItem[]): EventItem[] {
  const { room, chat } = held;
  const renames = chat.renames().slice(1);
  const renamed = renames.map(({ id, at, name, author }): EventItem => ({
    type: 'event',
    id,
    at,
    event: { what: 'renamed', name, by: nameOf(held, author) },
  }));
  const frozen = room.frozen.map((device): EventItem => {
    const persona = room.personaOf(device);
    return {
      type: 'event',
      id: `frozen/${device}`,
      at: 0,
      event: { what: 'frozen', who: persona === undefined ? 'Somebody' : nameOf(held, persona) },
    };
  });
  const left = new Map<PersonaId, number>();
  const memberships = firstAdmissions(room.state.operations).flatMap((operation): EventItem | EventItem[] => {
    const { says, author, hlc } = operation;
    const at = millisecondsOf(hlc);
    if ('leave' in says) left.set(author, at);
    if ('remove' in says) left.set(says.remove.persona, at);
    if (!('admit' in says)) return membershipEvent(held, operation);
    const member = admittedMember(held, says.admit);
    return {
      type: 'event',
      id: operation.hash,
      at: member === undefined ? at : arrivedAt(member.persona, at, left.get(member.persona) ?? 0, messages),
      // The name that they go by now, or the one that they came with.
      event: { what: 'joined', who: member === undefined ? (says.admit.name ?? 'Somebody') : nameOf(held, member.persona) },
    };
  });
  return [...memberships, ...renamed, ...frozen, ...tooLate(held)];
}

/** Without those that let in by a Join that somebody else had let in beside them: that they came is said once. */
export function firstAdmissions<T extends Pick<OperationRecord, 'says'>>(operations: readonly T[]): T[] {
  const seen = new Set<string>();
  return operations.filter(({ says }) => {
    if (!('admit' in says)) return true;
    const join = says.admit.joinHash;
    return !seen.has(join) && seen.add(join);
  });
}

/** What one wrote and nobody takes any more is gone from the log; a line says so where it stood. */
function tooLate({ room }: ChatRoom): EventItem[] {
  const unaccepted = room.unaccepted().filter(({ entry }) => isMessage(entry));
  const last = unaccepted.at(-1);
  if (last === undefined) return [];
  return [{ type: 'event', id: `late/${last.id}`, at: millisecondsOf(last.hlc), event: { what: 'too-late', count: unaccepted.length } }];
}

function isMessage(entry: Uint8Array): boolean {
  const read = decodeEntry(entry);
  return !isRefusal(read) && 'say' in read;
}

function membershipEvent(held: ChatRoom, operation: OperationRecord): EventItem[] {
  const by = nameOf(held, operation.author);
  const at = millisecondsOf(operation.hlc);
  const line = (event: EventItem['event']): EventItem[] => [{ type: 'event', id: operation.hash, at, event }];
  const { says } = operation;
  if ('create' in says) return line({ what: 'created', who: by });
  if ('remove' in says) return line({ what: 'removed', who: nameOf(held, says.remove.persona), by });
  return 'leave' in says ? line({ what: 'left', who: by }) : [];
}

/** Undefined when they are a member no more. */
function admittedMember({ room }: ChatRoom, { certificate }: { readonly certificate: Uint8Array }): Member | undefined {
  const members = [...room.state.members.values()];
  // Mostly it is the very certificate that the member was let in with; to compare bytes with all takes the square of the room.
  return members.find((member) => member.certificate === certificate) ?? members.find((member) => equal(member.certificate, certificate));
}
