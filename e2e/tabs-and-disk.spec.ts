/** A second tab, a browser that keeps nothing, and a disk that is full: said in words, with nothing lost that was shown as sent. */
import type { Page } from '@playwright/test';
import { bubble, comeBack, hears, invite, joinAs, messages, newRoom, reaches, say, SOON } from './drive.ts';
import { expect, test } from './fixtures.ts';

test.setTimeout(240_000);

const message = (page: Page) => page.getByRole('textbox', { name: 'Message', exact: true });

/** This tab is not the active one, and says so. */
async function givesWay(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { name: 'Sotto is open in another tab' })).toBeVisible({ timeout: SOON });
  await expect(page.getByRole('button', { name: 'Use here' })).toBeVisible();
  await expect(message(page)).toHaveCount(0);
}

async function useHere(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Use here' }).click();
  await expect(message(page)).toBeVisible({ timeout: SOON });
}

test('a second tab says so, takes over when asked to, and nothing is lost on the way', async ({ sotto, people }) => {
  const ana = await people.open('ana');
  await newRoom(ana.page, sotto.url);
  const link = await invite(ana.page);
  const ben = await people.open('ben');
  await joinAs(ben.page, link, 'Ben');
  await say(ben.page, 'from ben');
  await hears(ana, 'from ben');

  const second = await ana.context.newPage();
  await second.goto(sotto.url);
  await givesWay(second);
  // Still on its way when the other tab takes over.
  const early = Array.from({ length: 8 }, (_, i) => `first tab ${i}`);
  for (const text of early) await say(ana.page, text);
  await useHere(second);
  await givesWay(ana.page);
  for (const text of ['from ben', ...early]) await expect(bubble(second, text)).toHaveCount(1, { timeout: SOON });
  await say(second, 'second tab');
  for (const text of [...early, 'second tab']) {
    await hears(ben, text);
    await reaches(second, text, ['delivered', 'read']);
  }

  await useHere(ana.page);
  await givesWay(second);
  await expect(bubble(ana.page, 'second tab')).toHaveCount(1, { timeout: SOON });
  await say(ana.page, 'first tab again');
  await hears(ben, 'first tab again');
  // A tab that is closed leaves its place to the one that waits.
  await ana.page.close();
  await expect(bubble(second, 'first tab again')).toHaveCount(1, { timeout: SOON });
  await say(second, 'on its own');
  await hears(ben, 'on its own');
  await expect(messages(ben.page).getByRole('article')).toHaveCount(early.length + 4);
  expect([...ana.troubles, ...ben.troubles]).toEqual([]);
});

test('a link that opens in a second tab waits there for Use here', async ({ sotto, people }) => {
  const ana = await people.open('ana');
  await newRoom(ana.page, sotto.url);
  const link = await invite(ana.page);
  const ben = await people.open('ben');
  await newRoom(ben.page, sotto.url);
  const second = await ben.context.newPage();
  await second.goto(link);
  await givesWay(second);
  await expect(second.getByText('The link you opened is kept, and goes on here.')).toBeVisible();
  expect(second.url()).not.toContain('#');
  await second.getByRole('button', { name: 'Use here' }).click();
  await second.getByRole('button', { name: 'Join', exact: true }).click({ timeout: SOON });
  await expect(message(second)).toBeVisible({ timeout: SOON });
  await expect(second.getByRole('list', { name: 'Rooms' }).getByRole('listitem')).toHaveCount(2);
  await say(second, 'by the second tab');
  await hears(ana, 'by the second tab');
});

test('a browser that refuses IndexedDB is told in words, and works once it is allowed', async ({ sotto, people }) => {
  for (const how of ['throws', 'fails'] as const) {
    const { page } = await people.open(how);
    await page.addInitScript((kind) => {
      const refusal = (): DOMException => new DOMException('The user denied permission to access the database.', 'SecurityError');
      const open = IDBFactory.prototype.open;
      Object.assign(window, { allow: () => Object.assign(IDBFactory.prototype, { open }) });
      IDBFactory.prototype.open = function (): IDBOpenDBRequest {
        if (kind === 'throws') throw refusal();
        const request = new EventTarget();
        Object.assign(request, { error: refusal() });
        queueMicrotask(() => request.dispatchEvent(new Event('error')));
        return request as IDBOpenDBRequest;
      };
    }, how);
    await page.goto(sotto.url);
    const alert = page.getByRole('alert');
    await expect(alert.getByRole('heading', { name: 'This browser will not let Sotto keep anything' })).toBeVisible({ timeout: SOON });
    await expect(alert).toContainText('Leave private browsing, or allow this site to keep data');
    await expect(page.getByRole('button', { name: 'New room' })).toHaveCount(0);
    await page.evaluate(() => (window as unknown as { allow(): void }).allow());
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('button', { name: 'New room' }).click({ timeout: SOON });
    await expect(message(page)).toBeVisible({ timeout: SOON });
    await say(page, 'kept after all');
    await reaches(page, 'kept after all', ['sent']);
    await page.close();
  }
});

/** The state of a message once it is settled. */
async function settledState(page: Page, text: string): Promise<string> {
  await reaches(page, text, ['sent', 'delivered', 'read', 'failed']);
  return (await bubble(page, text).getAttribute('data-state')) ?? '';
}

test('a full disk: what cannot be kept is shown as failed, what was shown as sent stays, and Retry works once there is room', async ({
  sotto,
  people,
}) => {
  // High enough that the log draws every message.
  const viewport = { width: 1280, height: 5000 };
  const ana = await people.open('ana', { viewport });
  await newRoom(ana.page, sotto.url);
  const link = await invite(ana.page);
  const ben = await people.open('ben', { viewport });
  await joinAs(ben.page, link, 'Ben');
  await say(ben.page, 'from ben');
  await hears(ana, 'from ben');
  await say(ana.page, 'there is room');
  await reaches(ana.page, 'there is room', ['delivered', 'read']);

  // Chromium looks at an override as a database is opened.
  const session = await ana.context.newCDPSession(ana.page);
  const { origin } = new URL(sotto.url);
  const { usage } = await session.send('Storage.getUsageAndQuota', { origin });
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: usage + 25_000 });
  await ana.page.reload();
  await hears(ana, 'there is room');

  const sent: string[] = ['there is room'];
  const failed: string[] = [];
  for (let round = 0; failed.length === 0 && round < 20; round++) {
    const texts = Array.from({ length: 6 }, (_, i) => `number ${round}-${i}.`);
    for (const text of texts) await say(ana.page, `${text} ${'and so on '.repeat(40)}`);
    for (const text of texts) ((await settledState(ana.page, text)) === 'failed' ? failed : sent).push(text);
  }
  expect(failed.length, `${sent.length} messages fitted`).toBeGreaterThan(0);
  await expect(messages(ana.page).getByText('This device is full.')).toHaveCount(failed.length);
  await expect(messages(ana.page).getByRole('button', { name: 'Retry' })).toHaveCount(failed.length);
  await expect(ana.page.getByRole('alert').filter({ hasText: 'This device is full.' })).toBeVisible();
  await say(ben.page, 'to somebody whose device is full');
  await reaches(ben.page, 'to somebody whose device is full', ['sent']);
  await messages(ana.page).getByRole('button', { name: 'Retry' }).first().click();
  for (const text of failed) expect(await settledState(ana.page, text)).toBe('failed');

  // Still full: what was shown as sent is there, and what fails now is said again.
  await ana.page.reload();
  for (const text of ['from ben', ...sent]) await hears(ana, text);
  for (const text of sent) await reaches(ana.page, text, ['sent', 'delivered', 'read']);
  await say(ana.page, `once more. ${'and so on '.repeat(40)}`);
  await reaches(ana.page, 'once more.', ['failed']);

  await session.send('Storage.overrideQuotaForOrigin', { origin });
  await messages(ana.page).getByRole('button', { name: 'Retry' }).first().click();
  await reaches(ana.page, 'once more.', ['sent', 'delivered', 'read']);
  await expect(ana.page.getByText('This device is full.')).toHaveCount(0);
  await expect(messages(ana.page).getByRole('button', { name: 'Retry' })).toHaveCount(0);
  await hears(ana, 'to somebody whose device is full');
  for (const text of [...sent, 'once more.']) await hears(ben, text);
  await reaches(ana.page, 'once more.', ['delivered', 'read']);
  await ana.close();
  const back = await people.open('ana', { viewport });
  await comeBack(back.page, sotto.url);
  for (const text of [...sent, 'once more.', 'to somebody whose device is full']) await hears(back, text);
});
