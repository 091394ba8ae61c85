/**
 * What a visitor downloads, gzipped at level 9, from a build of this tree.
 *
 *   index.html ──► entry, style, first screen, the tab's claim        first-route: all of it, before the node
 *                          └──► node ──► core.wasm                    all: that too, with icon, manifest and service worker,
 *                                                                       and of the core's builds the two that Chromium takes;
 *                                                                       those two alone: cell, core, and modules for both
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildApp } from '../scripts/build.ts';
import { rowOf, type Row } from '../src/crypto/race.ts';

/** Pictures for the system's lists; a page never asks for them. */
const left = /\.png$|^\./;
/** Builds of the core for engines that can do less than Chromium: it neither loads nor keeps them (src/sw/sw.ts). */
const others = /\/sotto_(cell_bg|cell_scalar|core_scalar)-[^/]*\.wasm$/;
const isText = (file: string): boolean => /\.(html|js|css)$/.test(file);

const kilobytes = (dist: string, files: Iterable<string>): number =>
  [...files].reduce((sum, file) => sum + gzipSync(readFileSync(join(dist, file)), { level: 9 }).length, 0) / 1024;

const baseOf = (file: string): string => file.split('/').at(-1) ?? file;
const textOf = (dist: string, file: string): string => (isText(file) ? readFileSync(join(dist, file), 'utf8') : '');
const named = (text: string, files: readonly string[]): string[] => files.filter((other) => text.includes(baseOf(other)));

/** Whether a file, or one that it imports at once, names the core. */
function bringsCore(dist: string, file: string, files: readonly string[], asked = new Set<string>()): boolean {
  if (asked.has(file)) return false;
  asked.add(file);
  const text = textOf(dist, file);
  if (named(text, files).some((other) => other.endsWith('.wasm'))) return true;
  const atOnce = [...text.matchAll(/(?:\bfrom|\bimport)\s*"([^"]+)"/g)].map(([, path = '']) => path);
  return files.some((other) => atOnce.some((path) => baseOf(path) === baseOf(other)) && bringsCore(dist, other, files, asked));
}

/** All that `start` leads to, by static or dynamic import, but for chunks that bring the core and what only those lead to. */
function beforeNode(dist: string, start: string, files: readonly string[]): Set<string> {
  const reached = new Set<string>();
  const waiting = [start];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (reached.has(file) || bringsCore(dist, file, files)) continue;
    reached.add(file);
    waiting.push(...named(textOf(dist, file), files));
  }
  return reached;
}

export async function* sizeRows(): AsyncGenerator<Row> {
  const dist = await buildApp();
  const files = readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !left.test(entry.name))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(dist.length + 1)
        .replaceAll('\\', '/'),
    );
  if (!files.some((file) => file.endsWith('.wasm')) || !files.some((file) => others.test(file)))
    throw new Error('the build has no core: there is no node to stop before');
  yield rowOf('first-route-gzip', 'KB', [{ ours: kilobytes(dist, beforeNode(dist, 'index.html', files)) }]);
  const loaded = files.filter((file) => !others.test(file));
  yield rowOf('all-gzip', 'KB', [{ ours: kilobytes(dist, loaded) }]);
  const modules = ['cell', 'core'].map((name) => ({ name, file: only(loaded, new RegExp(`/sotto_${name}[^/]*\\.wasm$`)) }));
  for (const { name, file } of modules) yield rowOf(`${name}-gzip`, 'KB', [{ ours: kilobytes(dist, [file]) }]);
  const both = modules.map(({ file }) => file);
  yield rowOf('modules-gzip', 'KB', [{ ours: kilobytes(dist, both) }]);
}

function only(files: readonly string[], like: RegExp): string {
  const [found, ...more] = files.filter((file) => like.test(file));
  if (found === undefined || more.length > 0) throw new Error(`${like}: want one file of the build, got ${more.length + (found ? 1 : 0)}`);
  return found;
}
