/**
 * Branded identifiers: strings (so that they can be keys of a Map) that do not mix. All are lower-case hex of the bytes named.
 *
 *   RelayId    H(root keyset) of a relay, 32 bytes        RoomId     H(body of the create operation), 32 bytes
 *   PersonaId  H(root keyset) of a persona, 32 bytes      DeviceId   H(device keyset)[0..16], 16 bytes
 *   TopicId    Ed25519 public key, 32 bytes               Hash       SHA-256, 32 bytes
 */
import { fromHex, toHex, type Bytes } from './bytes.ts';

declare const brand: unique symbol;
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

export type RelayId = Brand<string, 'RelayId'>;
export type PersonaId = Brand<string, 'PersonaId'>;
export type DeviceId = Brand<string, 'DeviceId'>;
export type RoomId = Brand<string, 'RoomId'>;
export type TopicId = Brand<string, 'TopicId'>;
export type Hash = Brand<string, 'Hash'>;

type Id = RelayId | PersonaId | DeviceId | RoomId | TopicId | Hash;

function exactly(bytes: Uint8Array, length: number, what: string): string {
  if (bytes.length !== length) throw new RangeError(`${what}: want ${length} bytes, got ${bytes.length}`);
  return toHex(bytes);
}

export const relayId = (bytes: Uint8Array): RelayId => exactly(bytes, 32, 'RelayId') as RelayId;
export const personaId = (bytes: Uint8Array): PersonaId => exactly(bytes, 32, 'PersonaId') as PersonaId;
export const deviceId = (bytes: Uint8Array): DeviceId => exactly(bytes, 16, 'DeviceId') as DeviceId;
export const roomId = (bytes: Uint8Array): RoomId => exactly(bytes, 32, 'RoomId') as RoomId;
export const topicId = (bytes: Uint8Array): TopicId => exactly(bytes, 32, 'TopicId') as TopicId;
export const hash = (bytes: Uint8Array): Hash => exactly(bytes, 32, 'Hash') as Hash;

/** The bytes of any identifier. */
export const idBytes = (id: Id): Bytes => fromHex(id);
