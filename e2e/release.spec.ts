/** The app as a thing that is delivered: its policy holds in a real browser, and it opens with no network at all. */
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
  await expect(page.locator('#root')).not.toBeEmpty();
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
