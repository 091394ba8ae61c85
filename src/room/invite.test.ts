import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { concat, hash, isRefusal, relayId, roomId, utf8, type Bytes, type Hash, type Refusal, type RoomId } from '../base/index.ts';
import { seededRandom, testSeed } from '../base/testing.ts';
import { sha256 } from '../crypto/index.ts';
import { initCryptoNode } from '../crypto/node.ts';
import { bodyOf, createPersona, type DeviceIdentity, type Persona } from '../identity/index.ts';
import { EpochSecret, Keyring, MAX_TEXT, topics, type Address, type SealedFor } from '../keyring/index.ts';
import { create, decodeStrict, encode, JoinCoreSchema, JoinSchema, WelcomeSchema, NoticeSchema, InviteOutcome } from '../wire/index.ts';
import { makeInvite, readLink, type InviteSecret, type ParsedLink } from './invite-link.ts';
import { openPosted, type Posted } from './invite-post.ts';
import { makeJoin, readJoin, sealJoin, type Join } from './join.ts';
import { makeNotice, readNotice, sealNotice } from './notice.ts';
import { makeWelcome, MAX_NAME, readWelcome, sealWelcome, welcomeHash, type Welcome, type WelcomeTerms } from './welcome.ts';

const seed = testSeed();
const random = seededRandom(seed);
beforeAll(initCryptoNode);

const HOUR = 500_000;
const NOW = HOUR - 100;

const newPersona = (expiresHour = HOUR + 1000): Persona => createPersona(random, { kind: 'person', expiresHour });
const newAddress = (): Address => ({ secret: random.bytes(32), mailboxes: [relayId(random.bytes(32)), relayId(random.bytes(32))] });

interface Member {
  readonly persona: Persona;
  readonly keyring: Keyring;
  readonly prekey: Bytes;
}

function newMember(room: RoomId, persona = newPersona()): Member {
  const signLight = (purpose: string, body: Uint8Array): Bytes => persona.signLight(purpose, body);
  const keyring = new Keyring({ room, me: persona.device, signLight, random, now: () => NOW * 3_600_000 });
  return { persona, keyring, prekey: keyring.newInvitePrekey() };
}

interface Invited {
  readonly room: RoomId;
  readonly members: readonly [Member, Member];
  readonly invite: InviteSecret;
  readonly link: ParsedLink;
  readonly terms: WelcomeTerms;
  readonly signed: Bytes;
  readonly welcome: Welcome;
}

/** A room of two, an invite by the first of them, and its Welcome as a joiner reads it. */
function invited(): Invited {
  const room = roomId(random.bytes(32));
  const members = [newMember(room), newMember(room)] as const;
  const [inviter] = members;
  const invite = makeInvite(random, { expiresHour: HOUR, inviterRoot: inviter.persona.id, mailboxes: newAddress().mailboxes });
  const terms: WelcomeTerms = {
    room,
    roomName: 'Garden',
    inviterName: 'Ada',
    policy: utf8('policy'),
    operations: [utf8('create'), utf8('admit')],
    admitters: members.map(({ persona, prekey }) => ({ certificate: persona.certificate, prekey })),
    ipk: invite.ipk,
    expiresHour: HOUR,
    people: 2,
  };
  const signed = makeWelcome(terms, (purpose, body) => inviter.persona.sign(purpose, body));
  const link = unrefused(readLink(invite.link, NOW));
  return { room, members, invite, link, terms, signed, welcome: unrefused(readWelcome(signed, link, NOW)) };
}

function unrefused<T>(value: T): Exclude<T, Refusal> {
  if (isRefusal(value)) throw new Error(`refused: ${value.refused} ${value.detail ?? ''}`);
  return value as Exclude<T, Refusal>;
}

/** What comes out of the first mailbox of an invite's address. */
function receive(invite: InviteSecret, sealed: readonly SealedFor[]): Posted | Refusal {
  return openPosted(invite, topics(invite.address)[0].id, sealed[0]?.blob ?? new Uint8Array(0));
}

const flip = (bytes: Uint8Array, bit: number): Bytes => {
  const flipped = Uint8Array.from(bytes);
  flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return flipped;
};

describe('a Welcome', () => {
  it('tells a joiner who invites to what', () => {
    const { welcome, terms, members, room, signed } = invited();
    expect(welcome).toMatchObject({ room, roomName: 'Garden', inviterName: 'Ada', people: 2, expiresHour: HOUR, ipk: terms.ipk });
    expect(welcome.policy).toEqual(utf8('policy'));
    expect(welcome.operations).toEqual([utf8('create'), utf8('admit')]);
    expect(welcome.admitters.map(({ identity }) => identity.persona)).toEqual(members.map(({ persona }) => persona.id));
    expect(welcome.hash).toBe(welcomeHash(signed));
  });

  it('travels under W: only who has the link opens it', () => {
    const { invite, signed } = invited();
    const sealed = sealWelcome(invite, signed, random);
    expect(receive(invite, sealed)).toEqual({ kind: 'welcome', signed });
    expect(receive({ ...invite, welcomeKey: random.bytes(32) }, sealed)).toMatchObject({ refused: 'forged' });
    expect(receive(makeInvite(random, { ...invite, mailboxes: invite.address.mailboxes }), sealed)).toMatchObject({ refused: 'forged' });
    expect(new Set(sealed.map(({ topic }) => topic.mailbox)).size).toBe(2);
  });

  it('holds as many admitters as fit, eight at most, and the author always', () => {
    const { terms, link, members } = invited();
    const [inviter] = members;
    const sign = (purpose: string, body: Uint8Array): Bytes => inviter.persona.sign(purpose, body);
    const crowd = Array.from({ length: 9 }, () => newMember(terms.room)).map(({ persona, prekey }) => ({
      certificate: persona.certificate,
      prekey,
    }));
    const admitters = [...terms.admitters.slice(0, 1), ...crowd];
    const signed = makeWelcome({ ...terms, admitters }, sign);
    const { admitters: fitted } = unrefused(readWelcome(signed, link, NOW));
    expect(fitted.length).toBeGreaterThan(3);
    expect(signed.length).toBeLessThanOrEqual(MAX_TEXT - 8);
    const crowded = makeWelcome({ ...terms, admitters, operations: [new Uint8Array(45_000)] }, sign);
    expect(unrefused(readWelcome(crowded, link, NOW)).admitters).toHaveLength(1);
    expect(() => makeWelcome({ ...terms, operations: [new Uint8Array(60_000)] }, sign)).toThrow('no admitter');
    expect(() => makeWelcome({ ...terms, admitters: [] }, sign)).toThrow('no admitter');
    expect(() => makeWelcome({ ...terms, roomName: 'x'.repeat(MAX_NAME + 1) }, sign)).toThrow('longer than');
    expect(sealWelcome(link, crowded, random)).toHaveLength(2);
  });

  it('that was made always fits its blob', () => {
    const { terms, link, members } = invited();
    const make = (size: number): Bytes | undefined => {
      try {
        return makeWelcome({ ...terms, operations: [new Uint8Array(size)] }, (purpose, body) => members[0].persona.sign(purpose, body));
      } catch {
        return undefined;
      }
    };
    let [fits, tooLong] = [40_000, 60_000];
    while (tooLong - fits > 1) {
      const size = (fits + tooLong) >> 1;
      if (make(size) === undefined) tooLong = size;
      else fits = size;
    }
    expect(sealWelcome(link, make(fits) ?? new Uint8Array(MAX_TEXT), random)[0]?.blob.length).toBe(63_008);
  });

  it('counts only from the inviter of the link, or from whoever the room vouches for', () => {
    const { terms, link, members } = invited();
    const [, other] = members;
    const turned = { ...terms, admitters: terms.admitters.toReversed() };
    const signed = makeWelcome(turned, (purpose, body) => other.persona.sign(purpose, body));
    expect(readWelcome(signed, link, NOW)).toMatchObject({ refused: 'not-the-inviter' });
    expect(readWelcome(signed, link, NOW, () => false)).toMatchObject({ refused: 'not-the-inviter' });
    expect(readWelcome(signed, link, NOW, (welcome) => welcome.room === terms.room)).toMatchObject({ room: terms.room });
    const stranger = makeWelcome(terms, (purpose, body) => other.persona.sign(purpose, body));
    expect(readWelcome(stranger, link, NOW, () => true)).toMatchObject({ refused: 'bad-signature' });
  });

  it.each([
    ['of another link', { ipk: new Uint8Array(32) }, 'wrong-invite'],
    ['with another expiry', { expiresHour: HOUR + 1 }, 'wrong-invite'],
    ['of another suite', { suite: 1 }, 'malformed'],
    ['with a short room', { room: new Uint8Array(31) }, 'malformed'],
    ['with a name too long', { roomName: 'é'.repeat(129) }, 'malformed'],
    ['with nobody to admit', { admitters: [] }, 'malformed'],
  ])('%s is refused, though signed', (_what, change, word) => {
    const { signed, link, members } = invited();
    const body = unrefused(decodeStrict(WelcomeSchema, unrefused(bodyOf(signed))));
    const changed = members[0].persona.sign('welcome', encode(WelcomeSchema, { ...body, ...change }));
    expect(readWelcome(changed, link, NOW)).toMatchObject({ refused: word });
  });

  it('with an admitter twice, a prekey that is none, or nine admitters is refused', () => {
    const { terms, link, members } = invited();
    const [inviter] = members;
    const read = (admitters: WelcomeTerms['admitters']) => {
      const body = create(WelcomeSchema, {
        ...terms,
        suite: 3,
        room: Uint8Array.from(Buffer.from(terms.room, 'hex')),
        operations: [],
        admitters: admitters.map((admitter) => ({ certificate: concat(admitter.certificate), prekey: concat(admitter.prekey) })),
      });
      return readWelcome(inviter.persona.sign('welcome', encode(WelcomeSchema, body)), link, NOW);
    };
    const [own] = terms.admitters;
    if (own === undefined) throw new Error('nobody');
    expect(read([own])).toHaveProperty('hash');
    expect(read([own, own])).toMatchObject({ refused: 'malformed' });
    expect(read([{ ...own, prekey: new Uint8Array(1216).fill(255) }])).toMatchObject({ refused: 'malformed' });
    expect(read(Array.from({ length: 9 }, () => own))).toMatchObject({ refused: 'malformed' });
  });

  it('expires, and loses admitters whose certificates have', () => {
    const { terms, link, members, signed } = invited();
    expect(readWelcome(signed, link, HOUR)).toMatchObject({ refused: 'expired' });
    const short = newMember(terms.room, newPersona(NOW));
    const byShort = [{ certificate: short.persona.certificate, prekey: short.prekey }, ...terms.admitters];
    const signedByShort = makeWelcome({ ...terms, admitters: byShort }, (purpose, body) => short.persona.sign(purpose, body));
    expect(readWelcome(signedByShort, link, NOW, () => true)).toMatchObject({ refused: 'expired' });
    const admitters = [...terms.admitters, { certificate: short.persona.certificate, prekey: short.prekey }];
    const sign = (purpose: string, body: Uint8Array): Bytes => members[0].persona.sign(purpose, body);
    expect(unrefused(readWelcome(makeWelcome({ ...terms, admitters }, sign), link, NOW)).admitters).toHaveLength(2);
    expect(unrefused(readWelcome(makeWelcome({ ...terms, admitters }, sign), link, NOW - 1)).admitters).toHaveLength(3);
  });

  it('refuses flipped bits and never throws', () => {
    const { signed, link } = invited();
    fc.assert(
      fc.property(fc.nat(signed.length * 8 - 1), (bit) => {
        expect(isRefusal(readWelcome(flip(signed, bit), link, NOW))).toBe(true);
      }),
      { seed, numRuns: 100 },
    );
    for (let length = 0; length < signed.length; length += 101)
      expect(isRefusal(readWelcome(signed.slice(0, length), link, NOW))).toBe(true);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(isRefusal(readWelcome(bytes, link, NOW))).toBe(true);
      }),
      { seed },
    );
  });
});

interface Joined {
  readonly invitation: Invited;
  readonly joiner: Member;
  readonly frame: Bytes;
  readonly joinHash: Hash;
  readonly address: Address;
}

function joined(invitation = invited(), change: Partial<Parameters<typeof makeJoin>[0]> = {}): Joined {
  const joiner = newMember(invitation.room);
  const address = newAddress();
  const { welcome, link } = invitation;
  const made = makeJoin({
    welcome,
    link,
    persona: joiner.persona,
    keyring: joiner.keyring,
    prekey: joiner.prekey,
    name: 'Bo',
    address,
    random,
    ...change,
  });
  return { invitation, joiner, address, ...made };
}

function read(frame: Uint8Array, invitation: Invited, by: 0 | 1 = 0, change: Partial<Parameters<typeof readJoin>[1]> = {}): Join | Refusal {
  return readJoin(frame, {
    keyring: invitation.members[by].keyring,
    ipk: invitation.invite.ipk,
    welcomes: [invitation.welcome.hash],
    hourNow: NOW,
    ...change,
  });
}

describe('a Join', () => {
  it('tells every admitter who joins', () => {
    const { invitation, joiner, frame, joinHash, address } = joined();
    for (const by of [0, 1] as const) {
      const join = unrefused(read(frame, invitation, by));
      expect(join).toMatchObject({ joinHash, name: 'Bo', address, welcome: invitation.welcome.hash });
      expect([join.identity.persona, join.identity.device]).toEqual([joiner.persona.id, joiner.persona.device]);
      expect([join.certificate, join.prekey]).toEqual([joiner.persona.certificate, joiner.prekey]);
    }
  });

  it('travels at the invite’s address as a rotation does, in a blob of 15,680 bytes', () => {
    const { invitation, frame } = joined();
    const [first] = sealJoin(invitation.invite, frame, random);
    const { address } = invitation.invite;
    expect(invitation.members[0].keyring.open(address, topics(address)[0].id, first?.blob ?? new Uint8Array(0), () => undefined)).toEqual({
      kind: 'rotation',
      text: frame,
    });
    expect(openPosted(invitation.invite, topics(address)[0].id, first?.blob ?? new Uint8Array(0))).toMatchObject({ refused: 'wrong-kind' });
    expect(first?.blob.length).toBe(15_680);
  });

  it('lets the joiner write at once, and the admitters read it, restarted in between', () => {
    const { invitation, joiner, frame, joinHash, address } = joined();
    const disk = joiner.keyring.drain().put;
    const { persona } = joiner;
    const signLight = (purpose: string, body: Uint8Array): Bytes => persona.signLight(purpose, body);
    const restarted = new Keyring({ room: invitation.room, me: persona.device, signLight, random, now: () => 0, records: disk });
    const sealed = [joiner.keyring, restarted].slice(1).flatMap((keyring) => keyring.seal(joinHash, utf8('hello')).blobs);
    expect(restarted.epochs()).toMatchObject([{ id: joinHash, join: true, address, memberSet: invitation.welcome.hash }]);
    for (const { keyring } of invitation.members) {
      const join = unrefused(readJoin(frame, { keyring, ipk: invitation.invite.ipk, welcomes: [invitation.welcome.hash], hourNow: NOW }));
      expect(
        keyring.open(join.address, topics(address)[0].id, sealed[0]?.blob ?? new Uint8Array(0), () => persona.deviceKeyset),
      ).toMatchObject({
        epoch: joinHash,
        device: joiner.persona.device,
        text: utf8('hello'),
      });
    }
  });

  it('read twice leaves its epoch as it is', () => {
    const { invitation, joiner, frame, joinHash, address } = joined();
    const [admitter] = invitation.members;
    read(frame, invitation);
    const blob = joiner.keyring.seal(joinHash, utf8('a')).blobs[0]?.blob ?? new Uint8Array(0);
    const open = () => admitter.keyring.open(address, topics(address)[0].id, blob, () => joiner.persona.deviceKeyset);
    expect(open()).toMatchObject({ kind: 'update' });
    expect(read(frame, invitation)).toMatchObject({ joinHash });
    expect(open()).toMatchObject({ refused: 'repeated' });
    admitter.keyring.close(joinHash);
    expect(read(frame, invitation)).toMatchObject({ refused: 'closed' });
  });

  it('shows other holders of the link neither name nor keys', () => {
    const { joiner, frame, address } = joined(invited(), { name: 'canary-name' });
    const seen = Buffer.from(frame);
    for (const secret of [
      utf8('canary-name'),
      joiner.persona.deviceKeyset.subarray(0, 32),
      joiner.persona.rootKeyset.subarray(0, 32),
      joiner.prekey.subarray(0, 32),
      address.secret,
    ]) {
      expect(seen.includes(Buffer.from(secret))).toBe(false);
    }
    expect(seen.includes(Buffer.from(joiner.persona.device, 'hex'))).toBe(false);
  });

  it('is refused in another room, for another invite or Welcome, and by who has no slice', () => {
    const { invitation, frame } = joined();
    const stranger = newMember(invitation.room);
    const elsewhere = newMember(roomId(random.bytes(32)), invitation.members[0].persona);
    expect(read(frame, invitation, 0, { keyring: elsewhere.keyring })).toMatchObject({ refused: 'wrong-room' });
    expect(read(frame, invitation, 0, { ipk: random.bytes(32) })).toMatchObject({ refused: 'wrong-invite' });
    expect(read(frame, invitation, 0, { welcomes: [hash(random.bytes(32))] })).toMatchObject({ refused: 'wrong-welcome' });
    expect(read(frame, invitation, 0, { keyring: stranger.keyring })).toMatchObject({ refused: 'no-slice' });
    expect(read(frame, invitation, 0, { welcomes: [hash(random.bytes(32)), invitation.welcome.hash] })).toHaveProperty('joinHash');
  });

  it('cannot be made from another invite: its key must have signed', () => {
    const invitation = invited();
    const other = makeInvite(random, {
      expiresHour: HOUR,
      inviterRoot: invitation.link.inviterRoot,
      mailboxes: invitation.invite.address.mailboxes,
    });
    const { frame } = joined(invitation, { link: other });
    expect(read(frame, invitation)).toMatchObject({ refused: 'bad-signature' });
  });

  it('cannot be made with another’s certificate', () => {
    const invitation = invited();
    const victim = newPersona();
    const thief = newPersona();
    const persona: Persona = {
      ...victim,
      id: victim.id,
      device: victim.device,
      deviceKeyset: victim.deviceKeyset,
      certificate: victim.certificate,
      sign: (purpose, body) => thief.sign(purpose, body),
    };
    const { frame } = joined(invitation, { persona });
    expect(read(frame, invitation)).toMatchObject({ refused: 'bad-signature' });
  });

  it('with a slice for the joiner itself is refused', () => {
    const invitation = invited();
    const joiner = newMember(invitation.room);
    const { persona, keyring, prekey } = joiner;
    const [identity] = invitation.welcome.admitters.map((admitter) => ({ ...admitter.identity, device: persona.device }));
    if (identity === undefined) throw new Error('nobody');
    const welcome = {
      ...invitation.welcome,
      admitters: [...invitation.welcome.admitters, { identity, certificate: persona.certificate, prekey }],
    };
    const { frame } = joined(invitation, { welcome, persona, keyring, prekey });
    expect(read(frame, invitation)).toMatchObject({ refused: 'bad-slice' });
    expect(invitation.members[0].keyring.epochs()).toEqual([]);
  });

  it('is refused when its certificate has expired', () => {
    const invitation = invited();
    const { frame } = joined(invitation, { persona: newPersona(NOW) });
    expect(read(frame, invitation)).toMatchObject({ refused: 'expired' });
    expect(read(frame, invitation, 0, { hourNow: NOW - 1 })).toHaveProperty('joinHash');
  });

  it('is refused with the proof, the core or the slices of another Join', () => {
    const invitation = invited();
    const [one, two] = [joined(invitation), joined(invitation)].map(({ frame }) => unrefused(decodeStrict(JoinSchema, frame)));
    if (one === undefined || two === undefined) throw new Error('no Joins');
    const again = (change: object) => read(encode(JoinSchema, { ...one, ...change }), invitation);
    expect(again({})).toHaveProperty('joinHash');
    expect(again({ proof: two.proof })).toMatchObject({ refused: 'bad-box' });
    expect(again({ core: two.core })).toMatchObject({ refused: 'bad-slice' });
    expect(again({ slices: two.slices })).toMatchObject({ refused: 'bad-slice' });
    expect(again({ slices: one.slices.subarray(0, 1192) })).toHaveProperty('refused');
  });

  it('that gives the admitters different secrets is caught', () => {
    const invitation = invited();
    const { frame } = joined(invitation);
    const join = unrefused(decodeStrict(JoinSchema, frame));
    const members = invitation.members.map(({ persona, prekey }) => ({ device: persona.device, prekey }));
    const other = EpochSecret.fresh(random).slices(invitation.room, hash(sha256(join.core)), members, random);
    expect(read(encode(JoinSchema, { ...join, slices: other }), invitation)).toMatchObject({ refused: 'bad-commitment' });
  });

  it('is refused once the invite’s prekey is erased', () => {
    const { invitation, frame } = joined();
    const [admitter, other] = invitation.members;
    admitter.keyring.erasePrekey(admitter.prekey);
    expect(read(frame, invitation)).toMatchObject({ refused: 'no-prekey' });
    expect(other.keyring.epochs()).toEqual([]);
    expect(read(frame, invitation, 1)).toHaveProperty('joinHash');
  });

  it.each([
    ['another suite', { suite: 5 }, 'malformed'],
    ['a short commitment', { commitment: new Uint8Array(31) }, 'malformed'],
    ['another commitment', { commitment: new Uint8Array(32) }, 'bad-slice'],
    ['another box', { box: new Uint8Array(40) }, 'bad-slice'],
  ])('is refused with %s in its core', (_what, change, word) => {
    const { invitation, frame } = joined();
    const join = unrefused(decodeStrict(JoinSchema, frame));
    const core = encode(JoinCoreSchema, { ...unrefused(decodeStrict(JoinCoreSchema, join.core)), ...change });
    expect(read(encode(JoinSchema, { ...join, core }), invitation)).toMatchObject({ refused: word });
  });

  it('refuses flipped bits, cuts and growth, opens nothing then, and never throws', () => {
    const { invitation, frame } = joined();
    const refused = (bytes: Uint8Array) => isRefusal(read(bytes, invitation));
    for (let bit = 0; bit < frame.length * 8; bit += 211) expect(refused(flip(frame, bit))).toBe(true);
    for (let length = 0; length < frame.length; length += 61) expect(refused(frame.slice(0, length))).toBe(true);
    expect(refused(concat(frame, Uint8Array.of(0)))).toBe(true);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(refused(bytes)).toBe(true);
      }),
      { seed },
    );
    expect(invitation.members[0].keyring.epochs()).toEqual([]);
    expect(refused(frame)).toBe(false);
  });

  it('takes no name that is too long', () => {
    expect(() => joined(invited(), { name: 'x'.repeat(MAX_NAME + 1) })).toThrow('too long');
  });
});

describe('a notice', () => {
  const anybody = (): boolean => true;

  it.each(['used', 'revoked', { admitted: hash(new Uint8Array(32).fill(7)) }] as const)('tells what became of an invite: %j', (outcome) => {
    const { room, invite, members } = invited();
    const signed = makeNotice({ room, ipk: invite.ipk, outcome }, members[1].persona);
    expect(receive(invite, sealNotice(invite, signed, random))).toEqual({ kind: 'notice', signed });
    expect(readNotice(signed, invite.ipk, NOW, anybody)).toMatchObject({ room, outcome, author: { persona: members[1].persona.id } });
  });

  it('counts only from whoever is trusted', () => {
    const { room, invite, link, welcome, members } = invited();
    const trusted = ({ persona }: DeviceIdentity): boolean =>
      persona === link.inviterRoot || welcome.admitters.some(({ identity }) => identity.persona === persona);
    const by = (persona: Persona) =>
      readNotice(makeNotice({ room, ipk: invite.ipk, outcome: 'revoked' }, persona), invite.ipk, NOW, trusted);
    expect(by(members[0].persona)).toMatchObject({ outcome: 'revoked' });
    expect(by(members[1].persona)).toMatchObject({ outcome: 'revoked' });
    expect(by(newPersona())).toMatchObject({ refused: 'not-trusted' });
    const thief = newPersona();
    const forged: Persona = { ...thief, certificate: members[0].persona.certificate, sign: (purpose, body) => thief.sign(purpose, body) };
    expect(by(forged)).toMatchObject({ refused: 'bad-signature' });
    expect(by(newPersona(NOW))).toMatchObject({ refused: 'expired' });
  });

  it('is of one invite, and no Welcome', () => {
    const { room, invite, link, members, signed: welcome } = invited();
    const signed = makeNotice({ room, ipk: invite.ipk, outcome: 'used' }, members[0].persona);
    expect(readNotice(signed, random.bytes(32), NOW, anybody)).toMatchObject({ refused: 'wrong-invite' });
    expect(isRefusal(readWelcome(signed, link, NOW))).toBe(true);
    expect(isRefusal(readNotice(welcome, invite.ipk, NOW, anybody))).toBe(true);
  });

  it.each([
    ['no outcome', { outcome: InviteOutcome.UNSPECIFIED }],
    ['an outcome unheard of', { outcome: 9 }],
    ['a Join with "used"', { outcome: InviteOutcome.USED, join: new Uint8Array(32) }],
    ['a short Join', { outcome: InviteOutcome.ADMITTED, join: new Uint8Array(31) }],
    ['no Join', { outcome: InviteOutcome.ADMITTED }],
    ['a short room', { outcome: InviteOutcome.USED, room: new Uint8Array(31) }],
  ])('is refused with %s', (_what, change) => {
    const { invite, members } = invited();
    const [{ persona }] = members;
    const fields = { room: new Uint8Array(32), ipk: invite.ipk, certificate: persona.certificate, ...change };
    expect(readNotice(persona.sign('notice', encode(NoticeSchema, create(NoticeSchema, fields))), invite.ipk, NOW, anybody)).toMatchObject({
      refused: 'malformed',
    });
  });

  it('refuses flipped bits and never throws', () => {
    const { room, invite, members } = invited();
    const signed = makeNotice({ room, ipk: invite.ipk, outcome: 'used' }, members[0].persona);
    fc.assert(
      fc.property(fc.nat(signed.length * 8 - 1), (bit) => {
        expect(isRefusal(readNotice(flip(signed, bit), invite.ipk, NOW, anybody))).toBe(true);
      }),
      { seed, numRuns: 100 },
    );
  });
});
