/**
 * A stranger, in a process of its own that gives way to everybody else (nice 19): `attacker.ts KIND MULTIADDR`. It goes on until its
 * parent lets go, telling now and then what it has done: {"count", …}. What it sends is made before it begins, so that on a small
 * machine it is the relay that is loaded and not the attacker.
 */
import { constants, setPriority } from 'node:os';
import { bigFrames, connections, halfHeaders, partFrames, silence, unmasked } from './raw.ts';
import { creates, halfCells, randomCells } from './cells.ts';
import { posts } from './posts.ts';
import { identities } from './identities.ts';

export type Tell = (what: Readonly<Record<string, number>>) => void;
/** Resolves when it stands; goes on behind. */
export type Attack = (multiaddr: string, tell: Tell) => Promise<void>;

const attacks: Readonly<Record<string, Attack>> = {
  unmasked,
  'half-headers': halfHeaders,
  'big-frames': bigFrames,
  'part-frames': partFrames,
  connections,
  silence,
  'random-cells': randomCells,
  'half-cells': halfCells,
  creates,
  identities,
  posts,
};

async function main(): Promise<void> {
  const [, , kind = '', multiaddr = ''] = process.argv;
  const attack = attacks[kind];
  if (attack === undefined) throw new Error(`no such attack: ${kind}; known are ${Object.keys(attacks).join(', ')}`);
  setPriority(constants.priority.PRIORITY_LOW);
  // What the relay does to it is no concern of the attacker's.
  process.on('uncaughtException', () => undefined);
  process.on('unhandledRejection', () => undefined);
  process.on('disconnect', () => process.exit(0));
  await attack(multiaddr, (what) => process.send?.(what));
  process.send?.({ standing: 1 });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
