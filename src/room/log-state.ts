/**
 * Members, roles, policy and invites as a pure function of a set of operations that holds the past of each of its own
 * (docs/protocol.md §8.1): whatever the order in which they came, the result is the same.
 *
 *   1  removals, the most senior author's first: one holds unless its author was removed beside it by one that holds already
 *   2  an operation holds unless its author was removed beside it, or something that it rests on does not hold
 *   3  of admissions beyond an invite's uses, those that came beside each other are suspended until an owner decides
 *   4  what holds, in order of (depth, hash), makes the state; a removal takes everybody out who was not admitted after it
 */
import { concat, hash, idBytes, roomId, toHex, type Bytes, type DeviceId, type Hash, type PersonaId, type RoomId } from '../base/index.ts';
import { sha256 } from '../crypto/index.ts';
import type { DeviceIdentity } from '../identity/index.ts';
import { millisecondsOf, NOTHING, type Cut } from '../replica/index.ts';
import { byDepth, type LogNode } from './log-node.ts';
import { settleInvite, type Settled } from './log-invites.ts';
import { DEFAULT_POLICY, type Admission, type InviteTerms, type OperationSays, type RoomPolicy } from './operation.ts';

export interface Member {
  readonly persona: PersonaId;
  readonly identity: readonly DeviceIdentity[];
  readonly role: 'owner' | 'member';
  /** 0 is the most senior. */
  readonly seniority: number;
  /** Signed Certificate. */
  readonly certificate: Bytes;
  /** The newest that the log tells. */
  readonly prekey: Bytes;
  /** Undefined of the creator. */
  readonly admittedBy: PersonaId | undefined;
  /** Milliseconds since 1970, by the clock of whoever let them in. */
  readonly admittedAt: number;
  /** As the admission tells it. */
  readonly name: string | undefined;
  /** The operation that let them in, and the one that gave the role. */
  readonly rests: readonly LogNode[];
}

export interface FormerMember {
  readonly persona: PersonaId;
  readonly identity: readonly DeviceIdentity[];
  readonly name: string | undefined;
  readonly how: 'removed' | 'left';
  readonly by: PersonaId;
}

export interface InviteState extends InviteTerms {
  /** Hash of the operation that made it. */
  readonly op: Hash;
  readonly author: PersonaId;
  /** Joins that hold. */
  readonly usedBy: readonly Hash[];
  readonly revoked: boolean;
  /** A removal closed it. */
  readonly closed: boolean;
  /** More were admitted, beside each other, than it has uses: an owner has to decide. */
  readonly conflict: boolean;
  /** Neither revoked, closed, in conflict nor used up. Its hour is for the reader to look at. */
  readonly open: boolean;
  readonly node: LogNode;
  /** Joins that any admission in the log names, decided against or not. */
  readonly seen: readonly Hash[];
}

/** Somebody who was admitted beside another for one use. */
export interface SuspendedJoin extends Admission {
  readonly persona: PersonaId;
  readonly admittedBy: PersonaId;
}

/** An operation that holds, for showing what happened. */
export interface OperationRecord {
  readonly hash: Hash;
  readonly author: PersonaId;
  readonly device: DeviceId;
  readonly hlc: bigint;
  readonly says: OperationSays;
}

export interface RoomState {
  /** Zeros while the log is empty. */
  readonly room: RoomId;
  readonly members: ReadonlyMap<PersonaId, Member>;
  readonly former: ReadonlyMap<PersonaId, FormerMember>;
  readonly policy: RoomPolicy;
  /** By hex of ipk. */
  readonly invites: ReadonlyMap<string, InviteState>;
  readonly suspended: readonly SuspendedJoin[];
  /** Every device that is or was a member's. */
  readonly devices: ReadonlyMap<DeviceId, DeviceIdentity>;
  /** What counts of a device: undefined is everything. */
  cutOf(device: DeviceId): Cut | undefined;
  /** H of the members' device ids, ascending. */
  readonly memberSetHash: Hash;
  /** What holds, in order. */
  readonly operations: readonly OperationRecord[];
}

export const recordOf = ({ operation, author }: LogNode): OperationRecord => {
  const { device, hlc, says } = operation;
  return { hash: operation.hash, author, device, hlc, says };
};

export function stateOf(nodes: readonly LogNode[]): RoomState {
  const order = nodes.toSorted(byDepth);
  const removals = removalsThatHold(order);
  const standing = holding(order, removals, new Set());
  const settled = invitesOf(
    order.filter((node) => standing.has(node)),
    removals,
  );
  const barred = new Set(settled.flatMap((invite) => invite.barred));
  const holds = holding(order, removals, barred);
  const effective = order.filter((node) => holds.has(node));
  const membership = membersOf(effective, removals);
  const { members } = membership;
  return {
    room: order[0]?.operation.room ?? roomId(new Uint8Array(32)),
    members,
    former: membership.former,
    policy: effective.reduce((policy, node) => node.says('create')?.policy ?? node.says('policy') ?? policy, DEFAULT_POLICY),
    invites: new Map(settled.filter(({ node }) => holds.has(node)).map((invite) => [toHex(invite.state.ipk), invite.state])),
    suspended: settled.flatMap((invite) => invite.suspended).flatMap(suspendedJoin),
    devices: new Map(
      effective.flatMap(({ grounds }) => (grounds.identity === undefined ? [] : [[grounds.identity.device, grounds.identity] as const])),
    ),
    cutOf: (device) => membership.cuts.get(device),
    memberSetHash: hash(
      sha256(
        concat(
          ...[...members.values()]
            .flatMap(({ identity }) => identity.map(({ device }) => device))
            .toSorted()
            .map(idBytes),
        ),
      ),
    ),
    operations: effective.map(recordOf),
  };
}

/** Step 1. */
function removalsThatHold(order: readonly LogNode[]): LogNode[] {
  const removals = order.filter((node) => node.says('remove') !== undefined).toSorted((a, b) => bySeniority(a, b) || byDepth(a, b));
  const hold: LogNode[] = [];
  for (const removal of removals) if (!isVoided(removal, hold, new Map())) hold.push(removal);
  return hold;
}

/** By the admissions of the authors. */
function bySeniority(a: LogNode, b: LogNode): number {
  const [own, other] = [a.grounds.admission, b.grounds.admission];
  return own === undefined || other === undefined ? 0 : byDepth(own, other);
}

const removedBeside = (node: LogNode, removals: readonly LogNode[]): boolean =>
  removals.some((removal) => removal.says('remove')?.persona === node.author && removal.isConcurrentWith(node));

/** Whether the author was removed beside the operation, or the author of something that it rests on beside that. */
function isVoided(node: LogNode, removals: readonly LogNode[], known: Map<LogNode, boolean>): boolean {
  const before = known.get(node);
  if (before !== undefined) return before;
  const voided = removedBeside(node, removals) || node.grounds.rests.some((ground) => isVoided(ground, removals, known));
  known.set(node, voided);
  return voided;
}

/** Step 2: `barred` does not hold, and nothing that rests on it. */
function holding(order: readonly LogNode[], removals: readonly LogNode[], barred: ReadonlySet<LogNode>): Set<LogNode> {
  const hold = new Set<LogNode>(removals);
  for (const node of order) {
    if (hold.has(node) || barred.has(node)) continue;
    if (!removedBeside(node, removals) && node.grounds.rests.every((ground) => hold.has(ground))) hold.add(node);
  }
  return hold;
}

/** Step 3. Of two invites with one key the first in order is the one. */
function invitesOf(standing: readonly LogNode[], removals: readonly LogNode[]): Settled[] {
  const first = new Map<string, LogNode>();
  for (const node of standing) {
    const terms = node.says('invite');
    if (terms !== undefined && !first.has(toHex(terms.ipk))) first.set(toHex(terms.ipk), node);
  }
  return [...first.values()].map((node) => settleInvite(node, standing, removals));
}

function suspendedJoin(node: LogNode): SuspendedJoin[] {
  const admission = node.says('admit');
  const persona = node.grounds.identity?.persona;
  return admission === undefined || persona === undefined ? [] : [{ ...admission, persona, admittedBy: node.author }];
}

interface Draft extends Omit<Member, 'seniority'> {
  /** More than one when two let the same Join in. */
  readonly admissions: readonly LogNode[];
}

/** Step 4. */
function membersOf(effective: readonly LogNode[], removals: readonly LogNode[]) {
  const drafts = new Map<PersonaId, Draft>();
  const former = new Map<PersonaId, FormerMember>();
  const cuts = new Map<DeviceId, Cut>();
  const ends = [...removals, ...effective.filter((node) => node.says('leave') !== undefined)].toSorted(byDepth);
  for (const node of effective) {
    const draft = draftOf(node);
    if (draft !== undefined) {
      const end = ends.find((other) => endedBy(other) === draft.persona && !node.follows(other));
      if (end === undefined) drafts.set(draft.persona, joined(drafts.get(draft.persona), draft));
      if (end !== undefined && !former.has(draft.persona)) former.set(draft.persona, formerOf(draft, end));
    }
    applyChange(drafts, node);
  }
  for (const [persona] of drafts) former.delete(persona);
  for (const end of ends) for (const [device, cut] of cutsOf(end)) cuts.set(device, smaller(cuts.get(device), cut));
  return { members: ranked(drafts), former, cuts };
}

function draftOf(node: LogNode): Draft | undefined {
  const { identity } = node.grounds;
  const says = node.says('create') ?? node.says('admit');
  if (identity === undefined || says === undefined) return undefined;
  const created = node.says('create') !== undefined;
  return {
    persona: identity.persona,
    identity: [identity],
    role: created ? 'owner' : 'member',
    certificate: says.certificate,
    prekey: says.prekey,
    admittedBy: created ? undefined : node.author,
    admittedAt: millisecondsOf(node.operation.hlc),
    name: node.says('admit')?.name,
    rests: [node],
    admissions: [node],
  };
}

const joined = (before: Draft | undefined, draft: Draft): Draft =>
  before === undefined ? draft : { ...before, admissions: [...before.admissions, ...draft.admissions] };

/** Whom a removal or a leave takes out. */
const endedBy = (node: LogNode): PersonaId | undefined =>
  node.says('remove')?.persona ?? (node.says('leave') === undefined ? undefined : node.author);

const formerOf = ({ persona, identity, name }: Draft, end: LogNode): FormerMember => ({
  persona,
  identity,
  name,
  how: end.says('remove') === undefined ? 'left' : 'removed',
  by: end.author,
});

/** A role or a prekey, of the membership that it speaks of. */
function applyChange(drafts: Map<PersonaId, Draft>, node: LogNode): void {
  const prekey = node.says('prekey')?.prekey;
  const change = node.says('role');
  const draft = drafts.get(change?.persona ?? node.author);
  const [first] = draft?.admissions ?? [];
  if (draft === undefined || first === undefined || !draft.admissions.some((admission) => node.follows(admission))) return;
  if (prekey !== undefined) drafts.set(draft.persona, { ...draft, prekey });
  if (change !== undefined) drafts.set(draft.persona, { ...draft, role: change.role, rests: [first, node] });
}

function cutsOf(end: LogNode): (readonly [DeviceId, Cut])[] {
  const removal = end.says('remove');
  if (removal !== undefined) return removal.cuts.map(({ device, cut }) => [device, cut ?? NOTHING]);
  const cut = end.says('leave')?.cut;
  return cut === undefined ? [] : [[end.operation.device, cut]];
}

/** The one that lets less count; of two for one place the lower hash. */
function smaller(a: Cut | undefined, b: Cut): Cut {
  if (a === undefined) return b;
  return (a.segment - b.segment || a.seq - b.seq || (a.hash < b.hash ? -1 : 1)) < 0 ? a : b;
}

/** A room without an owner is its most senior member's. */
function ranked(drafts: ReadonlyMap<PersonaId, Draft>): Map<PersonaId, Member> {
  const order = [...drafts.values()].toSorted((a, b) => seniorityOf(a, b));
  const owned = order.some(({ role }) => role === 'owner');
  return new Map(
    order.map(({ admissions: _admissions, ...draft }, seniority) => [
      draft.persona,
      { ...draft, seniority, role: owned || seniority > 0 ? draft.role : 'owner' },
    ]),
  );
}

function seniorityOf(a: Draft, b: Draft): number {
  const [own, other] = [a.admissions[0], b.admissions[0]];
  return own === undefined || other === undefined ? 0 : byDepth(own, other);
}
