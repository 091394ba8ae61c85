import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { inRoot } from './program.ts';

interface Entry {
  readonly version?: string;
  readonly optional?: boolean;
  readonly peer?: boolean;
}

const packagesOf = (path: string): Record<string, Entry> =>
  (JSON.parse(readFileSync(inRoot(path), 'utf8')) as { readonly packages: Record<string, Entry> }).packages;

it('names nothing that npm ci leaves out, or every start would install again', () => {
  const there = packagesOf('node_modules/.package-lock.json');
  const absent = Object.entries(packagesOf('package-lock.json')).filter(
    ([path, { version, optional, peer }]) => path !== '' && optional !== true && peer !== true && there[path]?.version !== version,
  );
  expect(absent.map(([path]) => path)).toEqual([]);
});
