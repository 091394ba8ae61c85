import { createHash } from 'node:crypto';
import react from '@vitejs/plugin-react';
import { build, defineConfig, type Plugin } from 'vite';

/** What may be left for later: pictures of the app for the system's own lists, which a page never asks for. */
const notKept = /\.(map|png)$/;

/** The core's builds (wasm/pkg): each engine loads two of them, and keeps no others. */
const modules = {
  relaxed: /\/sotto_(cell_relaxed|core_bg)-[^/]*\.wasm$/,
  simd: /\/sotto_(cell|core)_bg-[^/]*\.wasm$/,
  scalar: /\/sotto_(cell|core)_scalar-[^/]*\.wasm$/,
};

/** The release as the service worker knows it: what every engine keeps, and by what the engine can do, the core's two modules. */
function releaseOf(version: string, names: readonly string[]) {
  const paths = names.map((name) => (name === 'index.html' ? '/' : `/${name}`));
  const by = (pattern: RegExp): string[] => {
    const found = paths.filter((path) => pattern.test(path));
    if (found.length !== 2) throw new Error(`the release has ${found.length} modules like ${pattern.source}: want 2`);
    return found;
  };
  return {
    version,
    files: [...paths.filter((path) => !path.endsWith('.wasm')), '/icon.svg', '/manifest.webmanifest'].toSorted(),
    modules: { relaxed: by(modules.relaxed), simd: by(modules.simd), scalar: by(modules.scalar) },
  };
}

/**
 * Makes /sw.js: one file without a hash in its name (its address is its identity), which knows the release by the list of its files.
 * A release whose files differ has another sw.js, and that is how the browser notices it.
 */
function serviceWorker(): Plugin {
  let outDir = 'dist';
  return {
    name: 'sotto-service-worker',
    apply: 'build',
    configResolved(config) {
      outDir = config.build.outDir;
    },
    async writeBundle(_options, bundle) {
      const hash = createHash('sha256');
      const built = Object.values(bundle).filter(({ fileName }) => !notKept.test(fileName));
      for (const file of built.toSorted((a, b) => (a.fileName < b.fileName ? -1 : 1))) {
        hash.update(`${file.fileName}\0`).update(file.type === 'chunk' ? file.code : file.source);
      }
      const names = built.map(({ fileName }) => fileName);
      const release = releaseOf(hash.digest('hex').slice(0, 16), names);
      await build({
        configFile: false,
        publicDir: false,
        logLevel: 'warn',
        define: { SOTTO_RELEASE: JSON.stringify(release) },
        build: {
          outDir,
          emptyOutDir: false,
          copyPublicDir: false,
          target: 'es2022',
          rolldownOptions: { input: 'src/sw/sw.ts', output: { format: 'iife', entryFileNames: 'sw.js' } },
        },
      });
    },
  };
}

export default defineConfig({
  plugins: [react(), serviceWorker()],
  build: {
    target: 'es2022',
    // The policy allows no inline code and no data: but pictures; a file of its own is also cached by its own hash.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1024,
  },
  worker: { format: 'es' },
});
