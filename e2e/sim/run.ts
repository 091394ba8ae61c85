/**
 * One run from its plan to its end:
 *
 *   meet ──► events ──► all ways and nodes are well again ──► all agree ──► within bounds ──► all ends, nothing is left
 */
import { createHash } from 'node:crypto';
import type { RoomId } from '../../src/base/index.ts';
import { inUse } from '../../src/crypto/index.ts';
import { expectBounded, expectNothingLeft } from './bounds.ts';
import { apply, draw, scriptOf, type Plan, type Terms } from './events.ts';
import { expectAgreement, expectNothingAfterRemoval, expectNothingTwice } from './expect.ts';
import type { SimPeer } from './peer.ts';
import { shortest } from './shrink.ts';
import { World } from './world.ts';

/** Twenty people and eight relays in one room, and everything that happens to them. */
export const CROWD: Terms = {
  peers: 20,
  relays: 8,
  steps: 24,
  weights: {
    say: 8,
    'speak and die': 4,
    call: 1,
    join: 1,
    kill: 5,
    start: 8,
    disk: 2,
    part: 2,
    isolate: 2,
    cut: 2,
    slow: 2,
    spoil: 2,
    mend: 2,
  },
  skewed: { peers: 5, relays: 2 },
};

/** The same with few, for what has to be quick. */
export const FEW: Terms = { ...CROWD, peers: 4, relays: 5, steps: 30, skewed: { peers: 2, relays: 1 } };

export interface Outcome {
  /** Of every cell that any node has sent or received, and when; and of what was noted. */
  readonly digest: string;
  readonly notes: readonly string[];
  readonly error: Error | undefined;
}

/** Runs one plan. Never rejects: what went wrong is in the outcome. */
export async function play(plan: Plan): Promise<Outcome> {
  let world: World | undefined;
  const before = inUse();
  const outcome = (error?: Error): Outcome => ({
    digest: createHash('sha256')
      .update(world?.trace() ?? '')
      .update(world?.script.join('\n') ?? '')
      .digest('hex'),
    notes: world?.script ?? [],
    error,
  });
  try {
    world = await World.begin(plan.seed, plan);
    await through(world, plan, before);
    return outcome();
  } catch (error) {
    return outcome(error instanceof Error ? error : new Error(String(error)));
  }
}

async function through(world: World, plan: Plan, before: ReturnType<typeof inUse>): Promise<void> {
  const { room, peers } = await world.meeting(...plan.peers);
  const links: string[] = [];
  for (let i = 0; i < plan.links; i++) links.push(await world.invite(peers[i % peers.length] ?? peers[0], room, 1));
  for (const event of plan.events) {
    await apply(world, room, links, event);
    const [first] = world.peers.filter((peer) => peer.up && peer.peer.room(room) !== undefined);
    if (first !== undefined) expectNothingTwice([first], room);
  }
  world.mend();
  for (const one of [...world.relays, ...world.peers]) if (!one.up) await world.start(one);
  const { inside, outside } = sides(world, room, peers[0]);
  await expectAgreement(world, inside, room);
  expectNothingAfterRemoval(world, inside, outside, room);
  await world.run(30_000);
  expectBounded(world, { events: plan.events.length, room });
  await expectNothingLeft(world, before);
}

/** Those who are in the room in the end, and those who were removed: the founder knows, who alone may remove. */
function sides(world: World, room: RoomId, founder: SimPeer): { inside: SimPeer[]; outside: SimPeer[] } {
  const members = new Set(founder.room(room).members.map(({ id }) => id));
  const isOut = ({ name }: SimPeer): boolean => {
    const removed = world.removed.get(name);
    return removed !== undefined && !members.has(removed.id);
  };
  const there = world.peers.filter((peer) => peer.peer.room(room) !== undefined);
  return { inside: there.filter((peer) => !isOut(peer)), outside: there.filter(isOut) };
}

/** Plays a drawn run; one that fails is told with the shortest script that still fails. Tries: how many runs may be spent on it. */
export async function mustHold(seed: number, terms: Terms, tries = 24): Promise<Outcome> {
  const plan = draw(seed, terms);
  const outcome = await play(plan);
  if (outcome.error === undefined) return outcome;
  const { events, spent } = await shortest(plan.events, async (some) => (await play({ ...plan, events: some })).error !== undefined, tries);
  const least = { ...plan, events };
  const { notes, error } = await play(least);
  throw new Error(
    [
      `seed ${seed} fails: ${outcome.error.message}`,
      `the shortest script that still fails, of ${plan.events.length} events and after ${spent} tries:`,
      scriptOf(least),
      `what it did, until ${error?.message ?? 'its end'}:`,
      ...notes,
    ].join('\n'),
    { cause: outcome.error },
  );
}
