/** The screen alone, over a scripted peer: every place in light and dark, wide and narrow, by roles and names, under the strict policy. */
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium, expect, test, type Browser, type BrowserContextOptions, type Page } from '@playwright/test';
import { build } from 'vite';
import { chromiumPath } from '../playwright.config.ts';
import { createPageServer } from '../scripts/page-server.ts';
import { garden, garden2, type Scene } from './pages/scenes.ts';
import type {} from './pages/screen.tsx';

const root = resolve(import.meta.dirname, '..');
const wide = { width: 1280, height: 800 };
const phone = { width: 390, height: 844 };

let dist: string;
let browser: Browser;
let url: string;
let stopServer: () => Promise<void>;

test.beforeAll(async () => {
  dist = mkdtempSync(join(tmpdir(), 'sotto-screen-'));
  await build({
    configFile: false,
    root: join(root, 'e2e/pages'),
    publicDir: join(root, 'public'),
    logLevel: 'warn',
    build: {
      outDir: dist,
      emptyOutDir: true,
      target: 'es2022',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      rolldownOptions: { input: join(root, 'e2e/pages/screen.html') },
    },
  });
  const server = createPageServer(Promise.resolve({ dist, anchors: '{}', origins: [] }), () => undefined);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/screen.html`;
  stopServer = () =>
    new Promise((closed) => {
      server.close(() => closed());
      server.closeAllConnections();
    });
  browser = await chromium.launch({ ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }), args: ['--no-sandbox'] });
});

test.afterAll(async () => {
  await browser.close();
  await stopServer();
  rmSync(dist, { recursive: true, force: true });
});

interface Opened {
  readonly page: Page;
  /** Console errors, policy violations, uncaught errors. */
  readonly troubles: string[];
  /** What the screen asked of the peer, as [action, …values]. */
  asked(action: string): Promise<unknown[][]>;
}

async function open(scene: Scene | undefined, options: BrowserContextOptions = {}, fragment = ''): Promise<Opened> {
  const context = await browser.newContext({
    viewport: wide,
    locale: 'en-GB',
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
    ...options,
  });
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') troubles.push(message.text());
  });
  page.on('pageerror', (error) => troubles.push(String(error)));
  await page.goto(url + fragment);
  await page.waitForFunction(() => 'script' in window);
  if (scene !== undefined) await page.evaluate(scene);
  await page.evaluate(() => window.script.start());
  const asked = (action: string): Promise<unknown[][]> =>
    page.evaluate((name) => window.script.peer.asked.map((text) => JSON.parse(text) as unknown[]).filter(([first]) => first === name), action);
  return { page, troubles, asked };
}

const message = (page: Page) => page.getByRole('textbox', { name: 'Message', exact: true });
const log = (page: Page) => page.getByRole('log', { name: 'Messages' });

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 140)).join(' | ')}`);
  expect(told).toEqual([]);
}

interface Place {
  readonly name: string;
  readonly scene?: Scene;
  readonly fragment?: string;
  readonly reach?: (page: Page) => Promise<void>;
}

const preview: Scene = () => {
  window.script.peer.preview_ = { inviterName: 'Ana', roomName: 'Harbour garden', people: 3, expires: Date.now() + 5 * 86_400_000 };
};

async function openPanel(page: Page, tab: 'People' | 'Network'): Promise<void> {
  const toggle = page.getByRole('button', { name: 'About this room' });
  if ((await page.getByRole('tab', { name: tab }).count()) === 0) await toggle.click();
  await page.getByRole('tab', { name: tab }).click();
}

const places: readonly Place[] = [
  { name: 'welcome', reach: async (page) => expect(page.getByRole('button', { name: 'New room' })).toBeVisible() },
  { name: 'welcome-link', reach: async (page) => page.getByRole('button', { name: 'I have a link' }).click() },
  { name: 'arrive', scene: preview, fragment: '#AQ', reach: async (page) => expect(page.getByRole('button', { name: 'Join' })).toBeVisible() },
  {
    name: 'refused',
    scene: () => {
      window.script.peer.preview_ = 'expired';
    },
    fragment: '#AQ',
    reach: async (page) => expect(page.getByText('This link has expired.')).toBeVisible(),
  },
  { name: 'room', scene: garden },
  { name: 'network', scene: garden, reach: (page) => openPanel(page, 'Network') },
  { name: 'people', scene: garden, reach: (page) => openPanel(page, 'People') },
  {
    name: 'invite',
    scene: garden,
    reach: async (page) => {
      await page.getByRole('button', { name: 'Invite', exact: true }).click();
      await expect(page.getByRole('img', { name: 'QR code of the link' })).toBeVisible();
    },
  },
  { name: 'troubles', scene: garden2 },
  {
    name: 'new-room',
    scene: () => {
      window.script.peer.patch({ name: 'Quiet Heron' });
      window.script.peer.patchRoom('spring', { name: 'Spring plans' });
    },
    reach: async (page) => expect(page.getByText('Nobody else yet.')).toBeVisible(),
  },
  {
    name: 'ended',
    scene: () => {
      window.script.peer.patch({ name: 'Quiet Heron' });
      window.script.peer.patchRoom('spring', { name: 'Spring plans', standing: 'removed', people: 2 });
    },
    reach: async (page) => expect(page.getByText('You were removed from this room.')).toBeVisible(),
  },
  {
    name: 'other-tab',
    scene: () => {
      window.script.tab.active = false;
    },
    reach: async (page) => expect(page.getByRole('button', { name: 'Use here' })).toBeVisible(),
  },
  {
    name: 'refused-storage',
    scene: () => {
      window.script.refuses = 'The browser refused to open its database.';
    },
    reach: async (page) => expect(page.getByText('This browser will not let Sotto keep anything')).toBeVisible(),
  },
];

for (const [size, viewport] of Object.entries({ wide, phone })) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`every place is accessible and keeps the policy: ${size}, ${colorScheme}`, async () => {
      for (const place of places) {
        await test.step(place.name, async () => {
          const { page, troubles } = await open(place.scene, { viewport, colorScheme, hasTouch: size === 'phone' }, place.fragment);
          await place.reach?.(page);
          if (place.scene === garden || place.scene === garden2) await expect(log(page).getByRole('article').first()).toBeVisible();
          await page.screenshot({ path: `test-results/screen/${place.name}-${size}-${colorScheme}.png` });
          await expectAccessible(page);
          expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
          expect(troubles).toEqual([]);
          await page.context().close();
        });
      }
    });
  }
}
