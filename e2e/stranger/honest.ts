/** Two honest people with whole peers, who talk over the relays all the while: how long a message takes until it is on the other's screen. */
import { systemClock, systemRandom, type RoomId } from '../../src/base/index.ts';
import { initCryptoNode } from '../../src/crypto/node.ts';
import type { Anchor } from '../../src/directory/index.ts';
import { libp2pLink } from '../../src/link/index.ts';
import { createPeer, type LocalPeer } from '../../src/peer/index.ts';
import { memoryStore } from '../../src/store/index.ts';

const PATIENCE = 120_000;
/** A message each so many ms, by turns. */
const EVERY = 60;
/** A message that has not come by then has not come. */
const LATEST = 30_000;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(condition: () => boolean, what: string, patience = PATIENCE): Promise<void> {
  const end = performance.now() + patience;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`after ${patience / 1000} s still not: ${what}`);
    await wait(10);
  }
}

const open = (anchors: readonly Anchor[]): Promise<LocalPeer> =>
  createPeer({
    store: memoryStore(),
    link: (handler, trusted) => libp2pLink({ handler, clock: systemClock, trusted }),
    anchors,
    clock: systemClock,
    random: systemRandom,
  });

export class Pair {
  readonly #peers: readonly [LocalPeer, LocalPeer];
  readonly #room: RoomId;
  /** When a text was said, until it is seen. */
  readonly #said = new Map<string, number>();
  readonly #took = new Map<string, number>();
  #count = 0;

  private constructor(peers: readonly [LocalPeer, LocalPeer], room: RoomId) {
    this.#peers = peers;
    this.#room = room;
    for (const peer of peers) peer.subscribe(() => this.#look(peer));
  }

  /** Resolves when both are members of a room and have heard each other. */
  static async meet(anchors: readonly Anchor[]): Promise<Pair> {
    await initCryptoNode();
    const [ana, ben] = [await open(anchors), await open(anchors)];
    await until(() => ana.view().connection.state === 'private', 'the first peer is connected');
    const room = await ana.newRoom();
    const { link } = await ana.invite(room, { uses: 1, hours: 1 });
    if (link === undefined) throw new Error('an invite without its link');
    await ben.join(link, 'Ben');
    await until(() => ben.room(room)?.standing === 'member' && ana.room(room)?.members.length === 2, 'both are members');
    const pair = new Pair([ana, ben], room);
    await pair.talk(3_000);
    return pair;
  }

  /** Talks for so long; resolves with what each message took, in ms, when all have come. Rejects when one does not. */
  async talk(ms: number): Promise<readonly number[]> {
    const mine: string[] = [];
    const end = performance.now() + ms;
    while (performance.now() < end) {
      const text = `Message ${++this.#count}${', and so on'.repeat(this.#count % 7)}.`;
      mine.push(text);
      this.#said.set(text, performance.now());
      this.#peers[this.#count % 2 === 0 ? 0 : 1].say(this.#room, text);
      await wait(EVERY);
    }
    await until(() => mine.every((text) => this.#took.has(text)), `all ${mine.length} messages have come`, LATEST);
    return mine.map((text) => this.#took.get(text) ?? LATEST);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#peers.map((peer) => peer.stop()));
  }

  #look(peer: LocalPeer): void {
    const now = performance.now();
    for (const item of peer.room(this.#room)?.timeline.slice(-60) ?? []) {
      if (item.type !== 'message' || item.mine) continue;
      const said = this.#said.get(item.text);
      if (said === undefined) continue;
      this.#said.delete(item.text);
      this.#took.set(item.text, now - said);
    }
  }
}

export const quantile = (values: readonly number[], q: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
};
