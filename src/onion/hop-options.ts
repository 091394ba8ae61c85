/** What a relay hands its hop, and the bounds within which the hop works. */
import type { Bytes, Clock, Counters, Random, RelayId } from '../base/index.ts';
import type { OnionKey } from '../crypto/index.ts';
import type { CellLink } from '../link/index.ts';
import type { CellSink, ExitHandler } from './circuit.ts';
import type { Tap } from './tap.ts';

export interface HopLimits {
  /** Circuits of a link on which no cell has come yet, and those waiting for CREATED. */
  readonly halfBuiltPerLink: number;
  readonly halfBuiltMs: number;
  /** Handshakes a second, and how many may be saved up. */
  readonly createsPerSecond: number;
  readonly createsAtOnce: number;
  readonly circuitsPerLink: number;
  readonly circuits: number;
  /** No circuit lives longer, ms: clients rotate theirs every 10 minutes. */
  readonly lifeMs: number;
  /** Cells that the mix holds: of one circuit, of all. */
  readonly waitingPerCircuit: number;
  readonly waiting: number;
  /** Cells of the last hop that wait for a client's credit. */
  readonly unsaidPerCircuit: number;
  /** Cells queued on a link beyond which circuits through it are destroyed. */
  readonly linkQueue: number;
  /** The `window` of CREATED. */
  readonly window: number;
}

export const hopLimits: HopLimits = {
  halfBuiltPerLink: 64,
  halfBuiltMs: 10_000,
  createsPerSecond: 200,
  createsAtOnce: 32,
  circuitsPerLink: 1024,
  circuits: 8192,
  lifeMs: 3_600_000,
  waitingPerCircuit: 2048,
  waiting: 65_536,
  unsaidPerCircuit: 512,
  linkQueue: 3072,
  window: 512,
};

export interface HopOptions {
  readonly self: RelayId;
  readonly clock: Clock;
  readonly random: Random;
  readonly sink: CellSink;
  /** Today's or yesterday's, by key id (8 bytes). */
  onionKey(id: Bytes): OnionKey | undefined;
  /** Network time, UTC seconds. */
  networkTime(): number;
  /** This relay's own signed descriptor. */
  descriptor(): Bytes;
  /** Addresses from a valid descriptor of that relay; undefined of none. */
  addressesOf(relay: RelayId): readonly string[] | undefined;
  dial(addresses: readonly string[]): Promise<CellLink>;
  readonly exits: readonly ExitHandler[];
  readonly limits?: Partial<HopLimits>;
  readonly counters?: Counters;
  readonly tap?: Tap;
}
