/**
 * A network in memory, for tests and the simulation: the same links as over libp2p (neighbour.ts), with cells that travel by an
 * injected clock and faults that a test may ask for.
 *
 *   write ──► drop? double? garble? ──► clock.after(latency) ──► receive          order is kept, as on a real link
 */
import { Counters, integer, toHex, uniform, type Bytes, type Clock, type Random } from '../base/index.ts';
import type { CellLink, LinkHandler, LinkNode, LinkWitness, Verdict } from './link.ts';
import { CELL_BYTES } from './link.ts';
import { Neighbour, type LinkLimits, type Pipe } from './neighbour.ts';

/** Probabilities are for each cell. `latency` and `jitter` in ms: a write arrives after latency + uniform(jitter). */
export interface Faults {
  readonly latency: number;
  readonly jitter: number;
  readonly drop: number;
  readonly double: number;
  readonly garble: number;
}

const noFaults: Faults = { latency: 10, jitter: 0, drop: 0, double: 0, garble: 0 };

export interface MemoryOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly faults?: Partial<Faults>;
  readonly limits?: Partial<LinkLimits>;
  /** ms after which a dial that nobody answers fails. */
  readonly dialTimeout?: number;
}

export interface MemoryNodeOptions {
  readonly counters?: Counters;
  readonly witness?: LinkWitness;
  /** False for a tab: it has no addresses and cannot be dialled. */
  readonly listens?: boolean;
}

export interface MemoryNetwork {
  /** A node whose address is /memory/name. Throws when the name is taken; a node that was stopped or killed may be followed by another. */
  node(name: string, handler: LinkHandler, options?: MemoryNodeOptions): LinkNode;
  /** The names at both ends of every open link, dialler first. */
  links(): [string, string][];
  /** Changes the faults between two nodes, both ways, from now on. */
  fault(a: string, b: string, faults: Partial<Faults>): void;
  /** Ends every link between two nodes; both sides see it at once. */
  cut(a: string, b: string): void;
  /** Loses everything between two nodes in silence, and every dial, until `mend`. */
  part(a: string, b: string): void;
  mend(a: string, b: string): void;
  /** A node vanishes without a word: neighbours learn it from silence alone. */
  kill(name: string): void;
  /** A node stands still, as a frozen tab does: what comes for it waits, unheard, until it is thawed. */
  freeze(name: string): void;
  thaw(name: string): void;
}

interface Member {
  readonly name: string;
  readonly handler: LinkHandler;
  readonly counters: Counters;
  readonly witness: LinkWitness | undefined;
  readonly listens: boolean;
  readonly topics: Map<string, { receive: (data: Bytes) => Verdict; joined: () => void }>;
  readonly seen: Set<string>;
  state: 'up' | 'stopped' | 'killed';
  /** What waits for a frozen node, in order. */
  frozen: (() => void)[] | undefined;
}

interface Joined {
  readonly dialler: Member;
  readonly other: Member;
  /** The link's end at the dialler, then at the other. */
  readonly ends: [Neighbour, Neighbour];
}

export function memoryNetwork(options: MemoryOptions): MemoryNetwork {
  return new Network(options);
}

/** At once, or when the node is thawed. */
function reach({ frozen }: Member, action: () => void): void {
  if (frozen === undefined) action();
  else frozen.push(action);
}

const pair = (a: string, b: string): string => (a < b ? `${a} ${b}` : `${b} ${a}`);

class Network implements MemoryNetwork {
  readonly #options: MemoryOptions;
  readonly #unlessSaid: Faults;
  readonly #members = new Map<string, Member>();
  readonly #faults = new Map<string, Faults>();
  readonly #parted = new Set<string>();
  #joined: Joined[] = [];

  constructor(options: MemoryOptions) {
    this.#options = options;
    this.#unlessSaid = { ...noFaults, ...options.faults };
  }

  node(name: string, handler: LinkHandler, options: MemoryNodeOptions = {}): LinkNode {
    const taken = this.#members.get(name);
    if (taken?.state === 'up') throw new Error(`memory network: the name ${name} is taken; choose another`);
    const { counters = new Counters(), witness, listens = true } = options;
    const member: Member = {
      name,
      handler,
      counters,
      witness,
      listens,
      topics: new Map(),
      seen: new Set(),
      state: 'up',
      frozen: undefined,
    };
    this.#members.set(name, member);
    return {
      dial: (addresses, signal) => this.#dial(member, addresses, signal),
      addresses: () => (listens ? [`/memory/${name}`] : []),
      publish: (topic, data) => this.#publish(member, topic, data),
      subscribe: (topic, receive, joined = () => undefined) => {
        member.topics.set(topic, { receive, joined });
        for (const other of this.#neighbours(member)) this.#meet(member, other, topic);
      },
      stop: async () => this.#stop(member),
    };
  }

  links(): [string, string][] {
    return this.#joined.map(({ dialler, other }) => [dialler.name, other.name]);
  }

  fault(a: string, b: string, faults: Partial<Faults>): void {
    this.#faults.set(pair(a, b), { ...this.#between(pair(a, b)), ...faults });
  }

  cut(a: string, b: string): void {
    for (const { dialler, other, ends } of this.#joined) if (pair(dialler.name, other.name) === pair(a, b)) ends[0].close('cut');
  }

  part(a: string, b: string): void {
    this.#parted.add(pair(a, b));
  }

  mend(a: string, b: string): void {
    this.#parted.delete(pair(a, b));
  }

  freeze(name: string): void {
    this.#member(name).frozen ??= [];
  }

  thaw(name: string): void {
    const member = this.#member(name);
    const waiting = member.frozen ?? [];
    member.frozen = undefined;
    for (const action of waiting) action();
  }

  #member(name: string): Member {
    const member = this.#members.get(name);
    if (member === undefined) throw new Error(`memory network: no node ${name}`);
    return member;
  }

  kill(name: string): void {
    const member = this.#member(name);
    member.state = 'killed';
    // Its own side of each link ends without telling the other.
    for (const { dialler, ends } of this.#joined.filter((j) => j.dialler === member || j.other === member))
      ends[dialler === member ? 0 : 1].ended('killed');
  }

  #between(way: string): Faults {
    return this.#faults.get(way) ?? this.#unlessSaid;
  }

  #reaches(from: Member, to: Member, way = pair(from.name, to.name)): boolean {
    return from.state === 'up' && to.state !== 'killed' && !this.#parted.has(way);
  }

  #delay(a: string, b: string, way = pair(a, b)): number {
    const { latency, jitter } = this.#between(way);
    return latency + uniform(this.#options.random) * jitter;
  }

  #wait(member: Member, ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#options.clock.after(ms, () => reach(member, resolve));
      signal?.addEventListener('abort', () => {
        cancel();
        reject(new Error('the dial was aborted'));
      });
    });
  }

  async #dial(from: Member, addresses: readonly string[], signal: AbortSignal | undefined): Promise<CellLink> {
    const reasons: string[] = [];
    for (const address of addresses) {
      signal?.throwIfAborted();
      const name = address.replace(/^\/memory\//, '');
      const to = this.#members.get(name);
      const open = this.#openLink(from, to);
      if (open !== undefined) return open;
      if (to !== undefined && !this.#reaches(from, to)) {
        await this.#wait(from, this.#options.dialTimeout ?? 10_000, signal);
        reasons.push(`${address}: no answer`);
        continue;
      }
      await this.#wait(from, 2 * this.#delay(from.name, name), signal);
      if (to === undefined || !to.listens || to.state !== 'up') reasons.push(`${address}: refused`);
      else return this.#openLink(from, to) ?? this.#join(from, to);
    }
    throw new Error(reasons.length > 0 ? `no neighbour answered (${reasons.join('; ')})` : 'no address to dial');
  }

  #openLink(from: Member, to: Member | undefined): CellLink | undefined {
    const found = this.#joined.find((j) => (j.dialler === from && j.other === to) || (j.dialler === to && j.other === from));
    const end = found?.ends[found.dialler === from ? 0 : 1];
    return end?.closed === false ? end : undefined;
  }

  #join(dialler: Member, other: Member): CellLink {
    const { clock, limits = {} } = this.#options;
    const ends: Partial<Record<0 | 1, Neighbour>> = {};
    const pipe = (from: Member, to: Member, far: 0 | 1): Pipe => {
      const flight = this.#flight(from, to, (bytes) => ends[far]?.receive(bytes));
      return {
        write: flight,
        // A closing travels behind what was sent, and like it is lost on a broken way.
        close: (why) => clock.after(0, () => this.#reaches(from, to) && reach(to, () => ends[far]?.ended(why))),
      };
    };
    const end = (self: Member, remote: Member, initiator: boolean): Neighbour => {
      const { handler, counters, witness } = self;
      return new Neighbour({
        initiator,
        remote: `${remote.name}:0`,
        pipe: pipe(self, remote, initiator ? 1 : 0),
        handler,
        clock,
        counters,
        limits,
        witness,
      });
    };
    const far = (ends[1] = end(other, dialler, false));
    const near = (ends[0] = end(dialler, other, true));
    this.#joined = [...this.#joined.filter((j) => j.ends.some((e) => !e.closed)), { dialler, other, ends: [near, far] }];
    for (const topic of dialler.topics.keys()) this.#meet(dialler, other, topic);
    return near;
  }

  /** One direction of a link: in order, whatever the jitter. */
  #flight(from: Member, to: Member, arrive: (bytes: Bytes) => void): (cells: Bytes) => boolean {
    const { clock } = this.#options;
    const way = pair(from.name, to.name);
    let last = 0;
    return (cells) => {
      const sent = this.#spoil(cells, this.#between(way));
      last = Math.max(last, clock.now() + this.#delay(from.name, to.name, way));
      clock.after(last - clock.now(), () => {
        if (this.#reaches(from, to, way)) for (const part of sent) reach(to, () => arrive(part));
      });
      return true;
    };
  }

  /** What arrives of a write. Its bytes are the link's own, and nobody else has them. */
  #spoil(cells: Bytes, faults: Faults): Bytes[] {
    if (faults.drop + faults.garble + faults.double === 0) return [cells];
    const { random } = this.#options;
    const happens = (probability: number): boolean => probability > 0 && uniform(random) < probability;
    const sent: Bytes[] = [];
    for (let at = 0; at < cells.length; at += CELL_BYTES) {
      const cell = new Uint8Array(cells.subarray(at, at + CELL_BYTES));
      if (happens(faults.drop)) continue;
      if (happens(faults.garble)) {
        const bit = integer(random, CELL_BYTES * 8);
        cell[bit >> 3] = (cell[bit >> 3] as number) ^ (1 << (bit & 7));
      }
      sent.push(cell);
      if (happens(faults.double)) sent.push(new Uint8Array(cell));
    }
    return sent;
  }

  #neighbours(member: Member): Member[] {
    const open = this.#joined.filter((j) => j.ends.every((end) => !end.closed));
    return [...new Set(open.flatMap((j) => (j.dialler === member ? [j.other] : j.other === member ? [j.dialler] : [])))];
  }

  #meet(a: Member, b: Member, topic: string): void {
    const [one, two] = [a.topics.get(topic), b.topics.get(topic)];
    if (one === undefined || two === undefined) return;
    this.#options.clock.after(this.#delay(a.name, b.name), () => {
      if (a.state === 'up') one.joined();
      if (b.state === 'up') two.joined();
    });
  }

  #publish(from: Member, topic: string, data: Uint8Array): void {
    from.seen.add(toHex(data));
    for (const to of this.#neighbours(from)) {
      this.#options.clock.after(this.#delay(from.name, to.name), () => this.#gossip(from, to, topic, new Uint8Array(data)));
    }
  }

  #gossip(from: Member, to: Member, topic: string, data: Bytes): void {
    if (!this.#reaches(from, to) || to.state !== 'up' || to.seen.has(toHex(data))) return;
    to.seen.add(toHex(data));
    if (to.topics.get(topic)?.receive(data) === 'accept') this.#publish(to, topic, data);
  }

  #stop(member: Member): void {
    // Whoever was killed can tell nobody any more.
    if (member.state === 'killed') return;
    member.state = 'stopped';
    for (const { dialler, other, ends } of this.#joined) {
      if (dialler !== member && other !== member) continue;
      const [near, far] = dialler === member ? ends : [ends[1], ends[0]];
      near.ended('stopped');
      reach(far === ends[0] ? dialler : other, () => far.ended('the neighbour stopped'));
    }
  }
}
