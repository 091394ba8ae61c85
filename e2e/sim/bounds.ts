/** What a run may hold once it is quiet, and that nothing is left when all has ended: a leak anywhere is a failure. */
import { inUse } from '../../src/crypto/index.ts';
import type { RoomId } from '../../src/base/index.ts';
import type { World } from './world.ts';

/** A peer in one room: circuits to the mailboxes that it follows, each with the one before it while that lingers. */
const CIRCUITS_OF_A_PEER = (relays: number): number => 4 * relays;
/** Of each circuit: cover, keepalive, rotation, retirement, a gap, an answer; and what room, guards and links wait for. */
const timersOfAPeer = (relays: number, members: number): number => 6 * CIRCUITS_OF_A_PEER(relays) + 2 * members + 60;
/** Circuits of all peers through one relay, with three hops each; and heartbeats, sweeps and what the mix holds. */
const timersOfARelay = (relays: number, peers: number): number => 8 * CIRCUITS_OF_A_PEER(relays) * peers + 200;
/** A message, and in the worst case everybody's receipt for it alone, each a few cells; and epochs, Joins and history. bytes */
const storedByARelay = (peers: number, events: number): number => 2_000_000 + (events + 4 * peers) * peers * 8 * 1024;
/** Everything, after collection. bytes */
const heapOf = (peers: number, events: number): number => 120e6 + peers * 8e6 + events * 200_000;

interface Size {
  readonly events: number;
  readonly room: RoomId;
}

const within = (what: string, is: number, most: number): string[] => (is <= most ? [] : [`${what}: ${is}, at most ${most}`]);

/** Throws with what is over its bound. For a world in which all has been quiet for a while. */
export function expectBounded(world: World, { events, room }: Size): void {
  const { relays, peers } = world;
  const members = Math.max(...peers.map((peer) => peer.room(room).members.length));
  const over = [
    ...peers.flatMap((peer) => [
      ...within(`circuits of ${peer.name}`, peer.peer.view().network.circuits.length, CIRCUITS_OF_A_PEER(relays.length)),
      ...within(`timers of ${peer.name}`, peer.timers, timersOfAPeer(relays.length, members)),
    ]),
    ...relays.flatMap((relay) => {
      const { circuits, waiting } = relay.relay.load();
      return [
        ...within(`circuits at ${relay.name}`, circuits, 4 * CIRCUITS_OF_A_PEER(relays.length) * peers.length),
        ...within(`cells waiting at ${relay.name}`, waiting, 64 * peers.length),
        ...within(`timers of ${relay.name}`, relay.timers, timersOfARelay(relays.length, peers.length)),
        ...within(`bytes stored at ${relay.name}`, relay.stored, storedByARelay(peers.length, events)),
      ];
    }),
    ...within('bytes of heap', collected(), heapOf(peers.length, events)),
  ];
  if (over.length > 0) throw new Error(`over their bounds: ${over.join('; ')}`);
}

/** Bytes of heap in use; after a collection, where the process allows one to be asked for. */
function collected(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** Ends every process; then no timer may wait and no key be held in the core. Throws with what is left. */
export async function expectNothingLeft(world: World, before: ReturnType<typeof inUse>): Promise<void> {
  for (const peer of world.peers) await world.stop(peer);
  for (const relay of world.relays) await relay.kill('process');
  await world.run(120_000);
  const left = [...world.peers, ...world.relays].flatMap(({ name, timers }) => (timers === 0 ? [] : [`${timers} timers of ${name}`]));
  const now = inUse();
  const keys = Object.entries(now).flatMap(([kind, count]) => {
    const more = count - before[kind as keyof typeof before];
    return more === 0 ? [] : [`${more} ${kind}`];
  });
  if (left.length + keys.length > 0) throw new Error(`left when all has ended: ${[...left, ...keys].join(', ')}`);
}
