/**
 * The order of the house (ARCHITECTURE.md): a folder of src imports only folders on earlier lines, only through their doors; type
 * imports obey too. This is the one list.
 *
 *   index.ts         the door for everybody
 *   node.ts          the door to parts for Node alone; nothing that a tab loads may reach it, or a `node:` module
 *   tab.ts           the door to parts for a tab alone; for ui, and for other tab.ts
 *   direct.ts        the door to what a tab loads only when it is asked for: by `import()` alone, or it would come with the rest
 *   testing.ts       what tests share: for tests, and for other such files; no door may reach it (contract.ts likewise)
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseSync } from 'vite';
import { inRoot } from './program.ts';

export const order: readonly (readonly string[])[] = [
  ['base'],
  ['crypto'],
  ['wire'],
  ['store'],
  ['link'],
  ['identity'],
  ['directory'],
  ['onion'],
  ['mix'],
  ['mailbox'],
  ['keyring'],
  ['replica'],
  ['room'],
  ['chat', 'files', 'agents', 'trust', 'votes', 'memories'],
  ['relay', 'peer'],
  ['sw'],
  ['ui'],
  ['bin'],
];

/** Packages that one folder alone brings in; its tests and everybody's may use them as oracles. */
const onlyIn: readonly { readonly packages: RegExp; readonly folder: string }[] = [
  { packages: /^(libp2p|@libp2p\/|@multiformats\/)/, folder: 'link' },
  { packages: /^@noble\//, folder: 'crypto' },
  { packages: /^(react|react-dom|virtua|lucide-react)(\/|$)/, folder: 'ui' },
];

/** Folders that never run in a tab. */
const forNode = new Set(['relay', 'bin']);

interface Import {
  readonly specifier: string;
  /** Loaded when it is come to: `import()`. */
  readonly lazy?: boolean;
  /** Erased when the code runs. */
  readonly typeOnly: boolean;
}

export interface SourceFile {
  /** From the root, e.g. `src/onion/circuit.ts`. */
  readonly path: string;
  readonly imports: readonly Import[];
}

const importing = new Set(['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration', 'ImportExpression', 'TSImportType']);

function collect(node: unknown, found: Import[]): void {
  if (Array.isArray(node)) {
    for (const child of node) collect(child, found);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  const { type, source, importKind, exportKind } = node as Record<string, unknown>;
  if (typeof type === 'string' && importing.has(type) && typeof source === 'object' && source !== null && 'value' in source) {
    const typeOnly = importKind === 'type' || exportKind === 'type' || type === 'TSImportType';
    found.push({ specifier: String(source.value), typeOnly, ...(type === 'ImportExpression' && { lazy: true }) });
  }
  for (const child of Object.values(node)) collect(child, found);
}

/** Every import, re-export, dynamic import and import type of a source text. Throws when it does not parse. */
export function importsOf(path: string, text: string): Import[] {
  const { program, errors } = parseSync(path, text);
  if (errors[0] !== undefined) throw new Error(`${path}: ${errors[0].message}`);
  const found: Import[] = [];
  collect(program, found);
  return found;
}

/** What tests of several folders may share. */
const isShared = (path: string): boolean => /[/-](testing|contract)\.tsx?$/.test(path);
const isTest = (path: string): boolean => /\.test\.tsx?$/.test(path) || isShared(path);
const folderOf = (path: string): string => path.split('/')[1] ?? '';
const lineOf = (folder: string): number => order.findIndex((line) => line.includes(folder));

/** What a relative specifier names, from the root; undefined for a package. */
function targetOf(file: SourceFile, { specifier }: Import): string | undefined {
  return specifier.startsWith('.') ? join(dirname(file.path), specifier).replaceAll('\\', '/').split('?')[0] : undefined;
}

function packageFault(file: SourceFile, { specifier }: Import): string | undefined {
  const owner = onlyIn.find(({ packages }) => packages.test(specifier));
  if (owner === undefined || isTest(file.path) || folderOf(file.path) === owner.folder) return undefined;
  return `${specifier} is imported in src/${owner.folder} alone`;
}

function folderFault(file: SourceFile, target: string, { lazy, typeOnly }: Import): string | undefined {
  const [from, to] = [folderOf(file.path), folderOf(target)];
  if (!target.startsWith('src/')) return target.startsWith('wasm/pkg/') && from === 'crypto' ? undefined : 'it leads out of src';
  if (from === to) return undefined;
  if (lineOf(to) < 0) return `src/${to} is not in the list of folders`;
  if (lineOf(to) >= lineOf(from)) return `src/${from} may import only folders on earlier lines`;
  if (isShared(target)) return isTest(file.path) ? undefined : 'it is for tests';
  if (target === `src/${to}/direct.ts`) return lazy === true || typeOnly ? undefined : 'only import() may load it';
  const doors = from === 'ui' || file.path === `src/${from}/tab.ts` ? ['index.ts', 'node.ts', 'tab.ts'] : ['index.ts', 'node.ts'];
  return doors.some((door) => target === `src/${to}/${door}`) ? undefined : 'it goes past the door';
}

/** All that runs when `start` is loaded: itself and what it imports, types aside. */
function reach(start: string, files: ReadonlyMap<string, SourceFile>): Set<string> {
  const reached = new Set<string>();
  const waiting = [start];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const file = files.get(path);
    if (file === undefined || reached.has(path)) continue;
    reached.add(path);
    for (const one of file.imports) {
      const target = one.typeOnly ? undefined : targetOf(file, one);
      if (target !== undefined) waiting.push(target);
    }
  }
  return reached;
}

/** What leads from a door to what is for tests, and what a tab would load and could not run. */
function doorFaults(files: ReadonlyMap<string, SourceFile>): string[] {
  const doors = [...files.keys()].filter((path) => /^src\/[^/]+\/(index|tab)\.tsx?$|^src\/ui\/main\.tsx$|^src\/sw\/sw\.ts$/.test(path));
  const shared = doors.flatMap((door) =>
    [...reach(door, files)].filter(isShared).map((path) => `${door}: leads to ${path}, which is for tests`),
  );
  const inTab = new Set(doors.filter((path) => !forNode.has(folderOf(path))).flatMap((path) => [...reach(path, files)]));
  const foreign = [...inTab].flatMap((path) => {
    const values = (files.get(path)?.imports ?? []).filter(({ typeOnly }) => !typeOnly);
    return values
      .filter(({ specifier }) => specifier.startsWith('node:') || specifier.endsWith('/node.ts'))
      .map(({ specifier }) => `${path}: imports ${specifier}, but a tab loads this file`);
  });
  return [...shared, ...foreign];
}

/** One sentence for each import that breaks the order. */
export function faultsOf(sources: readonly SourceFile[]): string[] {
  const faults = sources.flatMap((file) =>
    file.imports.flatMap((one) => {
      const target = targetOf(file, one);
      const fault = target === undefined ? packageFault(file, one) : folderFault(file, target, one);
      return fault === undefined ? [] : [`${file.path}: imports ${one.specifier}, but ${fault}`];
    }),
  );
  return [...faults, ...doorFaults(new Map(sources.map((file) => [file.path, file])))].toSorted();
}

export function readSources(): SourceFile[] {
  return readdirSync(inRoot('src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.name.endsWith('.d.ts'))
    .map((entry) => relative(inRoot('.'), join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .map((path) => ({ path, imports: importsOf(path, readFileSync(inRoot(path), 'utf8')) }));
}
