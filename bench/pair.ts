/**
 * A process of its own: two whole peers that share a room, each over three hops. `pair.ts CLASS` with CLASS the mean of the delay at
 * each relay, 0 or 1 (docs/protocol.md §6); anchors.json is the first message from the parent.
 *
 *   parent  anchors ──►                 round ──►              round ──►
 *   pair               ready ──►               ms, cells ──►          …
 *
 * The peers are the app's own, with a store in memory: what the disk takes is another figure.
 */
import { systemClock, systemRandom, type RoomId } from '../src/base/index.ts';
import { initCryptoNode } from '../src/crypto/node.ts';
import type { Anchor } from '../src/directory/index.ts';
import { libp2pLink } from '../src/link/index.ts';
import { BALANCED } from '../src/mix/index.ts';
import { createPeer, type LocalPeer } from '../src/peer/index.ts';
import { memoryStore } from '../src/store/index.ts';
import { readAnchors } from './circuits.ts';
import { serveRounds } from './rounds.ts';

const WARM = 10;
const CELL_DATA = 986;
const PATIENCE = 60_000;

/** A peer has no mode without delay, as nobody should use one; here it is what is measured. Before any circuit is built. */
if (process.argv[2] === '0') Object.assign(BALANCED, { delayClass: 0 });

/** The screen is told at most every 16 ms; this looks each ms. */
async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`after ${PATIENCE / 1000} s still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
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

/** Newest first, as a round waits for the newest. */
const shows = (peer: LocalPeer, room: RoomId, text: string): boolean =>
  peer.room(room)?.timeline.findLast((item) => item.type === 'message' && item.text === text) !== undefined;

async function meet(anchors: readonly Anchor[]) {
  const [from, to] = [await open(anchors), await open(anchors)];
  await until(() => from.view().connection.state === 'private', 'the first peer is connected');
  const room = await from.newRoom();
  const { link } = await from.invite(room, { uses: 1, hours: 1 });
  if (link === undefined) throw new Error('an invite without its link');
  await to.join(link, 'Receiver');
  await until(() => to.room(room)?.standing === 'member' && from.room(room)?.members.length === 2, 'both are members');
  return { from, to, room };
}

/** How many cells carry a message, and to how many mailboxes: what was handed to the mailboxes last. */
function watchPosts(peer: LocalPeer): { cells: number; mailboxes: number } {
  const seen = { cells: 0, mailboxes: 0 };
  const { mailboxes } = peer.network;
  const post = mailboxes.post.bind(mailboxes);
  mailboxes.post = (isolation, topic, blob) => {
    seen.cells = Math.ceil(blob.length / CELL_DATA);
    seen.mailboxes++;
    return post(isolation, topic, blob);
  };
  return seen;
}

serveRounds(async (anchors) => {
  await initCryptoNode();
  const { from, to, room } = await meet(readAnchors(anchors));
  const posts = watchPosts(from);
  let count = 0;
  const round = async () => {
    const text = `This is message ${++count} of a benchmark.`;
    posts.mailboxes = 0;
    const start = performance.now();
    from.say(room, text);
    await until(() => shows(to, room, text), `message ${count} is there`);
    const ms = performance.now() - start;
    const used = { ...posts };
    await until(() => settled(from, room), `message ${count} is told to have come`);
    return { ms, ...used };
  };
  for (let i = 0; i < WARM; i++) await round();
  return round;
});

/** The newest message is known to have been delivered, so that nothing of this round rides along with the next. */
function settled(peer: LocalPeer, room: RoomId): boolean {
  const newest = peer.room(room)?.timeline.findLast((item) => item.type === 'message');
  return newest?.type === 'message' && (newest.state === 'delivered' || newest.state === 'read');
}
