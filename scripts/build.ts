/** Builds the app into dist/, but only when something that goes into it has changed. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot, root } from './program.ts';

const inputs = ['src', 'index.html', 'public', 'wasm/pkg', 'vite.config.ts', 'package-lock.json'];
const dist = inRoot('dist');

function filesIn(path: string): string[] {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path)
    .toSorted()
    .flatMap((name) => filesIn(join(path, name)));
}

/** A hash over the names and contents of all that the build reads. */
function inputHash(): string {
  const hash = createHash('sha256');
  const files = inputs.flatMap((input) => filesIn(inRoot(input))).filter((file) => !/\.test\.tsx?$|\.md$/.test(file));
  for (const file of files) {
    const content = readFileSync(file);
    hash.update(`${file.slice(root.length)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

const stampIn = (folder: string): string => join(folder, '.inputs');

const isFresh = (hash: string): boolean => existsSync(stampIn(dist)) && readFileSync(stampIn(dist), 'utf8') === hash;

/** Returns the folder of the built app. Builds beside it and then switches, so that dist/ is whole whenever it is there. */
export async function buildApp(): Promise<string> {
  const hash = inputHash();
  if (isFresh(hash)) return dist;
  const started = Date.now();
  const fresh = inRoot(`.cache/dist-${process.pid}`);
  const old = inRoot(`.cache/dist-old-${process.pid}`);
  const { build } = await import('vite');
  try {
    await build({ root, logLevel: 'warn', build: { outDir: fresh, emptyOutDir: true } });
    writeFileSync(stampIn(fresh), hash);
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(fresh, dist);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
  console.log(`Built the app in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return dist;
}
