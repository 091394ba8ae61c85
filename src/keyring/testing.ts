/** Devices of a room with their keyrings on a disk that can crash, for the tests of this folder. */
import {
  deviceId,
  hash,
  isRefusal,
  relayId,
  roomId,
  type Bytes,
  type DeviceId,
  type Hash,
  type Random,
  type RoomId,
} from '../base/index.ts';
import { createPersona, type Persona } from '../identity/index.ts';
import { topics, type Address } from './address.ts';
import { Keyring, type Opened, type Rotation, type SealedFor } from './keyring.ts';
import type { EpochMember } from './slices.ts';

export const NOW = Date.UTC(2026, 10, 21);

export const newAddress = (random: Random): Address => ({
  secret: random.bytes(32),
  mailboxes: [relayId(random.bytes(32)), relayId(random.bytes(32))],
});
export const newRoom = (random: Random): RoomId => roomId(random.bytes(32));
export const newHash = (random: Random): Hash => hash(random.bytes(32));

/** Of every device that was ever made here. */
const known = new Map<DeviceId, Bytes>();
export const anybody = (device: DeviceId): Bytes | undefined => known.get(device);

/** One device: what it has in memory, and what is durable. */
export class TestDevice {
  readonly persona: Persona;
  readonly room: RoomId;
  readonly disk = new Map<string, Bytes>();
  readonly #random: Random;
  keyring: Keyring;
  prekey: Bytes;

  constructor(room: RoomId, random: Random) {
    this.persona = createPersona(random, { kind: 'person', expiresHour: 1_000_000 });
    this.room = room;
    this.#random = random;
    known.set(this.persona.device, this.persona.deviceKeyset);
    this.keyring = this.#open();
    this.prekey = this.keyring.newPrekey();
    this.commit();
  }

  get id(): DeviceId {
    return this.persona.device;
  }

  get member(): EpochMember {
    return { device: this.id, prekey: this.prekey };
  }

  /** Makes everything durable. */
  commit(): void {
    const { put, delete: gone } = this.keyring.drain();
    for (const key of gone) this.disk.delete(key);
    for (const [key, value] of put) this.disk.set(key, value);
  }

  /** Loses what was not durable, and starts again from what was. */
  crash(): void {
    this.keyring = this.#open();
  }

  rotate(members: readonly Pick<TestDevice, 'member'>[], address: Address, parents: readonly Hash[] = []): { epoch: Hash; frame: Bytes } {
    return this.keyring.rotate({
      parents,
      address,
      members: members.map(({ member }) => member),
      memberSet: hash(new Uint8Array(32)),
      sign: (purpose, body) => this.persona.sign(purpose, body),
    });
  }

  /** Reads a rotation of any of `members`. Throws when it is refused. */
  read(frame: Uint8Array, members: readonly TestDevice[]): Rotation {
    const rotation = this.keyring.readRotate(frame, keysets(members));
    if (isRefusal(rotation)) throw new Error(`refused: ${rotation.refused}`);
    return rotation;
  }

  open(address: Address, sealed: SealedFor): Opened | { refused: string } {
    const found = topics(address).find(({ topic }) => topic.mailbox === sealed.topic.mailbox);
    if (found === undefined) throw new Error('not a topic of this address');
    return this.keyring.open(address, found.id, sealed.blob, anybody);
  }

  #open(): Keyring {
    return new Keyring({
      room: this.room,
      me: this.persona.device,
      signLight: (purpose, body) => this.persona.signLight(purpose, body),
      random: this.#random,
      now: () => NOW,
      records: this.disk,
    });
  }
}

export function keysets(members: readonly TestDevice[]): (device: DeviceId) => Bytes | undefined {
  return (device) => members.find(({ id }) => id === device)?.persona.deviceKeyset;
}

export const newDeviceId = (random: Random): DeviceId => deviceId(random.bytes(16));

/** One of the two blobs of a sealing. Throws when it is not there. */
export function blobOf(sealed: readonly SealedFor[], which = 0): SealedFor {
  const blob = sealed[which];
  if (blob === undefined) throw new Error('no such blob');
  return blob;
}
