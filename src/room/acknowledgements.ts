/** What the other devices have told of what they hold and have seen: "delivered" and "read" come from here, and so do prekeys. */
import { create, decodeStrict, encode, ReceiptBodySchema, HeadSchema } from '../wire/index.ts';
import { deviceId, idBytes, isRefusal, type Bytes, type DeviceId } from '../base/index.ts';
import type { Records } from '../store/index.ts';
import type { Head } from '../replica/index.ts';
import { readHeads, type ReceiptRead } from './batches.ts';

const PREFIX = 'r/';

interface Known {
  heads: readonly Head[];
  prekey: Bytes | undefined;
  readUpTo: bigint;
}

/** Order of updates within one device's history. */
export const reaches = (head: { segment: number; seq: number }, segment: number, seq: number): boolean =>
  head.segment > segment || (head.segment === segment && head.seq >= seq);

export class Acknowledgements {
  readonly #known = new Map<DeviceId, Known>();
  readonly #me: DeviceId;

  constructor(records: Records, me: DeviceId) {
    this.#me = me;
    for (const [, value] of records.entries(PREFIX)) {
      const body = decodeStrict(ReceiptBodySchema, value);
      const heads = isRefusal(body) ? body : readHeads(body.heads);
      if (isRefusal(body) || isRefusal(heads)) continue;
      const prekey = body.prekey.length === 0 ? undefined : new Uint8Array(body.prekey);
      this.#known.set(deviceId(body.device), { heads, prekey, readUpTo: body.readUpTo });
    }
  }

  /** Takes a verified receipt; returns the record to keep. Heads replace the older ones; a prekey stays until a newer one comes. */
  take(receipt: ReceiptRead): [string, Bytes] {
    const before = this.#known.get(receipt.device);
    const readUpTo = before !== undefined && before.readUpTo > receipt.readUpTo ? before.readUpTo : receipt.readUpTo;
    const known = { heads: receipt.heads, prekey: receipt.prekey ?? before?.prekey, readUpTo };
    this.#known.set(receipt.device, known);
    const body = create(ReceiptBodySchema, {
      device: idBytes(receipt.device),
      heads: known.heads.map((h) => create(HeadSchema, { device: idBytes(h.device), segment: h.segment, seq: h.seq, hash: idBytes(h.hash) })),
      prekey: known.prekey ?? new Uint8Array(0),
      readUpTo,
    });
    return [PREFIX + receipt.device, encode(ReceiptBodySchema, body)];
  }

  prekeyOf(device: DeviceId): Bytes | undefined {
    return this.#known.get(device)?.prekey;
  }

  headsOf(device: DeviceId): readonly Head[] {
    return this.#known.get(device)?.heads ?? [];
  }

  /** Another device holds this update of one's own. */
  isDelivered(segment: number, seq: number): boolean {
    return this.#others().some(([, known]) => known.heads.some((head) => head.device === this.#me && reaches(head, segment, seq)));
  }

  /** Another device's user has seen everything up to here. */
  isRead(hlc: bigint): boolean {
    return this.#others().some(([, known]) => known.readUpTo >= hlc);
  }

  #others(): [DeviceId, Known][] {
    return [...this.#known].filter(([device]) => device !== this.#me);
  }
}
