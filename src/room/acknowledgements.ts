/** What the other devices have told of what they hold and have seen: "delivered" and "read" come from here, and so do prekeys. */
import { deviceId, idBytes, isRefusal, type Bytes, type DeviceId } from '../base/index.ts';
import type { Records } from '../store/index.ts';
import type { Head } from '../replica/index.ts';
import { create, decodeStrict, encode, ReceiptBodySchema } from '../wire/index.ts';
import type { ReceiptRead } from './batches.ts';
import { furthest, reaches, readHeads, wireHead } from './heads.ts';
import { newest, readPresence, wirePresence, type Presence } from './presence.ts';

const PREFIX = 'r/';

interface Known {
  heads: readonly Head[];
  prekey: Bytes | undefined;
  read: readonly Head[];
  direct: Presence | undefined;
}

export class Acknowledgements {
  readonly #known = new Map<DeviceId, Known>();
  readonly #me: DeviceId;

  constructor(records: Records, me: DeviceId) {
    this.#me = me;
    for (const [, value] of records.entries(PREFIX)) {
      const body = decodeStrict(ReceiptBodySchema, value);
      const heads = isRefusal(body) ? body : readHeads(body.heads);
      const read = isRefusal(body) ? body : readHeads(body.read);
      const direct = isRefusal(body) ? body : body.direct && readPresence(body.direct);
      if (isRefusal(body) || isRefusal(heads) || isRefusal(read) || isRefusal(direct)) continue;
      const prekey = body.prekey.length === 0 ? undefined : new Uint8Array(body.prekey);
      this.#known.set(deviceId(body.device), { heads, prekey, read, direct });
    }
  }

  /** Takes a verified receipt; returns the record to keep. A receipt may come after one that was written later; a prekey and a presence stay until newer ones come. */
  take(receipt: ReceiptRead): [string, Bytes] {
    const before = this.#known.get(receipt.device);
    const known = {
      heads: furthest(before?.heads ?? [], receipt.heads),
      prekey: receipt.prekey ?? before?.prekey,
      read: furthest(before?.read ?? [], receipt.read),
      direct: newest(before?.direct, receipt.direct),
    };
    this.#known.set(receipt.device, known);
    return this.#record(receipt.device, known);
  }

  /** A rotation brought its author's fresh prekey; returns the record to keep. */
  takePrekey(device: DeviceId, prekey: Bytes): [string, Bytes] {
    const { heads, read, direct } = this.#known.get(device) ?? { heads: [], read: [], direct: undefined };
    const known = { heads, prekey, read, direct };
    this.#known.set(device, known);
    return this.#record(device, known);
  }

  #record(device: DeviceId, known: Known): [string, Bytes] {
    const body = create(ReceiptBodySchema, {
      device: idBytes(device),
      heads: known.heads.map(wireHead),
      prekey: known.prekey ?? new Uint8Array(0),
      read: known.read.map(wireHead),
      ...(known.direct && { direct: wirePresence(known.direct) }),
    });
    return [PREFIX + device, encode(ReceiptBodySchema, body)];
  }

  prekeyOf(device: DeviceId): Bytes | undefined {
    return this.#known.get(device)?.prekey;
  }

  /** Where a device said last that it is found for direct links. */
  presenceOf(device: DeviceId): Presence | undefined {
    return this.#known.get(device)?.direct;
  }

  headsOf(device: DeviceId): readonly Head[] {
    return this.#known.get(device)?.heads ?? [];
  }

  /** Another device holds this update of one's own. */
  isDelivered(segment: number, seq: number): boolean {
    return this.#others().some(([, { heads }]) => this.#reachesMine(heads, segment, seq));
  }

  /** The user of another device has seen it. */
  isRead(segment: number, seq: number): boolean {
    return this.#others().some(([, { read }]) => this.#reachesMine(read, segment, seq));
  }

  #reachesMine(heads: readonly Head[], segment: number, seq: number): boolean {
    return heads.some((head) => head.device === this.#me && reaches(head, segment, seq));
  }

  #others(): [DeviceId, Known][] {
    return [...this.#known].filter(([device]) => device !== this.#me);
  }
}
