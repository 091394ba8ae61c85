/** The screen alone, over a scripted peer: every place in light and dark, wide and narrow, by roles and names, under the strict policy. */
import { AxeBuilder } from '@axe-core/playwright';
import { chromium, expect, test, type Browser, type BrowserContextOptions, type Page } from '@playwright/test';
import decodeQR from 'qr/decode.js';
import { chromiumPath } from '../playwright.config.ts';
import { builtPage, type BuiltPage } from './built-page.ts';
import { garden, garden2, type Scene } from './pages/scenes.ts';
import type { RoomPatch } from './pages/scripted-peer.ts';

const wide = { width: 1280, height: 800 };
const phone = { width: 390, height: 844 };

test.setTimeout(60_000);

let built: BuiltPage;
let browser: Browser;

test.beforeAll(async () => {
  built = await builtPage('screen', true);
  browser = await chromium.launch({ ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }), args: ['--no-sandbox'] });
});

test.afterAll(async () => {
  await browser.close();
  await built.close();
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
  await page.goto(built.url + fragment);
  await page.waitForFunction(() => 'script' in window);
  if (scene !== undefined) await page.evaluate(scene);
  await page.evaluate(() => window.script.start());
  const asked = (action: string): Promise<unknown[][]> =>
    page.evaluate(
      (name) => window.script.peer.asked.map((text) => JSON.parse(text) as unknown[]).filter(([first]) => first === name),
      action,
    );
  return { page, troubles, asked };
}

const message = (page: Page) => page.getByRole('textbox', { name: 'Message', exact: true });
const log = (page: Page) => page.getByRole('log', { name: 'Messages' });

/** In the dark, only what differs there: contrast. */
async function expectAccessible(page: Page, colorScheme: 'light' | 'dark'): Promise<void> {
  // One frame only, so no second page is needed to put results together.
  const axe = new AxeBuilder({ page }).setLegacyMode(true);
  if (colorScheme === 'dark') axe.withRules(['color-contrast']);
  else axe.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']);
  const { violations } = await axe.analyze();
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
  if ((await toggle.getAttribute('aria-expanded')) === 'false') await toggle.click();
  await page.getByRole('tab', { name: tab }).click();
}

/** How it stands with direct links in the room that is open. */
const directly = (page: Page, direct: NonNullable<RoomPatch['direct']>): Promise<void> =>
  page.evaluate((given) => void window.script.peer.patchRoom('garden', { direct: given }), direct);

const places: readonly Place[] = [
  { name: 'welcome', reach: async (page) => expect(page.getByRole('button', { name: 'New room' })).toBeVisible() },
  { name: 'welcome-link', reach: async (page) => page.getByRole('button', { name: 'I have a link' }).click() },
  {
    name: 'arrive',
    scene: preview,
    fragment: '#AQ',
    reach: async (page) => expect(page.getByRole('button', { name: 'Join' })).toBeVisible(),
  },
  {
    name: 'refused',
    scene: () => {
      window.script.peer.preview_ = 'expired';
    },
    fragment: '#AQ',
    reach: async (page) => expect(page.getByText('This link has expired.')).toBeVisible(),
  },
  { name: 'room', scene: garden, reach: async (page) => expect(log(page).getByRole('article').last()).toBeVisible() },
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
  {
    name: 'rooms',
    scene: garden,
    reach: async (page) => {
      const back = page.getByRole('button', { name: 'Back to rooms' });
      await expect(log(page)).toBeVisible();
      if (await back.isVisible()) await back.click();
      await expect(page.getByRole('list', { name: 'Rooms' })).toBeVisible();
    },
  },
  {
    name: 'confirm',
    scene: garden,
    reach: async (page) => {
      await openPanel(page, 'People');
      await page.getByRole('button', { name: 'Remove Ana' }).click();
      await expect(page.getByRole('dialog', { name: 'Remove Ana?' })).toBeVisible();
    },
  },
  {
    name: 'direct-asked',
    scene: garden,
    reach: async (page) => {
      await directly(page, { possible: true, chosen: false, agreed: ['Ana', 'Emeka'], linked: [] });
      await expect(page.getByText('Ana and Emeka would like to talk directly.')).toBeVisible();
    },
  },
  {
    name: 'direct-consent',
    scene: garden,
    reach: async (page) => {
      await directly(page, { possible: true, chosen: false, agreed: ['Ana'], linked: [] });
      await page.getByRole('button', { name: 'What it means' }).click();
      await expect(page.getByRole('dialog', { name: 'Talk directly?' })).toBeVisible();
    },
  },
  {
    name: 'direct-linked',
    scene: garden,
    reach: async (page) => {
      await openPanel(page, 'Network');
      await directly(page, { possible: true, chosen: true, agreed: ['Ana', 'Emeka'], linked: ['Ana'], words: 'Direct · 1 person' });
      await page.getByRole('radio', { name: 'Direct' }).scrollIntoViewIfNeeded();
      await expect(page.getByRole('radio', { name: 'Direct' })).toBeChecked();
    },
  },
  { name: 'troubles', scene: garden2, reach: async (page) => expect(log(page).getByRole('article').last()).toBeVisible() },
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

/** The room with the others' side: they say something. */
const othersSay = (page: Page, text: string): Promise<void> =>
  page.evaluate((said) => {
    const { peer, idOf } = window.script;
    const room = peer.room(peer.view().rooms[0]?.id as Parameters<typeof peer.room>[0]);
    const author = idOf('Ana') as NonNullable<typeof room>['members'][number]['id'];
    const id = `other ${room?.timeline.length}`;
    peer.append('garden', { type: 'message', id, author, authorName: 'Ana', mine: false, text: said, at: Date.now(), clockWrong: false });
  }, text);

const aRoom: Scene = () => {
  window.script.peer.patch({ name: 'Quiet Heron' });
  window.script.peer.patchRoom('garden', { name: 'Harbour garden', people: 2 });
};

const atEnd = (page: Page): Promise<number> =>
  log(page).evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight);

test('first visit: a made-up name, changed or not, and a room at once', async () => {
  const { page, asked } = await open(undefined);
  const name = page.getByRole('textbox', { name: 'You’ll be known as' });
  const made = await name.inputValue();
  expect(made).toMatch(/^\w+ \w+$/);
  await page.getByRole('button', { name: 'Suggest another name' }).click();
  await expect(name).not.toHaveValue(made);
  await name.fill('  Slow   Cedar ');
  await page.getByRole('button', { name: 'New room' }).click();
  await expect(message(page)).toBeFocused();
  expect(await asked('rename')).toEqual([['rename', 'Slow Cedar']]);
  expect(await asked('newRoom')).toHaveLength(1);
  await page.context().close();
});

test('writing: Enter sends, Shift-Enter begins a line, an input method keeps its Enter; states are said', async () => {
  const { page, asked } = await open(aRoom);
  await message(page).fill('one');
  await message(page).press('Shift+Enter');
  await message(page).pressSequentially('two');
  await message(page).dispatchEvent('keydown', { key: 'Enter', keyCode: 229, bubbles: true });
  expect(await asked('say')).toEqual([]);
  await message(page).press('Enter');
  expect(await asked('say')).toEqual([['say', 'one\ntwo']]);
  await expect(message(page)).toHaveValue('');
  await page.getByRole('button', { name: 'Send' }).click();
  expect(await asked('say')).toHaveLength(1);

  const bubble = log(page).getByRole('article');
  const told = { queued: 'Waiting for a relay', sent: 'Sent', delivered: 'Delivered', read: 'Read' } as const;
  for (const [state, text] of Object.entries(told)) {
    await page.evaluate((next) => {
      const { peer, idOf } = window.script;
      const id = idOf('garden') as Parameters<typeof peer.setState>[0];
      peer.setState(id, 'said 0', next as 'sent');
    }, state);
    await expect(bubble).toHaveAttribute('data-state', state);
    await expect(log(page).getByText(text, { exact: true })).toBeVisible();
  }
  await page.evaluate(() => {
    const { peer, idOf } = window.script;
    peer.setState(idOf('garden') as Parameters<typeof peer.setState>[0], 'said 0', 'failed');
  });
  await page.getByRole('button', { name: 'Retry' }).click();
  expect(await asked('retry')).toEqual([['retry', 'said 0']]);
  await page.evaluate(() => {
    const { peer, idOf } = window.script;
    peer.setState(idOf('garden') as Parameters<typeof peer.setState>[0], 'said 0', 'failed');
  });
  await log(page).getByRole('button', { name: 'Delete' }).click();
  await expect(bubble).toHaveCount(0);

  await page.evaluate(() => {
    window.script.peer.fails = 'This device is full.';
  });
  await message(page).fill('kept');
  await message(page).press('Enter');
  await expect(page.getByText('This device is full.')).toBeVisible();
  await expect(message(page)).toHaveValue('kept');
  await page.context().close();
});

test('the log follows its end, and never moves while one reads', async () => {
  const { page, asked } = await open(aRoom);
  for (let i = 0; i < 60; i += 1) await othersSay(page, `line ${i}`);
  await expect(log(page).getByRole('article')).toHaveCount(60);
  await expect.poll(() => atEnd(page)).toBeLessThan(4);
  await expect.poll(() => page.title()).toBe('Sotto');

  await log(page).hover();
  await page.mouse.wheel(0, -900);
  await expect(page.getByRole('button', { name: /Jump to latest/ })).toBeVisible();
  const seen = page.getByText('line 30', { exact: true });
  const before = (await seen.boundingBox())?.y;
  await page.evaluate(() => {
    window.script.peer.asked.length = 0;
    window.script.peer.patchRoom('garden', { unread: 2 });
  });
  await page.evaluate(() => window.script.peer.patchRoom('garden', { firstUnread: 'other 59' }));
  await othersSay(page, 'new one');
  await othersSay(page, 'new two');
  await expect(page.getByRole('button', { name: 'Jump to latest 2 new' })).toBeVisible();
  expect((await seen.boundingBox())?.y).toBe(before);
  await expect.poll(() => page.title()).toBe('(2) Sotto');
  expect(await asked('markRead')).toEqual([]);

  await page.getByRole('button', { name: /Jump to latest/ }).click();
  await expect.poll(() => atEnd(page)).toBeLessThan(4);
  await expect.poll(() => asked('markRead')).toEqual([['markRead', 'Harbour garden']]);
  await expect.poll(() => page.title()).toBe('Sotto');
  await expect(page.getByRole('button', { name: /Jump to latest/ })).toHaveCount(0);
  await expect(log(page).getByText(/^New since/)).toHaveCount(0);

  await log(page).hover();
  await page.mouse.wheel(0, -900);
  await expect(page.getByRole('button', { name: /Jump to latest/ })).toBeVisible();
  await message(page).fill('one’s own word is seen');
  await message(page).press('Enter');
  await expect(log(page).getByText('one’s own word is seen')).toBeInViewport();
  await expect.poll(() => atEnd(page)).toBeLessThan(4);
  await page.context().close();
});

test('a long room opens at what is new, with that in view', async () => {
  const { page } = await open(() => {
    const { peer, idOf } = window.script;
    type Room = NonNullable<ReturnType<typeof peer.room>>;
    const author = idOf('Ana') as Room['members'][number]['id'];
    peer.patch({ name: 'Quiet Heron' });
    const timeline = Array.from({ length: 800 }, (_, i): Room['timeline'][number] => ({
      type: 'message',
      id: `m${i}`,
      author,
      authorName: 'Ana',
      mine: false,
      text: `line ${i} ${'and on '.repeat(i % 40)}`,
      at: Date.now() - (800 - i) * 1000,
      clockWrong: false,
    }));
    peer.patchRoom('garden', { name: 'Harbour garden', people: 2, timeline, firstUnread: 'm500', unread: 300 });
  });
  await expect(page.getByText(/^New since/)).toBeInViewport();
  await expect(log(page).getByText(/^line 500/)).toBeInViewport();
  expect(await log(page).getByRole('article').count()).toBeLessThan(800);
  await page.getByRole('button', { name: /Jump to latest/ }).click();
  await expect(log(page).getByText(/^line 799/)).toBeInViewport();
  await page.context().close();
});

test('the room that is open stays, whatever is said elsewhere', async () => {
  const { page } = await open(aRoom);
  await expect(page.getByRole('heading', { name: 'Harbour garden' })).toBeVisible();
  await page.evaluate(() => {
    const { peer } = window.script;
    const ferry = peer.patchRoom('ferry', { name: 'Night ferry', people: 2, unread: 1 });
    peer.patch({ rooms: peer.view().rooms.toSorted((a) => (a.id === ferry ? -1 : 1)) });
  });
  await expect(page.getByRole('list', { name: 'Rooms' }).getByRole('listitem').first()).toContainText('Night ferry');
  await expect(page.getByRole('heading', { name: 'Harbour garden' })).toBeVisible();
  await page.context().close();
});

test('others’ words are text: links show their host, names keep their own direction, nothing becomes markup', async () => {
  const { page, troubles } = await open(aRoom);
  await othersSay(page, '<img src=x onerror=alert(1)> see https://user@evil.example and (https://пример.example/a?b=c#d).');
  const links = log(page).getByRole('link');
  await expect(links).toHaveCount(1);
  await expect(links).toHaveAttribute('href', 'https://xn--e1afmkfd.example/a?b=c#d');
  await expect(links).toHaveText('xn--e1afmkfd.example/a?b=c#d');
  await expect(links).toHaveAttribute('rel', 'noopener noreferrer');
  await expect(links).toHaveAttribute('target', '_blank');
  await expect(log(page).getByRole('article')).toContainText('<img src=x onerror=alert(1)> see https://user@evil.example and (');
  await expect(log(page).locator('img')).toHaveCount(0);
  expect(troubles).toEqual([]);
  await page.context().close();
});

test('an invite: made on opening, copied, other terms, revoked', async () => {
  const { page, asked } = await open(aRoom);
  const invite = page.getByRole('button', { name: 'Invite', exact: true });
  await invite.click();
  const box = page.getByRole('textbox', { name: 'Invite link' });
  await expect(box).toHaveValue(/#/);
  expect(await asked('invite')).toEqual([['invite', { uses: 1, hours: 168 }]]);
  await page.keyboard.press('Escape');
  await expect(invite).toBeFocused();
  await invite.click();
  await expect(box).toHaveValue(/#/);
  expect(await asked('invite')).toHaveLength(1);

  await page.getByRole('combobox', { name: 'Can be used' }).selectOption('5 times');
  await expect.poll(async () => (await asked('invite')).at(-1)).toEqual(['invite', { uses: 5, hours: 168 }]);
  await expect.poll(() => asked('revoke')).toHaveLength(1);
  await expect(page.getByRole('list', { name: 'Links still open' }).getByRole('listitem')).toHaveCount(1);
  await page.getByRole('button', { name: 'Copy link' }).click();
  await expect(page.getByText('Copied. It is on the clipboard now.')).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(await box.inputValue());

  await page.getByRole('button', { name: 'Close' }).click();
  await invite.click();
  await expect(page.getByRole('list', { name: 'Links still open' }).getByRole('listitem')).toHaveCount(2);
  await page.getByRole('button', { name: 'Revoke' }).nth(1).click();
  await expect(page.getByText('This link has ended.')).toBeVisible();
  await page.context().close();
});

test('the QR says what the link says', async () => {
  const { page } = await open(aRoom);
  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  const qr = page.getByRole('img', { name: 'QR code of the link' });
  await expect(qr).toBeVisible();
  const { data, info } = await qr.evaluate(async (svg) => {
    const scale = 4;
    const size = (svg as SVGSVGElement).viewBox.baseVal.width * scale;
    const canvas = document.createElement('canvas');
    canvas.width = size;
    canvas.height = size;
    const draw = canvas.getContext('2d');
    const path = new Path2D(svg.querySelector('path')?.getAttribute('d') ?? '');
    if (draw === null) throw new Error('no canvas');
    draw.fillStyle = '#fff';
    draw.fillRect(0, 0, size, size);
    draw.scale(scale, scale);
    draw.fillStyle = '#000';
    // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- a canvas, not an array
    draw.fill(path);
    return { data: [...draw.getImageData(0, 0, size, size).data], info: size };
  });
  const said = decodeQR({ width: info, height: info, data: Uint8Array.from(data) });
  expect(said).toBe(await page.getByRole('textbox', { name: 'Invite link' }).inputValue());
  await page.context().close();
});

test('a link leaves the address bar at once, and is read, joined or refused in words', async () => {
  const { page, asked } = await open(preview, {}, '#AQsecret');
  expect(page.url()).toBe(built.url);
  expect(await page.evaluate(() => history.length)).toBeLessThan(4);
  await expect(page.getByText('Ana', { exact: true })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Harbour garden' })).toBeVisible();
  expect(await asked('preview')).toEqual([['preview', 'AQsecret']]);
  await page.getByRole('textbox', { name: 'They’ll know you as' }).fill('Slow Cedar');
  await page.getByRole('button', { name: 'Join' }).click();
  await expect(message(page)).toBeFocused();
  expect(await asked('join')).toEqual([['join', 'AQsecret', 'Slow Cedar']]);
  expect(await asked('rename')).toEqual([['rename', expect.stringMatching(/^\w+ \w+$/)]]);
  await expect(page.getByText('Waiting to be let in.')).toBeVisible();

  for (const word of ['used', 'expired', 'revoked', 'damaged'] as const) {
    await page.evaluate((refusal) => {
      window.script.peer.preview_ = refusal;
      location.hash = `#${refusal}`;
    }, word);
    await expect(page.getByRole('alert').getByText(new RegExp(`link .*${word}`))).toBeVisible();
    expect(page.url()).toBe(built.url);
    await page.getByRole('button', { name: 'Go on without it' }).click();
    await expect(message(page)).toBeVisible();
  }
  await page.evaluate(() => {
    window.script.peer.preview_ = 'No relay answers yet.';
  });
  await page.getByRole('button', { name: 'I have a link' }).click();
  await page.getByRole('textbox', { name: 'Paste the link' }).fill('https://sotto.example/#AQpasted');
  await page.keyboard.press('Enter');
  await expect(page.getByText('No relay answers yet.')).toBeVisible();
  await page.evaluate(preview);
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('button', { name: 'Join' })).toBeVisible();
  expect((await asked('preview')).at(-1)).toEqual(['preview', 'https://sotto.example/#AQpasted']);
  await page.getByRole('button', { name: 'Not now' }).click();
  await expect(message(page)).toBeVisible();
  await page.context().close();
});

test('another tab: said in words, Use here goes on with the link that came, and giving way stops the peer', async () => {
  const { page, asked } = await open(
    () => {
      window.script.tab.active = false;
      window.script.peer.preview_ = { inviterName: 'Ana', roomName: 'Harbour garden', people: 2, expires: Date.now() + 1e8 };
    },
    {},
    '#AQkept',
  );
  await expect(page.getByText('Sotto is open in another tab')).toBeVisible();
  await expect(page.getByText(/The link you opened is kept/)).toBeVisible();
  expect(page.url()).toBe(built.url);
  await page.getByRole('button', { name: 'Use here' }).click();
  await page.getByRole('button', { name: 'Join' }).click();
  await expect(message(page)).toBeVisible();
  await page.evaluate(() => window.script.tab.set(false));
  await expect(page.getByRole('button', { name: 'Use here' })).toBeVisible();
  await expect.poll(() => asked('stop')).toHaveLength(1);
  await page.evaluate(() => window.script.tab.set(true));
  await expect(message(page)).toBeVisible();
  await page.context().close();
});

test('a browser that keeps nothing: said in words, and tried again', async () => {
  const { page } = await open(() => {
    window.script.refuses = 'The browser refused to open its database.';
  });
  await expect(page.getByRole('alert')).toContainText('This browser will not let Sotto keep anything');
  await page.evaluate(() => {
    window.script.refuses = undefined;
  });
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('button', { name: 'New room' })).toBeVisible();
  await page.context().close();
});

test('what can be done with a room and its people, each asked before', async () => {
  const { page, asked } = await open(garden);
  const people = page.getByRole('list', { name: 'People' });
  await expect(people.getByRole('listitem')).toHaveCount(5);
  await page.getByRole('button', { name: 'Remove Ana' }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('button', { name: 'Remove Ana' })).toBeFocused();
  expect(await asked('removePerson')).toEqual([]);
  await page.getByRole('button', { name: 'Remove Ana' }).click();
  await page.getByRole('button', { name: 'Remove them' }).click();
  await expect(people.getByRole('listitem')).toHaveCount(4);

  await page.getByRole('button', { name: 'Change the room’s name' }).click();
  await page.getByRole('textbox', { name: 'Name of the room' }).fill('Upper garden');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Upper garden' })).toBeVisible();
  await page.getByRole('button', { name: 'Change your name here' }).click();
  await page.getByRole('textbox', { name: 'Your name' }).fill('Warm Owl');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(people.getByText('Warm Owl')).toBeVisible();

  await page.evaluate(() => window.script.peer.patchRoom('garden', { joinRequests: [{ id: 'j1', name: 'Bo', why: 'policy' }] }));
  await page.getByRole('button', { name: 'Let in Bo' }).click();
  expect(await asked('admit')).toEqual([['admit', 'j1', true]]);

  await page.getByRole('button', { name: 'Leave the room' }).click();
  await page.getByRole('button', { name: 'Yes, leave' }).click();
  await expect(page.getByText('You left this room.')).toBeVisible();
  await expect(message(page)).toHaveCount(0);
  await page.getByRole('button', { name: 'Delete the room' }).first().click();
  await page.getByRole('button', { name: 'Yes, delete it' }).click();
  await expect(page.getByRole('list', { name: 'Rooms' }).getByRole('listitem')).toHaveCount(3);
  await page.context().close();
});

test('keeping storage is asked once, after the first delivery', async () => {
  const { page, asked } = await open(aRoom);
  await expect(page.getByRole('button', { name: 'Keep storage' })).toHaveCount(0);
  await page.evaluate(() => window.script.peer.patch({ storage: { askToPersist: true } }));
  await expect(page.getByText(/Clearing this site’s data loses all of them/)).toBeVisible();
  await page.getByRole('button', { name: 'Keep storage' }).click();
  await expect(page.getByText(/The browser will keep your rooms/)).toBeVisible();
  expect(await asked('persist')).toHaveLength(1);
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await page.evaluate(() => window.script.peer.patch({ storage: { askToPersist: true } }));
  await expect(page.getByRole('button', { name: 'Keep storage' })).toHaveCount(0);
  for (const [trouble, words] of Object.entries({
    full: 'This device is full.',
    closed: 'closed Sotto’s storage',
    damaged: 'is damaged',
  })) {
    await page.evaluate((which) => window.script.peer.patch({ storage: { askToPersist: false, trouble: which as 'full' } }), trouble);
    await expect(page.getByRole('alert').getByText(words)).toBeVisible();
  }
  await page.context().close();
});

test('by keyboard alone: a room, a message, the panel, another room, and back out of each layer', async () => {
  const { page, asked } = await open(undefined, { viewport: { width: 900, height: 700 } });
  const press = async (key: string, times = 1): Promise<void> => {
    for (let i = 0; i < times; i += 1) await page.keyboard.press(key);
  };
  await expect(page.getByRole('button', { name: 'New room' })).toBeVisible();
  await press('Tab', 3);
  await expect(page.getByRole('button', { name: 'New room' })).toBeFocused();
  await press('Enter');
  await expect(message(page)).toBeFocused();
  await page.keyboard.type('good evening');
  await press('Enter');
  expect(await asked('say')).toEqual([['say', 'good evening']]);

  const about = page.getByRole('button', { name: 'About this room' });
  await press('Shift+Tab', 2);
  await expect(about).toBeFocused();
  await press('Enter');
  await expect(page.getByRole('tab', { name: 'People' })).toBeFocused();
  await press('ArrowRight');
  await expect(page.getByRole('tab', { name: 'Network' })).toBeFocused();
  await expect(page.getByRole('radio', { name: 'Balanced' })).toBeChecked();
  await press('Escape');
  await expect(about).toBeFocused();
  await expect(page.getByRole('tab', { name: 'Network' })).toHaveCount(0);

  await page.evaluate(() => window.script.peer.patchRoom('ferry', { name: 'Night ferry', people: 2, unread: 3 }));
  await press('Alt+ArrowDown');
  await expect(page.getByRole('heading', { name: 'Night ferry' })).toBeVisible();
  await press('Alt+ArrowUp');
  await expect(page.getByRole('heading', { name: /room/ })).toBeVisible();
  await expect(message(page)).toBeFocused();
  await page.context().close();
});

test('on a phone one place shows at a time, with a way back', async () => {
  const { page } = await open(garden, { viewport: phone, hasTouch: true });
  await expect(log(page)).toBeVisible();
  await expect(page.getByRole('status', { name: 'Connection' })).toHaveText('Private · 3 hops');
  await page.getByRole('button', { name: 'Back to rooms' }).click();
  await expect(log(page)).toBeHidden();
  await page.getByRole('button', { name: /Night ferry crew/ }).click();
  await expect(page.getByRole('heading', { name: /Night ferry crew/ })).toBeVisible();
  await page.getByRole('button', { name: 'About this room' }).click();
  await expect(log(page)).toBeHidden();
  await page.getByRole('button', { name: 'Back to messages' }).click();
  await expect(log(page)).toBeVisible();
  await page.context().close();
});

test('About times the core on this machine, beside what else a page could use', async () => {
  const { page, troubles } = await open(garden);
  await page.getByRole('button', { name: 'About Sotto' }).click();
  const about = page.getByRole('dialog', { name: 'About Sotto' });
  await about.getByRole('button', { name: 'Time it here' }).click();
  const rows = about.getByRole('table').getByRole('row');
  await expect(rows).toHaveCount(7, { timeout: 50_000 });
  await expect(about.getByRole('button', { name: 'Time it here' })).toBeVisible();
  for (const row of (await rows.all()).slice(1)) {
    const [ours = '', noble = ''] = await row.getByRole('cell').allInnerTexts();
    expect(Number(ours)).toBeGreaterThan(0);
    expect(noble).toMatch(/^[\d.]+ × [\d.]+$/);
  }
  await expectAccessible(page, 'light');
  expect(troubles).toEqual([]);
  await page.context().close();
});

test('direct links are chosen by agreeing alone, and left at once', async () => {
  const { page, troubles, asked } = await open(garden);
  await openPanel(page, 'Network');
  const [balanced, direct] = [page.getByRole('radio', { name: 'Balanced' }), page.getByRole('radio', { name: 'Direct' })];
  await expect(balanced).toBeChecked();
  await direct.check();
  const dialog = page.getByRole('dialog', { name: 'Talk directly?' });
  await expect(dialog).toContainText('The people in this room who agree see your network address');
  await expect(dialog).toContainText('relays introduce you to each other');
  // Leaving the question is no consent.
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await expect(balanced).toBeChecked();
  expect(await asked('chooseDirect')).toEqual([]);
  await direct.check();
  await dialog.getByRole('button', { name: 'Agree' }).click();
  await expect(direct).toBeChecked();
  await balanced.check();
  await expect(balanced).toBeChecked();
  expect(await asked('chooseDirect')).toEqual([
    ['chooseDirect', true],
    ['chooseDirect', false],
  ]);
  await directly(page, { possible: false, chosen: false, agreed: [], linked: [] });
  await expect(direct).toBeDisabled();
  expect(troubles).toEqual([]);
  await page.context().close();
});

test('the panels say which relay did what, and who is frozen', async () => {
  const { page, troubles } = await open(garden);
  await openPanel(page, 'Network');
  const conduct = page.getByRole('list', { name: 'What relays did' });
  await expect(conduct.getByRole('listitem')).toHaveText(/low-gate.*A relay did not keep what it said it stored\./s);
  await openPanel(page, 'People');
  const emeka = page.getByRole('list', { name: 'People' }).getByRole('listitem').filter({ hasText: 'Emeka' });
  await expect(emeka).toContainText('Frozen: wrote two different histories');
  expect(troubles).toEqual([]);
  await page.context().close();
});

test('forced colours and right-to-left still hold', async () => {
  const { page, troubles } = await open(garden, { forcedColors: 'active' });
  await page.evaluate(() => {
    document.documentElement.dir = 'rtl';
  });
  await expect(message(page)).toBeVisible();
  await page.screenshot({ path: 'test-results/screen/forced-rtl.png' });
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  expect(troubles).toEqual([]);
  await page.context().close();
});

for (const [size, viewport] of Object.entries({ wide, phone })) {
  test(`every place is accessible, light and dark, and keeps the policy: ${size}`, async () => {
    test.setTimeout(120_000);
    for (const place of places) {
      await test.step(place.name, async () => {
        const { page, troubles } = await open(place.scene, { viewport, colorScheme: 'light', hasTouch: size === 'phone' }, place.fragment);
        await place.reach?.(page);
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme });
          await page.screenshot({ path: `test-results/screen/${place.name}-${size}-${colorScheme}.png` });
          await expectAccessible(page, colorScheme);
        }
        expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
        expect(troubles).toEqual([]);
        await page.context().close();
      });
    }
  });
}
