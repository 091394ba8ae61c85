/** Who the room's vectors are about: ana made the room, ben comes by her link; cai is only ever a member. */
import { idBytes, relayId, roomId, type RoomId } from '../../src/base/index.ts';
import { createPersona, type Persona } from '../../src/identity/index.ts';
import { Keyring, type Address } from '../../src/keyring/index.ts';
import { makeInvite } from '../../src/room/invite-link.ts';
import { authorCreate, readOperation } from '../../src/room/operation.ts';
import { Draws, fixed, taken } from './case.ts';

export const NOW = 1_795_219_200_000;
export const HOUR = Math.floor(NOW / 3_600_000);
export const EXPIRES = HOUR + 168;
export const CERTIFIED = HOUR + 87_600;

interface Person {
  readonly persona: Persona;
  readonly draws: Draws;
}

function person(name: string): Person {
  const draws = new Draws(`persona/${name}`);
  return { persona: createPersona(draws, { kind: 'person', expiresHour: CERTIFIED }), draws };
}

export const ana = person('ana');
export const ben = person('ben');
/** Only ever a member: it makes the second slice of a Rotate. */
export const cai = person('cai');
export const mailboxes = [relayId(fixed('mailbox-1', 32)), relayId(fixed('mailbox-2', 32))] as const;
export const mailboxBytes = mailboxes.map(idBytes);
export const address: Address = { secret: fixed('epoch-address', 32), mailboxes };

export const keyringOf = (persona: Persona, of: RoomId, draws: Draws): Keyring =>
  new Keyring({
    room: of,
    me: persona.device,
    signLight: (purpose, body) => persona.signLight(purpose, body),
    random: draws,
    now: () => NOW,
  });

/** A prekey comes before the room whose id it is part of. */
const noRoom = roomId(new Uint8Array(32));
export const anaKey = new Draws('prekey/ana');
export const anaPrekey = keyringOf(ana.persona, noRoom, anaKey).newPrekey();
export const benKey = new Draws('prekey/ben');
export const benPrekey = keyringOf(ben.persona, noRoom, benKey).newPrekey();
export const caiKey = new Draws('prekey/cai');
export const caiPrekey = keyringOf(cai.persona, noRoom, caiKey).newPrekey();

export const salt = fixed('salt', 32);
export const createSigned = authorCreate({ now: NOW, prekey: anaPrekey, salt }, ana.persona);
export const created = taken(readOperation(createSigned));
export const { room } = created;

export const inviteDraws = new Draws('invite-link');
export const invite = makeInvite(inviteDraws, { expiresHour: EXPIRES, inviterRoot: ana.persona.id, mailboxes });
