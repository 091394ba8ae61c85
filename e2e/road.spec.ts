/** The road itself: a room, a link, another browser, three hops. */
import { bubble, connection, hears, invite, join, newRoom, reaches, say, SOON } from './drive.ts';
import { expect, test } from './fixtures.ts';

test.setTimeout(180_000);

test('two browsers meet by a link and talk over three hops', async ({ sotto, people }) => {
  const ana = await people.open('ana');
  await newRoom(ana.page, sotto.url);
  await expect(connection(ana.page)).toContainText('3 hops', { timeout: SOON });
  const link = await invite(ana.page);
  const secret = new URL(link).hash.slice(1);
  expect(secret.length).toBeGreaterThan(100);

  const ben = await people.open('ben');
  await join(ben.page, link);
  expect(ben.page.url()).not.toContain(secret.slice(0, 20));
  await say(ben.page, 'good evening');
  await hears(ana, 'good evening');
  await say(ana.page, 'and to you');
  await hears(ben, 'and to you');
  await reaches(ana.page, 'and to you', ['delivered', 'read']);
  await reaches(ben.page, 'good evening', ['delivered', 'read']);
  await expect(connection(ben.page)).toContainText('3 hops', { timeout: SOON });

  expect(sotto.requests().join('\n')).not.toContain(secret.slice(0, 20));
  expect(ana.troubles).toEqual([]);
  expect(ben.troubles).toEqual([]);
});

test('the join and the first message work while the inviter is away', async ({ sotto, people }) => {
  const ana = await people.open('ana');
  await newRoom(ana.page, sotto.url);
  await say(ana.page, 'before you came');
  await reaches(ana.page, 'before you came', ['sent']);
  const link = await invite(ana.page);
  await ana.close();

  const ben = await people.open('ben');
  await join(ben.page, link);
  await say(ben.page, 'is anybody in?');
  await reaches(ben.page, 'is anybody in?', ['sent']);

  const back = await people.open('ana');
  await back.page.goto(sotto.url);
  await back.page.getByRole('list', { name: 'Rooms' }).getByRole('listitem').first().click();
  await hears(back, 'is anybody in?');
  await hears(ben, 'before you came');
  await reaches(ben.page, 'is anybody in?', ['delivered', 'read']);
});

test('fifty messages to somebody who is away arrive once each, in order', async ({ sotto, people }) => {
  const ana = await people.open('ana');
  await newRoom(ana.page, sotto.url);
  const link = await invite(ana.page);
  const ben = await people.open('ben');
  await join(ben.page, link);
  await say(ben.page, 'here I am');
  await hears(ana, 'here I am');
  await say(ana.page, 'welcome');
  await hears(ben, 'welcome');
  await ben.close();

  const texts = Array.from({ length: 50 }, (_, i) => `number ${String(i).padStart(2, '0')}`);
  for (const text of texts) await say(ana.page, text);
  for (const text of texts) await reaches(ana.page, text, ['sent']);
  await ana.close();

  const again = await people.open('ben');
  await again.page.goto(sotto.url);
  await again.page.getByRole('list', { name: 'Rooms' }).getByRole('listitem').first().click();
  for (const text of texts) await hears(again, text);
  const shown = (await bubble(again.page, 'number').allInnerTexts()).map((text) => /number \d\d/.exec(text)?.[0]);
  expect(shown).toEqual(texts);
  const late = await people.open('ana');
  await late.page.goto(sotto.url);
  await late.page.getByRole('list', { name: 'Rooms' }).getByRole('listitem').first().click();
  for (const text of texts) await reaches(late.page, text, ['delivered', 'read']);
});
