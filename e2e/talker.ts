/**
 * Somebody who types by a clock and sees what the log shows, inside the page itself: steady whatever the test's own process does, and
 * timed by the page's monotonic clock. It presses what a person presses: the Message box and Send.
 *
 *   await attend(ana.context);                      before the page is opened
 *   await talk(ana.page, 'a', 200);   …   const typed = await hush(ana.page);
 *   const shown = await seen(ben.page);             text → when it was first shown, and how often at once
 */
import { loadavg } from 'node:os';
import type { BrowserContext, Page } from '@playwright/test';
import { connection, hears, invite, joinAs, newRoom, say, SOON } from './drive.ts';
import { expect, type Person } from './fixtures.ts';

export interface Shown {
  /** ms of the page's own clock (performance.now). */
  readonly at: number;
  /** How many bubbles said this at one time, at most. */
  readonly most: number;
}

export interface Moment {
  /** ms of the page's own clock. */
  readonly now: number;
  /** How many messages were typed so far. */
  readonly typed: number;
}

interface Talker {
  talk(prefix: string, every: number, most?: number): void;
  hush(): string[];
  moment(): Moment;
  seen(): [string, Shown][];
  states(): [string, string | undefined][];
}

type Attended = Window & { readonly talker: Talker };

/** High enough, with what the log draws above it, that seven hundred messages are all drawn: a busy machine takes longer, and more is said. */
export const tall = { viewport: { width: 1280, height: 30_000 }, deviceScaleFactor: 0.2 };

/** Of every page that the context opens from now on. */
export const attend = (context: BrowserContext): Promise<unknown> => context.addInitScript(attendPage);

export const talk = (page: Page, prefix: string, every: number): Promise<void> =>
  page.evaluate(([name, ms]) => (window as unknown as Attended).talker.talk(name, ms), [prefix, every] as const);

/** Stops typing; all that was typed so far. */
export const hush = (page: Page): Promise<string[]> => page.evaluate(() => (window as unknown as Attended).talker.hush());

export const moment = (page: Page): Promise<Moment> => page.evaluate(() => (window as unknown as Attended).talker.moment());

/** All that this page ever showed since it was opened. */
export const seen = async (page: Page): Promise<ReadonlyMap<string, Shown>> =>
  new Map(await page.evaluate(() => (window as unknown as Attended).talker.seen()));

/** What the log shows now, in order: each text with its state, where it is one's own. */
export const log = (page: Page): Promise<[string, string | undefined][]> =>
  page.evaluate(() => (window as unknown as Attended).talker.states());

/** ms of the hearer's clock from `since` until it showed one of the talker's messages from number `from` on. */
export async function shownAgain(hearer: Page, prefix: string, from: number, since: number): Promise<number> {
  const first = async (): Promise<number> => {
    const later = [...(await seen(hearer))].filter(([text]) => text.startsWith(`${prefix}.`) && Number(text.split('.')[1]) >= from);
    return Math.min(...later.map(([, { at }]) => at)) - since;
  };
  await expect.poll(first, { timeout: 2 * SOON, intervals: [250] }).toBeLessThan(Number.POSITIVE_INFINITY);
  return first();
}

/** Nobody types any more: each page comes to show exactly these, each once, in one order; one's own were heard; a reload shows the same. */
export async function expectSettled(pages: readonly Page[], expected: readonly string[]): Promise<void> {
  const texts = async (page: Page): Promise<string[]> => (await log(page)).map(([text]) => text);
  const unsettled = async (page: Page) => (await log(page)).filter(([, state]) => state !== undefined && !/^(delivered|read)$/.test(state));
  for (const page of pages) {
    await expect.poll(async () => (await texts(page)).toSorted(), { timeout: 2 * SOON }).toEqual([...expected].toSorted());
    await expect.poll(() => unsettled(page), { timeout: SOON }).toEqual([]);
    expect([...(await seen(page))].filter(([, { most }]) => most !== 1)).toEqual([]);
  }
  const [first, ...others] = await Promise.all(pages.map(texts));
  for (const other of others) expect(other).toEqual(first);
  for (const page of pages) {
    await page.reload();
    await expect.poll(() => texts(page), { timeout: SOON }).toEqual(first);
  }
}

/** Runs in the page, before anything of the page's own. */
function attendPage(): void {
  const shown = new Map<string, { at: number; most: number; bubbles: Set<Element> }>();
  const typed: string[] = [];
  let timer: ReturnType<typeof setInterval> | undefined;

  const note = (bubble: Element): void => {
    const text = bubble.textContent;
    const known = shown.get(text) ?? { at: performance.now(), most: 0, bubbles: new Set() };
    shown.set(text, known);
    for (const other of known.bubbles) if (!other.isConnected) known.bubbles.delete(other);
    known.bubbles.add(bubble);
    known.most = Math.max(known.most, known.bubbles.size);
  };
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) {
        if (!(node instanceof Element) || !node.isConnected) continue;
        for (const bubble of [node, ...node.querySelectorAll('*')]) if (bubble.matches('[role=log] article')) note(bubble);
      }
    }
  }).observe(document, { childList: true, subtree: true });

  const type = (text: string): boolean => {
    const box = document.querySelector<HTMLTextAreaElement>('textarea[aria-label="Message"]');
    if (box === null || box.value !== '') return false;
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value')?.set?.call(box, text);
    box.dispatchEvent(new Event('input', { bubbles: true }));
    // React, which was told first, takes the text over in a microtask of its own.
    queueMicrotask(() => document.querySelector<HTMLButtonElement>('button[aria-label="Send"]')?.click());
    return true;
  };
  const talker: Talker = {
    talk(prefix, every, most = Number.POSITIVE_INFINITY) {
      clearInterval(timer);
      timer = setInterval(() => {
        if (typed.length >= most) return;
        const text = `${prefix}.${typed.length}.`;
        if (type(text)) typed.push(text);
      }, every);
    },
    hush() {
      clearInterval(timer);
      return typed;
    },
    moment: () => ({ now: performance.now(), typed: typed.length }),
    seen: () => [...shown].map(([text, { at, most }]) => [text, { at, most }]),
    states: () =>
      [...document.querySelectorAll('[role=log] article')].map((bubble) => [
        bubble.textContent,
        bubble.getAttribute('data-state') ?? undefined,
      ]),
  };
  Object.assign(window, { talker });
}

/** ms between two messages: Ana's five a second, and Ben's answers. */
export const EVERY = { ana: 200, ben: 1_000 };

/** How busy the machine is. */
export const load = (): string => `load ${loadavg()[0]?.toFixed(1)}`;

/** Ana makes a room, Ben joins it by her link, and both have spoken. */
export async function meet(ana: Person, ben: Person, url: string): Promise<void> {
  await Promise.all([attend(ana.context), attend(ben.context)]);
  await newRoom(ana.page, url, 'Ana');
  const link = await invite(ana.page);
  await joinAs(ben.page, link, 'Ben');
  await say(ben.page, 'here I am');
  await hears(ana, 'here I am');
  await say(ana.page, 'good');
  await hears(ben, 'good');
}

/** Two who met, and then talk: `a.0.`, `a.1.`, … and `b.0.`, … */
export async function talking(ana: Person, ben: Person, url: string): Promise<void> {
  await meet(ana, ben, url);
  await talk(ana.page, 'a', EVERY.ana);
  await talk(ben.page, 'b', EVERY.ben);
}

/** All that was typed is there once on both sides, and the status is right again. */
export async function allThere(ana: Page, ben: Page): Promise<void> {
  for (const page of [ana, ben]) await expect(connection(page)).toContainText('3 hops', { timeout: SOON });
  const typed = [...(await hush(ana)), ...(await hush(ben))];
  console.log(`${typed.length} messages`);
  await expectSettled([ana, ben], [...typed, 'here I am', 'good']);
}
