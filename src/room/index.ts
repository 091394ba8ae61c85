export { hourOf, type EntryFold, type RoomSurroundings, type Standing } from './context.ts';
export { type InviteInfo, type JoinRequest } from './admissions.ts';
export { readLink, type ParsedLink } from './invite-link.ts';
export { openPosted, type Posted } from './invite-post.ts';
export { createRoom, joinRoom, openRoom, type Beginning } from './life.ts';
export type { Member, OperationRecord } from './log.ts';
export { readNotice, type Notice } from './notice.ts';
export { Room, type OwnState } from './room.ts';
export { readWelcome, type Welcome } from './welcome.ts';
