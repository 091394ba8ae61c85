import { createHash } from 'node:crypto';
import react from '@vitejs/plugin-react';
import { build, defineConfig, type Plugin } from 'vite';

/** What may be left for later: pictures of the app for the system's own lists, which a page never asks for. */
const notKept = /\.(map|png)$/;

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
      const files = built.map(({ fileName }) => (fileName === 'index.html' ? '/' : `/${fileName}`));
      const release = { version: hash.digest('hex').slice(0, 16), files: [...files, '/icon.svg', '/manifest.webmanifest'].toSorted() };
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
