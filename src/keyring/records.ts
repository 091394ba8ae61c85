/**
 * What a keyring keeps, as records: every change waits here until it is made durable together with what it goes with.
 *
 *   k/p/<prekey-id>                  PrekeyRecord
 *   k/e/<n>                          EpochRecord; n counts the epochs of this room as they open
 *   k/c/<n>/<d>                      chain of the epoch's device d: next u32 | key 32
 *   k/s/<n>/<d>/<index>              a message key left behind: 32
 *   k/x/<R>                          an epoch that was closed: the id of the prekey that could open it again, 8
 */
import { deviceId, fromHex, hash, idBytes, isRefusal, toHex, type Bytes, type DeviceId, type Hash } from '../base/index.ts';
import { create, decodeStrict, encode, EpochRecordSchema } from '../wire/index.ts';
import { readAddress, type Address } from './address.ts';

export interface Changes {
  readonly put: [string, Bytes][];
  readonly delete: string[];
}

export const recordKey = {
  prekey: (id: string): string => `k/p/${id}`,
  epoch: (n: number): string => `k/e/${n}`,
  chain: (n: number, d: number): string => `k/c/${n}/${d}`,
  skipped: (n: number, d: number, index: number): string => `k/s/${n}/${d}/${index}`,
  closed: (epoch: string): string => `k/x/${epoch}`,
} as const;

/** Changes since the last drain: of each record the last one alone. */
export class PendingChanges {
  readonly #changes = new Map<string, Bytes | undefined>();

  put(key: string, value: Bytes): void {
    this.#changes.set(key, value);
  }

  delete(key: string): void {
    this.#changes.set(key, undefined);
  }

  drain(): Changes {
    const changes: Changes = { put: [], delete: [] };
    for (const [key, value] of this.#changes) {
      if (value === undefined) changes.delete.push(key);
      else changes.put.push([key, value.slice()]);
    }
    this.#changes.clear();
    return changes;
  }
}

export interface Epoch {
  readonly id: Hash;
  /** Made by a joiner for its admitters: the room itself never writes under it. */
  readonly join: boolean;
  readonly parents: readonly Hash[];
  readonly address: Address;
  /** Of a join epoch: the hash of the Welcome that it answers. */
  readonly memberSet: Hash;
  /** Ascending. */
  readonly devices: readonly DeviceId[];
  /** Milliseconds since 1970. */
  readonly openedAt: number;
}

/** `openedBy`: hex of the prekey that opened it; undefined of an epoch of one's own. */
export function encodeEpoch(epoch: Epoch, openedBy: string | undefined): Bytes {
  const record = create(EpochRecordSchema, {
    id: idBytes(epoch.id),
    join: epoch.join,
    parents: epoch.parents.map(idBytes),
    memberSet: idBytes(epoch.memberSet),
    address: epoch.address.secret,
    mailboxes: epoch.address.mailboxes.map(idBytes),
    devices: epoch.devices.map(idBytes),
    openedAt: BigInt(epoch.openedAt),
    prekeyId: fromHex(openedBy ?? ''),
  });
  return encode(EpochRecordSchema, record);
}

/** Throws Error for a record that is damaged. */
export function decodeEpoch(value: Uint8Array): { readonly epoch: Epoch; readonly openedBy: string | undefined } {
  const record = decodeStrict(EpochRecordSchema, value);
  const address = isRefusal(record) ? undefined : readAddress(record.address, record.mailboxes);
  if (isRefusal(record) || address === undefined) throw new Error('keyring: the record of an epoch is damaged');
  const epoch: Epoch = {
    id: hash(record.id),
    join: record.join,
    parents: record.parents.map(hash),
    address,
    memberSet: hash(record.memberSet),
    devices: record.devices.map(deviceId),
    openedAt: Number(record.openedAt),
  };
  return { epoch, openedBy: record.prekeyId.length === 0 ? undefined : toHex(record.prekeyId) };
}
