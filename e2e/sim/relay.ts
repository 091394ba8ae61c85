/** A relay of the simulation: the parts of src/relay on a disk in memory and links in memory. It can be killed, and come back. */
import { Counters, relayId, toHex, type Bytes, type Random, type RelayId } from '../../src/base/index.ts';
import { sha256 } from '../../src/crypto/index.ts';
import type { Anchor } from '../../src/directory/index.ts';
import { newKeysetSeed, Signer } from '../../src/identity/index.ts';
import type { LinkWitness, MemoryNetwork } from '../../src/link/index.ts';
import { MemoryBlobStore } from '../../src/mailbox/index.ts';
import { AssembledRelay, type RelayParts } from '../../src/relay/index.ts';
import type { SimClock } from './clock.ts';

/** `power`: its neighbours learn of it from silence alone. `process`: its connections are reset. */
export type Death = 'power' | 'process';

export interface Ground {
  readonly clock: SimClock;
  readonly network: MemoryNetwork;
  /** A stream of chance of its own for each process. */
  readonly stream: () => Random;
  /** By how many ms a node's clock is ahead. */
  readonly skew: (name: string) => number;
  readonly witness: (name: string) => LinkWitness;
  readonly anchors: () => readonly Anchor[];
}

/** What is on the disk outlives the process that closes it. */
class Disk extends MemoryBlobStore {
  override close(): void {}
}

type StoredKeys = ReturnType<RelayParts['onionKeys']['readOnionKeys']>;

export class SimRelay {
  readonly name: string;
  readonly id: RelayId;
  readonly #ground: Ground;
  readonly #seed: Bytes;
  readonly #blobs: MemoryBlobStore;
  #onionKeys: StoredKeys = [];
  #relay: AssembledRelay | undefined;
  #process: ReturnType<SimClock['process']> | undefined;

  constructor(name: string, ground: Ground) {
    this.name = name;
    this.#ground = ground;
    const random = ground.stream();
    this.#seed = newKeysetSeed(random);
    this.#blobs = new Disk(random);
    const root = new Signer(this.#seed.slice());
    this.id = relayId(sha256(root.keyset));
    root.erase();
  }

  get anchor(): Anchor {
    return { id: this.id, addresses: [`/memory/${this.name}`], family: this.name };
  }

  /** What its disk holds. bytes */
  get stored(): number {
    return this.#blobs.bytes;
  }

  /** Timers that wait in the present run. */
  get timers(): number {
    return this.#process?.pending() ?? 0;
  }

  get up(): boolean {
    return this.#relay !== undefined;
  }

  get relay(): AssembledRelay {
    if (this.#relay === undefined) throw new Error(`${this.name} is down`);
    return this.#relay;
  }

  /** `amiss`: a test puts other parts in the place of honest ones. */
  async start(amiss: (parts: RelayParts) => RelayParts = (parts) => parts): Promise<void> {
    if (this.#relay !== undefined) throw new Error(`${this.name} is up already`);
    const { network, stream, anchors, witness } = this.#ground;
    const process = this.#ground.clock.process(this.#ground.skew(this.name));
    const random = stream();
    const counters = new Counters();
    const parts: RelayParts = {
      name: this.name,
      family: this.name,
      roles: { guard: true, middle: true, mailbox: true },
      suite: 3,
      id: this.id,
      root: new Signer(this.#seed.slice()),
      anchors: anchors(),
      clock: process.clock,
      random,
      counters,
      onionKeys: {
        readOnionKeys: () => this.#onionKeys.map(({ seed, ...rest }) => ({ ...rest, seed: seed.slice() })),
        writeOnionKeys: (keys) => void (this.#onionKeys = keys.map(({ seed, ...rest }) => ({ ...rest, seed: new Uint8Array(seed) }))),
      },
      blobs: this.#blobs,
      hopLimits: {},
      mailboxLimits: {},
      tap: undefined,
      log: () => undefined,
      listen: async (handler) => network.node(this.name, handler, { counters, witness: witness(this.name) }),
      visit: async (handler) => network.node(`${this.name} visiting ${toHex(random.bytes(4))}`, handler, { listens: false }),
    };
    const relay = new AssembledRelay(amiss(parts));
    this.#process = process;
    this.#relay = relay;
    await relay.start();
  }

  /** While it is down its onion keys are lost: whoever has an older descriptor of it cannot open a circuit to it. */
  loseOnionKeys(): void {
    this.#onionKeys = [];
  }

  async kill(death: Death): Promise<void> {
    const relay = this.relay;
    this.#process?.kill();
    this.#relay = undefined;
    if (death === 'power') this.#ground.network.kill(this.name);
    // Frees the keys that the process held in the core; of its links it tells only when they are reset.
    await relay.stop();
  }
}
