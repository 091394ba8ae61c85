/**
 * An epoch's secret s (docs/protocol.md §8.2), for as long as it takes to open the epoch: made or received, then erased at once.
 *
 *   s ── KDF("commit", 32, s)                        the commitment, in the core
 *     ├─ KDF("epoch-body", 32, s)                    key of the core's box, nonce 0
 *     ├─ KDF("join-proof", 32, s)                    key of a Join's proof, nonce 0
 *     └─ KDF("chain", 32, s, room, R, device)        chain_0 of each device
 */
import { equal, idBytes, wipe, type Bytes, type DeviceId, type Hash, type Random, type RoomId } from '../base/index.ts';
import { aeadOpen, aeadSeal, kdf, purpose } from '../crypto/index.ts';
import { cutSlices, type EpochMember } from './slices.ts';

const NONCE_ZERO = new Uint8Array(24);

export class EpochSecret {
  readonly #secret: Bytes;

  /** Takes the secret over (bytes: 32). Throws RangeError for another length. */
  constructor(secret: Bytes) {
    if (secret.length !== 32) throw new RangeError(`epoch secret: want 32 bytes, got ${secret.length}`);
    this.#secret = secret;
  }

  static fresh(random: Random): EpochSecret {
    return new EpochSecret(random.bytes(32));
  }

  commitment(): Bytes {
    return kdf('commit', 32, this.#secret);
  }

  keeps(commitment: Uint8Array): boolean {
    return equal(this.commitment(), commitment);
  }

  /** Seals once for each label: the nonce is 0. `bound` goes into the associated data. */
  seal(label: 'epoch-body' | 'join-proof', bound: Uint8Array, plain: Uint8Array): Bytes {
    return aeadSeal(kdf(label, 32, this.#secret), NONCE_ZERO, purpose(label, bound), plain);
  }

  open(label: 'epoch-body' | 'join-proof', bound: Uint8Array, sealed: Uint8Array): Bytes | undefined {
    return aeadOpen(kdf(label, 32, this.#secret), NONCE_ZERO, purpose(label, bound), sealed);
  }

  /** Throws as `cutSlices` does. */
  slices(room: RoomId, epoch: Hash, members: readonly EpochMember[], random: Random): Bytes {
    return cutSlices(room, epoch, members, this.#secret, random);
  }

  chain(room: RoomId, epoch: Hash, device: DeviceId): Bytes {
    return kdf('chain', 32, this.#secret, idBytes(room), idBytes(epoch), idBytes(device));
  }

  erase(): void {
    wipe(this.#secret);
  }

  toJSON(): string {
    return '[secret]';
  }
}
