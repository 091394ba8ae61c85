/**
 * From the opening of a shared link in Chromium to the first message on the inviter's screen, over three relays each way; a script
 * presses *Join* and *Send* as soon as they are there. Everything runs on this machine: the page's server, five relays, two browsers.
 *
 *   link-to-first-message-cold   a browser that has never seen the page
 *   link-to-first-message-warm   one that has, with its service worker; another room, another link, a tab opened anew
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from '@playwright/test';
import { findChromium, installChromium } from '../scripts/chromium.ts';
import { startSotto } from '../e2e/fixtures.ts';
import { flags } from './chromium.ts';
import { rowOf, type Row } from '../src/crypto/race.ts';

const ROUNDS = 7;
const PATIENCE = 60_000;

const box = (page: Page) => page.getByRole('textbox', { name: 'Message', exact: true });

/** Another room of the host's, and a link to it. */
async function link(host: Page): Promise<string> {
  await host.getByRole('button', { name: 'New room' }).first().click();
  await box(host).waitFor();
  await host.getByRole('button', { name: 'Invite', exact: true }).first().click();
  const shown = host.getByRole('textbox', { name: 'Invite link' });
  await host.waitForFunction(() => document.querySelector<HTMLInputElement>('input[readonly]')?.value.includes('#') === true);
  const value = await shown.inputValue();
  await host.keyboard.press('Escape');
  return value;
}

/** ms from the link's opening in a new tab to the message on the host's screen. */
async function firstMessage(guest: BrowserContext, host: Page, text: string): Promise<number> {
  const opened = await link(host);
  const page = await guest.newPage();
  const seen = host.getByRole('log', { name: 'Messages' }).getByRole('article').filter({ hasText: text });
  const start = performance.now();
  await page.goto(opened, { waitUntil: 'commit' });
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  await box(page).fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
  await seen.waitFor();
  const ms = performance.now() - start;
  await page.close();
  return ms;
}

async function cold(browser: Browser, host: Page): Promise<number> {
  const guest = await browser.newContext();
  guest.setDefaultTimeout(PATIENCE);
  try {
    return await firstMessage(guest, host, `cold ${Math.random()}`);
  } finally {
    await guest.close();
  }
}

async function* inBrowser(browser: Browser, url: string): AsyncGenerator<Row> {
  const host = await (await browser.newContext()).newPage();
  host.setDefaultTimeout(PATIENCE);
  await host.goto(url);
  const guest = await browser.newContext();
  guest.setDefaultTimeout(PATIENCE);
  const first = await guest.newPage();
  await first.goto(url);
  await first.evaluate(async () => void (await navigator.serviceWorker.ready));
  await first.close();
  await firstMessage(guest, host, 'the guest has come');
  const rounds: { readonly cold: number; readonly warm: number }[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    rounds.push({ cold: await cold(browser, host), warm: await firstMessage(guest, host, `warm ${Math.random()}`) });
  }
  const of = (kind: 'cold' | 'warm') => rounds.map((round) => ({ ours: round[kind] }));
  yield rowOf('link-to-first-message-cold', 'ms', of('cold'));
  yield rowOf('link-to-first-message-warm', 'ms', of('warm'));
}

export async function* firstMessageRows(): AsyncGenerator<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-bench-'));
  const sotto = await startSotto({ folder });
  const browser = await chromium.launch({ executablePath: findChromium() ?? (await installChromium()), args: [...flags] });
  try {
    yield* inBrowser(browser, sotto.url);
  } finally {
    await browser.close();
    await sotto.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
