/** A peer of the simulation: createPeer on a store and links in memory. It can be killed at any moment and started from what was durable. */
import { Counters, uniform, type Random, type RoomId } from '../../src/base/index.ts';
import { createPeer, type LocalPeer, type MachineEvents, type MessageItem, type RoomView } from '../../src/peer/index.ts';
import { memoryStore, type MemoryStore } from '../../src/store/index.ts';
import type { SimProcess } from './clock.ts';
import type { Death, Ground } from './relay.ts';

/** ms */
const DRAWS_EVERY = 100;

const SHOWN_AS_SENT = new Set(['sent', 'delivered', 'read']);

export class SimPeer {
  readonly name: string;
  /** Texts of one's own that were ever shown as sent, whatever became of the peer since. */
  readonly sent = new Set<string>();
  /** A write takes up to so many ms to become durable. */
  slowestWrite = 30;
  readonly #ground: Ground;
  readonly #chance: Random;
  readonly #store: MemoryStore;
  #peer: LocalPeer | undefined;
  #looking = false;
  #process: SimProcess | undefined;
  #machine: MachineEvents | undefined;

  constructor(name: string, ground: Ground) {
    this.name = name;
    this.#ground = ground;
    this.#chance = ground.stream();
    this.#store = memoryStore({
      hold: () => new Promise((resolve) => void ground.clock.after(uniform(this.#chance) * this.slowestWrite, resolve)),
    });
  }

  get up(): boolean {
    return this.#peer !== undefined;
  }

  get peer(): LocalPeer {
    if (this.#peer === undefined) throw new Error(`${this.name} is down`);
    return this.#peer;
  }

  /** Resolves only while time runs. */
  async start(): Promise<void> {
    if (this.#peer !== undefined) throw new Error(`${this.name} is up already`);
    const { network, stream, anchors, witness } = this.#ground;
    const process = this.#ground.clock.process(this.#ground.skew(this.name));
    this.#process = process;
    const counters = new Counters();
    const peer = await createPeer({
      store: this.#store,
      link: async (handler) => network.node(this.name, handler, { listens: false, counters, witness: witness(this.name) }),
      anchors: anchors(),
      clock: process.clock,
      random: stream(),
      counters,
      machine: { listen: (events) => ((this.#machine = events), () => undefined) },
    });
    this.#peer = peer;
    peer.subscribe(() => this.#lookSoon());
  }

  /** Timers that wait in the present run. */
  get timers(): number {
    return this.#process?.pending() ?? 0;
  }

  /** Stands still as a frozen tab does: no timer fires, and what comes waits. */
  freeze(): void {
    this.#process?.freeze();
    this.#ground.network.freeze(this.name);
  }

  /** Goes on. `told`: the browser says that it was frozen, before anything else happens; else only late timers tell. */
  thaw(told: boolean): void {
    if (told) this.#machine?.awake();
    this.#process?.thaw();
    this.#ground.network.thaw(this.name);
  }

  /** What the browser says of being online. The ways to relays are the test's to part. */
  setOnline(is: boolean): void {
    this.#machine?.online(is);
  }

  /** Goes without a word; what was not durable is gone. */
  async kill(death: Death): Promise<void> {
    this.look();
    const { peer } = this;
    this.#peer = undefined;
    this.#process?.kill();
    this.#store.crash();
    if (death === 'power') this.#ground.network.kill(this.name);
    // Frees the keys that its circuits held in the core.
    await peer.network.stop();
  }

  /** Closes as a tab does that is closed in peace. Resolves only while time runs. */
  async stop(): Promise<void> {
    this.look();
    const { peer } = this;
    this.#peer = undefined;
    await peer.stop();
    this.#process?.kill();
    // A store that was closed is opened again by the next start.
    this.#store.crash();
  }

  /** A screen draws what has changed a few times a second, not upon each change. */
  #lookSoon(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#ground.clock.after(DRAWS_EVERY, () => {
      this.#looking = false;
      this.look();
    });
  }

  /** Notes what is shown as sent now. */
  look(): void {
    for (const { id } of this.#peer?.view().rooms ?? []) {
      for (const message of this.messages(id)) if (message.mine && SHOWN_AS_SENT.has(message.state ?? '')) this.sent.add(message.text);
    }
  }

  room(id: RoomId): RoomView {
    const room = this.peer.room(id);
    if (room === undefined) throw new Error(`${this.name} has no such room`);
    return room;
  }

  messages(id: RoomId): readonly MessageItem[] {
    return this.room(id).timeline.filter((item) => item.type === 'message');
  }

  texts(id: RoomId): readonly string[] {
    return this.messages(id).map(({ text }) => text);
  }

  /** What everybody in a room must come to see alike. */
  shared(id: RoomId): unknown {
    const { name, members, timeline } = this.room(id);
    return {
      name,
      members: members
        .map((member) => ({ id: member.id, name: member.name, role: member.role }))
        .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      messages: timeline.flatMap((item) => (item.type === 'message' ? [`${item.authorName}: ${item.text}`] : [])),
      events: timeline.flatMap((item) => (item.type === 'event' ? [item.event] : [])),
    };
  }
}
