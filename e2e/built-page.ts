/** A page of e2e/pages, built as the app is and served with the app's headers. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'vite';
import { createPageServer } from '../scripts/page-server.ts';

export interface BuiltPage {
  readonly url: string;
  /** Ends the server; nothing is left on disk. */
  close(): Promise<void>;
}

/** `name`: of its HTML file, without the ending. `withPublic`: the app's icons and other files beside the page. */
export async function builtPage(name: string, withPublic = false): Promise<BuiltPage> {
  const root = resolve(import.meta.dirname, 'pages');
  const dist = mkdtempSync(join(tmpdir(), `sotto-${name}-`));
  await build({
    configFile: false,
    root,
    publicDir: withPublic ? resolve(root, '../../public') : false,
    logLevel: 'warn',
    build: {
      outDir: dist,
      emptyOutDir: true,
      target: 'es2022',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      // Libraries that mark their files for server rendering: nothing to keep here.
      rolldownOptions: { input: join(root, `${name}.html`), checks: { moduleLevelDirective: false } },
    },
  });
  const server = createPageServer(Promise.resolve({ dist, anchors: '{}', origins: [] }), () => undefined);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}.html`,
    async close() {
      await new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      });
      rmSync(dist, { recursive: true, force: true });
    },
  };
}
