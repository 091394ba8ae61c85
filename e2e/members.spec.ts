/** Who is in and who is not: somebody is removed, links that are no good any more, and two who come by a link for one. */
import type { Page } from '@playwright/test';
import { bubble, comeBack, hears, invite, joinAs, newRoom, peopleIn, reaches, say, SOON } from './drive.ts';
import { expect, test } from './fixtures.ts';

test.setTimeout(240_000);

const DAY = 86_400_000;

/** What the page says of a link that leads nowhere: one alert, with the word for it. */
async function refusedAs(page: Page, word: string): Promise<void> {
  const alert = page.getByRole('alert').filter({ hasText: 'link' });
  await expect(alert).toContainText(word, { timeout: SOON });
  await expect(alert.getByRole('heading')).toHaveText(new RegExp(`^This link (is|was|has|has been) ${word}\\.$`));
  await expect(page.getByRole('button', { name: 'Join', exact: true })).toHaveCount(0);
}

test('whoever is removed reads nothing and brings in nothing from then on', async ({ sotto, people }) => {
  const ana = await people.open('ana');
  await newRoom(ana.page, sotto.url);
  const ben = await people.open('ben');
  await joinAs(ben.page, await invite(ana.page), 'Ben');
  const cyd = await people.open('cyd');
  await joinAs(cyd.page, await invite(ana.page), 'Cyd');
  for (const { page } of [ana, ben, cyd]) await expect(peopleIn(page)).toHaveCount(3, { timeout: SOON });
  await say(ana.page, 'all three of us');
  for (const person of [ben, cyd]) await hears(person, 'all three of us');
  await say(ben.page, 'from ben in time');
  for (const person of [ana, cyd]) await hears(person, 'from ben in time');
  const spare = await invite(ana.page);
  await ben.close();

  // No word gets out of this browser: what he writes now, he writes before he can know.
  const cutOff = await people.open('ben');
  await cutOff.context.routeWebSocket(/.*/, () => undefined);
  await comeBack(cutOff.page, sotto.url);
  await say(cutOff.page, 'from ben too late');
  await reaches(cutOff.page, 'from ben too late', ['queued']);

  // While somebody is away the others still read what is written under the epoch that she knows, and that he knows too.
  await cyd.close();
  await ana.page.getByRole('button', { name: 'Remove Ben' }).click();
  await ana.page.getByRole('button', { name: 'Remove them' }).click();
  await expect(peopleIn(ana.page)).toHaveCount(2, { timeout: SOON });
  await say(ana.page, 'after that one');
  await reaches(ana.page, 'after that one', ['sent']);
  await cutOff.close();

  const told = await people.open('ben');
  await comeBack(told.page, sotto.url);
  await expect(told.page.getByText('You were removed from this room.')).toBeVisible({ timeout: SOON });
  await expect(told.page.getByRole('textbox', { name: 'Message', exact: true })).toHaveCount(0);
  await expect(told.page.getByRole('button', { name: 'Send' })).toHaveCount(0);
  await expect(told.page.getByRole('button', { name: 'Invite', exact: true })).toHaveCount(0);
  // The removal says how far his words count, here as well.
  await expect(bubble(told.page, 'too late')).toHaveCount(0);
  await expect(told.page.getByText('A message of yours came too late')).toBeVisible();

  const back = await people.open('cyd');
  await comeBack(back.page, sotto.url);
  await hears(back, 'after that one');
  await expect(peopleIn(back.page)).toHaveCount(2, { timeout: SOON });
  await say(back.page, 'after that two');
  await hears(ana, 'after that two');
  await say(ana.page, 'after that three');
  await hears(back, 'after that three');
  await reaches(ana.page, 'after that three', ['delivered', 'read']);
  for (const text of ['all three of us', 'from ben in time']) await hears(told, text);
  await expect(bubble(told.page, 'after that')).toHaveCount(0);
  for (const { page } of [ana, back]) await expect(bubble(page, 'too late')).toHaveCount(0);
  // Nor after they have read everything anew.
  await ana.page.reload();
  await hears(ana, 'after that three');
  await hears(ana, 'from ben in time');
  await expect(bubble(ana.page, 'too late')).toHaveCount(0);

  // With a removal every link ends that was open: the removed one may have it.
  const dan = await people.open('dan');
  await dan.page.goto(spare);
  await refusedAs(dan.page, 'revoked');
});

test('a used, revoked, expired or damaged link: the page says which', async ({ sotto, people }) => {
  const ana = await people.open('ana');
  await newRoom(ana.page, sotto.url);
  const used = await invite(ana.page);
  const ben = await people.open('ben');
  await joinAs(ben.page, used, 'Ben');
  await say(ben.page, 'I am in');
  await hears(ana, 'I am in');
  await expect(peopleIn(ben.page)).toHaveCount(2, { timeout: SOON });

  const revoked = await invite(ana.page);
  await ana.page.getByRole('button', { name: 'Invite', exact: true }).first().click();
  await expect(ana.page.getByRole('listitem').filter({ hasText: 'This link' })).toHaveCount(1, { timeout: SOON });
  await ana.page.getByRole('listitem').filter({ hasText: 'Another link' }).getByRole('button', { name: 'Revoke' }).click();
  await expect(ana.page.getByRole('listitem').filter({ hasText: 'Another link' })).toHaveCount(0, { timeout: SOON });
  await ana.page.getByRole('button', { name: 'Copy link' }).click();
  const good = await ana.page.getByRole('textbox', { name: 'Invite link' }).inputValue();
  await ana.page.keyboard.press('Escape');
  expect(good).not.toBe(revoked);

  const dan = await people.open('dan');
  await dan.page.goto(used);
  await refusedAs(dan.page, 'used');
  await dan.page.getByRole('button', { name: 'Go on without it' }).click();
  await expect(dan.page.getByRole('button', { name: 'New room' })).toBeVisible();
  await dan.page.goto(revoked);
  await refusedAs(dan.page, 'revoked');

  const [page = '', secret = ''] = good.split('#');
  const changed = [0, 1, 9, 60, 100, 140, secret.length - 1].map(
    (at) => secret.slice(0, at) + other(secret.charAt(at)) + secret.slice(at + 1),
  );
  const cut = [secret.slice(1), secret.slice(0, -1), secret.slice(0, 40), `${secret}A`];
  for (const bad of [...changed, ...cut, secret.toLowerCase()]) {
    await dan.page.goto(`${page}#${bad}`);
    await refusedAs(dan.page, 'damaged');
    await dan.page.getByRole('button', { name: 'Go on without it' }).click();
  }

  // The same good link on a day when it holds no longer, and today.
  const eve = await people.open('eve');
  await eve.page.clock.setSystemTime(Date.now() + 8 * DAY);
  await eve.page.goto(good);
  await refusedAs(eve.page, 'expired');
  await dan.page.goto(good);
  await expect(dan.page.getByRole('button', { name: 'Join', exact: true })).toBeVisible({ timeout: SOON });
});

/** Another letter of base64url, far enough that other bits of the bytes change than those that pad the last one. */
const other = (letter: string): string => (letter === 'A' ? 'w' : 'A');

test('two who come by one link for one: neither is let in, a person chooses, the other is told', async ({ sotto, people }) => {
  const ana = await people.open('ana');
  await newRoom(ana.page, sotto.url);
  const link = await invite(ana.page);
  await ana.close();
  const ben = await people.open('ben');
  const cyd = await people.open('cyd');
  await joinAs(ben.page, link, 'Ben');
  await joinAs(cyd.page, link, 'Cyd');
  for (const [{ page }, text] of [
    [ben, 'ben is here'],
    [cyd, 'cyd is here'],
  ] as const) {
    await expect(page.getByText('Waiting to be let in.').first()).toBeVisible();
    await say(page, text);
    await reaches(page, text, ['sent']);
  }

  const back = await people.open('ana');
  await comeBack(back.page, sotto.url);
  const asked = back.page.getByRole('alert').filter({ hasText: 'Two people came with a link made for one.' });
  await expect(asked).toHaveCount(2, { timeout: SOON });
  await expect(peopleIn(back.page)).toHaveCount(1);
  await expect(bubble(back.page, 'is here')).toHaveCount(0);
  await expect(ben.page.getByText('Waiting to be let in.').first()).toBeVisible();
  await expect(cyd.page.getByText('Waiting to be let in.').first()).toBeVisible();

  await back.page.getByRole('button', { name: 'Let in Cyd' }).click();
  await hears(back, 'cyd is here');
  await expect(asked).toHaveCount(0);
  await expect(peopleIn(back.page)).toHaveCount(2);
  await expect(ben.page.getByText('This link has been used.')).toBeVisible({ timeout: SOON });
  await expect(ben.page.getByRole('textbox', { name: 'Message', exact: true })).toHaveCount(0);
  await say(back.page, 'welcome, cyd');
  await hears(cyd, 'welcome, cyd');
  await reaches(back.page, 'welcome, cyd', ['delivered', 'read']);
  await reaches(cyd.page, 'cyd is here', ['delivered', 'read']);
  await expect(bubble(back.page, 'ben is here')).toHaveCount(0);
  await expect(bubble(ben.page, 'welcome, cyd')).toHaveCount(0);
});
