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

/** `name`: of its HTML file, without the ending. */
export async function builtPage(name: string): Promise<BuiltPage> {
  const root = resolve(import.meta.dirname, 'pages');
  const dist = mkdtempSync(join(tmpdir(), `sotto-${name}-`));
  await build({
    configFile: false,
    root,
    publicDir: false,
    logLevel: 'warn',
    build: {
      outDir: dist,
      emptyOutDir: true,
      target: 'es2022',
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      rolldownOptions: { input: join(root, `${name}.html`) },
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
