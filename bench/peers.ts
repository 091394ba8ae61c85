/** What is compared with and is not the app's own: installed in bench/node_modules, and reached by name so that types need none of it. */
import type { Bytes } from '../src/base/index.ts';

/** A module by its package's name: in Node by `import`, in a page from what was bundled with it. */
export type Load = (name: string) => Promise<unknown>;

/** libsodium's own WebAssembly exports, without the wrapper's copies. */
interface RawSodium {
  readonly HEAPU8: Bytes;
  _malloc(bytes: number): number;
  _crypto_aead_chacha20poly1305_ietf_encrypt(
    ...pointers: readonly [
      out: number,
      outLength: number,
      message: number,
      length: number,
      lengthHigh: number,
      data: number,
      dataLength: number,
      dataLengthHigh: number,
      secret: number,
      nonce: number,
      key: number,
    ]
  ): number;
  _crypto_scalarmult(out: number, scalar: number, point: number): number;
}

const isRaw = (found: unknown): found is RawSodium =>
  typeof found === 'object' &&
  found !== null &&
  ['_malloc', '_crypto_aead_chacha20poly1305_ietf_encrypt', '_crypto_scalarmult', 'HEAPU8'].every((name) => name in found);

/** A message, its key and its nonce in libsodium's memory; everything works there in place. */
export class SodiumSlot {
  readonly #raw: RawSodium;
  readonly #length: number;
  readonly message: number;
  readonly #key: number;
  readonly #nonce: number;

  /** `key`: 32 bytes. Room for the tag is made behind the message. */
  constructor(raw: RawSodium, key: Uint8Array, message: Uint8Array) {
    this.#raw = raw;
    this.#length = message.length;
    this.message = raw._malloc(message.length + 16);
    this.#key = raw._malloc(32);
    this.#nonce = raw._malloc(12);
    raw.HEAPU8.set(message, this.message);
    raw.HEAPU8.set(key, this.#key);
    raw.HEAPU8.fill(0, this.#nonce, this.#nonce + 12);
  }

  /** ChaCha20-Poly1305 in place, with a nonce whose first byte is `counter`. */
  seal(counter: number): void {
    this.#raw.HEAPU8[this.#nonce] = counter;
    const { message } = this;
    this.#raw._crypto_aead_chacha20poly1305_ietf_encrypt(message, 0, message, this.#length, 0, 0, 0, 0, 0, this.#nonce, this.#key);
  }

  /** As `seal`, of bytes that come from outside and go there. */
  sealCopied(counter: number, message: Uint8Array): Bytes {
    this.#raw.HEAPU8.set(message, this.message);
    this.seal(counter);
    return this.sealed();
  }

  sealed(): Bytes {
    return this.#raw.HEAPU8.slice(this.message, this.message + this.#length + 16);
  }
}

export interface Sodium {
  /** As one calls it who has not looked inside: ChaCha20-Poly1305 with copies. */
  wrapped(message: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array;
  slot(key: Uint8Array, message: Uint8Array): SodiumSlot;
  /** X25519 with both in libsodium's memory. */
  x25519(scalar: Uint8Array, point: Uint8Array): { run(): void; shared(): Bytes };
}

interface Wrapper {
  readonly ready: Promise<void>;
  readonly libsodium?: unknown;
  crypto_aead_chacha20poly1305_ietf_encrypt(...given: readonly [Uint8Array, null, null, Uint8Array, Uint8Array]): Uint8Array;
}

export async function loadSodium(load: Load): Promise<Sodium> {
  const { default: wrapper } = (await load('libsodium-wrappers')) as { default: Wrapper };
  await wrapper.ready;
  const raw = wrapper.libsodium;
  if (!isRaw(raw)) throw new Error('libsodium-wrappers no longer shows its raw exports: bench/peers.ts has to follow it');
  return {
    wrapped: (message, nonce, key) => wrapper.crypto_aead_chacha20poly1305_ietf_encrypt(message, null, null, nonce, key),
    slot: (key, message) => new SodiumSlot(raw, key, message),
    x25519(scalar, point) {
      const [out, s, p] = [raw._malloc(32), raw._malloc(32), raw._malloc(32)];
      raw.HEAPU8.set(scalar, s);
      raw.HEAPU8.set(point, p);
      return { run: () => raw._crypto_scalarmult(out, s, p), shared: () => raw.HEAPU8.slice(out, out + 32) };
    },
  };
}

export interface Oqs {
  generateKeyPair(): { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array };
  encapsulate(publicKey: Uint8Array): { readonly ciphertext: Uint8Array; readonly sharedSecret: Uint8Array };
  decapsulate(ciphertext: Uint8Array, secretKey: Uint8Array): Uint8Array;
}

/** ML-KEM-768 of liboqs, in WebAssembly. */
export async function loadOqs(load: Load): Promise<Oqs> {
  const { createMLKEM768 } = (await load('@oqs/liboqs-js')) as { createMLKEM768: () => Promise<Oqs> };
  return createMLKEM768();
}

/** ML-KEM-768 of npm's `mlkem`, in TypeScript. */
export interface MlKemJs {
  generateKeyPair(): Promise<readonly [ek: Uint8Array, dk: Uint8Array]>;
  encap(ek: Uint8Array): Promise<readonly [ciphertext: Uint8Array, shared: Uint8Array]>;
  decap(ciphertext: Uint8Array, dk: Uint8Array): Promise<Uint8Array>;
}

export async function loadMlKemJs(load: Load): Promise<MlKemJs> {
  const { MlKem768 } = (await load('mlkem')) as { MlKem768: new () => MlKemJs };
  return new MlKem768();
}

/** hash-wasm's SHA-256, set up once. */
export interface WasmHash {
  init(): WasmHash;
  update(data: Uint8Array): WasmHash;
  digest(as: 'binary'): Uint8Array;
}

export async function loadWasmSha256(load: Load): Promise<WasmHash> {
  const { createSHA256 } = (await load('hash-wasm')) as { createSHA256: () => Promise<WasmHash> };
  return createSHA256();
}
