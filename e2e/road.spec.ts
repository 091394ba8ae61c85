/** The road itself: a room, a link, another browser, three hops. */
import { Audit, Kind, tapes, type Piece } from './auditor.ts';
import {
  bubble,
  circuitsShown,
  comeBack,
  connection,
  hears,
  invite,
  join,
  newRoom,
  openTab,
  peopleIn,
  reaches,
  say,
  SOON,
} from './drive.ts';
import { expect, test, type Person } from './fixtures.ts';

test.setTimeout(300_000);

/** The address in the bar and every one that Back would lead to. */
const addresses = ({ page }: Person): Promise<string[]> =>
  page.evaluate(() => {
    const { navigation } = window as unknown as { readonly navigation: { entries(): { readonly url: string }[] } };
    return [location.href, document.URL, ...navigation.entries().map(({ url }) => url)];
  });

async function namesIn({ page }: Person, count: number): Promise<string[]> {
  await openTab(page, 'People');
  await expect(peopleIn(page)).toHaveCount(count, { timeout: SOON });
  return (await peopleIn(page).locator('bdi').allInnerTexts()).toSorted();
}

/** Guard, middle, mailbox: three relays, of which each saw the one before and the one after it and nobody else. */
function expectNeighboursOnly(audit: Audit, circuit: readonly Piece[]): void {
  const [guard, middle, mailbox] = circuit;
  if (guard === undefined || middle === undefined || mailbox === undefined) throw new Error('a circuit of less than three relays');
  expect(new Set(circuit.map(({ at }) => at.id)).size).toBe(3);
  expect([guard.nearRelay, middle.nearRelay, mailbox.nearRelay]).toEqual([undefined, guard.at.id, middle.at.id]);
  expect([guard.far, middle.far, mailbox.far]).toEqual([middle.at.id, mailbox.at.id, undefined]);
  const told = (piece: Piece): string => JSON.stringify(audit.learned(piece));
  expect(told(guard)).toContain(middle.at.id);
  expect(told(guard)).not.toContain(mailbox.at.id);
  expect(told(middle)).not.toContain(guard.near);
  expect(told(mailbox)).not.toContain(guard.near);
  expect(told(mailbox)).not.toContain(guard.at.id);
  // The first two were asked for one thing only: to extend.
  for (const piece of [guard, middle]) {
    const asked = audit.learned(piece).filter(({ event }) => event === 'message');
    expect(asked.map(({ kind }) => kind)).toEqual([Kind.EXTEND]);
  }
}

test('two browsers meet by a link and talk over three hops, which the relays’ taps confirm', async ({ sotto, people }) => {
  const ana = await people.open('ana');
  await newRoom(ana.page, sotto.url, 'Ana of the Test');
  await expect(connection(ana.page)).toContainText('3 hops', { timeout: SOON });
  const link = await invite(ana.page);
  expect(await ana.page.evaluate(() => navigator.clipboard.readText())).toBe(link);
  const secret = new URL(link).hash.slice(1);
  expect(secret.length).toBeGreaterThan(100);

  const ben = await people.open('ben');
  await join(ben.page, link, 'Ben of the Test');
  const piecesOfSecret = secret.match(/.{20}/g) ?? [];
  const visited = await addresses(ben);
  expect(visited.filter((address) => address.includes('#') || piecesOfSecret.some((piece) => address.includes(piece)))).toEqual([]);
  await say(ben.page, 'good evening');
  await hears(ana, 'good evening');
  await say(ana.page, 'and to you');
  await hears(ben, 'and to you');
  await reaches(ana.page, 'and to you', ['delivered', 'read']);
  await reaches(ben.page, 'good evening', ['delivered', 'read']);

  for (const person of [ana, ben]) {
    expect(await namesIn(person, 2)).toEqual(['Ana of the Test', 'Ben of the Test']);
    await expect(connection(person.page)).toContainText('3 hops', { timeout: SOON });
  }
  const shown = [...(await circuitsShown(ana.page)), ...(await circuitsShown(ben.page))];
  const requests = sotto.requests().join('\n');
  expect(requests).toContain('GET /anchors.json');
  expect(piecesOfSecret.filter((piece) => requests.includes(piece))).toEqual([]);
  expect([...ana.troubles, ...ben.troubles]).toEqual([]);

  const network = sotto.network();
  await Promise.all([ana.close(), ben.close()]);
  await sotto.stop();
  const audit = new Audit(tapes(sotto, network));
  const circuits = audit.longCircuits();
  const walked = circuits.map((pieces) => pieces.map(({ at }) => at.id.slice(0, 8)).join(' '));
  expect(shown.length).toBeGreaterThanOrEqual(4);
  for (const path of shown) expect(walked).toContain(path.join(' '));
  for (const circuit of circuits.filter(({ length }) => length === 3)) expectNeighboursOnly(audit, circuit);
  // Whatever a mailbox was asked to keep or to hand out came over three hops.
  const served = audit.tapes.flatMap(({ name, lines }) =>
    lines.filter(({ kind }) => kind === Kind.POST || kind === Kind.SUBSCRIBE).map(({ key }) => `${name}/${key}`),
  );
  const reached = new Set(circuits.filter(({ length }) => length === 3).map((pieces) => `${pieces[2]?.at.name}/${pieces[2]?.key}`));
  expect(served.length).toBeGreaterThan(4);
  expect([...new Set(served)].filter((circuit) => !reached.has(circuit))).toEqual([]);
});

test('the join and the first message work while the inviter is away, and a third comes likewise', async ({ sotto, people }) => {
  const ana = await people.open('ana');
  await newRoom(ana.page, sotto.url, 'Ana');
  await say(ana.page, 'before you came');
  await reaches(ana.page, 'before you came', ['sent']);
  const first = await invite(ana.page);
  await ana.close();

  const ben = await people.open('ben');
  await join(ben.page, first, 'Ben');
  await say(ben.page, 'is anybody in?');
  await reaches(ben.page, 'is anybody in?', ['sent']);
  await expect(ben.page.getByText('Waiting to be let in.')).toBeVisible();

  const back = await people.open('ana');
  await comeBack(back.page, sotto.url);
  await hears(back, 'is anybody in?');
  expect(await namesIn(back, 2)).toEqual(['Ana', 'Ben']);
  await hears(ben, 'before you came');
  await expect(ben.page.getByText('Waiting to be let in.')).toHaveCount(0);
  await reaches(ben.page, 'is anybody in?', ['delivered', 'read']);
  const second = await invite(back.page);
  expect(second).not.toBe(first);
  await back.close();

  // Ana is away again; Ben, who is in, may let in.
  const cyd = await people.open('cyd');
  await join(cyd.page, second, 'Cyd');
  await say(cyd.page, 'and a third');
  await hears(ben, 'and a third');
  await hears(cyd, 'before you came');
  await hears(cyd, 'is anybody in?');
  await say(ben.page, 'come in');
  await hears(cyd, 'come in');

  const again = await people.open('ana');
  await comeBack(again.page, sotto.url);
  await hears(again, 'and a third');
  await hears(again, 'come in');
  await say(again.page, 'all three');
  for (const person of [ben, cyd]) await hears(person, 'all three');
  for (const person of [again, ben, cyd]) expect(await namesIn(person, 3)).toEqual(['Ana', 'Ben', 'Cyd']);

  // Both wrote before they were let in; nobody stands there as speaking before they came.
  const told = ['before you came', 'Ben came in', 'is anybody in?', 'Cyd came in', 'and a third', 'come in', 'all three'];
  const places = (text: string): number[] => told.map((line) => text.indexOf(line));
  for (const { page } of [again, ben, cyd]) {
    await expect.poll(async () => places(await page.getByRole('log').innerText()).includes(-1)).toBe(false);
    const found = places(await page.getByRole('log').innerText());
    expect(found).toEqual(found.toSorted((a, b) => a - b));
  }
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
  await expect(bubble(ana.page, 'number').and(ana.page.locator('[data-state=sent]'))).toHaveCount(50, { timeout: SOON });
  await ana.close();

  const again = await people.open('ben');
  await comeBack(again.page, sotto.url);
  await expect.poll(() => numbersIn(again), { timeout: SOON }).toEqual(texts);
  // Whatever comes twice has come by the time the receipts are back.
  const late = await people.open('ana');
  await comeBack(late.page, sotto.url);
  const arrived = late.page.locator('[data-state=delivered], [data-state=read]');
  await expect(bubble(late.page, 'number').and(arrived)).toHaveCount(50, { timeout: SOON });
  expect(await numbersIn(late)).toEqual(texts);
  expect(await numbersIn(again)).toEqual(texts);
});

const numbersIn = async ({ page }: Person): Promise<(string | undefined)[]> =>
  (await bubble(page, 'number').allInnerTexts()).map((text) => /number \d\d/.exec(text)?.[0]);
