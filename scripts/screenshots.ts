/** `npm run screenshots`: makes docs/screenshot.png from the app itself, while three people talk over a local network of five relays. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { connection, hears, invite, reaches, say } from '../e2e/drive.ts';
import { People, startSotto, type Person } from '../e2e/fixtures.ts';
import { inRoot } from './program.ts';

const picture = { viewport: { width: 1280, height: 760 }, deviceScaleFactor: 1.5, colorScheme: 'light' } as const;

/** Goes to the link and joins under a name. */
async function joinAs(people: People, name: string, link: string): Promise<Person> {
  const person = await people.open(name);
  await person.page.goto(link);
  await person.page.getByRole('textbox', { name: 'They’ll know you as' }).fill(name);
  await person.page.getByRole('button', { name: 'Join', exact: true }).click();
  return person;
}

async function nameRoom(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Change the room’s name' }).click();
  await page.getByRole('textbox', { name: 'Name of the room' }).fill(name);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name }).waitFor();
}

/** Says something in one browser and waits until another shows it, so that the picture has one order. */
async function talk(from: Person, to: Person, text: string): Promise<void> {
  await say(from.page, text);
  await hears(to, text);
}

async function takePicture(url: string, people: People): Promise<void> {
  const heron = await people.open('Quiet Heron', picture);
  await heron.page.goto(url);
  await heron.page.getByRole('textbox', { name: 'You’ll be known as' }).fill('Quiet Heron');
  await heron.page.getByRole('button', { name: 'New room' }).click();
  await nameRoom(heron.page, 'Harbour garden');
  const cedar = await joinAs(people, 'Slow Cedar', await invite(heron.page));
  await talk(cedar, heron, 'Morning. The council said yes to the two extra beds by the crane.');
  const finch = await joinAs(people, 'Mellow Finch', await invite(heron.page));
  await talk(finch, heron, 'Six beds then, water on the left.');
  await talk(finch, heron, 'I can draw the plan tonight.');
  await talk(heron, cedar, 'Could bed 4 and bed 5 swap, so the beans get the south wall?');
  await talk(cedar, heron, 'They can. Does eight o’clock on Saturday work for everyone?');
  const last = 'Then Saturday it is. I’ll bring the fleece.';
  await talk(heron, cedar, last);
  await reaches(heron.page, last, ['delivered', 'read']);

  await heron.page.getByRole('button', { name: 'Not now' }).click();
  await heron.page.getByRole('tab', { name: 'Network' }).click();
  await connection(heron.page).getByText('3 hops').waitFor();
  await heron.page.getByText('Round trip').waitFor();
  await heron.page.mouse.move(640, 300);
  await heron.page.screenshot({ path: inRoot('docs/screenshot.png') });
}

const folder = mkdtempSync(join(tmpdir(), 'sotto-screenshots-'));
const sotto = await startSotto({ folder });
const people = new People(join(folder, 'profiles'));
try {
  await takePicture(sotto.url, people);
  console.log('docs/screenshot.png is made');
} finally {
  await people.closeAll();
  await sotto.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
