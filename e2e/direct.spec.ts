/** Direct mode: agreed to by each, over WebRTC, with every relay gone, and back (docs/protocol.md §6.1). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { RelayProcess } from '../scripts/relay-process.ts';
import { askedBy, recordTo } from './asked.ts';
import { tapes } from './auditor.ts';
import { bubble, comeBack, connection, hears, invite, joinAs, newRoom, openTab, reaches, say, SOON } from './drive.ts';
import { expect, test, type Person, type Sotto } from './fixtures.ts';

test.setTimeout(420_000);

interface Watched {
  readonly made: readonly RTCPeerConnection[];
  readonly configurations: readonly (RTCConfiguration | undefined)[];
}

/** Runs in the page, before anything of the page's own: keeps every connection that is made. */
function watch(): void {
  const made: RTCPeerConnection[] = [];
  const configurations: (RTCConfiguration | undefined)[] = [];
  Object.assign(window, { watched: { made, configurations } });
  window.RTCPeerConnection = new Proxy(window.RTCPeerConnection, {
    construct(target, given: [RTCConfiguration?]) {
      const connection: RTCPeerConnection = Reflect.construct(target, given);
      made.push(connection);
      configurations.push(given[0]);
      return connection;
    },
  });
}

const made = ({ page }: Person): Promise<number> =>
  page.evaluate(() => (window as unknown as { readonly watched: Watched }).watched.made.length);

/** What the browser itself says of its WebRTC connections: their states, the ways they took, and which servers they were told of. */
const webRtc = ({ page }: Person) =>
  page.evaluate(async () => {
    const { watched } = window as unknown as { readonly watched: Watched };
    const states = watched.made.map(({ connectionState }) => connectionState);
    const ways: string[] = [];
    for (const one of watched.made) {
      if (one.connectionState !== 'connected') continue;
      const report: Map<string, Record<string, unknown>> = new Map(await one.getStats());
      for (const pair of report.values()) {
        if (pair['type'] !== 'candidate-pair' || pair['nominated'] !== true || pair['state'] !== 'succeeded') continue;
        const [near, far] = [report.get(String(pair['localCandidateId'])), report.get(String(pair['remoteCandidateId']))];
        ways.push(`${String(near?.['candidateType'])} ${String(near?.['protocol'])} ${String(far?.['candidateType'])}`);
      }
    }
    return { states, ways, servers: watched.configurations.map((given) => given?.iceServers ?? 'the default') };
  });

async function openWatched(
  people: { open(name: string, options?: object): Promise<Person> },
  name: string,
  record?: string,
): Promise<Person> {
  const person = await people.open(name, record === undefined ? {} : { args: recordTo(record) });
  await person.context.addInitScript(watch);
  return person;
}

const radio = (page: Page, name: 'Balanced' | 'Direct'): Locator => page.getByRole('radio', { name, exact: true });

async function agree(page: Page): Promise<void> {
  await openTab(page, 'Network');
  await radio(page, 'Direct').check();
  await expect(page.getByRole('dialog')).toContainText('network address');
  await page.getByRole('button', { name: 'Agree', exact: true }).click();
  await expect(radio(page, 'Direct')).toBeChecked();
}

async function isDirect(...people: Person[]): Promise<void> {
  for (const { page } of people) await expect(connection(page)).toContainText(/^Direct · \d/, { timeout: SOON });
}

/** Says something and waits until another device has receipted it and the other shows it. */
async function talk(from: Person, to: Person, text: string): Promise<void> {
  await say(from.page, text);
  await hears(to, text);
  await reaches(from.page, text, ['delivered', 'read']);
}

const signal = (sotto: Sotto, name: NodeJS.Signals): void => {
  for (const { pid } of sotto.network()) process.kill(pid, name);
};

/** Starts the relays of a network again, on what they kept. */
async function startRelays({ stateDir }: Sotto): Promise<RelayProcess[]> {
  const known = JSON.parse(readFileSync(join(stateDir, 'relays.json'), 'utf8')) as {
    readonly relays: readonly { readonly name: string; readonly port: number; readonly tcpPort: number }[];
  };
  const relays = known.relays.map(({ name, port, tcpPort }) => {
    const files = { stateDir: join(stateDir, 'relays', name), logFile: join(stateDir, 'relays', `${name}.log`) };
    return new RelayProcess({ name, port, tcpPort, ...files, anchorsFile: join(stateDir, 'anchors.json') }, () => undefined);
  });
  await Promise.all(relays.map((relay) => relay.ready));
  return relays;
}

test('two who agree talk over WebRTC, go on when every relay is gone, and use the relays again when they are back', async ({
  sotto,
  people,
  folder,
}) => {
  const record = join(folder, 'ana.netlog');
  const ana = await openWatched(people, 'ana', record);
  await newRoom(ana.page, sotto.url, 'Ana');
  const ben = await openWatched(people, 'ben');
  await joinAs(ben.page, await invite(ana.page), 'Ben');
  const cyd = await openWatched(people, 'cyd');
  await joinAs(cyd.page, await invite(ana.page), 'Cyd');
  await say(cyd.page, 'all here');
  for (const person of [ana, ben]) await hears(person, 'all here');
  expect(await Promise.all([ana, ben, cyd].map(made))).toEqual([0, 0, 0]);

  // Ana asks; nothing is made until another agrees, and the talk goes on meanwhile.
  await agree(ana.page);
  await expect(connection(ana.page)).toContainText('Waiting for the others to agree · Private · 3 hops');
  await expect(ben.page.getByText('Ana would like to talk directly.')).toBeVisible({ timeout: SOON });
  await talk(ana, ben, 'shall we?');
  expect(await Promise.all([ana, ben, cyd].map(made))).toEqual([0, 0, 0]);
  await ben.page.getByRole('button', { name: 'What it means' }).click();
  await ben.page.getByRole('button', { name: 'Agree', exact: true }).click();
  await isDirect(ana, ben);

  for (const person of [ana, ben]) {
    const { states, ways, servers } = await webRtc(person);
    expect(states.filter((state) => state === 'connected')).toHaveLength(1);
    expect(ways.length).toBeGreaterThan(0);
    for (const way of ways) expect(way).toMatch(/^(host|prflx) udp (host|prflx)$/);
    expect(new Set(servers.flat())).toEqual(new Set());
  }
  await talk(ana, ben, 'straight to you');
  await talk(ben, ana, 'and back');

  // Every relay stands still, then every relay dies.
  signal(sotto, 'SIGSTOP');
  await talk(ana, ben, 'nobody in between');
  await talk(ben, ana, 'nobody at all');
  await isDirect(ana, ben);
  signal(sotto, 'SIGKILL');
  await expect.poll(() => sotto.network().length).toBe(0);
  await talk(ben, ana, 'they are all dead');
  await talk(ana, ben, 'we are not');
  await isDirect(ana, ben);
  await expect(bubble(cyd.page, 'we are not')).toHaveCount(0);

  // Whoever did not agree hears it from the mailboxes, once there are any.
  const relays = await startRelays(sotto);
  for (const text of ['nobody in between', 'nobody at all', 'they are all dead', 'we are not']) {
    for (const person of [ana, ben, cyd]) await expect(bubble(person.page, text)).toHaveCount(1, { timeout: 2 * SOON });
  }
  await isDirect(ana, ben);
  await talk(cyd, ana, 'here you are again');

  // Balanced is chosen: no link stands, and the relays carry the talk.
  await openTab(ana.page, 'Network');
  await radio(ana.page, 'Balanced').check();
  await expect(connection(ana.page)).toHaveText('Private · 3 hops', { timeout: 2 * SOON });
  await expect.poll(async () => (await webRtc(ana)).states.filter((state) => state === 'connected')).toEqual([]);
  await expect(connection(ben.page)).toContainText('Waiting for the others to agree', { timeout: SOON });
  await talk(ana, ben, 'the long way round');
  await talk(ben, ana, 'is the same to me');

  expect(await made(cyd)).toBe(0);
  expect((await made(ana)) + (await made(ben))).toBeLessThan(20);
  for (const { troubles } of [ana, ben, cyd]) expect(troubles.filter((trouble) => !isOfDeadRelays(trouble))).toEqual([]);
  await ana.close();
  const { looked, requested } = askedBy(record);
  // The other's host candidate may be a name that only its own network answers to (mDNS).
  expect([...looked].filter((name) => name !== 'localhost' && name !== '127.0.0.1' && !name.endsWith('.local'))).toEqual([]);
  expect([...requested].filter((host) => !host.startsWith('127.0.0.1:') && !host.startsWith('localhost:'))).toEqual([]);
  await Promise.all(relays.map((relay) => relay.stop()));
});

const isOfDeadRelays = (trouble: string): boolean => /WebSocket connection to 'ws:\/\/127\.0\.0\.1:\d+\/' failed/.test(trouble);

/** What relays saw of it: two keys and where they are, at the relay that introduced them. */
function expectIntroduced(sotto: Sotto): void {
  const taken = tapes(sotto);
  const lines = taken.flatMap((tape) => tape.lines);
  const introduced = lines.filter(({ event }) => event === 'introduced');
  expect(introduced.length).toBeGreaterThan(0);
  const keys = new Set(introduced.flatMap(({ from, to }) => [from, to]));
  expect(keys.size).toBe(2);
  for (const { fromRemote, toRemote } of introduced)
    for (const remote of [fromRemote, toRemote]) expect(remote).toMatch(/^127\.0\.0\.1:\d+$/);
  // Nobody else is found anywhere, and nobody at more than two relays.
  const found = taken.filter((tape) => tape.lines.some(({ event }) => event === 'found'));
  expect(found.length).toBeLessThanOrEqual(4);
  expect(new Set(lines.flatMap(({ event, peer }) => (event === 'found' ? peer : [])))).toEqual(keys);
}

test('direct in one room is nothing to another room, and comes again after a reload', async ({ sotto, people }) => {
  const ana = await openWatched(people, 'ana');
  await newRoom(ana.page, sotto.url, 'Ana');
  const ben = await openWatched(people, 'ben');
  await joinAs(ben.page, await invite(ana.page), 'Ben');
  await talk(ben, ana, 'first room');
  await ana.page.getByRole('button', { name: 'New room' }).click();
  const dan = await openWatched(people, 'dan');
  await joinAs(dan.page, await invite(ana.page), 'Dan');
  await talk(dan, ana, 'second room');

  await ana.page.getByRole('list', { name: 'Rooms' }).getByRole('listitem').filter({ hasText: 'first room' }).click();
  for (const { page } of [ana, ben]) await agree(page);
  await isDirect(ana, ben);
  await ana.page.getByRole('list', { name: 'Rooms' }).getByRole('listitem').filter({ hasText: 'second room' }).click();
  await expect(connection(ana.page)).toHaveText('Private · 3 hops');
  await openTab(ana.page, 'Network');
  await expect(radio(ana.page, 'Balanced')).toBeChecked();
  await talk(ana, dan, 'still three hops');
  expectIntroduced(sotto);
  await expect(dan.page.getByText('would like to talk directly')).toHaveCount(0);
  expect(await made(dan)).toBe(0);

  await ben.page.reload();
  await ben.page.getByRole('list', { name: 'Rooms' }).getByRole('listitem').first().click({ timeout: SOON });
  await ana.page.getByRole('list', { name: 'Rooms' }).getByRole('listitem').filter({ hasText: 'first room' }).click();
  await isDirect(ana, ben);
  await talk(ben, ana, 'back again');
  expect((await webRtc(ben)).states.filter((state) => state === 'connected')).toHaveLength(1);

  // Ben goes: the relays carry what is said, which the status tells, until he is back.
  await ben.close();
  await expect(connection(ana.page)).toHaveText('Direct is not possible just now · Private · 3 hops', { timeout: 2 * SOON });
  await openTab(ana.page, 'Network');
  await expect(radio(ana.page, 'Direct')).toBeChecked();
  await say(ana.page, 'for later');
  await reaches(ana.page, 'for later', ['sent']);
  const again = await openWatched(people, 'ben');
  await comeBack(again.page, sotto.url);
  await hears(again, 'for later');
  await isDirect(ana, again);
  await talk(again, ana, 'here I am');
});
