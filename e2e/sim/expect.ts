/** What must hold of every run, whatever happened in it. For tests and for `npm run simulation`, so it needs no test runner. */
import { deepStrictEqual } from 'node:assert/strict';
import type { RoomId } from '../../src/base/index.ts';
import type { SimPeer } from './peer.ts';
import type { World } from './world.ts';

function twice(texts: readonly string[]): string[] {
  const seen = new Set<string>();
  return texts.filter((text) => seen.size === seen.add(text).size);
}

const alike = (peers: readonly SimPeer[], room: RoomId): boolean =>
  new Set(peers.map((peer) => JSON.stringify(peer.shared(room)))).size === 1;

/** No peer shows a message twice, at any time. */
export function expectNothingTwice(peers: readonly SimPeer[], room: RoomId): void {
  for (const peer of peers) deepStrictEqual({ twice: twice(peer.texts(room)), at: peer.name }, { twice: [], at: peer.name });
}

/** What was ever shown as sent by anybody is there, everywhere. */
export function expectNothingLost(peers: readonly SimPeer[], room: RoomId): void {
  for (const author of peers) {
    for (const reader of peers) {
      const texts = new Set(reader.texts(room));
      const lost = [...author.sent].filter((text) => !texts.has(text));
      deepStrictEqual({ lost, of: author.name, at: reader.name }, { lost: [], of: author.name, at: reader.name });
    }
  }
}

/** Once there is quiet, everybody sees the same (P6), with every message that is shown anywhere delivered, none lost and none twice. */
export async function expectAgreement(world: World, peers: readonly SimPeer[], room: RoomId): Promise<void> {
  const delivered = (): boolean =>
    peers.length < 2 ||
    peers.every((peer) => peer.messages(room).every(({ state }) => state === undefined || state === 'delivered' || state === 'read'));
  await world
    .until('all see the same, and all is delivered', () => alike(peers, room) && delivered())
    .catch((error: unknown) => {
      for (const peer of peers) {
        world.note(`at the end ${peer.name} sees ${JSON.stringify(peer.shared(room))}`);
        const states = peer.messages(room).flatMap(({ text, state }) => (state === undefined ? [] : [`${text}: ${state}`]));
        world.note(
          `  own messages: ${states.join(', ')}; ${peer.peer.view().connection.words}; ${JSON.stringify(peer.peer.counters.all())}`,
        );
      }
      throw error;
    });
  expectNothingTwice(peers, room);
  expectNothingLost(peers, room);
}

/** What somebody wrote after their removal is shown to no member, whenever it arrives (docs/protocol.md §8.1). */
export function expectNothingAfterRemoval(world: World, members: readonly SimPeer[], removed: readonly SimPeer[], room: RoomId): void {
  for (const author of removed) {
    const after = world.removed.get(author.name)?.after ?? new Set();
    for (const reader of members) {
      const shown = reader.texts(room).filter((text) => after.has(text));
      deepStrictEqual({ after: shown, by: author.name, at: reader.name }, { after: [], by: author.name, at: reader.name });
    }
  }
}
