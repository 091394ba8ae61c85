/** Frames that are whole, in a place that is not theirs: another room, another epoch, a second time, out of order. Refused, each with its word. */
import { beforeAll, describe, expect, it } from 'vitest';
import { isRefusal, type Bytes, type RoomId } from '../../src/base/index.ts';
import { ManualClock, seededRandom, testSeed } from '../../src/base/testing.ts';
import { Counters } from '../../src/base/index.ts';
import { initCryptoNode } from '../../src/crypto/node.ts';
import { DESCRIPTOR_LIFE, Directory, signDescriptor } from '../../src/directory/index.ts';
import { createPersona, newKeysetSeed, Signer, type Persona } from '../../src/identity/index.ts';
import { Keyring, topics, type Address } from '../../src/keyring/index.ts';
import { relayId } from '../../src/base/index.ts';
import { Replica } from '../../src/replica/index.ts';
import { makeReceipt, readReceipt } from '../../src/room/batches.ts';
import { makeInvite, readLink, type InviteSecret } from '../../src/room/invite-link.ts';
import { openPosted } from '../../src/room/invite-post.ts';
import { makeJoin, readJoin } from '../../src/room/join.ts';
import { MembershipLog } from '../../src/room/log.ts';
import { makeNotice, readNotice } from '../../src/room/notice.ts';
import { authorCreate, authorOperation, encodePolicy, DEFAULT_POLICY } from '../../src/room/operation.ts';
import { makeWelcome, readWelcome, sealWelcome, type Welcome } from '../../src/room/welcome.ts';

const random = seededRandom(testSeed());
const NOW = Date.UTC(2026, 10, 21);
const HOUR = Math.floor(NOW / 3_600_000);
beforeAll(initCryptoNode);

const address = (): Address => ({ secret: random.bytes(32), mailboxes: [relayId(random.bytes(32)), relayId(random.bytes(32))] });

interface Place {
  readonly ana: Persona;
  readonly ben: Persona;
  readonly log: MembershipLog;
  readonly room: RoomId;
  readonly keyring: (persona: Persona) => Keyring;
  readonly replica: (persona: Persona) => Replica;
}

/** A room of Ana's; Ben is the same in every room here, so that only the room differs. */
function place(ana: Persona, ben: Persona): Place {
  const keyringIn = (room: RoomId, persona: Persona): Keyring =>
    new Keyring({ room, me: persona.device, signLight: (purpose, body) => persona.signLight(purpose, body), random, now: () => NOW });
  const prekey = keyringIn(relayIdOf(), ana).newPrekey();
  const log = new MembershipLog();
  log.add(authorCreate({ now: NOW, prekey, salt: random.bytes(32) }, ana));
  const { room } = log.state();
  return {
    ana,
    ben,
    log,
    room,
    keyring: (persona) => keyringIn(room, persona),
    replica: (persona) => new Replica({ room, me: persona.device, signLight: (purpose, body) => persona.signLight(purpose, body) }),
  };
}
const relayIdOf = (): RoomId => relayId(random.bytes(32)) as unknown as RoomId;
const persona = (): Persona => createPersona(random, { kind: 'person', expiresHour: HOUR + 1000 });

function two(): readonly [Place, Place] {
  const [ana, ben] = [persona(), persona()];
  return [place(ana, ben), place(ana, ben)];
}

const refusedAs = (value: unknown): string => (isRefusal(value) ? value.refused : 'taken');

describe('an operation', () => {
  it('of another room, a second time, or before its parent', () => {
    const [here, there] = two();
    const says = (at: Place, of: RoomId, parents = at.log.heads()): Bytes =>
      authorOperation({ room: of, parents, now: NOW + 1, content: { policy: { ...DEFAULT_POLICY, historyDays: 9 } } }, at.ana);
    const own = says(here, here.room);
    expect(refusedAs(there.log.add(own))).toBe('wrong-room');
    // Its parents are of another room: they never come.
    expect(there.log.add(says(here, there.room))).toEqual({ waiting: true });
    const behind = new MembershipLog({ room: here.room });
    expect(behind.add(own)).toEqual({ waiting: true });
    const [create] = here.log.operations();
    expect(behind.add(create ?? new Uint8Array(0))).toMatchObject({ added: [expect.anything(), expect.anything()] });
    expect(refusedAs(behind.add(own))).toBe('repeated');
    expect(refusedAs(behind.add(create ?? new Uint8Array(0)))).toBe('repeated');
    expect(refusedAs(there.log.add(create ?? new Uint8Array(0)))).not.toBe('taken');
  });
});

describe('an update', () => {
  it('of another room, of another device, a second time, or before the one it follows', () => {
    const [here, there] = two();
    const rights = { keysetOf: () => here.ana.deviceKeyset, cutOf: () => undefined };
    const writer = here.replica(here.ana);
    const [first, second] = [0, 1].map((i) => writer.append(random.bytes(20), NOW + i).update);
    if (first === undefined || second === undefined) throw new Error('two were written');
    expect(refusedAs(there.replica(there.ben).accept(first, rights))).toBe('wrong-room');
    const reader = here.replica(here.ben);
    expect(refusedAs(reader.accept(first, { ...rights, keysetOf: () => here.ben.deviceKeyset }))).toBe('bad-signature');
    expect(reader.accept(second, rights)).toEqual({ waiting: true });
    expect(reader.accept(first, rights)).toMatchObject({ entries: [expect.anything(), expect.anything()] });
    for (const update of [first, second]) expect(refusedAs(reader.accept(update, rights))).toBe('repeated');
  });
});

describe('a receipt', () => {
  it('of another room, of another device, by another device', () => {
    const [here, there] = two();
    const { ana, ben } = here;
    const receipt = (room: RoomId, by: Persona, of = by): Bytes =>
      makeReceipt({ room, device: of.device, heads: [], read: [], signLight: (purpose, body) => by.signLight(purpose, body) });
    const read = (bytes: Bytes): string => refusedAs(readReceipt(bytes, here.room, ana.device, ana.deviceKeyset));
    expect(
      [receipt(there.room, ana), receipt(here.room, ben), receipt(here.room, ben, ana), receipt(here.room, ana, ben)].map(read),
    ).toEqual(['wrong-room', 'forged', 'forged', 'wrong-device']);
    expect(read(receipt(here.room, ana))).toBe('taken');
  });
});

describe('a rotation and what is sealed under it', () => {
  it('of another room, of another epoch, a second time', () => {
    const [here, there] = two();
    const { ana, ben } = here;
    const [writer, reader] = [here.keyring(ana), here.keyring(ben)];
    const elsewhere = there.keyring(ben);
    const at = address();
    const rotate = (keyring: Keyring, to: Keyring, where = at) =>
      keyring.rotate({
        parents: [],
        address: where,
        members: [{ device: ben.device, prekey: to.newPrekey() }],
        memberSet: here.log.state().memberSetHash,
        sign: (purpose, body) => ana.sign(purpose, body),
      });
    const keysetOf = (): Bytes => ana.deviceKeyset;
    const one = rotate(writer, reader);
    expect(refusedAs(elsewhere.readRotate(one.frame, keysetOf))).toBe('wrong-room');
    expect(refusedAs(reader.readRotate(one.frame, () => ben.deviceKeyset))).toBe('unknown-author');
    const { blobs } = writer.seal(one.epoch, random.bytes(30));
    const open = (keyring: Keyring, where: Address, which: 0 | 1, from: 0 | 1 = which): string => {
      const blob = blobs[which]?.blob ?? new Uint8Array(0);
      return refusedAs(keyring.open(where, topics(where)[from].id, blob, keysetOf));
    };
    // Before its rotation has come, then with it, then again, from the other mailbox too.
    expect(open(reader, at, 0)).toBe('unknown-epoch');
    expect(reader.readRotate(one.frame, keysetOf)).toMatchObject({ mine: true });
    expect(open(reader, at, 1, 0)).toBe('forged');
    expect(open(reader, address(), 0)).toBe('forged');
    expect([open(reader, at, 0), open(reader, at, 0), open(reader, at, 1)]).toEqual(['taken', 'repeated', 'repeated']);
    const other = rotate(there.keyring(ana), elsewhere);
    expect(elsewhere.readRotate(other.frame, keysetOf)).toMatchObject({ mine: true });
    expect(open(elsewhere, at, 0)).toBe('unknown-epoch');
    reader.close(one.epoch);
    expect(reader.readRotate(one.frame, keysetOf)).toMatchObject({ mine: false, why: 'closed' });
    expect(open(reader, at, 0)).toBe('unknown-epoch');
  });
});

describe('an invite', () => {
  const invite = (by: Persona): InviteSecret =>
    makeInvite(random, { expiresHour: HOUR + 100, inviterRoot: by.id, mailboxes: address().mailboxes });
  const link = (secret: InviteSecret) => {
    const read = readLink(secret.link, HOUR);
    return 'refused' in read ? expect.fail(read.refused) : read;
  };
  const welcomeOf = (at: Place, secret: InviteSecret, prekey: Bytes): Bytes =>
    makeWelcome(
      {
        room: at.room,
        roomName: 'Garden',
        inviterName: 'Ana',
        policy: encodePolicy(DEFAULT_POLICY),
        operations: [],
        admitters: [{ certificate: at.ana.certificate, prekey }],
        ipk: secret.ipk,
        expiresHour: secret.expiresHour,
        people: 1,
      },
      (purpose, body) => at.ana.sign(purpose, body),
    );

  it('its Welcome, Joins and notices for another invite, another room, a second time', () => {
    const [here, there] = two();
    const [secret, other] = [invite(here.ana), invite(here.ana)];
    const admitter = here.keyring(here.ana);
    const signed = welcomeOf(here, secret, admitter.newInvitePrekey());
    expect(refusedAs(readWelcome(signed, link(other), HOUR))).toBe('wrong-invite');
    expect(refusedAs(readWelcome(signed, link(invite(here.ben)), HOUR))).toBe('wrong-invite');
    const [sealed] = sealWelcome(secret, signed, random);
    if (sealed === undefined) throw new Error('nothing sealed');
    expect(refusedAs(openPosted(secret, topics(secret.address)[1].id, sealed.blob))).toBe('forged');
    expect(refusedAs(openPosted(other, topics(other.address)[0].id, sealed.blob))).toBe('forged');
    expect(refusedAs(openPosted(secret, topics(secret.address)[0].id, sealed.blob))).toBe('taken');

    const welcome = readWelcome(signed, link(secret), HOUR) as Welcome;
    const keyring = here.keyring(here.ben);
    const terms = {
      welcome,
      link: link(secret),
      persona: here.ben,
      keyring,
      prekey: keyring.newPrekey(),
      name: 'Ben',
      address: address(),
      random,
    };
    const { frame, joinHash } = makeJoin(terms);
    const read = (into: Keyring, ipk: Uint8Array, welcomes = [welcome.hash]): string =>
      refusedAs(readJoin(frame, { keyring: into, ipk, welcomes, hourNow: HOUR }));
    expect(read(there.keyring(there.ana), secret.ipk)).toBe('wrong-room');
    expect(read(admitter, other.ipk)).toBe('wrong-invite');
    expect(read(admitter, secret.ipk, [])).toBe('wrong-welcome');
    expect(read(here.keyring(here.ana), secret.ipk)).toBe('no-prekey');
    // The second time it is the same one: its epoch stays as it is, and is not opened again once it was closed.
    expect([read(admitter, secret.ipk), read(admitter, secret.ipk), admitter.epochs().length]).toEqual(['taken', 'taken', 1]);
    admitter.close(joinHash);
    expect(read(admitter, secret.ipk)).toBe('closed');

    const notice = makeNotice({ room: here.room, ipk: secret.ipk, outcome: 'used' }, here.ana);
    expect(refusedAs(readNotice(notice, other.ipk, HOUR, () => true))).toBe('wrong-invite');
    expect(refusedAs(readNotice(notice, secret.ipk, HOUR, () => false))).toBe('not-trusted');
    expect(refusedAs(readNotice(notice, secret.ipk, HOUR + 2000, () => true))).toBe('expired');
    expect(refusedAs(readNotice(signed, secret.ipk, HOUR, () => true))).not.toBe('taken');
    expect(refusedAs(readWelcome(notice, link(secret), HOUR))).not.toBe('taken');
  });
});

describe('a descriptor', () => {
  it('that is older, out of its time, or signed by another relay', () => {
    const clock = new ManualClock(NOW);
    const now = (): number => Math.floor(clock.now() / 1000);
    const counters = new Counters();
    const directory = new Directory({ now, trusted: new Set(), counters });
    const [root, other] = [new Signer(newKeysetSeed(random)), new Signer(newKeysetSeed(random))];
    const keyring = place(persona(), persona()).keyring(persona());
    const fields = (from: number) => ({
      addresses: ['/dns4/relay.example.org/tcp/443/tls/ws'],
      suite: 3 as const,
      onionKey: keyring.newPrekey(),
      roles: { guard: true, middle: true, mailbox: true },
      family: '',
      delayClasses: [0, 20],
      validFrom: from,
      validUntil: from + DESCRIPTOR_LIFE,
      version: 'test',
    });
    const [old, fresh] = [signDescriptor(root, fields(now() - 100)), signDescriptor(root, fields(now()))];
    expect(refusedAs(directory.add(fresh))).toBe('taken');
    expect(refusedAs(directory.add(fresh))).toBe('taken');
    expect(refusedAs(directory.add(old))).toBe('descriptor-old');
    expect(refusedAs(directory.add(signDescriptor(root, fields(now() + 3600))))).toBe('descriptor-time');
    expect(refusedAs(directory.add(signDescriptor(other, fields(now() - DESCRIPTOR_LIFE - 1))))).toBe('descriptor-time');
    // Its keyset names the first, and the second has signed.
    const stolen = { keyset: root.keyset, sign: (purpose: string, body: Uint8Array) => other.sign(purpose, body) } as unknown as Signer;
    expect(refusedAs(directory.add(signDescriptor(stolen, fields(now() + 1))))).toBe('descriptor-signature');
    expect(counters.all()).toEqual({ 'descriptor-old': 1, 'descriptor-signature': 1, 'descriptor-time': 2 });
    expect(directory.list()).toHaveLength(1);
  });
});
