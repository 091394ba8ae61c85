/**
 * Whole peers and relays in one process: simulated time, seeded chance, links in memory. Everything that a run does follows from its seed.
 *
 *   seed ──► relays (src/relay) ── links in memory ── peers (src/peer)         script: what the run did, printed when it fails
 */
import { pick, readU32, uniform, type PersonaId, type Random, type RoomId } from '../../src/base/index.ts';
import { seededRandom } from '../../src/base/testing.ts';
import { memoryNetwork, type LinkWitness, type MemoryNetwork } from '../../src/link/index.ts';
import { SimClock } from './clock.ts';
import { SimPeer } from './peer.ts';
import { SimRelay, type Death, type Ground } from './relay.ts';
import { Trace } from './trace.ts';

const RELAYS = 5;
/** ms */
const WAY = { latency: 20, jitter: 30 };
/** How often a condition is looked at, ms. */
const LOOK = 50;
const PATIENCE = 300_000;

export interface Terrain {
  readonly relays?: number;
  /** By how many ms the clock of a node is ahead, by name. */
  readonly skews?: Readonly<Record<string, number>>;
}

export interface Meeting<Names extends readonly string[]> {
  readonly room: RoomId;
  /** One for each name. */
  readonly peers: { readonly [Index in keyof Names]: SimPeer };
}

export class World {
  readonly seed: number;
  readonly random: Random;
  readonly clock = new SimClock();
  readonly network: MemoryNetwork;
  readonly relays: readonly SimRelay[];
  readonly peers: SimPeer[] = [];
  readonly script: string[] = [];
  /** Who was removed from a room, if that became durable; and what they said there afterwards, which nobody else may ever see. */
  readonly removed = new Map<string, { readonly id: PersonaId; readonly after: Set<string> }>();
  readonly #ground: Ground;
  /** Runs over all that any node sees. */
  readonly #trace = new Trace();

  private constructor(seed: number, { relays, skews }: Required<Terrain>) {
    this.seed = seed;
    this.random = seededRandom(seed);
    const stream = (): Random => seededRandom(readU32(this.random.bytes(4), 0));
    this.network = memoryNetwork({ clock: this.clock, random: stream(), faults: WAY });
    this.#ground = {
      clock: this.clock,
      network: this.network,
      stream,
      skew: (name) => skews[name] ?? 0,
      witness: (name) => this.#witness(name),
      anchors: () => this.relays.map(({ anchor }) => anchor),
    };
    this.relays = Array.from({ length: relays }, (_, i) => new SimRelay(`relay${i}`, this.#ground));
  }

  /** A world whose relays know each other. */
  static async begin(seed: number, { relays = RELAYS, skews = {} }: Terrain = {}): Promise<World> {
    const world = new World(seed, { relays, skews });
    for (const relay of world.relays) await relay.start();
    await world.until('the relays know each other', () => {
      return world.relays.every(({ relay }) => relay.directory.list().length === relays);
    });
    return world;
  }

  /** A digest of every cell that any node has sent or received, and when. */
  trace(): string {
    return this.#trace.digest();
  }

  // ── time ──

  async run(ms: number): Promise<void> {
    await this.clock.run(ms);
  }

  /** Time passes until it holds. Throws after five minutes of it, with what was waited for. */
  async until(what: string, condition: () => boolean, patience = PATIENCE): Promise<void> {
    const end = this.clock.now() + patience;
    while (!condition()) {
      if (this.clock.now() >= end) throw new Error(`never came true: ${what}`);
      await this.clock.run(LOOK);
    }
  }

  /** Time passes until the promise settles. */
  async settled<T>(what: string, promise: Promise<T>): Promise<T> {
    let done = false;
    const finish = (): void => void (done = true);
    promise.then(finish, finish);
    await this.until(what, () => done);
    return promise;
  }

  // ── chance ──

  chance(probability: number): boolean {
    return uniform(this.random) < probability;
  }

  pick<T>(from: readonly T[]): T {
    const picked = pick(this.random, from);
    if (picked === undefined) throw new Error('there is nothing to pick from');
    return picked;
  }

  // ── what happens ──

  /** Writes a line of the script. */
  note(line: string): void {
    this.script.push(`${((this.clock.now() - this.clock.start) / 1000).toFixed(3).padStart(9)} s  ${line}`);
  }

  async peer(name: string): Promise<SimPeer> {
    const peer = new SimPeer(name, this.#ground);
    this.peers.push(peer);
    await this.start(peer);
    return peer;
  }

  async start(one: SimPeer | SimRelay): Promise<void> {
    this.note(`${one.name} starts`);
    await this.settled(`${one.name} starts`, one.start());
  }

  async kill(one: SimPeer | SimRelay, death: Death = this.pick(['power', 'process'])): Promise<void> {
    this.note(`${one.name} is killed (${death})`);
    await one.kill(death);
  }

  async stop(peer: SimPeer): Promise<void> {
    this.note(`${peer.name} closes`);
    await this.settled(`${peer.name} closes`, peer.stop());
  }

  find(name: string): SimPeer | SimRelay | undefined {
    return [...this.peers, ...this.relays].find((one) => one.name === name);
  }

  /** No relay can be reached from there. */
  isolate(name: string): void {
    this.note(`${name} is cut off`);
    for (const relay of this.relays) if (relay.name !== name) this.network.part(name, relay.name);
  }

  /** All ways are there, whole and fast again. */
  mend(): void {
    this.note('all ways are well again');
    const names = [...this.peers, ...this.relays].map(({ name }) => name);
    for (const [i, a] of names.entries()) {
      for (const b of names.slice(i + 1)) {
        this.network.mend(a, b);
        this.network.fault(a, b, { ...WAY, drop: 0, double: 0, garble: 0 });
      }
    }
  }

  say(peer: SimPeer, room: RoomId, text: string): void {
    this.note(`${peer.name} says “${text}”`);
    peer.peer.say(room, text);
    peer.look();
  }

  async newRoom(owner: SimPeer): Promise<RoomId> {
    this.note(`${owner.name} makes a room`);
    return this.settled('the room is made', owner.peer.newRoom());
  }

  async invite(inviter: SimPeer, room: RoomId, uses: number): Promise<string> {
    this.note(`${inviter.name} invites`);
    const invite = await this.settled('the invite is held', inviter.peer.invite(room, { uses, hours: 24 }));
    if (invite.link === undefined) throw new Error('the invite has no link');
    return invite.link;
  }

  async join(peer: SimPeer, link: string): Promise<RoomId> {
    this.note(`${peer.name} joins by the link`);
    return this.settled(`${peer.name} joins`, peer.peer.join(link, peer.name));
  }

  /** All at once: those who let them in may do so in a few steps. */
  async joinTogether(peers: readonly SimPeer[], link: string): Promise<void> {
    this.note(`${peers.map(({ name }) => name).join(', ')} join by the link`);
    await this.settled('all have joined', Promise.all(peers.map((peer) => peer.peer.join(link, peer.name))));
  }

  /** Peers that have met in a room, the first its maker. */
  async meeting<const Names extends readonly [string, ...string[]]>(...names: Names): Promise<Meeting<Names>> {
    const peers: SimPeer[] = [];
    for (const name of names) peers.push(await this.peer(name));
    const [first, ...others] = peers;
    if (first === undefined) throw new Error('a meeting needs somebody');
    first.peer.rename(first.name);
    const room = await this.newRoom(first);
    if (others.length > 0) {
      const link = await this.invite(first, room, others.length);
      await this.joinTogether(others, link);
      await this.until('all are in', () =>
        peers.every((peer) => peer.room(room).members.length === peers.length && peer.room(room).standing === 'member'),
      );
    }
    return { room, peers: peers as unknown as Meeting<Names>['peers'] };
  }

  #witness(name: string): LinkWitness {
    const [trace, { clock }] = [this.#trace, this];
    return {
      opened: ({ remote }) => trace.note(clock.now(), `${name} opened ${remote}`),
      cell: ({ remote }, direction, cell) => trace.cell(clock.now(), name, remote, direction, cell),
      closed: ({ remote }, why) => trace.note(clock.now(), `${name} closed ${remote} ${why}`),
    };
  }
}

/** Runs a scenario; one that fails prints its seed and its script. */
export async function scenario(seed: number, play: (world: World) => Promise<void>, relays = RELAYS): Promise<World> {
  let world: World | undefined;
  try {
    world = await World.begin(seed, { relays });
    await play(world);
    return world;
  } catch (error) {
    console.log(`seed ${seed} failed; what it did:\n${world?.script.join('\n') ?? '  (it did not begin)'}`);
    throw error;
  }
}
