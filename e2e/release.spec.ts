/** The app as a thing that is delivered: its policy holds in a real browser, and it opens with no network at all. */
import { cpSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { buildApp } from '../scripts/build.ts';
import { createPageServer } from '../scripts/page-server.ts';
import { SOON } from './drive.ts';
import { expect, startSotto, test } from './fixtures.ts';

test('no inline code, no string as code or HTML, no connection but to the page and the relays', async ({ sotto, people }) => {
  const { page } = await people.open('visitor');
  await page.goto(sotto.url);
  const { outcomes, refused, injected } = await page.evaluate(async () => {
    const refusedAddress = new Promise<string>((resolve) => {
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
        if (effectiveDirective === 'connect-src') resolve(blockedURI);
      });
    });
    const element = document.createElement('script');
    const attempts: Record<string, () => unknown> = {
      html: () => (document.body.innerHTML = '<p>text</p>'),
      script: () => (element.textContent = 'globalThis.injected = true'),
      // oxlint-disable-next-line no-eval -- this is the attempt that has to fail
      code: () => globalThis.eval('globalThis.injected = true'),
      elsewhere: () => fetch('http://127.0.0.1:9/', { mode: 'no-cors' }),
      element: () => document.head.append(Object.assign(document.createElement('script'), { src: 'data:,globalThis.injected=true' })),
    };
    // A debugger's own evaluation may evaluate strings; what it leaves for later may not.
    await new Promise((resolve) => setTimeout(resolve));
    const outcomes: Record<string, string> = {};
    for (const [name, attempt] of Object.entries(attempts)) {
      outcomes[name] = await Promise.try(attempt).then(
        () => 'ran',
        (error: unknown) => (error instanceof Error ? error.name : 'threw'),
      );
    }
    return { outcomes, refused: await refusedAddress, injected: 'injected' in globalThis };
  });
  expect(outcomes).toEqual({ html: 'TypeError', script: 'TypeError', code: 'EvalError', elsewhere: 'TypeError', element: 'TypeError' });
  expect(refused).toBe('http://127.0.0.1:9/');
  expect(injected).toBe(false);
});

test('the first page loads without a word of trouble in the console', async ({ sotto, people }) => {
  const visitor = await people.open('visitor');
  await visitor.page.goto(sotto.url);
  await expect(visitor.page.locator('#root')).not.toBeEmpty();
  await visitor.page.evaluate(() => navigator.serviceWorker.ready);
  expect(visitor.troubles).toEqual([]);
});

test('opens offline, after one visit, from the kept release', async ({ folder, people }) => {
  const sotto = await startSotto({ folder });
  const { page } = await people.open('visitor');
  await page.goto(sotto.url);
  await page.evaluate(() => navigator.serviceWorker.ready);
  const anchors = await page.evaluate(() => fetch('/anchors.json').then((response) => response.text()));
  await sotto.stop();

  await page.goto(sotto.url);
  // With the core: a room can be made.
  await page.getByRole('button', { name: 'New room' }).first().click({ timeout: SOON });
  await expect(page.getByRole('textbox', { name: 'Message', exact: true })).toBeVisible({ timeout: SOON });
  const modules = await page.evaluate(async () => {
    const release = (await caches.keys()).find((name) => name.startsWith('release-')) ?? '';
    const requests = await (await caches.open(release)).keys();
    return requests.map(({ url }) => url).filter((url) => url.endsWith('.wasm'));
  });
  expect(modules, 'of the core’s builds, those of this engine').toHaveLength(2);
  const kept = await page.evaluate(() => fetch('/anchors.json').then((response) => response.text()));
  expect(JSON.parse(kept)).toEqual(JSON.parse(anchors));
  const unknown = await page.evaluate(() => fetch('/something-else').then(String, () => 'no answer'));
  expect(unknown).toBe('no answer');
});

test('the manifest and its icons are there', async ({ sotto, people }) => {
  const { page } = await people.open('visitor');
  await page.goto(sotto.url);
  const sizes = await page.evaluate(async () => {
    const manifest = (await (await fetch('/manifest.webmanifest')).json()) as { icons: { src: string; sizes: string }[] };
    return Promise.all(
      manifest.icons.map(async ({ src, sizes: said }) => {
        const response = await fetch(src);
        if (src.endsWith('.svg')) return { said, real: response.ok ? 'any' : 'missing' };
        const bitmap = await createImageBitmap(await response.blob());
        return { said, real: `${bitmap.width}x${bitmap.height}` };
      }),
    );
  });
  expect(sizes.length).toBeGreaterThan(2);
  for (const { said, real } of sizes) expect(real).toBe(said);
});

/** The next release: the same, but for the name of its style sheet. Returns that file's name before and after. */
function makeNextRelease(dist: string, next: string): { readonly before: string; readonly after: string } {
  cpSync(dist, next, { recursive: true });
  const before = readdirSync(join(next, 'assets')).find((name) => /^index-.*\.css$/.test(name));
  if (before === undefined) throw new Error('the release has no style sheet');
  const after = 'index-next.css';
  renameSync(join(next, 'assets', before), join(next, 'assets', after));
  for (const name of ['index.html', 'sw.js']) {
    const text = readFileSync(join(next, name), 'utf8');
    writeFileSync(join(next, name), text.replaceAll(before, after).replace(/(version:\W)[0-9a-f]{16}/, '$1next'));
  }
  return { before: `/assets/${before}`, after: `/assets/${after}` };
}

/** Serves a release without any relay, until the returned function is called. */
async function serve(dist: string, port: number): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createPageServer(Promise.resolve({ dist, anchors: '{"anchors":[]}', origins: [] }), () => undefined);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port: (server.address() as AddressInfo).port, close };
}

/** Past the browser's own cache, so that only the service worker or the network can answer; 0 when neither does. */
function statusOf(page: Page, path: string): Promise<number> {
  return page.evaluate(async (at) => {
    const response = await fetch(at, { cache: 'no-store' }).catch(() => undefined);
    return response?.status ?? 0;
  }, path);
}

test('a new release waits until the last tab of the old one has gone, and that tab keeps all of its files', async ({ folder, people }) => {
  const dist = await buildApp();
  const next = join(folder, 'next');
  const { before, after } = makeNextRelease(dist, next);
  const visitor = await people.open('visitor');
  const first = await serve(dist, 0);
  const url = `http://localhost:${first.port}/`;
  await visitor.page.goto(url);
  await visitor.page.evaluate(() => navigator.serviceWorker.ready);
  await visitor.page.reload();
  await first.close();

  const second = await serve(next, first.port);
  const waiting = await visitor.page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    await registration.update();
    const installing = registration.installing;
    if (installing !== null) {
      await new Promise<void>((resolve) => {
        installing.addEventListener('statechange', () => {
          if (installing.state !== 'installing') resolve();
        });
      });
    }
    return registration.waiting !== null;
  });
  expect(waiting).toBe(true);
  const visit = visitor.page;
  expect(await statusOf(visit, before)).toBe(200);
  await second.close();
  expect(await statusOf(visit, before)).toBe(200);
  await visitor.close();

  const third = await serve(next, first.port);
  const { page } = await people.open('visitor');
  await page.goto(url);
  await expect.poll(() => page.evaluate(() => caches.keys())).toEqual(expect.arrayContaining(['release-next']));
  await expect
    .poll(async () => (await page.evaluate(() => caches.keys())).filter((name) => name.startsWith('release-')))
    .toEqual(['release-next']);
  await third.close();
  await page.reload();
  await expect(page.locator(`link[href="${after}"]`)).toHaveCount(1);
  expect(await statusOf(page, before)).toBe(0);
});
