/** A room of devices for the tests of replicas: keysets, rights, and updates made by hand. */
import { concat, idBytes, roomId, type Bytes, type DeviceId } from '../base/index.ts';
import { seededRandom } from '../base/testing.ts';
import { sha256 } from '../crypto/index.ts';
import { createPersona, type Persona } from '../identity/index.ts';
import { create, decodeStrict, encode, SignedUpdateSchema, UpdateSchema, type MessageInitShape } from '../wire/index.ts';
import { isRefusal, utf8 } from '../base/index.ts';
import { Replica, type Cut, type Rights } from './replica.ts';

export const ROOM = roomId(sha256(utf8('room')));
export const NOW = Date.UTC(2026, 10, 21, 12);
export const DAY = 86_400_000;

const random = seededRandom(8);
export const [ada, bo, cy] = [0, 1, 2].map(() => createPersona(random, { kind: 'person', expiresHour: 600_000 })) as [
  Persona,
  Persona,
  Persona,
];

export const replicaOf = (persona: Persona, records: Iterable<readonly [string, Uint8Array]> = []): Replica =>
  new Replica({ room: ROOM, me: persona.device, signLight: (purpose, body) => persona.signLight(purpose, body), records });

/** Rights of a room of these personas, with some cuts. */
export function rightsOf(personas: readonly Persona[] = [ada, bo, cy], cuts: ReadonlyMap<DeviceId, Cut> = new Map()): Rights {
  const keysets = new Map(personas.map((persona) => [persona.device, persona.deviceKeyset]));
  return { keysetOf: (device) => keysets.get(device), cutOf: (device) => cuts.get(device) };
}

/** Signs a body, whatever it says. */
export const signBody = (persona: Persona, body: Uint8Array): Bytes =>
  encode(SignedUpdateSchema, create(SignedUpdateSchema, { body, signature: persona.signLight('update', body) }));

export function bodyOf(update: Uint8Array): Bytes {
  const signed = decodeStrict(SignedUpdateSchema, update);
  if (isRefusal(signed)) throw new Error(signed.refused);
  return concat(signed.body);
}

export function fieldsOf(update: Uint8Array) {
  const fields = decodeStrict(UpdateSchema, bodyOf(update));
  if (isRefusal(fields)) throw new Error(fields.refused);
  return fields;
}

/** The same update with some fields changed, signed again by its author. */
export function altered(persona: Persona, update: Uint8Array, changes: MessageInitShape<typeof UpdateSchema>): Bytes {
  return signBody(persona, encode(UpdateSchema, create(UpdateSchema, { ...fieldsOf(update), ...changes })));
}

export const hashOf = (update: Uint8Array): Bytes => sha256(bodyOf(update));

/** What a reader may see, by device, for comparing replicas. */
export const contents = (replica: Replica): string[] =>
  [...replica.entries()].map(({ id, hlc, entry }) => `${id} ${hlc} ${new TextDecoder().decode(entry)}`).toSorted();

export const deviceBytes = (persona: Persona): Bytes => idBytes(persona.device);
