/** Driving the app by its roles and names alone (ARCHITECTURE.md, the command contract): what a person does, in a few words. */
import { expect, type Locator, type Page } from '@playwright/test';
import type { Person } from './fixtures.ts';

/** How long the network may take for one step on two busy cores, ms. */
export const SOON = 60_000;

export const messages = (page: Page): Locator => page.getByRole('log', { name: 'Messages' });

/** The bubble that says exactly this. */
export const bubble = (page: Page, text: string): Locator => messages(page).getByRole('article').filter({ hasText: text });

export const connection = (page: Page): Locator => page.getByRole('status', { name: 'Connection' });

/** On a first visit, under the name that the page made up, or under `name`. */
export async function newRoom(page: Page, url: string, name?: string): Promise<void> {
  await page.goto(url);
  if (name !== undefined) await page.getByLabel('You’ll be known as').fill(name);
  await page.getByRole('button', { name: 'New room' }).first().click();
  await expect(page.getByRole('textbox', { name: 'Message', exact: true })).toBeVisible({ timeout: SOON });
}

/** Opens the invite dialog, takes the link and closes it again. */
export async function invite(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Invite', exact: true }).first().click();
  await page.getByRole('button', { name: 'Copy link' }).click({ timeout: SOON });
  const box = page.getByRole('textbox', { name: 'Invite link' });
  await expect(box).toHaveValue(/#/, { timeout: SOON });
  const link = await box.inputValue();
  await page.keyboard.press('Escape');
  return link;
}

export async function join(page: Page, link: string, name?: string): Promise<void> {
  await page.goto(link);
  if (name !== undefined) await page.getByLabel('They’ll know you as').fill(name, { timeout: SOON });
  await page.getByRole('button', { name: 'Join', exact: true }).click({ timeout: SOON });
  await expect(page.getByRole('textbox', { name: 'Message', exact: true })).toBeVisible({ timeout: SOON });
}

export async function say(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message', exact: true }).fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
}

/** Runs a check; where it fails, says what the page showed: its last lines, what was being written, its alerts. */
async function told(page: Page, check: Promise<void>): Promise<void> {
  try {
    await check;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const shown = await page
      .locator('body')
      .ariaSnapshot({ timeout: 5_000 })
      .catch(() => 'a page that does not answer');
    error.message += `\nThe page ends with:\n${shown.slice(-1_500)}`;
    throw error;
  }
}

export async function hears(person: Person, text: string): Promise<void> {
  await told(person.page, expect(bubble(person.page, text)).toHaveCount(1, { timeout: SOON }));
}

export async function reaches(page: Page, text: string, states: readonly string[]): Promise<void> {
  const pattern = new RegExp(`^(${states.join('|')})$`);
  await told(page, expect(bubble(page, text)).toHaveAttribute('data-state', pattern, { timeout: SOON }));
}

/** Joins under a name of one's own. */
export async function joinAs(page: Page, link: string, name: string): Promise<void> {
  await page.goto(link);
  await page.getByRole('textbox', { name: 'They’ll know you as' }).fill(name, { timeout: SOON });
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  await expect(page.getByRole('textbox', { name: 'Message', exact: true })).toBeVisible({ timeout: SOON });
}

/** Opens the app again, at the room that had the last word. */
export async function comeBack(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.getByRole('list', { name: 'Rooms' }).getByRole('listitem').first().click({ timeout: SOON });
}

/** The names in the list of people. */
export const peopleIn = (page: Page): Locator => page.getByRole('list', { name: 'People' }).getByRole('listitem');

/** Turns the panel beside the log to one of its tabs. */
export const openTab = (page: Page, name: 'People' | 'Network'): Promise<void> => page.getByRole('tab', { name }).click();

/** The circuits that the Network panel shows, each as the short names of its relays, guard first. */
export async function circuitsShown(page: Page): Promise<string[][]> {
  await openTab(page, 'Network');
  const items = page.getByRole('list', { name: 'All circuits' }).getByRole('listitem');
  await expect(items.first()).toBeVisible({ timeout: SOON });
  return (await items.allInnerTexts()).map((text) => text.match(/\b[0-9a-f]{8}\b/g) ?? []);
}
