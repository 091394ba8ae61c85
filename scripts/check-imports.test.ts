import { describe, expect, it } from 'vitest';
import { faultsOf, importsOf, order, type SourceFile } from './check-imports.ts';

const file = (path: string, text: string): SourceFile => ({ path, imports: importsOf(path, text) });
const faults = (path: string, text: string): string[] => faultsOf([file(path, text)]);

describe('the order of imports', () => {
  it.each([
    ['an earlier folder, through its door', 'src/onion/a.ts', "import { u16 } from '../base/index.ts';"],
    ['its own folder', 'src/onion/a.ts', "import { b } from './b.ts';"],
    ['the seeded chance, in a test', 'src/onion/a.test.ts', "import { testSeed } from '../base/testing.ts';"],
    ['noble as an oracle, in a test', 'src/onion/a.test.ts', "import { x } from '@noble/hashes/sha2.js';"],
    ['a Node door, where a tab does not come', 'src/relay/index.ts', "import { s } from '../store/node.ts';"],
    ['a Node module as a type', 'src/store/index.ts', "import type { A } from 'node:fs';"],
    ['a tab door, from the screen', 'src/ui/main.tsx', "export const open = () => import('../peer/tab.ts');"],
    ['what is loaded only when asked for, when it is asked for', 'src/peer/tab.ts', "export const d = () => import('../link/direct.ts');"],
    ['the WASM package, from crypto', 'src/crypto/a.ts', "import init from '../../wasm/pkg/sotto.js';"],
  ])('allows %s', (_what, path, text) => expect(faults(path, text)).toEqual([]));

  it.each([
    ['a later folder', 'src/base/a.ts', "import { x } from '../onion/index.ts';"],
    ['a later folder for its types', 'src/base/a.ts', "import type { X } from '../onion/index.ts';"],
    ['a later folder in a type expression', 'src/base/a.ts', "export type X = import('../onion/index.ts').X;"],
    ['a later folder at run time', 'src/base/a.ts', "export const x = () => import('../onion/index.ts');"],
    ['a later folder to pass it on', 'src/base/a.ts', "export * from '../onion/index.ts';"],
    ['a folder on its own line', 'src/chat/a.ts', "import { x } from '../files/index.ts';"],
    ['a file behind a door', 'src/onion/a.ts', "import { x } from '../base/bytes.ts';"],
    ['a file behind a door, in a test', 'src/onion/a.test.ts', "import { x } from '../wire/strict.ts';"],
    ['the seeded chance in the product', 'src/onion/a.ts', "import { testSeed } from '../base/testing.ts';"],
    ['a folder that is not in the list', 'src/bin/a.ts', "import { x } from '../utils/index.ts';"],
    ['libp2p outside link', 'src/peer/a.ts', "import { createLibp2p } from 'libp2p';"],
    ['noble outside crypto', 'src/keyring/a.ts', "import { x } from '@noble/curves/ed25519.js';"],
    ['a script', 'src/peer/a.ts', "import { x } from '../../scripts/program.ts';"],
    ['a Node module behind the door of a tab', 'src/store/index.ts', "import { x } from 'node:sqlite';"],
    ['a tab door outside the screen', 'src/peer/index.ts', "import { x } from '../store/tab.ts';"],
    ['what is loaded only when asked for, with the rest', 'src/peer/tab.ts', "import { d } from '../link/direct.ts';"],
    ['a Node door in a tab', 'src/peer/index.ts', "import { x } from '../store/node.ts';"],
  ])('refuses %s', (_what, path, text) => expect(faults(path, text)).toHaveLength(1));

  it('follows what a tab loads through other files', () => {
    const door = file('src/store/index.ts', "export { a } from './a.ts';");
    const inner = file('src/store/a.ts', "import { readFileSync } from 'node:fs';");
    expect(faultsOf([door, inner])).toEqual(['src/store/a.ts: imports node:fs, but a tab loads this file']);
    expect(faultsOf([file('src/store/node.ts', "export { a } from './a.ts';"), inner])).toEqual([]);
  });

  it('keeps what is for tests behind no door', () => {
    const shared = file('src/store/testing.ts', "import { seededRandom } from '../base/testing.ts';");
    expect(faultsOf([file('src/store/index.ts', "export { a } from './testing.ts';"), shared])).toHaveLength(1);
    expect(faultsOf([file('src/peer/a.test.ts', "export { a } from '../store/testing.ts';"), shared])).toEqual([]);
  });

  it('names each folder once', () => {
    const all = order.flat();
    expect(new Set(all).size).toBe(all.length);
  });
});
