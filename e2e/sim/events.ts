/**
 * What happens in a run, as a list: drawn from a seed before anything runs, and played without drawing anything. So a run can be played
 * again, and with any of its events left out: an event that has nothing to act upon does nothing.
 *
 *   seed ──► draw ──► Plan{ peers, relays, skews, events } ──► play (run.ts)
 */
import { integer, pick, uniform, type Random, type RoomId } from '../../src/base/index.ts';
import { seededRandom } from '../../src/base/testing.ts';
import type { Death } from './relay.ts';
import type { SimPeer } from './peer.ts';
import type { World } from './world.ts';

/** Two nodes by name. */
type Ends = readonly [string, string];

type Deed =
  | { readonly does: 'say'; readonly who: string; readonly text: string }
  | { readonly does: 'call'; readonly who: string; readonly room: string }
  | { readonly does: 'join'; readonly who: string; readonly link: number }
  | { readonly does: 'kill'; readonly who: string; readonly death: Death }
  | { readonly does: 'start'; readonly who: string }
  | { readonly does: 'remove'; readonly who: string; readonly whom: string }
  /** From now on a write of this peer takes up to so many ms. */
  | { readonly does: 'disk'; readonly who: string; readonly slowest: number }
  | { readonly does: 'part' | 'cut'; readonly ends: Ends }
  | { readonly does: 'isolate'; readonly who: string }
  | { readonly does: 'slow'; readonly ends: Ends; readonly jitter: number }
  | { readonly does: 'spoil'; readonly ends: Ends; readonly fault: 'drop' | 'double' | 'garble'; readonly share: number }
  | { readonly does: 'mend' };

/** `after`: so many ms of simulated time pass before it. */
export type SimEvent = Deed & { readonly after: number };

export interface Plan {
  readonly seed: number;
  /** The first makes the room. */
  readonly peers: readonly [string, ...string[]];
  readonly relays: number;
  /** By how many ms a node's clock is ahead; the others are right. */
  readonly skews: Readonly<Record<string, number>>;
  /** Invites that are made before the first event, for those who come later. */
  readonly links: number;
  readonly events: readonly SimEvent[];
}

type Kind = Deed['does'] | 'speak and die' | 'join and die';
export type Weights = Partial<Record<Kind, number>>;

export interface Terms {
  readonly peers: number;
  readonly relays: number;
  readonly steps: number;
  /** How often each happens, beside the others. */
  readonly weights: Weights;
  /** Nodes whose clocks are wrong by up to a day: of the peers any, of the relays fewer than half. */
  readonly skewed: { readonly peers: number; readonly relays: number };
}

const DAY = 24 * 3_600_000;
export const relayName = (i: number): string => `relay${i}`;
const peerName = (i: number): string => `P${i}`;
const guestName = (i: number): string => `Guest ${i}`;

/** Draws a run. The same seed and terms: the same plan. */
export function draw(seed: number, terms: Terms): Plan {
  const random = seededRandom(seed ^ 0x5eed);
  const peers = Array.from({ length: terms.peers }, (_, i) => peerName(i));
  const [first = peerName(0), ...others] = peers;
  const relays = Array.from({ length: terms.relays }, (_, i) => relayName(i));
  const drawn = new Drawing(random, [...peers], relays, terms.weights);
  for (let i = 0; i < terms.steps; i++) drawn.step();
  const skews = Object.fromEntries(
    [...some(random, peers, terms.skewed.peers), ...some(random, relays, terms.skewed.relays)].map((name) => [
      name,
      integer(random, 2 * DAY) - DAY,
    ]),
  );
  return { seed, peers: [first, ...others], relays: terms.relays, skews, links: drawn.guests, events: drawn.events };
}

/** So many of them, without repeats. */
function some(random: Random, from: readonly string[], count: number): string[] {
  const left = [...from];
  return Array.from({ length: Math.min(count, left.length) }, () => left.splice(integer(random, left.length), 1)).flat();
}

class Drawing {
  readonly events: SimEvent[] = [];
  guests = 0;
  readonly #random: Random;
  readonly #peers: string[];
  readonly #relays: readonly string[];
  readonly #kinds: readonly Kind[];
  /** Who alone may remove. */
  readonly #founder: string;
  readonly #down = new Set<string>();
  #said = 0;

  constructor(random: Random, peers: string[], relays: readonly string[], weights: Weights) {
    this.#random = random;
    this.#peers = peers;
    this.#founder = this.#one(peers.slice(0, 1));
    this.#relays = relays;
    this.#kinds = Object.entries(weights).flatMap(([kind, weight]) => Array.from({ length: weight }, () => kind as Kind));
  }

  step(): void {
    const kind = this.#one(this.#kinds);
    const after = uniform(this.#random) < 0.3 ? integer(this.#random, 15_000) : integer(this.#random, 400);
    if (kind === 'speak and die') this.#speakAndDie(after);
    else if (kind === 'join and die') this.#joinAndDie(after);
    else if (kind === 'say')
      for (let i = integer(this.#random, 3); i >= 0; i--) this.#push(i === 0 ? after : 0, this.#say(this.#one(this.#peers)));
    else this.#push(after, this.#deed(kind));
  }

  /** Dies while what was just said may be durable, or posted, or neither. */
  #speakAndDie(after: number): void {
    const who = this.#one(this.#peers);
    for (let i = integer(this.#random, 4); i >= 0; i--) this.#push(i === 0 ? after : 0, this.#say(who));
    this.#push(integer(this.#random, 500), this.#kill(who));
  }

  /** Dies while its Join may be durable, or posted, or neither. */
  #joinAndDie(after: number): void {
    const join = this.#deed('join');
    this.#push(after, join);
    if (join.does === 'join') this.#push(integer(this.#random, 1_500), this.#kill(join.who));
  }

  #deed(kind: Exclude<Deed['does'], 'say'>): Deed {
    const who = this.#one(this.#peers);
    const [random, ends] = [this.#random, this.#ends()];
    switch (kind) {
      case 'call':
        return { does: 'call', who, room: `Room ${++this.#said}` };
      case 'join': {
        const guest = guestName(this.guests);
        this.#peers.push(guest);
        return { does: 'join', who: guest, link: this.guests++ };
      }
      case 'remove':
        return { does: 'remove', who: this.#founder, whom: this.#one(this.#peers.filter((name) => name !== this.#founder)) };
      case 'kill':
        return this.#kill(this.#whoDies());
      case 'start': {
        const down = [...this.#down];
        const back = down.length === 0 ? who : this.#one(down);
        this.#down.delete(back);
        return { does: 'start', who: back };
      }
      case 'disk':
        return { does: 'disk', who, slowest: this.#one([30, 300, 3_000]) };
      case 'part':
      case 'cut':
        return { does: kind, ends };
      case 'isolate':
        return { does: 'isolate', who };
      case 'slow':
        return { does: 'slow', ends, jitter: integer(random, 3_000) };
      case 'spoil':
        return { does: 'spoil', ends, fault: this.#one(['drop', 'double', 'garble'] as const), share: this.#one([0.01, 0.1, 1]) };
      case 'mend':
        return { does: 'mend' };
    }
  }

  /** Any peer, or a relay: of relays at most a quarter is down at a time. */
  #whoDies(): string {
    const relaysDown = this.#relays.filter((name) => this.#down.has(name)).length;
    const mayDie = uniform(this.#random) < 0.4 && relaysDown < this.#relays.length / 4;
    return this.#one(mayDie ? this.#relays : this.#peers);
  }

  #kill(who: string): Deed {
    this.#down.add(who);
    return { does: 'kill', who, death: this.#one(['power', 'process'] as const) };
  }

  #say(who: string): Deed {
    return { does: 'say', who, text: `${who} ${++this.#said}` };
  }

  #ends(): Ends {
    const relay = this.#one(this.#relays);
    return [this.#one([...this.#peers, ...this.#relays].filter((name) => name !== relay)), relay];
  }

  #push(after: number, deed: Deed): void {
    this.events.push({ after, ...deed });
  }

  #one<T>(from: readonly T[]): T {
    const picked = pick(this.#random, from);
    if (picked === undefined) throw new Error('there is nothing to draw from');
    return picked;
  }
}

/** Does one event, after its time. What it would act upon may not be there: nothing happens then. */
export async function apply(world: World, room: RoomId, links: readonly string[], event: SimEvent): Promise<void> {
  await world.run(event.after);
  const node = 'who' in event ? world.find(event.who) : undefined;
  const peer = world.peers.find((one) => one === node);
  if ('ends' in event) return applyToWay(world, event);
  if (event.does === 'mend') return world.mend();
  if (event.does === 'join') return join(world, room, event.who, links[event.link]);
  if (node === undefined) return;
  if (event.does === 'start') return node.up ? undefined : world.start(node);
  if (event.does === 'isolate') return world.isolate(event.who);
  if (!node.up) return;
  if (event.does === 'kill') return world.kill(node, event.death);
  if (peer !== undefined) applyToPeer(world, room, peer, event);
}

function applyToPeer(world: World, room: RoomId, peer: SimPeer, event: SimEvent): void {
  const inside = peer.peer.room(room);
  if (event.does === 'disk') {
    world.note(`a write of ${peer.name} takes up to ${event.slowest} ms`);
    peer.slowestWrite = event.slowest;
  } else if (inside === undefined || (inside.standing !== 'member' && inside.standing !== 'waiting')) {
    // Killed before it was durable that it had joined.
  } else if (event.does === 'say') {
    world.say(peer, room, event.text);
    world.removed.get(peer.name)?.after.add(event.text);
  } else if (event.does === 'remove') {
    remove(world, room, peer, event.whom);
  } else if (event.does === 'call') {
    world.note(`${peer.name} calls the room ${event.room}`);
    peer.peer.renameRoom(room, event.room);
  }
}

function remove(world: World, room: RoomId, remover: SimPeer, whom: string): void {
  const member = remover.room(room).members.find(({ name, removable }) => name === whom && removable);
  if (member === undefined) return;
  world.note(`${remover.name} removes ${whom}`);
  // It may be killed over it.
  remover.peer.removePerson(room, member.id).catch(() => undefined);
  world.removed.set(whom, { id: member.id, after: new Set() });
}

async function join(world: World, room: RoomId, who: string, link: string | undefined): Promise<void> {
  if (link === undefined || world.find(who) !== undefined) return;
  const guest = await world.peer(who);
  await world.join(guest, link).catch((error: unknown) => world.note(`${who} could not join: ${String(error)}`));
  if (guest.peer.room(room) !== undefined) world.say(guest, room, `${who} is here`);
}

function applyToWay(world: World, event: Extract<SimEvent, { readonly ends: Ends }>): void {
  const [a, b] = event.ends;
  switch (event.does) {
    case 'part':
      world.note(`the way between ${a} and ${b} is lost`);
      return world.network.part(a, b);
    case 'cut':
      world.note(`the connection between ${a} and ${b} is reset`);
      return world.network.cut(a, b);
    case 'slow':
      world.note(`the way between ${a} and ${b} takes up to ${event.jitter} ms`);
      return world.network.fault(a, b, { latency: 20, jitter: event.jitter });
    case 'spoil':
      world.note(`cells between ${a} and ${b}: ${event.fault} ${event.share}`);
      return world.network.fault(a, b, { [event.fault]: event.share });
  }
}

/** One line for each event: what can be pasted into a test and played again. */
export const scriptOf = ({ seed, peers, relays, skews, links, events }: Plan): string =>
  [JSON.stringify({ seed, peers, relays, skews, links }), ...events.map((event) => JSON.stringify(event))].join('\n');
