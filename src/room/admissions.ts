/**
 * Invites, from both ends (docs/protocol.md §8.5).
 *
 *   inviter   Welcome ──► A_i          admitter   Join at A_i ──► verify ──► admit + rotate ──► A_j, and a notice at A_i
 *   joiner    Join ──► A_i, writes at A_j         notice at A_i: used, revoked ──► told so
 *
 * Joins are decided only once all that the invite's mailboxes hold has been seen, so that two Joins for one use are seen together.
 */
import { equal, fromHex, hash, idBytes, isRefusal, toHex, type Bytes, type DeviceId, type Hash, type PersonaId } from '../base/index.ts';
import { verifyCertificate } from '../identity/index.ts';
import { readAddress, type Address } from '../keyring/index.ts';
import { millisecondsOf } from '../replica/index.ts';
import { create, decodeStrict, encode, InviteRecordSchema, SeenJoinSchema, WelcomesRecordSchema } from '../wire/index.ts';
import { hourOf } from './context.ts';
import type { Incoming } from './following.ts';
import { makeInvite, readLink, type InviteSecret, type ParsedLink } from './invite-link.ts';
import { openPosted } from './invite-post.ts';
import { readJoin, type Join } from './join.ts';
import type { InviteState } from './log.ts';
import { makeNotice, readNotice, sealNotice } from './notice.ts';
import { encodePolicy } from './operation.ts';
import { rankPause, type Rotations } from './rotations.ts';
import { makeWelcome, readWelcome, sealWelcome, welcomeHash, type Welcome } from './welcome.ts';
import type { Work } from './work.ts';

const HOUR = 3_600_000;
const INVITES = 'i/';
const WELCOMES = 'w/';
const JOINS = 'q/';
/** Undecided Joins of one invite beyond its uses: a flood on one link leaves the others as they are. */
const MOST_BEYOND = 16;
/** Those who come within so long of each other are let in together, by one rotation, ms. */
const TOGETHER = 1_000;

export interface InviteInfo {
  /** Hex of ipk. */
  readonly id: string;
  /** On the device that made it. */
  readonly link: string | undefined;
  readonly uses: number;
  readonly usesLeft: number;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

export interface JoinRequest {
  /** H(Join). */
  readonly id: Hash;
  readonly name: string;
  readonly why: 'policy' | 'two-for-one-use';
}

interface Seen {
  readonly ipk: string;
  readonly join: Join;
  answer: 'admit' | 'refuse' | undefined;
}

export class Admissions {
  readonly #work: Work;
  readonly #rotations: Rotations;
  /** Links that this device made, by hex of ipk. */
  readonly #own = new Map<string, { readonly secret: InviteSecret; readonly prekey: Bytes }>();
  readonly #welcomes = new Map<string, Hash[]>();
  readonly #joins = new Map<Hash, Seen>();
  /** A notice has named one's own Join: that the invite is used up is no refusal then, whichever notice came first. */
  #letIn = false;
  #lastAdmission = -Infinity;
  #joined: { readonly link: ParsedLink; readonly welcome: Welcome } | undefined;

  constructor(work: Work, rotations: Rotations) {
    this.#work = work;
    this.#rotations = rotations;
    this.#restore();
  }

  // ── invites ──

  invites(): InviteInfo[] {
    return this.#open().map((invite) => ({
      id: toHex(invite.ipk),
      link: this.#own.get(toHex(invite.ipk))?.secret.link,
      uses: invite.uses,
      usesLeft: usesLeft(invite),
      expires: invite.expiresHour * HOUR,
    }));
  }

  /** Makes an invite and its Welcome. `sent` is called once a mailbox holds the Welcome. Throws an Error in words. */
  invite(
    terms: { readonly uses: number; readonly hours: number; readonly names: { readonly inviter: string; readonly room: string } },
    sent: () => void,
  ): string {
    const { surroundings, parts } = this.#work;
    const expiresHour = hourOf(surroundings.networkTime()) + Math.max(1, Math.round(terms.hours));
    const mailboxes = surroundings.pickMailboxes();
    const secret = makeInvite(surroundings.random, { expiresHour, inviterRoot: parts.persona.id, mailboxes });
    const prekey = parts.keyring.newInvitePrekey();
    const { ipk, address, welcomeKey } = secret;
    this.#work.author({ invite: { ipk, address: address.secret, welcomeKey, mailboxes, uses: terms.uses, expiresHour } });
    const state = parts.log.state();
    const others = [...state.members.values()]
      .filter((member) => member.persona !== parts.persona.id)
      .map(({ certificate, identity, prekey: first }) => ({ certificate, prekey: this.#prekeyOf(identity[0]?.device) ?? first }));
    const welcome = makeWelcome(
      {
        room: parts.room,
        roomName: terms.names.room,
        inviterName: terms.names.inviter,
        policy: encodePolicy(state.policy),
        operations: [],
        admitters: [{ certificate: parts.persona.certificate, prekey }, ...others],
        ipk,
        expiresHour,
        people: state.members.size,
      },
      (purpose, body) => parts.persona.sign(purpose, body),
    );
    this.#keepOwn(secret, prekey);
    this.#knowWelcome(toHex(ipk), welcome);
    this.#work.post(sealWelcome(secret, welcome, surroundings.random), sent);
    this.#work.wake();
    return secret.link;
  }

  revoke(id: string): void {
    const invite = this.#open().find(({ ipk }) => toHex(ipk) === id);
    if (invite === undefined) return;
    this.#work.author({ revoke: { ipk: invite.ipk } });
    this.#notice(invite, 'revoked');
    this.#forget(id);
    this.#work.wake();
  }

  /** Tells those who still hold links that were open until now. */
  closeAll(): void {
    for (const invite of this.#open()) this.#notice(invite, 'revoked');
  }

  /** What a person has to decide. Admissions beside each other, beyond the invite's uses, are for an owner. */
  requests(): JoinRequest[] {
    const { suspended, members } = this.#work.parts.log.state();
    const owner = members.get(this.#work.parts.persona.id)?.role === 'owner';
    const undecided = this.#undecided().flatMap(({ seen, why }) =>
      why === undefined ? [] : [{ id: seen.join.joinHash, name: seen.join.name, why }],
    );
    return [
      ...undecided,
      ...(owner ? suspended : []).map(({ joinHash, name }) => ({ id: joinHash, name: name ?? '', why: 'two-for-one-use' as const })),
    ];
  }

  answer(request: string, yes: boolean): void {
    const suspended = this.#work.parts.log.state().suspended.find(({ joinHash }) => joinHash === request);
    const seen = this.#joins.get(request as Hash);
    if (suspended !== undefined) this.#settle(suspended.ipk, yes ? [suspended.joinHash] : []);
    else if (seen !== undefined) seen.answer = yes ? 'admit' : 'refuse';
    this.#work.wake();
  }

  /** Of joins that were admitted beside each other, those named stay; the others of that invite do not. */
  #settle(ipk: Bytes, joins: readonly Hash[]): void {
    const held = this.#work.parts.log.state().invites.get(toHex(ipk))?.usedBy ?? [];
    this.#work.author({ decide: { ipk, joins: [...held, ...joins] } });
    this.#rotations.rotateNow();
  }

  // ── what is read ──

  /** The invites' addresses, at which Joins and notices come: one's own first, then one of each member in turn, the newest first. */
  addresses(): Address[] {
    const joined = this.#joining()?.link.address;
    const { id } = this.#work.parts.persona;
    const byAuthor = Map.groupBy(this.#open().toReversed(), ({ author }) => author);
    const turns = [...byAuthor].flatMap(([author, all]) => all.map((invite, i) => ({ invite, turn: author === id ? -1 : i })));
    const open = turns.toSorted((a, b) => a.turn - b.turn).map(({ invite }) => placeOf(invite).address);
    return joined === undefined ? open : [joined, ...open];
  }

  /** True when a blob came from an invite's address; it has been dealt with then. */
  takes(incoming: Incoming): boolean {
    const { link } = this.#joining() ?? {};
    if (link !== undefined && equal(link.address.secret, incoming.address.secret)) {
      this.#takeAsJoiner(incoming);
      return true;
    }
    const invite = [...this.#work.parts.log.state().invites.values()].find(({ address }) => equal(address, incoming.address.secret));
    if (invite !== undefined) this.#takeAsMember(invite, incoming);
    return invite !== undefined;
  }

  /** The keysets of those who may let this device in, while it waits. */
  keysetOf(device: DeviceId): Bytes | undefined {
    return this.#joining()?.welcome.admitters.find(({ identity }) => identity.device === device)?.identity.deviceKeyset;
  }

  /** How far back a member sees, ms since 1970. */
  historySince(persona: PersonaId): number {
    const { policy, members, operations } = this.#work.parts.log.state();
    const certificate = members.get(persona)?.certificate;
    const admission = operations.find(
      ({ says }) => 'admit' in says && certificate !== undefined && equal(says.admit.certificate, certificate),
    );
    return admission === undefined ? 0 : millisecondsOf(admission.hlc) - policy.historyDays * 24 * HOUR;
  }

  /** Lets in whoever may come in, and asks where a person has to decide. */
  decide(): void {
    if (this.#work.standing() !== 'member') return;
    this.#tidy();
    const ready: { invite: InviteState; join: Join }[] = [];
    for (const { seen, invite, why, mine } of this.#undecided()) {
      if (seen.answer === 'refuse') this.#refuseJoin(seen.join.joinHash);
      else if (seen.answer === 'admit' || (why === undefined && mine)) ready.push({ invite, join: seen.join });
      else if (why === undefined) this.#admitLater(seen);
    }
    if (ready.length === 0) return;
    const { clock } = this.#work.surroundings;
    const pause = this.#lastAdmission + TOGETHER - clock.now();
    if (pause > 0 && pause <= TOGETHER) return this.#work.later('admit', pause, () => this.#work.wake());
    this.#lastAdmission = clock.now();
    this.#admit(ready);
  }

  /** What waited on an invite that is open no more. */
  #tidy(): void {
    const { invites } = this.#work.parts.log.state();
    for (const { ipk, join } of [...this.#joins.values()]) {
      const invite = invites.get(ipk);
      const isOver = invite !== undefined && !invite.conflict && !isOpen(invite, this.#hour());
      if (isOver || invite?.usedBy.includes(join.joinHash) === true) this.#refuseJoin(join.joinHash);
    }
  }

  /** Joins that nobody has let in, with the reason why a person has to decide, if there is one. */
  #undecided(): { seen: Seen; invite: InviteState; why: JoinRequest['why'] | undefined; mine: boolean }[] {
    const { invites, policy } = this.#work.parts.log.state();
    const undecided = [];
    for (const invite of invites.values()) {
      const waiting = [...this.#joins.values()].filter(
        ({ ipk, join }) => ipk === toHex(invite.ipk) && !invite.usedBy.includes(join.joinHash),
      );
      if (!isOpen(invite, this.#hour()) || !this.#work.following.isReached(placeOf(invite).address)) continue;
      const tooMany = waiting.length > usesLeft(invite);
      const why = tooMany ? 'two-for-one-use' : policy.admission === 'person' ? 'policy' : undefined;
      for (const seen of waiting) undecided.push({ seen, invite, why, mine: invite.author === this.#work.parts.persona.id } as const);
    }
    return undecided;
  }

  #admitLater(seen: Seen): void {
    const place = this.#rotations.rankAmong(this.#rotations.memberDevices(), idBytes(seen.join.joinHash));
    this.#work.later(`admit/${seen.join.joinHash}`, rankPause(place + 1), () => {
      seen.answer ??= 'admit';
      this.#work.wake();
    });
  }

  /** All of them by one rotation: each costs every member a slice, an answer with a new prekey, and history told anew. */
  #admit(ready: readonly { readonly invite: InviteState; readonly join: Join }[]): void {
    const { parts } = this.#work;
    const admitted = ready.filter(({ invite, join }) => this.#isAllowed(invite, join));
    if (admitted.length === 0) return;
    const { frame } = this.#rotations.rotate();
    for (const { join } of admitted) {
      this.#work.post(parts.keyring.sealRotation(join.address, frame));
      this.#rotations.followJoin(join.joinHash, join.identity.device);
    }
    const since = Math.max(...admitted.map(({ join }) => this.historySince(join.identity.persona)));
    this.#work.tell(parts.log.operations(), parts.replica.missing([], since));
    for (const [id, joins] of Map.groupBy(admitted, ({ invite }) => toHex(invite.ipk))) this.#closeIfUsedUp(id, joins);
  }

  /** Writes the admission. What the log does not allow (used up by an admission that came meanwhile) is counted, and the Join is left. */
  #isAllowed(invite: InviteState, { joinHash, certificate, prekey, name }: Join): boolean {
    this.#dropJoin(joinHash);
    try {
      this.#work.author({ admit: { joinHash, ipk: invite.ipk, certificate, prekey, name } });
      return true;
    } catch {
      this.#work.surroundings.counters.count('admit-refused');
      return false;
    }
  }

  /** The notice that a link is used up goes behind one to each who has just come in by it, for whom it is no refusal. */
  #closeIfUsedUp(id: string, admitted: readonly { readonly invite: InviteState; readonly join: Join }[]): void {
    const left = this.#work.parts.log.state().invites.get(id);
    if (left !== undefined && usesLeft(left) > 0) return;
    for (const { invite, join } of admitted) this.#notice(invite, { admitted: join.joinHash });
    for (const { invite } of admitted.slice(0, 1)) this.#notice(invite, 'used');
    this.#forget(id);
    this.#work.surroundings.changed();
  }

  #takeAsMember(invite: InviteState, { address, topic, blob }: Incoming): void {
    const { parts, surroundings } = this.#work;
    const id = toHex(invite.ipk);
    const posted = openPosted(placeOf(invite), topic, blob);
    if (!isRefusal(posted)) {
      if (posted.kind === 'welcome') this.#knowWelcome(id, posted.signed);
      return;
    }
    // Of the kinds that a keyring opens, a Join alone comes here, and it is signed inside.
    const opened = parts.keyring.open(address, topic, blob, () => undefined);
    if (isRefusal(opened) || opened.kind !== 'rotation') return surroundings.counters.count('invite-stray');
    if (this.#isFlooded(invite)) return surroundings.counters.count('join-flood');
    const join = readJoin(opened.text, {
      keyring: parts.keyring,
      ipk: invite.ipk,
      welcomes: this.#welcomes.get(id) ?? [],
      hourNow: this.#hour(),
    });
    // The other mailbox's copy of a Join that used the invite up comes when its prekey is gone.
    if (isRefusal(join) && join.refused === 'no-prekey' && !invite.open) return;
    if (isRefusal(join)) return surroundings.counters.count(`join-${join.refused}`);
    if (invite.usedBy.includes(join.joinHash)) this.#refuseJoin(join.joinHash);
    else if (!this.#joins.has(join.joinHash)) this.#keepJoin(id, join);
    surroundings.changed();
  }

  /** More Joins wait than anybody will look through. */
  #isFlooded(invite: InviteState): boolean {
    const waiting = [...this.#joins.values()].filter(({ ipk }) => ipk === toHex(invite.ipk));
    return waiting.length >= usesLeft(invite) + MOST_BEYOND;
  }

  #takeAsJoiner({ topic, blob }: Incoming): void {
    const joining = this.#joining();
    const posted = joining && openPosted(joining.link, topic, blob);
    if (joining === undefined || posted === undefined || isRefusal(posted) || posted.kind !== 'notice') return;
    const { link, welcome } = joining;
    const trusted = new Set([link.inviterRoot, ...welcome.admitters.map(({ identity }) => identity.persona)]);
    const notice = readNotice(posted.signed, link.ipk, this.#hour(), ({ persona }) => trusted.has(persona));
    if (isRefusal(notice)) return this.#work.surroundings.counters.count(`notice-${notice.refused}`);
    const own = this.#work.record.joining?.joinHash;
    if (typeof notice.outcome !== 'object') this.#work.fail(this.#letIn ? '' : notice.outcome);
    else if (own !== undefined && notice.outcome.admitted === hash(own)) {
      this.#letIn = true;
      this.#work.fail('');
    }
  }

  // ── small things ──

  #hour(): number {
    return hourOf(this.#work.surroundings.networkTime());
  }

  #open(): InviteState[] {
    if (this.#work.standing() !== 'member') return [];
    return [...this.#work.parts.log.state().invites.values()].filter((invite) => isOpen(invite, this.#hour()));
  }

  #notice(invite: InviteState, outcome: Parameters<typeof makeNotice>[0]['outcome']): void {
    const { parts, surroundings } = this.#work;
    const signed = makeNotice({ room: parts.room, ipk: invite.ipk, outcome }, parts.persona);
    this.#work.post(sealNotice(placeOf(invite), signed, surroundings.random));
  }

  #prekeyOf(device: DeviceId | undefined): Bytes | undefined {
    return device && this.#work.acknowledged.prekeyOf(device);
  }

  #knowWelcome(id: string, signed: Bytes): void {
    const known = welcomeHash(signed);
    if (isRefusal(known)) return;
    const hashes = [...new Set([...(this.#welcomes.get(id) ?? []), known])];
    this.#welcomes.set(id, hashes);
    this.#work.put(WELCOMES + id, encode(WelcomesRecordSchema, create(WelcomesRecordSchema, { hashes: hashes.map(idBytes) })));
  }

  #keepJoin(ipk: string, join: Join): void {
    this.#joins.set(join.joinHash, { ipk, join, answer: undefined });
    const { certificate, prekey, name, address } = join;
    const fields = {
      ipk: fromHex(ipk),
      welcome: idBytes(join.welcome),
      certificate,
      prekey,
      name,
      address: address.secret,
      mailboxes: address.mailboxes.map(idBytes),
    };
    this.#work.put(JOINS + join.joinHash, encode(SeenJoinSchema, create(SeenJoinSchema, fields)));
  }

  /** Nothing of a Join that this device does not let in stays: neither its record nor the keys of its epoch. */
  #refuseJoin(join: Hash): void {
    this.#dropJoin(join);
    if (!this.#rotations.readsJoin(join)) this.#work.parts.keyring.close(join);
  }

  #dropJoin(join: Hash): void {
    this.#joins.delete(join);
    this.#work.remove(JOINS + join);
  }

  #keepOwn(secret: InviteSecret, prekey: Bytes): void {
    const id = toHex(secret.ipk);
    this.#own.set(id, { secret, prekey });
    this.#work.put(INVITES + id, encode(InviteRecordSchema, create(InviteRecordSchema, { link: secret.link, prekey })));
  }

  #forget(id: string): void {
    const own = this.#own.get(id);
    this.#work.remove(INVITES + id);
    this.#own.delete(id);
    if (own !== undefined) this.#work.parts.keyring.erasePrekey(own.prekey);
  }

  #restore(): void {
    for (const [key, value] of this.#work.surroundings.records.entries(INVITES)) {
      const record = decodeStrict(InviteRecordSchema, value);
      const secret = isRefusal(record) ? record : readLink(record.link, 0);
      if (isRefusal(record) || 'refused' in secret) continue;
      this.#own.set(key.slice(INVITES.length), { secret, prekey: new Uint8Array(record.prekey) });
    }
    for (const [key, value] of this.#work.surroundings.records.entries(WELCOMES)) {
      const record = decodeStrict(WelcomesRecordSchema, value);
      if (!isRefusal(record)) this.#welcomes.set(key.slice(WELCOMES.length), record.hashes.map(hash));
    }
    for (const [key, value] of this.#work.surroundings.records.entries(JOINS)) {
      const seen = readSeenJoin(key.slice(JOINS.length) as Hash, value, this.#hour());
      if (seen !== undefined) this.#joins.set(seen.join.joinHash, seen);
    }
  }

  #joining(): { readonly link: ParsedLink; readonly welcome: Welcome } | undefined {
    const { joining } = this.#work.record;
    if (joining === undefined) return undefined;
    if (this.#joined !== undefined) return this.#joined;
    const link = readLink(joining.link, 0);
    const welcome = 'refused' in link ? link : readWelcome(new Uint8Array(joining.welcome), link, 0, () => true);
    if ('refused' in link || 'refused' in welcome) return undefined;
    this.#joined = { link, welcome };
    return this.#joined;
  }
}

const usesLeft = (invite: InviteState): number => Math.max(0, invite.uses - invite.usedBy.length);

const isOpen = (invite: InviteState, hour: number): boolean => invite.open && hour < invite.expiresHour;

/** Kept by the bytes of the log: an address carries its topics' keys with it once they are made, and each invite is looked at in every step. */
const places = new WeakMap<Bytes, Address>();

/** Where its Joins and notices come, and the key of what members post there. */
function placeOf({ address: secret, mailboxes, welcomeKey }: InviteState): { address: Address; welcomeKey: Bytes } {
  const address = places.get(secret) ?? { secret, mailboxes };
  places.set(secret, address);
  return { address, welcomeKey };
}

/** A Join as it was kept; undefined when it is damaged or its certificate has expired. */
function readSeenJoin(joinHash: Hash, value: Uint8Array, hourNow: number): Seen | undefined {
  const kept = decodeStrict(SeenJoinSchema, value);
  if (isRefusal(kept)) return undefined;
  const identity = verifyCertificate(kept.certificate, hourNow);
  const address = readAddress(kept.address, kept.mailboxes);
  if (isRefusal(identity) || address === undefined) return undefined;
  const [certificate, prekey] = [new Uint8Array(kept.certificate), new Uint8Array(kept.prekey)];
  const join = { joinHash, identity, certificate, prekey, name: kept.name, address, welcome: hash(kept.welcome) };
  return { ipk: toHex(kept.ipk), join, answer: undefined };
}
