/**
 * The hop handshake (docs/protocol.md §4.1; its bytes are drawn in wasm/src/handshake.rs). Kf and Kb never leave linear memory.
 *
 *   client   createHop ──► HopAttempt, CREATE 2410      relay   OnionKey.accept(CREATE) ──► CREATED 1184, Hop
 *            HopAttempt.finish(CREATED) ──► Hop
 */
import type { Bytes, Random, Refusal } from '../base/index.ts';
import { exchange, handleOf, want, wasm } from './core.ts';
import { KEM_PUBLIC, KEM_SECRET } from './kem.ts';
import { LayerKey } from './layers.ts';
import { refusalOf } from './refusals.ts';

export const CREATE = 2410;
export const CREATED = 1184;
export const HOP_PARAMS = 16;
const HOP = 56;
const CLIENT_RANDOM = 96;
const RELAY_RANDOM = 64;

/** What both sides hold after the handshake. Whoever holds it wipes both keys when the circuit closes. */
export interface Hop {
  /** Kf: cells away from the client. */
  readonly forward: LayerKey;
  /** Kb: cells towards the client. */
  readonly backward: LayerKey;
  /** bytes: 32; what SUBSCRIBE signs (docs/protocol.md §7) */
  readonly bind: Bytes;
  /** bytes: 16; what the other side said in its box */
  readonly params: Bytes;
}

/** To whom a client says CREATE. */
export interface HopTarget {
  /** bytes: 32 */
  readonly relay: Uint8Array;
  /** bytes: 8 */
  readonly keyId: Uint8Array;
  /** bytes: 1216 */
  readonly onionKey: Uint8Array;
}

function hopOf(bytes: Bytes): Hop {
  const handle = (at: number): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
  return {
    forward: LayerKey.adopt(handle(0)),
    backward: LayerKey.adopt(handle(4)),
    bind: bytes.slice(8, 40),
    params: bytes.slice(40, HOP),
  };
}

/** A client between CREATE and CREATED. */
export class HopAttempt {
  /** bytes: 2410 */
  readonly create: Bytes;
  #handle: number;

  /** `made`: CREATE | handle, as the core wrote it. */
  constructor(made: Bytes) {
    this.create = made.slice(0, CREATE);
    this.#handle = new DataView(made.buffer, made.byteOffset).getUint32(CREATE, true);
  }

  /** Checks CREATED. The attempt ends with it, whatever it was: a refusal destroys the circuit. */
  finish(created: Uint8Array): Hop | Refusal {
    if (this.#handle === 0) throw new Error('handshake: this attempt has ended; begin another with a fresh one');
    if (created.length !== CREATED) {
      this.wipe();
      return refusalOf('created', 1);
    }
    const hop = exchange([created], (laid) => wasm.client_finish(this.#handle, laid), HOP);
    this.#handle = 0;
    return typeof hop === 'number' ? refusalOf('created', hop) : hopOf(hop);
  }

  /** Gives up and erases. Again: nothing. */
  wipe(): void {
    wasm.client_free(this.#handle);
    this.#handle = 0;
  }
}

/** Makes CREATE for one hop with a fresh ephemeral key. Refused when the relay's onion key is not a valid one. `params`: 16 bytes. */
export function createHop(target: HopTarget, params: Uint8Array, random: Random): HopAttempt | Refusal {
  want('relay id', target.relay, 32);
  want('key id', target.keyId, 8);
  want('params', params, HOP_PARAMS);
  if (target.onionKey.length !== KEM_PUBLIC) return refusalOf('create', 6);
  const parts = [target.relay, target.keyId, target.onionKey, params, random.bytes(CLIENT_RANDOM)];
  const made = exchange(parts, wasm.client_create, CREATE + 4);
  return typeof made === 'number' ? refusalOf('create', made) : new HopAttempt(made);
}

/** A relay's onion key, kept expanded in linear memory until wiped. */
export class OnionKey {
  /** bytes: 1216 */
  readonly publicKey: Bytes;
  #handle: number;

  /** Relay id 32, key id 8, seed 32 bytes. */
  constructor(relay: Uint8Array, keyId: Uint8Array, seed: Uint8Array) {
    want('relay id', relay, 32);
    want('key id', keyId, 8);
    want('onion key seed', seed, KEM_SECRET);
    const made = handleOf('onion keys', [relay, keyId, seed], wasm.onion_key_new, KEM_PUBLIC);
    this.#handle = made.handle;
    this.publicKey = made.bytes;
  }

  /** The relay's whole part. `params`: 16 bytes for the client. */
  accept(create: Uint8Array, params: Uint8Array, random: Random): { readonly hop: Hop; readonly created: Bytes } | Refusal {
    if (this.#handle === 0) throw new Error('onion key: it has been wiped; clients use its successor');
    want('params', params, HOP_PARAMS);
    if (create.length !== CREATE) return refusalOf('create', 1);
    const parts = [params, random.bytes(RELAY_RANDOM), create];
    const made = exchange(parts, () => wasm.relay_accept(this.#handle, create.length), CREATED + HOP);
    if (typeof made === 'number') return refusalOf('create', made);
    return { created: made.slice(0, CREATED), hop: hopOf(made.slice(CREATED)) };
  }

  /** Erases the key. Again: nothing. */
  wipe(): void {
    wasm.onion_key_free(this.#handle);
    this.#handle = 0;
  }
}

/** Which onion key a CREATE is for: its key id (8 bytes), so that a relay can choose between the new key and the old one. */
export function createKeyId(create: Uint8Array): Bytes | Refusal {
  if (create.length !== CREATE) return refusalOf('create', 1);
  return new Uint8Array(create.subarray(34, 42));
}

/** Erases both keys of a hop. */
export function wipeHop(hop: Hop): void {
  hop.forward.wipe();
  hop.backward.wipe();
}
