/**
 * The hop handshake (docs/protocol.md §4.1; its bytes are drawn in wasm/core/src/handshake.rs), at the suite of the relay's onion key.
 * Kf and Kb pass from the core's memory to that of the cells, and are erased on the way.
 *
 *   client   createHop ──► HopAttempt, CREATE           relay   OnionKey.accept(CREATE) ──► CREATED, Hop
 *            HopAttempt.finish(CREATED) ──► Hop
 */
import { wipe, type Bytes, type Random, type Refusal } from '../base/index.ts';
import { core, coreArea, held, want } from './core.ts';
import { KEM_SECRET } from './kem.ts';
import { LayerKey } from './layers.ts';
import { refusalOf } from './refusals.ts';
import { SUITE, suiteLengths, SUITES, type Suite } from './suite.ts';

/** Bytes at suite 3. */
export const CREATE = suiteLengths[SUITE].create;
export const CREATED = suiteLengths[SUITE].created;
export const HOP_PARAMS = 16;
/** bind 32 | params 16 | Kf 32 | Kb 32 */
const HOP = 112;
/** The core's number for a table that is full. */
const FULL = 10;
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
  /** bytes: 1216 at suite 3 */
  readonly onionKey: Uint8Array;
  /** That of the relay's descriptor: the client takes no lower one. Suite 3 where none is named. */
  readonly suite?: Suite;
}

/** Undefined when there is no room for two more layer keys. Erases `bytes`. */
function hopOf(bytes: Bytes): Hop | undefined {
  const [forward, backward] = [LayerKey.ifRoom(bytes.subarray(48, 80)), LayerKey.ifRoom(bytes.subarray(80, HOP))];
  const [bind, params] = [bytes.slice(0, 32), bytes.slice(32, 48)];
  wipe(bytes);
  if (forward !== undefined && backward !== undefined) return { forward, backward, bind, params };
  forward?.wipe();
  backward?.wipe();
  return undefined;
}

/** A client between CREATE and CREATED. */
export class HopAttempt {
  readonly create: Bytes;
  readonly #lengths;
  #handle: number;

  /** `made`: CREATE | handle, as the core wrote it. */
  constructor(made: Bytes, suite: Suite) {
    this.#lengths = suiteLengths[suite];
    this.create = made.slice(0, this.#lengths.create);
    this.#handle = new DataView(made.buffer, made.byteOffset).getUint32(this.#lengths.create, true);
  }

  /** Checks CREATED. The attempt ends with it, whatever it was: a refusal destroys the circuit. */
  finish(created: Uint8Array): Hop | Refusal {
    if (this.#handle === 0) throw new Error('handshake: this attempt has ended; begin another with a fresh one');
    if (created.length !== this.#lengths.created) {
      this.wipe();
      return refusalOf('created', 1);
    }
    const hop = coreArea.exchange([created], (laid) => core.client_finish(this.#handle, laid), HOP);
    this.#handle = 0;
    return typeof hop === 'number' ? refusalOf('created', hop) : (hopOf(hop) ?? refusalOf('created', FULL));
  }

  /** Gives up and erases. Again: nothing. */
  wipe(): void {
    core.client_free(this.#handle);
    this.#handle = 0;
  }
}

/** Makes CREATE for one hop with a fresh ephemeral key. Refused when the relay's onion key is not a valid one. `params`: 16 bytes. */
export function createHop(target: HopTarget, params: Uint8Array, random: Random): HopAttempt | Refusal {
  want('relay id', target.relay, 32);
  want('key id', target.keyId, 8);
  want('params', params, HOP_PARAMS);
  const { suite = SUITE } = target;
  const { kemPublic, create } = suiteLengths[suite];
  if (target.onionKey.length !== kemPublic) return refusalOf('create', 6);
  const parts = [target.relay, target.keyId, params, random.bytes(CLIENT_RANDOM), target.onionKey];
  const made = coreArea.exchange(parts, () => core.client_create(suite), create + 4);
  return typeof made === 'number' ? refusalOf('create', made) : new HopAttempt(made, suite);
}

/** A relay's onion key, kept expanded in linear memory until wiped. */
export class OnionKey {
  readonly publicKey: Bytes;
  readonly suite: Suite;
  #handle: number;

  /** Relay id 32, key id 8, seed 32 bytes. */
  constructor(relay: Uint8Array, keyId: Uint8Array, seed: Uint8Array, suite: Suite = SUITE) {
    want('relay id', relay, 32);
    want('key id', keyId, 8);
    want('onion key seed', seed, KEM_SECRET);
    const { kemPublic } = suiteLengths[suite];
    const made = held(
      'onion keys',
      coreArea.handle([relay, keyId, seed], () => core.onion_key_new(suite), kemPublic),
    );
    this.suite = suite;
    this.#handle = made.handle;
    this.publicKey = made.bytes;
  }

  /** The relay's whole part: CREATE of this key's suite and no other. `params`: 16 bytes for the client. */
  accept(create: Uint8Array, params: Uint8Array, random: Random): { readonly hop: Hop; readonly created: Bytes } | Refusal {
    if (this.#handle === 0) throw new Error('onion key: it has been wiped; clients use its successor');
    want('params', params, HOP_PARAMS);
    const lengths = suiteLengths[this.suite];
    if (create.length !== lengths.create) return refusalOf('create', 1);
    const parts = [params, random.bytes(RELAY_RANDOM), create];
    const made = coreArea.exchange(parts, () => core.relay_accept(this.#handle, create.length), lengths.created + HOP);
    if (typeof made === 'number') return refusalOf('create', made);
    const [created, hop] = [made.slice(0, lengths.created), hopOf(made.subarray(lengths.created))];
    return hop === undefined ? refusalOf('create', FULL) : { created, hop };
  }

  /** Erases the key. Again: nothing. */
  wipe(): void {
    core.onion_key_free(this.#handle);
    this.#handle = 0;
  }
}

/** Which onion key a CREATE is for: its key id (8 bytes), so that a relay can choose between the new key and the old one. */
export function createKeyId(create: Uint8Array): Bytes | Refusal {
  if (!SUITES.some((suite) => create.length === suiteLengths[suite].create)) return refusalOf('create', 1);
  return new Uint8Array(create.subarray(34, 42));
}

/** Erases both keys of a hop. */
export function wipeHop(hop: Hop): void {
  hop.forward.wipe();
  hop.backward.wipe();
}
