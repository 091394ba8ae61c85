/** People with a membership log each, for its tests. */
import { hash, isRefusal, relayId, toHex, utf8, type Bytes, type Hash, type RoomId } from '../base/index.ts';
import { seededRandom } from '../base/testing.ts';
import { kem, sha256 } from '../crypto/index.ts';
import { createPersona, type Persona } from '../identity/index.ts';
import { MembershipLog, type RoomState } from './log.ts';
import { authorCreate, authorOperation, type OperationContent } from './operation.ts';

export const NOW = Date.UTC(2026, 10, 21, 12);
export const HOUR = 3_600_000;
const hours = (ms: number): number => Math.floor(ms / HOUR);
const random = seededRandom(31);

export const newPerson = (expiresHour = 600_000): Persona => createPersona(random, { kind: 'person', expiresHour });

/** A made-up hash. */
export const hashOf = (text: string): Hash => hash(sha256(utf8(text)));
const bytesOf = (text: string): Bytes => sha256(utf8(text));

let prekeys: Bytes[] | undefined;
/** One of a few public keys; the crypto door has to be ready. */
export function prekey(i = 0): Bytes {
  prekeys ??= [0, 1, 2].map(() => kem.keygen(random.bytes(32)).publicKey);
  return prekeys[i % 3] ?? new Uint8Array(0);
}

/** Somebody's device, with the log as it has come to it. */
export class Actor {
  readonly persona: Persona;
  log: MembershipLog;
  now = NOW;

  constructor(persona: Persona, log = new MembershipLog()) {
    this.persona = persona;
    this.log = log;
  }

  get room(): RoomId {
    return this.log.state().room;
  }

  /** Signs an operation after one's heads, without adding it. */
  write(content: OperationContent, parents: readonly Hash[] = this.log.heads()): Bytes {
    return authorOperation({ room: this.room, parents, now: this.now, content }, this.persona);
  }

  /** Writes and adds; throws when it is refused. */
  does(content: OperationContent): Bytes {
    const operation = this.write(content);
    const result = this.log.add(operation);
    if (!('added' in result)) throw new Error(JSON.stringify(result));
    return operation;
  }

  invite(name: string, uses = 1, lasts = 24): Bytes {
    const terms = { ipk: bytesOf(name), address: bytesOf(`${name} address`), welcomeKey: bytesOf(`${name} key`) };
    const mailboxes = [relayId(bytesOf('one')), relayId(bytesOf('two'))] as const;
    return this.does({ invite: { ...terms, mailboxes, uses, expiresHour: hours(this.now) + lasts } });
  }

  admission(invite: string, joiner: Persona, join = `join ${joiner.id}`): OperationContent {
    return { admit: { joinHash: hashOf(join), ipk: bytesOf(invite), certificate: joiner.certificate, prekey: prekey(1) } };
  }

  admit(invite: string, joiner: Persona, join?: string): Bytes {
    return this.does(this.admission(invite, joiner, join));
  }

  revoke(invite: string): Bytes {
    return this.does({ revoke: { ipk: bytesOf(invite) } });
  }

  removal(target: Persona): OperationContent {
    return { remove: { persona: target.id, devices: [target.device], heads: [] } };
  }

  remove(target: Persona): Bytes {
    return this.does(this.removal(target));
  }

  /** Takes what another has. */
  hears(other: Actor): void {
    for (const operation of other.log.missing(this.log.heads())) this.log.add(operation);
  }

  inviteState(name: string) {
    return this.log.state().invites.get(toHex(bytesOf(name)));
  }

  members(): string[] {
    return [...this.log.state().members.keys()].toSorted();
  }
}

export function newRoom(persona: Persona): Actor {
  const actor = new Actor(persona);
  const added = actor.log.add(authorCreate({ now: NOW, prekey: prekey(), salt: random.bytes(32) }, persona));
  if (isRefusal(added)) throw new Error(added.refused);
  return actor;
}

/** Another's device in the same room, knowing what `actor` knows. */
export function joined(actor: Actor, persona: Persona): Actor {
  const other = new Actor(persona, new MembershipLog({ room: actor.room }));
  other.hears(actor);
  return other;
}

/** A state as plain values, for comparing. */
export function plain(state: RoomState): unknown {
  const devices = [...state.devices.keys()].toSorted();
  const byKey = <T>(map: ReadonlyMap<string, T>): [string, T][] => [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    room: state.room,
    members: byKey(state.members).map(([id, { rests, identity, ...member }]) => [
      id,
      member,
      rests.map((node) => node.hash),
      identity[0]?.device,
    ]),
    former: byKey(state.former).map(([id, { how, by }]) => [id, how, by]),
    policy: state.policy,
    invites: byKey(state.invites).map(([ipk, { node, ...invite }]) => [
      ipk,
      { ...invite, usedBy: invite.usedBy.toSorted(), seen: invite.seen.toSorted() },
      node.hash,
    ]),
    suspended: state.suspended.map(({ joinHash, persona }) => `${joinHash} ${persona}`).toSorted(),
    devices: devices.map((device) => [device, state.cutOf(device)]),
    memberSetHash: state.memberSetHash,
    operations: state.operations.map((operation) => operation.hash),
  };
}
