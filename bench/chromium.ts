/** The core's rows in Chromium: a page of its own, cross-origin isolated, so that its clock ticks in 5 µs. Their ids begin with `chromium-`. */
import { createReadStream, existsSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from '@playwright/test';
import { findChromium, installChromium } from '../scripts/chromium.ts';
import { inRoot } from '../scripts/program.ts';
import type { Verdict } from './dudect.ts';
import type { Row } from '../src/crypto/race.ts';

export const flags = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const types: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };

async function buildPage(): Promise<string> {
  const outDir = inRoot(`.cache/bench-page-${process.pid}`);
  const { build } = await import('vite');
  const root = fileURLToPath(new URL('page/', import.meta.url));
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2022',
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      rolldownOptions: { input: ['index.html', 'load.html'].map((name) => `${root}${name}`) },
    },
  });
  return outDir;
}

async function serve(folder: string) {
  const server = createServer(({ url = '/' }, response) => {
    const path = normalize(new URL(url, 'http://localhost').pathname);
    const file = join(folder, path === '/' ? 'index.html' : path);
    if (!existsSync(file)) return void response.writeHead(404).end();
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin').setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    response.setHeader('Content-Type', types[extname(file)] ?? 'application/octet-stream');
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the page is served at no port');
  return { address: `http://127.0.0.1:${bound.port}/`, close: () => void server.close() };
}

/** Builds the pages of page/ and serves them. */
export async function servePage() {
  const folder = await buildPage();
  const { address, close } = await serve(folder);
  return {
    address,
    close: () => {
      close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Has `work` done in a tab with the page. */
async function* inPage<T>(work: (tab: Page) => AsyncIterable<T>): AsyncGenerator<T> {
  const page = await servePage();
  const browser = await chromium.launch({ executablePath: findChromium() ?? (await installChromium()), args: flags });
  try {
    const tab = await browser.newPage();
    await tab.goto(page.address);
    await tab.waitForFunction(() => window.sottoBench !== undefined);
    yield* work(tab);
  } finally {
    await browser.close();
    page.close();
  }
}

export const pageRows = (): AsyncGenerator<Row> =>
  inPage(async function* (tab) {
    const parts = await tab.evaluate(() => window.sottoBench?.parts ?? []);
    if (parts.length === 0) throw new Error('the page has no rows');
    for (const { name, ids } of parts) {
      const rows = await tab.evaluate((part) => window.sottoBench?.run(part) ?? [], name);
      for (const row of rows) yield { ...row, id: `chromium-${row.id}` };
      const lost = ids.filter((id) => rows.every((row) => row.id !== id));
      if (lost.length > 0) throw new Error(`the page gave no ${lost.join(', ')}`);
    }
  });

/** What `judge` of dudect.ts finds in the page, the planted leak first. */
export const pageVerdicts = (samples: number): AsyncGenerator<Verdict> =>
  inPage(async function* (tab) {
    const many = await tab.evaluate(() => window.sottoBench?.subjects ?? 0);
    for (let i = 0; i < many; i++) {
      const verdict = await tab.evaluate(([index = 0, count = 0]) => window.sottoBench?.judge(index, count), [i, samples]);
      if (verdict === undefined) throw new Error(`the page has no subject ${i}`);
      yield verdict;
    }
  });
