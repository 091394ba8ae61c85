/**
 * The vault: one random data key seals everything at rest (docs/protocol.md §2).
 *
 *   sealed = nonce 24 | XChaCha20-Poly1305(data key, nonce, plain, aad "sotto/1/at-rest" | context)
 *
 * The context says which record it is, so that no record can stand in another's place.
 */
import { concat, utf8, type Bytes, type Random } from '../base/index.ts';
import { aeadOpen, aeadSeal, purpose } from '../crypto/index.ts';

export const DATA_KEY_BYTES = 32;
const NONCE_BYTES = 24;
const TAG_BYTES = 16;

export class Vault {
  readonly #key: Bytes;
  readonly #random: Random;

  /** Takes the data key over (bytes: 32). Throws RangeError for another length. */
  constructor(dataKey: Bytes, random: Random) {
    if (dataKey.length !== DATA_KEY_BYTES) throw new RangeError(`data key: want ${DATA_KEY_BYTES} bytes, got ${dataKey.length}`);
    this.#key = dataKey;
    this.#random = random;
  }

  /** bytes: 40 more than `plain`. */
  seal(plain: Uint8Array, context: string): Bytes {
    const nonce = this.#random.bytes(NONCE_BYTES);
    return concat(nonce, aeadSeal(this.#key, nonce, associated(context), plain));
  }

  /** Undefined of anything that this vault has not sealed in this context. */
  open(sealed: Uint8Array, context: string): Bytes | undefined {
    if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined;
    return aeadOpen(this.#key, sealed.subarray(0, NONCE_BYTES), associated(context), sealed.subarray(NONCE_BYTES));
  }

  /** The data key is not printed. */
  toJSON(): string {
    return '[secret]';
  }
}

const associated = (context: string): Bytes => purpose('at-rest', utf8(context));

export const newVaultFromKey = (dataKey: Bytes, random: Random): Vault => new Vault(dataKey, random);
