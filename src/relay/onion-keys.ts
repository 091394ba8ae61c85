/**
 * A relay's onion keys (docs/protocol.md §4.1): a new one each day, the one before kept a day longer for clients whose directory is
 * older, and then erased, so that what was recorded before stays closed. Keys of a lower suite than the one that is offered are erased
 * at once: nobody is to be talked into them.
 */
import { idBytes, toHex, type Bytes, type Clock, type Random, type RelayId } from '../base/index.ts';
import { KEM_SECRET, OnionKey, type CircuitSuite } from '../crypto/index.ts';
import { keyIdOf } from '../directory/index.ts';
import type { RelayState } from './state.ts';

const DAY_MS = 86_400_000;

/** Where onion keys are kept over restarts. */
export type OnionKeyStore = Pick<RelayState, 'readOnionKeys' | 'writeOnionKeys'>;

interface Held {
  readonly key: OnionKey;
  readonly id: string;
  readonly seed: Bytes;
  readonly suite: CircuitSuite;
  readonly madeAt: number;
}

export class OnionKeys {
  readonly #self: Bytes;
  readonly #suite: CircuitSuite;
  readonly #state: OnionKeyStore;
  readonly #clock: Clock;
  readonly #random: Random;
  /** The newest first. */
  #held: readonly Held[];

  /** `suite`: the one that is offered. */
  constructor(self: RelayId, suite: CircuitSuite, state: OnionKeyStore, clock: Clock, random: Random) {
    this.#self = idBytes(self);
    this.#suite = suite;
    this.#state = state;
    this.#clock = clock;
    this.#random = random;
    this.#held = state.readOnionKeys().map((stored) => this.#expand(stored));
    this.rotate();
  }

  /** Today's public key. bytes: 1216 or 1600, by suite */
  get current(): Bytes {
    const [newest] = this.#held;
    if (newest === undefined) throw new Error('onion keys: they have been wiped');
    return newest.key.publicKey;
  }

  /** By key id (8 bytes), as CREATE names it. */
  find(id: Uint8Array): OnionKey | undefined {
    const wanted = toHex(id);
    return this.#held.find((held) => held.id === wanted)?.key;
  }

  /** Makes today's key when the newest of the suite is a day old, and erases what is two days old or lower. True when something changed. */
  rotate(): boolean {
    const now = this.#clock.now();
    // A key from the future was made under a wrong clock: it counts as old, or it would never be replaced.
    const isWithin = (held: Held, age: number): boolean => held.madeAt <= now && now - held.madeAt < age;
    const kept = this.#held.filter((held) => isWithin(held, 2 * DAY_MS) && held.suite >= this.#suite);
    const gone = this.#held.filter((held) => !kept.includes(held));
    const isCurrent = (held: Held): boolean => isWithin(held, DAY_MS) && held.suite === this.#suite;
    const fresh = kept.some(isCurrent) ? [] : [this.#expand({ seed: this.#random.bytes(KEM_SECRET), suite: this.#suite, madeAt: now })];
    if (gone.length + fresh.length === 0) return false;
    this.#held = [...fresh, ...kept];
    this.#state.writeOnionKeys(this.#held);
    gone.forEach(erase);
    return true;
  }

  /** Erases all from memory; the state keeps them. */
  wipe(): void {
    this.#held.forEach(erase);
    this.#held = [];
  }

  #expand({ seed, suite, madeAt }: Pick<Held, 'seed' | 'suite' | 'madeAt'>): Held {
    // The key's id is the hash of its public half, which the core gives only with a key.
    const probe = new OnionKey(this.#self, new Uint8Array(8), seed, suite);
    const id = keyIdOf(probe.publicKey);
    probe.wipe();
    return { key: new OnionKey(this.#self, id, seed, suite), id: toHex(id), seed, suite, madeAt };
  }
}

function erase({ key, seed }: Held): void {
  key.wipe();
  seed.fill(0);
}
