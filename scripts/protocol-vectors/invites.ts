/** Vectors of an invite: link, Welcome, Join, Notices (docs/protocol.md §8.5). */
import { concat, idBytes, utf8, type Bytes, type Hash, type Refusal } from '../../src/base/index.ts';
import { kdf } from '../../src/crypto/index.ts';
import { topics, type Keyring } from '../../src/keyring/index.ts';
import { readLink } from '../../src/room/invite-link.ts';
import { makeJoin, readJoin } from '../../src/room/join.ts';
import { makeNotice, readNotice, type Outcome } from '../../src/room/notice.ts';
import { DEFAULT_POLICY, encodePolicy } from '../../src/room/operation.ts';
import { makeWelcome, readWelcome, type Welcome } from '../../src/room/welcome.ts';
import { at, Draws, fixed, reader, taken, type Case } from './case.ts';
import { ana, ben, benPrekey, EXPIRES, HOUR, invite, inviteDraws, keyringOf, mailboxBytes, mailboxes, room } from './people.ts';

const inviteKey = new Draws('prekey/invite');
const makeAdmitter = (): Keyring => {
  const ring = keyringOf(ana.persona, room, new Draws('prekey/invite'));
  ring.newInvitePrekey();
  return ring;
};
const invitePrekey = keyringOf(ana.persona, room, inviteKey).newInvitePrekey();

const { ipk, welcomeKey } = invite;

function link(): Case {
  return {
    name: 'invite-link',
    section: '8.5',
    given: { expiresHour: EXPIRES, inviterRoot: idBytes(ana.persona.id), mailboxes: mailboxBytes },
    draws: inviteDraws,
    derived: {
      address: invite.address.secret,
      welcomeKey,
      ipk,
      isk: kdf('invite/sign', 32, invite.seed),
      topics: topics(invite.address).map(({ id }) => idBytes(id)),
    },
    frame: utf8(invite.link),
    read: (frame) => {
      const read = readLink(new TextDecoder().decode(frame), HOUR);
      return 'refused' in read ? read : concat(read.seed, read.ipk);
    },
    reads: concat(invite.seed, ipk),
  };
}

function welcoming(): { readonly case: Case; readonly welcome: Welcome } {
  const terms = {
    room,
    roomName: 'Harbour garden',
    inviterName: 'Ana',
    policy: encodePolicy(DEFAULT_POLICY),
    operations: [],
    ipk,
    expiresHour: EXPIRES,
    people: 1,
    admitters: [{ certificate: ana.persona.certificate, prekey: invitePrekey }],
  };
  const signed = makeWelcome(terms, (purpose, body) => ana.persona.sign(purpose, body));
  const readIt = (frame: Bytes): Welcome | Refusal => readWelcome(frame, invite, HOUR);
  const welcome = taken(readIt(signed));
  const welcomed: Case = {
    name: 'welcome',
    section: '8.5',
    given: {
      room: idBytes(room),
      roomName: 'Harbour garden',
      inviterName: 'Ana',
      policy: terms.policy,
      admitters: ['ana, certificate/ana, prekey of draw 0 of prekey/invite'],
      prekeySeed: at(inviteKey.made, 0),
      ipk,
      expiresHour: EXPIRES,
      people: 1,
    },
    derived: { hash: idBytes(welcome.hash) },
    frame: signed,
    read: reader(
      (frame) => readIt(frame),
      (read) => idBytes(read.hash),
    ),
    reads: idBytes(welcome.hash),
  };
  return { case: welcomed, welcome };
}

function notice(name: string, outcome: Outcome): Case {
  const shape = (value: Outcome): Bytes => (typeof value === 'string' ? utf8(value) : idBytes(value.admitted));
  const named = typeof outcome === 'string' ? {} : { join: idBytes(outcome.admitted) };
  return {
    name: `notice/${name}`,
    section: '8.5',
    given: { room: idBytes(room), ipk, outcome: name, ...named, author: 'ana, certificate/ana' },
    frame: makeNotice({ room, ipk, outcome }, ana.persona),
    read: reader(
      (frame) => readNotice(frame, ipk, HOUR, ({ persona }) => persona === ana.persona.id),
      (read) => shape(read.outcome),
    ),
    reads: shape(outcome),
  };
}

export function invites(): { readonly cases: readonly Case[]; readonly joinHash: Hash } {
  const { case: welcomed, welcome } = welcoming();
  const { case: joined, joinHash } = join(welcome);
  const notices = [notice('admitted', { admitted: joinHash }), notice('used', 'used'), notice('revoked', 'revoked')];
  return { cases: [link(), welcomed, joined, ...notices], joinHash };
}

function join(welcome: Welcome): { readonly case: Case; readonly joinHash: Hash } {
  const draws = new Draws('join');
  const own = fixed('join-address', 32);
  const made = makeJoin({
    welcome,
    link: invite,
    persona: ben.persona,
    keyring: keyringOf(ben.persona, room, new Draws('join/keyring')),
    prekey: benPrekey,
    name: 'Ben',
    address: { secret: own, mailboxes },
    random: draws,
  });
  const reads = concat(idBytes(made.joinHash), idBytes(ben.persona.id), own);
  return {
    joinHash: made.joinHash,
    case: {
      name: 'join',
      section: '8.5',
      given: {
        room: idBytes(room),
        welcomeHash: idBytes(welcome.hash),
        inviteSeed: invite.seed,
        joiner: 'ben, certificate/ben',
        prekey: benPrekey,
        name: 'Ben',
        address: own,
        mailboxes: mailboxBytes,
        admitter: 'ana, as in welcome',
      },
      draws,
      derived: { joinHash: idBytes(made.joinHash) },
      frame: made.frame,
      read: reader(
        (frame) => readJoin(frame, { keyring: makeAdmitter(), ipk: invite.ipk, welcomes: [welcome.hash], hourNow: HOUR }),
        (read) => concat(idBytes(read.joinHash), idBytes(read.identity.persona), read.address.secret),
      ),
      reads,
    },
  };
}
