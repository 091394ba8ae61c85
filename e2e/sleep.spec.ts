/** Tabs that sleep, freeze, lose their network or their sockets while the others talk on: all is there once they are back, once. */
import type { BrowserContext, Page } from '@playwright/test';
import { connection, hears, invite, joinAs, newRoom, say, SOON } from './drive.ts';
import { expect, test, type People, type Person } from './fixtures.ts';
import { signalRenderers } from './renderers.ts';
import { attend, expectSettled, hush, load, log, moment, shownAgain, talk, tall } from './talker.ts';

test.setTimeout(300_000);
// A trace holds the whole log at every step.
test.use({ trace: 'off' });

const EVERY = { ana: 250, others: 500 };
/** Longer than any neighbour or mailbox waits for a word. */
const ASLEEP = 25_000;
const CUT = 10_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Whether bytes pass the page's WebSockets. */
interface Wires {
  /** Swallows what comes and goes on all that are open, as a network does that is gone; later ones work. */
  mute(): void;
  /** Closes all that are open. */
  drop(): void;
}

/** Of every page that the context opens from now on. */
const wire = (context: BrowserContext): Promise<unknown> =>
  context.addInitScript(() => {
    const open = new Set<WebSocket>();
    const muted = new WeakSet<WebSocket>();
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (...args: Parameters<typeof send>) {
      if (!muted.has(this)) send.apply(this, args);
    };
    window.WebSocket = new Proxy(window.WebSocket, {
      construct(target, given) {
        const socket = Reflect.construct(target, given) as WebSocket;
        open.add(socket);
        socket.addEventListener('message', (event) => muted.has(socket) && event.stopImmediatePropagation());
        socket.addEventListener('close', () => open.delete(socket));
        return socket;
      },
    });
    const wires: Wires = {
      mute: () => open.forEach((socket) => muted.add(socket)),
      drop: () => open.forEach((socket) => socket.close()),
    };
    Object.assign(window, { wires });
  });

const mute = (page: Page): Promise<void> => page.evaluate(() => (window as unknown as { readonly wires: Wires }).wires.mute());
const drop = (page: Page): Promise<void> => page.evaluate(() => (window as unknown as { readonly wires: Wires }).wires.drop());

/** Ana's room, with Ben and Cyd in it. */
async function three(people: People, url: string): Promise<readonly [Person, Person, Person]> {
  const [ana, ben, cyd] = await Promise.all([people.open('ana', tall), people.open('ben', tall), people.open('cyd', tall)]);
  for (const { context } of [ana, ben, cyd]) {
    await attend(context);
    await wire(context);
  }
  await newRoom(ana.page, url, 'Ana');
  for (const [other, name] of [
    [ben, 'Ben'],
    [cyd, 'Cyd'],
  ] as const) {
    const link = await invite(ana.page);
    await joinAs(other.page, link, name);
    await say(other.page, `${name} is here`);
    await hears(ana, `${name} is here`);
  }
  await say(ana.page, 'good');
  for (const other of [ben, cyd]) await hears(other, 'good');
  return [ana, ben, cyd];
}

/**
 * Ben's whole renderer stands still, as on a machine that sleeps. Cyd's page alone does, as one that the browser froze: what comes in
 * waits for it. (It is held by the debugger: the browser's own freezing spares pages that a test looks at.) Ana talks on.
 */
async function sleep(ana: Person, ben: Person, cyd: Person): Promise<void> {
  const session = await cyd.context.newCDPSession(cyd.page);
  const before = await Promise.all([moment(ben.page), moment(cyd.page)]);
  await signalRenderers(ben.context, 'SIGSTOP');
  await session.send('Debugger.enable');
  await session.send('Debugger.pause');
  await pause(ASLEEP);
  const { typed } = await moment(ana.page);
  await signalRenderers(ben.context, 'SIGCONT');
  await session.send('Debugger.resume');
  const after = await Promise.all([moment(ben.page), moment(cyd.page)]);
  after.forEach(({ now }, i) => expect(now - (before[i]?.now ?? now)).toBeGreaterThan(ASLEEP - 1_000));
  // Typed after all that had waited for them: it comes over circuits that live.
  const gaps = await Promise.all([ben, cyd].map(({ page }, i) => shownAgain(page, 'a', typed, after[i]?.now ?? 0)));
  console.log(`awake: shown again after ${gaps.map(Math.round).join(' (stopped) and ')} ms (frozen) (${load()})`);
  await session.detach();
}

/** Ben is told that he is offline, and nothing passes; Cyd's sockets close under him. Ana talks on, and they too. */
async function cut(ana: Person, ben: Person, cyd: Person): Promise<void> {
  const words = connection(ben.page);
  const [bens, cyds] = await Promise.all([moment(ben.page), moment(cyd.page)]);
  await ben.context.setOffline(true);
  await mute(ben.page);
  await drop(cyd.page);
  const [anas, then] = await Promise.all([moment(ana.page), moment(cyd.page)]);
  await expect(words).toHaveText('Offline · messages are queued', { timeout: SOON });
  const cydAgain = shownAgain(cyd.page, 'a', anas.typed, then.now);
  await pause(CUT);
  const own = (await log(ben.page)).filter(([text]) => text.startsWith('b.') && Number(text.split('.')[1]) > bens.typed);
  expect(own.length).toBeGreaterThan(CUT / EVERY.others / 3);
  expect(own.filter(([, state]) => state !== 'queued')).toEqual([]);
  const back = await moment(ben.page);
  await ben.context.setOffline(false);
  const gaps = [await shownAgain(ben.page, 'a', anas.typed + 8, back.now), await cydAgain];
  console.log(`online again: shown again after ${gaps.map(Math.round).join(' ms; after the sockets closed: ')} ms (${load()})`);
  expect(cyds.typed).toBeGreaterThan(0);
  for (const { page } of [ben, cyd]) await expect(connection(page)).toContainText('3 hops', { timeout: SOON });
}

test('a tab asleep, one frozen, one offline and one whose sockets close: all is there afterwards, once', async ({ sotto, people }) => {
  const [ana, ben, cyd] = await three(people, sotto.url);
  await talk(ana.page, 'a', EVERY.ana);
  await talk(ben.page, 'b', EVERY.others);
  await talk(cyd.page, 'c', EVERY.others);
  await test.step('asleep', () => sleep(ana, ben, cyd));
  await test.step('cut off', () => cut(ana, ben, cyd));
  const pages = [ana.page, ben.page, cyd.page];
  for (const page of pages) await expect(connection(page)).toContainText('3 hops', { timeout: SOON });
  const typed = (await Promise.all(pages.map(hush))).flat();
  await expectSettled(pages, [...typed, 'Ben is here', 'Cyd is here', 'good']);
});
