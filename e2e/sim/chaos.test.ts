/** Random runs: whatever falls apart and comes back in whatever order, in the end all see the same, and nothing shown as sent is missing. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { integer, type RoomId } from '../../src/base/index.ts';
import { testSeed } from '../../src/base/testing.ts';
import { initCryptoNode } from '../../src/crypto/node.ts';
import { expectAgreement, expectNothingTwice } from './expect.ts';
import type { SimPeer } from './peer.ts';
import { scenario, type World } from './world.ts';

const seed = testSeed();
const RUNS = Number(process.env['SOTTO_RUNS'] ?? 3);
const STEPS = 40;
const seeds = Array.from({ length: RUNS }, (_, i) => seed + 1000 * (i + 1));
// Simulated time says what is late; a busy machine only makes it slower.
vi.setConfig({ testTimeout: 240_000 });
beforeAll(initCryptoNode);

type Step = (world: World, peers: readonly SimPeer[], room: RoomId) => void | Promise<void>;

let count = 0;
/** Links of the present run that nobody has used. */
let links: string[] = [];
const speak: Step = (world, peers, room) => {
  const up = peers.filter((peer) => peer.up);
  if (up.length === 0) return;
  const speaker = world.pick(up);
  for (let i = integer(world.random, 3); i >= 0; i--) world.say(speaker, room, `${speaker.name} ${++count}`);
};

/** Two ends of what could be a link. */
const ends = (world: World, peers: readonly SimPeer[]): readonly [string, string] => {
  const relay = world.pick(world.relays).name;
  const others = [...peers.map(({ name }) => name), ...world.relays.map(({ name }) => name)].filter((name) => name !== relay);
  return [world.pick(others), relay];
};

const part: Step = (world, peers) => {
  const [a, b] = ends(world, peers);
  world.note(`the way between ${a} and ${b} is lost`);
  world.network.part(a, b);
};

const isolate: Step = (world, peers) => {
  const { name } = world.pick(peers);
  world.note(`${name} is cut off`);
  for (const relay of world.relays) world.network.part(name, relay.name);
};

const cut: Step = (world, peers) => {
  const [a, b] = ends(world, peers);
  world.note(`the connection between ${a} and ${b} is reset`);
  world.network.cut(a, b);
};

const slow: Step = (world, peers) => {
  const [a, b] = ends(world, peers);
  const jitter = integer(world.random, 3_000);
  world.note(`the way between ${a} and ${b} takes up to ${jitter} ms`);
  world.network.fault(a, b, { latency: 20, jitter });
};

/** All ways are there and fast again. */
const mend: Step = (world) => {
  world.note('all ways are well again');
  const names = [...world.peers, ...world.relays].map(({ name }) => name);
  for (const a of names) {
    for (const b of names.slice(names.indexOf(a) + 1)) {
      world.network.mend(a, b);
      world.network.fault(a, b, { latency: 20, jitter: 30 });
    }
  }
};

const killPeer: Step = async (world, peers) => {
  const up = peers.filter((peer) => peer.up);
  if (up.length > 0) await world.kill(world.pick(up));
};

/** Dies while what was just said may be durable, or posted, or neither. */
const speakAndDie: Step = async (world, peers) => {
  const up = peers.filter((peer) => peer.up);
  if (up.length === 0) return;
  const speaker = world.pick(up);
  const [room] = speaker.peer.view().rooms;
  if (room === undefined) throw new Error('no room');
  for (let i = integer(world.random, 4); i >= 0; i--) world.say(speaker, room.id, `${speaker.name} ${++count}`);
  await world.run(integer(world.random, 500));
  await world.kill(speaker);
};

const rename: Step = (world, peers, room) => {
  const up = peers.filter((peer) => peer.up);
  if (up.length === 0) return;
  const who = world.pick(up);
  const name = `Room ${++count}`;
  world.note(`${who.name} calls the room ${name}`);
  who.peer.renameRoom(room, name);
};

/** Somebody new comes by a link that a member made before; its maker may be away. */
const newcomer: Step = async (world, _peers, room) => {
  const link = links.pop();
  if (link === undefined) return;
  const peer = await world.peer(`Guest ${links.length}`);
  await world.join(peer, link);
  world.say(peer, room, `${peer.name} ${++count}`);
};

const startPeer: Step = async (world, peers) => {
  const down = peers.filter((peer) => !peer.up);
  if (down.length > 0) await world.start(world.pick(down));
};

/** One relay at a time may be down. */
const killRelay: Step = async (world) => {
  const down = world.relays.find(({ up }) => !up);
  if (down === undefined) await world.kill(world.pick(world.relays));
  else await world.start(down);
};

/** Steps at random, then quiet: everything comes back, and all must agree. */
async function run(world: World, names: readonly [string, ...string[]], steps: readonly Step[]): Promise<void> {
  const { room, peers: founders } = await world.meeting(...names);
  const { peers } = world;
  count = 0;
  links = [];
  if (steps.includes(newcomer)) for (const founder of founders) links.push(await world.invite(founder, room, 1));
  for (let i = 0; i < STEPS; i++) {
    await world.pick(steps)(world, peers, room);
    await world.run(world.chance(0.3) ? integer(world.random, 15_000) : integer(world.random, 400));
    expectNothingTwice(
      peers.filter((peer) => peer.up),
      room,
    );
  }
  await mend(world, peers, room);
  for (const one of [...world.relays, ...peers]) if (!one.up) await world.start(one);
  await expectAgreement(world, peers, room);
}

describe('whatever order things arrive in, and whatever is cut off for a while', () => {
  it.each(seeds)('all end with the same view (seed %i)', async (one) => {
    const world = await scenario(one, (begun) =>
      run(begun, ['Anna', 'Ben', 'Cleo', 'Dora'], [speak, speak, speak, rename, part, isolate, cut, slow, mend]),
    );
    // It was not for want of anything to lose.
    expect(world.peers.some(({ sent }) => sent.size > 0)).toBe(true);
  });
});

describe('peers and relays that are killed at any moment, and come back with what was durable', () => {
  it.each(seeds)('nothing shown as sent is lost, and nothing comes twice (seed %i)', async (one) => {
    const world = await scenario(one, (begun) =>
      run(begun, ['Anna', 'Ben', 'Cleo'], [speak, speak, speakAndDie, rename, killPeer, startPeer, startPeer, killRelay]),
    );
    // It was not for want of anything to lose.
    expect(world.peers.some(({ sent }) => sent.size > 0)).toBe(true);
  });
});

describe('people who come while others are cut off, or die', () => {
  it.each(seeds)('are let in in the end, and see what all see (seed %i)', async (one) => {
    await scenario(one, async (world) => {
      await run(world, ['Anna', 'Ben'], [speak, speak, newcomer, newcomer, killPeer, startPeer, startPeer, isolate, mend]);
      expect(world.peers.length).toBeGreaterThan(2);
    });
  });
});
