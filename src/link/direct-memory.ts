/**
 * Direct links in memory, for tests and the simulation: relays are names that are up or not, bytes travel by an injected clock.
 * Who is let in, what is said and how much of it is the same code as over WebRTC.
 */
import { Counters, toHex, type Bytes, type Clock, type Random, type RelayId } from '../base/index.ts';
import type { DirectLimits, DirectLink, DirectPipe } from './direct-link.ts';
import type { DirectHandler, DirectId, DirectNode, DirectPeer } from './direct-node.ts';
import { DirectPeers, type DirectWire } from './direct-peers.ts';

export interface MemoryDirectOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly sizes: readonly number[];
  readonly limits?: Partial<DirectLimits>;
  /** ms that bytes take. */
  readonly latency?: number;
}

export interface MemoryDirectNetwork {
  /** A node that is found at these relays while they are up. */
  node(handler: DirectHandler, relays: readonly RelayId[], counters?: Counters): DirectNode;
  /** A relay goes or comes back. Links that stand go on without it. */
  setRelay(relay: RelayId, up: boolean): void;
  /** Ends every link between two nodes; both see it. */
  cut(a: DirectId, b: DirectId): void;
  /** True: nothing gets through between two nodes, and neither sees why. False: again. */
  part(a: DirectId, b: DirectId, parted: boolean): void;
}

export function memoryDirectNetwork(options: MemoryDirectOptions): MemoryDirectNetwork {
  return new Network(options);
}

const pair = (a: DirectId, b: DirectId): string => (a < b ? `${a} ${b}` : `${b} ${a}`);

/** The two ends of one wire; each writes into the other. */
class End implements DirectWire {
  readonly pipe: DirectPipe;
  other: End | undefined;
  #link: DirectLink | undefined;
  #early: Bytes[] = [];
  #ended: string | undefined;

  constructor(clock: Clock, latency: number, passes: () => boolean) {
    const later = (action: () => void): void => void clock.after(latency, () => passes() && action());
    this.pipe = {
      write: (bytes) => {
        later(() => this.other?.receive(bytes));
        return true;
      },
      close: (why) => {
        later(() => this.other?.end(why));
      },
    };
  }

  attach(link: DirectLink): void {
    this.#link = link;
    for (const bytes of this.#early.splice(0)) link.receive(bytes);
    if (this.#ended !== undefined) link.ended(this.#ended);
  }

  receive(bytes: Bytes): void {
    if (this.#link === undefined) this.#early.push(bytes);
    else this.#link.receive(bytes);
  }

  end(why: string): void {
    this.#ended = why;
    this.#link?.ended(why);
  }
}

interface Member {
  readonly node: DirectNode;
  readonly peers: DirectPeers;
  readonly handler: DirectHandler;
}

class Network implements MemoryDirectNetwork {
  readonly #options: MemoryDirectOptions;
  readonly #members = new Map<DirectId, Member>();
  readonly #down = new Set<RelayId>();
  readonly #parted = new Set<string>();
  readonly #wires = new Map<string, [End, End]>();

  constructor(options: MemoryDirectOptions) {
    this.#options = options;
  }

  node(handler: DirectHandler, relays: readonly RelayId[], counters = new Counters()): DirectNode {
    const { clock, random, sizes, limits = {} } = this.#options;
    const id = toHex(random.bytes(32)) as DirectId;
    const dial = (peer: DirectPeer): Promise<DirectWire> => this.#dial(id, peer);
    const peers = new DirectPeers({ id, handler, clock, random, counters, sizes, limits, dial, expel: () => undefined });
    const node: DirectNode = {
      id,
      relays: () => relays.filter((relay) => !this.#down.has(relay)),
      allow: (wanted) => peers.allow(wanted),
      linked: () => peers.linked(),
      send: (peer, topic, blob) => peers.send(peer, topic, blob),
      hurry: () => peers.hurry(),
      stop: () => {
        this.#members.delete(id);
        peers.stop();
        return Promise.resolve();
      },
    };
    this.#members.set(id, { node, peers, handler });
    clock.after(0, () => handler.moved());
    return node;
  }

  setRelay(relay: RelayId, up: boolean): void {
    if (up) this.#down.delete(relay);
    else this.#down.add(relay);
    for (const { handler, peers } of this.#members.values()) {
      handler.moved();
      if (up) peers.hurry();
    }
  }

  cut(a: DirectId, b: DirectId): void {
    for (const end of this.#wires.get(pair(a, b)) ?? []) end.end('cut');
  }

  part(a: DirectId, b: DirectId, parted: boolean): void {
    if (parted) this.#parted.add(pair(a, b));
    else this.#parted.delete(pair(a, b));
  }

  #dial(id: DirectId, peer: DirectPeer): Promise<DirectWire> {
    const { clock, latency = 5 } = this.#options;
    return new Promise((resolve, reject) => {
      clock.after(2 * latency, () => {
        const other = this.#members.get(peer.id);
        const found = other?.node.relays().some((relay) => peer.relays.includes(relay)) === true;
        const between = pair(id, peer.id);
        if (other === undefined || !found || this.#parted.has(between) || !other.peers.allows(id)) return reject(new Error('not reached'));
        const passes = (): boolean => !this.#parted.has(between);
        const [near, far] = [new End(clock, latency, passes), new End(clock, latency, passes)];
        [near.other, far.other] = [far, near];
        this.#wires.set(between, [near, far]);
        other.peers.adopt(id, far);
        resolve(near);
      });
    });
  }
}
