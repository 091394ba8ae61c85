/** Whether an operation may stand, by the state of its own past alone: a question with the same answer on every device, at any time. */
import { isRefusal, refuse, toHex, type Refusal } from '../base/index.ts';
import { verifyCertificate } from '../identity/index.ts';
import { MAX_SLICES } from '../keyring/index.ts';
import type { Grounds, LogNode } from './log-node.ts';
import type { InviteState, Member, RoomState } from './log-state.ts';
import { hourOfOperation, type Admission, type ReadOperation } from './operation.ts';

/** Of the first operation: its own certificate says who made it. */
export function createGrounds(operation: ReadOperation): Grounds | Refusal {
  if (!('create' in operation.says)) return refuse('malformed', 'the first operation makes the room');
  const identity = verifyCertificate(operation.says.create.certificate, hourOfOperation(operation));
  if (isRefusal(identity)) return identity;
  if (identity.device !== operation.device) return refuse('wrong-author', 'create');
  return { author: identity.persona, admission: undefined, rests: [], identity };
}

/**
 * What an operation after the first rests on. Refused: `not-a-member`, `not-allowed`, `unknown-invite`, `invite-known`,
 * `invite-closed`, `invite-used`, `room-full`, `expired`, `already-member`, `device-known`, `unknown-member`, `wrong-device`, `unknown-join`,
 * and what `verifyCertificate` refuses.
 */
export function groundsOf(operation: ReadOperation, past: RoomState): Grounds | Refusal {
  const author = [...past.members.values()].find(({ identity }) => identity.some(({ device }) => device === operation.device));
  if (author === undefined) return refuse('not-a-member', 'operation');
  const [admission] = author.rests;
  const plain = { author: author.persona, admission, rests: admission === undefined ? [] : [admission] };
  const asOwner = author.role === 'owner' ? { ...plain, rests: author.rests } : refuse('not-allowed', 'only an owner may');
  const { says } = operation;
  if ('prekey' in says) return plain;
  if ('policy' in says) return asOwner;
  if ('leave' in says) return plain;
  if ('remove' in says) return isRefusal(asOwner) ? asOwner : (targetFault(says.remove, author, past) ?? asOwner);
  if ('role' in says) return isRefusal(asOwner) || past.members.has(says.role.persona) ? asOwner : refuse('unknown-member', 'role');
  if ('create' in says) return refuse('malformed', 'a second create');
  return inviteGrounds(operation, past, author, plain);
}

function targetFault(
  removal: { readonly persona: string; readonly cuts: readonly { readonly device: string }[] },
  author: Member,
  past: RoomState,
): Refusal | undefined {
  if (removal.persona === author.persona) return refuse('not-allowed', 'one leaves, rather than removing oneself');
  const target = [...past.members.values()].find(({ persona }) => persona === removal.persona);
  if (target === undefined) return refuse('unknown-member', 'remove');
  const devices = target.identity.map(({ device }) => device).toSorted();
  const named = removal.cuts.map(({ device }) => device);
  return devices.length === named.length && devices.every((device, i) => device === named[i])
    ? undefined
    : refuse('wrong-device', 'a removal cuts every device of theirs');
}

/** Invite, revoke, admit, decide. */
function inviteGrounds({ says, ...operation }: ReadOperation, past: RoomState, author: Member, plain: Grounds): Grounds | Refusal {
  const mayInvite = author.role === 'owner' || past.policy.invites === 'members';
  const withRole = { ...plain, rests: author.role === 'owner' ? author.rests : plain.rests };
  if ('invite' in says) {
    if (past.invites.has(toHex(says.invite.ipk))) return refuse('invite-known');
    return mayInvite ? withRole : refuse('not-allowed', 'invite');
  }
  const ipk = 'revoke' in says ? says.revoke.ipk : 'admit' in says ? says.admit.ipk : 'decide' in says ? says.decide.ipk : undefined;
  const invite = ipk && past.invites.get(toHex(ipk));
  if (invite === undefined) return refuse('unknown-invite');
  const rests: LogNode[] = [...withRole.rests, invite.node];
  if ('admit' in says) {
    if (!mayInvite) return refuse('not-allowed', 'admit');
    const identity = joinerOf(says.admit, invite, past, hourOfOperation(operation));
    return isRefusal(identity) ? identity : { ...plain, rests, identity };
  }
  if ('revoke' in says)
    return author.role === 'owner' || invite.author === author.persona ? { ...plain, rests } : refuse('not-allowed', 'revoke');
  if (author.role !== 'owner') return refuse('not-allowed', 'only an owner may');
  const joins = 'decide' in says ? says.decide.joins : [];
  if (joins.length > invite.uses || joins.some((join) => !invite.seen.includes(join))) return refuse('unknown-join', 'decide');
  return { ...plain, rests };
}

function joinerOf(admission: Admission, invite: InviteState, past: RoomState, hour: number) {
  if (invite.revoked || invite.closed) return refuse('invite-closed');
  if (hour >= invite.expiresHour) return refuse('expired', 'invite');
  if (invite.conflict || invite.usedBy.length >= invite.uses) return refuse('invite-used');
  const identity = verifyCertificate(admission.certificate, hour);
  if (isRefusal(identity)) return identity;
  if (past.members.has(identity.persona)) return refuse('already-member');
  // As many as one epoch holds: its author has no slice.
  if (past.members.size > MAX_SLICES) return refuse('room-full');
  return past.devices.has(identity.device) ? refuse('device-known', 'a removed device joins again as a new one') : identity;
}
