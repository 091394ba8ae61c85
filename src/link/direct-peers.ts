/**
 * Who may be linked to a node for direct links, and the tries to reach them: what every kind of such node shares.
 *
 *   allowed ──► the one with the lower id dials ──► linked ──► lost ─┐
 *                    ▲ 1 s, doubling to 60 s, ± half                 │
 *                    └───────────────────────────────────────────────┘
 */
import { uniform, type Cancel, type Clock, type Counters, type Random, type TopicId } from '../base/index.ts';
import { DirectLink, directLimits, type DirectLimits, type DirectPipe } from './direct-link.ts';
import { MAX_DIRECT_PEERS, type DirectHandler, type DirectId, type DirectPeer } from './direct-node.ts';

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;
/** How long a try may take by one way: so many times the pause after it, and so many ms at most. */
const PATIENCE = { pauses: 8, most: 30_000 };

/** A way to a peer on which nothing has been said yet. */
export interface DirectWire {
  readonly pipe: DirectPipe;
  /** What comes in goes to this link from now on. */
  attach(link: DirectLink): void;
}

export interface DirectPeersOptions {
  readonly id: DirectId;
  readonly handler: DirectHandler;
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  readonly limits?: Partial<DirectLimits>;
  /** Of sealed blobs. bytes */
  readonly sizes: readonly number[];
  /** Rejects when the peer is not reached; `within`: ms by each way. */
  readonly dial: (peer: DirectPeer, within: number) => Promise<DirectWire>;
  /** Whoever this was is not allowed any more. */
  readonly expel: (peer: DirectId) => void;
}

interface Try {
  pause: number;
  cancel: Cancel;
  under: boolean;
}

export class DirectPeers {
  readonly #options: DirectPeersOptions;
  readonly #allowed = new Map<DirectId, DirectPeer>();
  readonly #links = new Map<DirectId, DirectLink>();
  readonly #tries = new Map<DirectId, Try>();
  /** A link has stood to them: what is left of it on its way may disturb one that follows at once. */
  readonly #before = new Set<DirectId>();
  #stopped = false;

  constructor(options: DirectPeersOptions) {
    this.#options = options;
  }

  allow(peers: readonly DirectPeer[]): void {
    const wanted = new Map(peers.slice(0, MAX_DIRECT_PEERS).map((peer) => [peer.id, peer]));
    for (const id of this.#allowed.keys()) if (!wanted.has(id)) this.#expel(id);
    for (const [id, peer] of wanted) {
      const before = this.#allowed.get(id);
      this.#allowed.set(id, peer);
      if (before === undefined || before.relays.join() !== peer.relays.join())
        this.#tryAt(id, this.#before.has(id) ? this.#jittered(FIRST_PAUSE) : 0, FIRST_PAUSE);
    }
  }

  allows(id: DirectId): boolean {
    return !this.#stopped && this.#allowed.has(id);
  }

  linked(): readonly DirectId[] {
    return [...this.#links.keys()];
  }

  send(id: DirectId, topic: TopicId, blob: Uint8Array): boolean {
    return this.#links.get(id)?.send(topic, blob) ?? false;
  }

  /** Somebody has come; a link that stood to them before is over. */
  adopt(id: DirectId, wire: DirectWire): void {
    if (!this.allows(id)) {
      this.#options.counters.count('direct-stranger');
      wire.pipe.close('not known here');
      return;
    }
    this.#links.get(id)?.close('followed by another');
    const { handler, clock, counters, sizes } = this.#options;
    const link: DirectLink = new DirectLink({
      pipe: wire.pipe,
      clock,
      counters,
      sizes,
      limits: { ...directLimits, ...this.#options.limits },
      blob: (topic, blob, taken) => handler.blob(id, topic, blob, taken),
      closed: (why) => this.#lost(id, link, why),
    });
    this.#links.set(id, link);
    this.#before.add(id);
    this.#forgetTry(id);
    handler.linked(id);
    wire.attach(link);
  }

  /** What waits for its next try is tried now. */
  hurry(): void {
    for (const id of this.#tries.keys()) this.#tryAt(id, 0, FIRST_PAUSE);
  }

  stop(): void {
    this.#stopped = true;
    for (const id of this.#allowed.keys()) this.#expel(id);
  }

  #expel(id: DirectId): void {
    this.#allowed.delete(id);
    this.#forgetTry(id);
    this.#links.get(id)?.close('no longer agreed');
    this.#options.expel(id);
  }

  #lost(id: DirectId, link: DirectLink, why: string): void {
    if (this.#links.get(id) !== link) return;
    this.#links.delete(id);
    this.#options.counters.count('direct-lost');
    if (this.allows(id)) this.#tryAt(id, this.#jittered(FIRST_PAUSE), 2 * FIRST_PAUSE);
    this.#options.handler.lost(id, why);
  }

  /** One of the two dials, so that they do not cross. */
  #tryAt(id: DirectId, wait: number, next: number): void {
    const before = this.#tries.get(id);
    if (this.#stopped || this.#options.id > id || this.#links.has(id) || before?.under === true) return;
    before?.cancel();
    const made: Try = { pause: next, under: false, cancel: this.#options.clock.after(wait, () => void this.#try(id, made)) };
    this.#tries.set(id, made);
  }

  async #try(id: DirectId, made: Try): Promise<void> {
    const peer = this.#allowed.get(id);
    if (peer === undefined || this.#tries.get(id) !== made) return;
    made.under = true;
    try {
      const wire = await this.#options.dial(peer, Math.min(PATIENCE.pauses * made.pause, PATIENCE.most));
      if (this.#links.has(id)) wire.pipe.close('a link stands already');
      else this.adopt(id, wire);
    } catch {
      this.#options.counters.count('direct-not-reached');
    }
    made.under = false;
    if (!this.allows(id) || this.#links.has(id)) this.#forgetTry(id);
    else this.#tryAt(id, this.#jittered(made.pause), Math.min(2 * made.pause, LONGEST_PAUSE));
  }

  #forgetTry(id: DirectId): void {
    this.#tries.get(id)?.cancel();
    this.#tries.delete(id);
  }

  #jittered(ms: number): number {
    return ms * (0.5 + uniform(this.#options.random));
  }
}
