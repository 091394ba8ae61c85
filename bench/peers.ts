/** What is compared with and is not the app's own: installed in bench/node_modules, and reached by name so that types need none of it. */
import { createRequire } from 'node:module';
import type { Bytes } from '../src/base/index.ts';

const require = createRequire(import.meta.url);
/** `name` as a module that is imported would find it: liboqs-js has no door for `require`. */
const load = (name: string): Promise<unknown> => import(name);

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
  slot(key: Uint8Array, message: Uint8Array): SodiumSlot;
  /** X25519 with both in libsodium's memory. */
  x25519(scalar: Uint8Array, point: Uint8Array): { run(): void; shared(): Bytes };
}

export async function loadSodium(): Promise<Sodium> {
  const { default: wrapper } = (await load('libsodium-wrappers')) as { default: { ready: Promise<void>; libsodium?: unknown } };
  await wrapper.ready;
  const raw = wrapper.libsodium;
  if (!isRaw(raw)) throw new Error('libsodium-wrappers no longer shows its raw exports: bench/peers.ts has to follow it');
  return {
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
export async function loadOqs(): Promise<Oqs> {
  const { createMLKEM768 } = (await load('@oqs/liboqs-js')) as { createMLKEM768: () => Promise<Oqs> };
  return createMLKEM768();
}

/** Which versions these are, for the record. */
export function versions(): Readonly<Record<string, string>> {
  const { packages } = require('./package-lock.json') as { packages: Record<string, { version?: string }> };
  const named = Object.entries(packages).filter(([path]) => path !== '');
  return Object.fromEntries(named.map(([path, { version = '' }]) => [path.replace('node_modules/', ''), version]));
}
