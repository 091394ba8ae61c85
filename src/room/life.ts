/**
 * How a room begins here (docs/protocol.md §8.1, §8.5):
 *
 *   createRoom   a persona of its own, the create operation, the first epoch
 *   joinRoom     a persona of its own, a Join at the invite's address, an epoch for the admitters: one can write at once
 *   openRoom     from what an earlier run kept
 */
import { idBytes, isRefusal, roomId, type Bytes, type RoomId } from '../base/index.ts';
import { createPersona, importPersona, type Persona } from '../identity/index.ts';
import { Keyring } from '../keyring/index.ts';
import { Replica } from '../replica/index.ts';
import { create, decodeStrict, RoomRecordSchema } from '../wire/index.ts';
import { hourOf, type RoomSurroundings } from './context.ts';
import type { ParsedLink } from './invite-link.ts';
import { makeJoin, sealJoin } from './join.ts';
import { MembershipLog } from './log.ts';
import { authorCreate } from './operation.ts';
import { Room } from './room.ts';
import type { Welcome } from './welcome.ts';

/** A persona of a room lives as long as its certificate: ten years. */
const CERTIFICATE_HOURS = 87_600;

/** How one begins: one's own name, and the entries that say so to the others (and how the room is called, where it is new). */
export interface Beginning {
  readonly name: string;
  readonly entries: readonly Bytes[];
}

function newPersona({ random, networkTime }: RoomSurroundings): Persona {
  return createPersona(random, { kind: 'person', expiresHour: hourOf(networkTime()) + CERTIFICATE_HOURS });
}

function newKeyring(
  surroundings: RoomSurroundings,
  room: RoomId,
  persona: Persona,
  records: Iterable<readonly [string, Uint8Array]>,
): Keyring {
  const { random, networkTime } = surroundings;
  return new Keyring({
    room,
    me: persona.device,
    signLight: (purpose, body) => persona.signLight(purpose, body),
    random,
    now: networkTime,
    records,
  });
}

function newReplica(room: RoomId, persona: Persona, records: Iterable<readonly [string, Uint8Array]>): Replica {
  return new Replica({ room, me: persona.device, signLight: (purpose, body) => persona.signLight(purpose, body), records });
}

/** Makes a room of which this device is the only member. The records hold it once `room.settled()` resolves. */
export function createRoom(surroundings: RoomSurroundings, beginning: Beginning): Room {
  const persona = newPersona(surroundings);
  // The room's id is the hash of an operation that holds the prekey, so the prekey is made before the room has an id.
  const before = newKeyring(surroundings, roomId(new Uint8Array(32)), persona, []);
  const prekey = before.newPrekey();
  const operation = authorCreate({ now: surroundings.networkTime(), prekey, salt: surroundings.random.bytes(32) }, persona);
  const log = new MembershipLog();
  const added = log.add(operation);
  if (isRefusal(added)) throw new Error(`the room could not be made: ${added.refused}`);
  const room = log.state().room;
  const kept = before.drain().put;
  const parts = {
    room,
    me: persona.device,
    persona,
    log,
    keyring: newKeyring(surroundings, room, persona, kept),
    replica: newReplica(room, persona, []),
  };
  const made = new Room(surroundings, parts, create(RoomRecordSchema, { room: idBytes(room), name: beginning.name }));
  made.begin([['m/persona', persona.export()], ...kept], []);
  made.write(...beginning.entries);
  return made;
}

/** Joins by a link: the Join goes out, and what is written waits with it for an admitter. */
export function joinRoom(
  surroundings: RoomSurroundings,
  link: ParsedLink,
  welcome: Welcome,
  signedWelcome: Bytes,
  beginning: Beginning,
): Room {
  const { name } = beginning;
  const persona = newPersona(surroundings);
  const { room } = welcome;
  const keyring = newKeyring(surroundings, room, persona, []);
  const { random } = surroundings;
  const address = { secret: random.bytes(32), mailboxes: surroundings.pickMailboxes() };
  const { frame, joinHash } = makeJoin({ welcome, link, persona, keyring, prekey: keyring.newPrekey(), name, address, random });
  const parts = { room, me: persona.device, persona, log: new MembershipLog({ room }), keyring, replica: newReplica(room, persona, []) };
  const joining = { link: link.link, welcome: signedWelcome, joinHash: idBytes(joinHash), epoch: idBytes(joinHash) };
  const record = create(RoomRecordSchema, { room: idBytes(room), name, invitedTo: welcome.roomName, joining });
  const made = new Room(surroundings, parts, record);
  made.begin([['m/persona', persona.export()]], [sealJoin(link, frame, random)]);
  made.write(...beginning.entries);
  return made;
}

/** Opens a room from its records. Undefined when nothing was ever kept in them. Throws an Error in words when they are damaged. */
export function openRoom(surroundings: RoomSurroundings): Room | undefined {
  const { records } = surroundings;
  const exported = records.get('m/persona');
  const kept = records.get('m/room');
  if (exported === undefined || kept === undefined) return undefined;
  const record = decodeStrict(RoomRecordSchema, kept);
  if (isRefusal(record)) throw new Error('What this device keeps of a room is damaged.');
  const persona = importPersona(exported);
  const room = roomId(record.room);
  const log = new MembershipLog({ room, records: records.entries('o/') });
  const keyring = newKeyring(surroundings, room, persona, records.entries('k/'));
  const replica = newReplica(room, persona, records.entries('u/'));
  return new Room(surroundings, { room, me: persona.device, persona, log, keyring, replica }, record);
}
