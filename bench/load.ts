/**
 * How long it takes until both modules are ready in Chromium, by a processor six times slower than this one (as DevTools slows it: the
 * page's thread, not those that compile beside it).
 *
 *   load-bytes     from the bytes; beside it, by the processor as it is
 *   load-fetched   as the app does it, from an address on this machine, compiled while they come; beside it, the fetching alone
 *
 * Each round has a browser profile of its own, so that nothing is kept compiled, and a page of its own.
 */
import { chromium, type Browser } from '@playwright/test';
import { findChromium, installChromium } from '../scripts/chromium.ts';
import { flags, servePage } from './chromium.ts';
import type { Loading } from './page/load.ts';
import { rowOf, type Row } from '../src/crypto/race.ts';

const ROUNDS = 41;
const SLOWER = 6;

/** ms until the core is ready in a page of a profile that nothing was kept in. */
async function loaded(browser: Browser, address: string, way: keyof Loading, rate: number): Promise<number> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`${address}load.html`);
    await page.waitForFunction(() => window.sottoLoading !== undefined);
    const session = await context.newCDPSession(page);
    await session.send('Emulation.setCPUThrottlingRate', { rate });
    const ms = await page.evaluate((name) => window.sottoLoading?.[name](), way);
    if (ms === undefined) throw new Error('the page does not load the core');
    return ms;
  } finally {
    await context.close();
  }
}

export async function* loadRows(): AsyncGenerator<Row> {
  const page = await servePage();
  const browser = await chromium.launch({ executablePath: findChromium() ?? (await installChromium()), args: flags });
  try {
    const one = (way: keyof Loading, rate = SLOWER): Promise<number> => loaded(browser, page.address, way, rate);
    // The first is of a browser that has just begun.
    await one('fetched');
    const [bytes, fetched] = [[], []] as [Record<string, number>[], Record<string, number>[]];
    for (let i = 0; i < ROUNDS; i++) {
      bytes.push({ ours: await one('bytes'), 'not-slowed': await one('bytes', 1) });
      fetched.push({ ours: await one('fetched'), 'fetch-alone': await one('fetchAlone') });
    }
    yield rowOf('load-bytes', 'ms', bytes);
    yield rowOf('load-fetched', 'ms', fetched);
  } finally {
    await browser.close();
    page.close();
  }
}
