/** A relay as its signed descriptor tells of it (docs/protocol.md §5). */
import type { Bytes, RelayId } from '../base/index.ts';

export interface Descriptor {
  /** H(keyset). */
  readonly id: RelayId;
  /** Hybrid root keyset: bytes 1984. */
  readonly keyset: Bytes;
  /** Multiaddrs. */
  readonly addresses: readonly string[];
  /** X-Wing public key of today: bytes 1216. Its key-id is H(onionKey)[0..8]. */
  readonly onionKey: Bytes;
  readonly roles: { readonly guard: boolean; readonly middle: boolean; readonly mailbox: boolean };
  /** Operator's family; relays of one family never serve as guard and middle of one path. */
  readonly family: string;
  /** Mean mixing delays offered, ms, by delay class. */
  readonly delayClasses: readonly number[];
  /** UTC seconds. */
  readonly validFrom: number;
  readonly validUntil: number;
  readonly version: string;
  /** The signed bytes as carried, to be handed on. */
  readonly signed: Bytes;
}
