/** Every relay dies while people talk, and comes back. */
import { connection, hears, SOON } from './drive.ts';
import { expect, test } from './fixtures.ts';
import { allThere, EVERY, load, log, moment, shownAgain, talking, tall } from './talker.ts';

test.setTimeout(420_000);
// A trace holds the whole log at every step.
test.use({ trace: 'off' });

const OUTAGE = 60_000;
const OUT = 'No relay answers · messages are queued';

test('all relays die for a minute: what is written is queued, the status says so, and all arrives once when they are back', async ({
  sotto,
  people,
}) => {
  const [ana, ben] = await Promise.all([people.open('ana', tall), people.open('ben', tall)]);
  await talking(ana, ben, sotto.url);
  await hears(ben, 'a.5.');

  const names = sotto.network().map(({ name }) => name);
  expect(names).toHaveLength(5);
  for (const name of names) sotto.killRelay(name);
  const out = Date.now();
  const { typed } = await moment(ana.page);
  for (const { page } of [ana, ben]) await expect(connection(page)).toHaveText(OUT, { timeout: SOON });
  console.log(`all relays killed: said after ${Date.now() - out} ms (${load()})`);
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, out + OUTAGE - Date.now())));
  const during = (await log(ana.page)).filter(([text]) => text.startsWith('a.') && Number(text.split('.')[1]) >= typed);
  expect(during.length).toBeGreaterThan(OUTAGE / EVERY.ana / 5);
  expect(during.filter(([, state]) => state !== 'queued')).toEqual([]);
  for (const { page } of [ana, ben]) await expect(connection(page)).toHaveText(OUT);

  const [atBen, atAna] = await Promise.all([moment(ben.page), moment(ana.page)]);
  await Promise.all(names.map((name) => sotto.startRelay(name)));
  const gaps = await Promise.all([shownAgain(ben.page, 'a', typed, atBen.now), shownAgain(ana.page, 'b', atBen.typed, atAna.now)]);
  console.log(`all relays back: shown again after ${gaps.map((ms) => Math.round(ms)).join(' and ')} ms (${load()})`);
  await allThere(ana.page, ben.page);
});
