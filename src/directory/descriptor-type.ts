/** A relay as its signed descriptor tells of it (docs/protocol.md §5). */
import type { Bytes, RelayId } from '../base/index.ts';
import type { CircuitSuite } from '../crypto/index.ts';

export interface Descriptor {
  /** H(keyset). */
  readonly id: RelayId;
  /** Hybrid root keyset: bytes 1984. */
  readonly keyset: Bytes;
  /** Multiaddrs. */
  readonly addresses: readonly string[];
  /** The suite of the onion key, and so of each handshake with this relay. The keyset is one of suite 3 whatever this is. */
  readonly suite: CircuitSuite;
  /** Public key of today: bytes 1216 at suite 3, 1600 at suite 5. Its key-id is H(onionKey)[0..8]. */
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
