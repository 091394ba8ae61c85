/**
 * Tabs die a hundred times while people talk: what was shown as sent is there afterwards, once, on both sides.
 *
 *   a life of a tab:  opened ──► reads its plan ──► types, hears, writes ──► the n-th event of its plan ──► its renderer crashes ──► opened again …
 *
 * When a life ends is counted in events of the page (a message typed, a transaction begun or durable, bytes to the guard, a bubble, a
 * state), not by a clock; at half of the deaths the page stands still at that very event, at the others it runs on until it is hit.
 * SOTTO_SEED repeats the plan.
 */
import type { CDPSession, Page } from '@playwright/test';
import { testSeed } from '../src/base/testing.ts';
import { SOON } from './drive.ts';
import { expect, test, type Person } from './fixtures.ts';
import { load, log, meet, tall } from './talker.ts';

test.setTimeout(600_000);
// A trace holds the whole log at every step.
test.use({ trace: 'off' });

const KILLS = 100;
const EVERY = 200;

/** So much is typed in one life, that all of it stays in sight at the end. */
const TYPED = 3;
/** A life in which nothing is counted any more ends after so long, ms. */
const LONGEST = 3_000;

/** What is counted, and up to how many of it a life may last. */
const events = { typed: TYPED, began: 15, durable: 15, wire: 40, shown: 6, state: 8 } as const;
type Event = keyof typeof events;

interface Plan {
  readonly name: string;
  readonly event: Event;
  readonly count: number;
  /** Stands still at the event until it is dead. */
  readonly still: boolean;
}

/** mulberry32: the plan of a seed is the same everywhere. */
function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** What the page finds in its window, by the test and by e2e/talker.ts. */
interface World {
  plan(): Promise<Plan | undefined>;
  tell(text: string, state: string): void;
  die(): void;
  readonly talker: { talk(prefix: string, every: number, most: number): void };
}

interface Measure {
  /** ms between two messages, how many of them, and ms until the end at the latest. */
  readonly every: number;
  readonly most: number;
  readonly longest: number;
}

/** Runs in the page, before anything of the page's own: counts, tells, and asks for its death. */
async function liveAndDie({ every, most, longest }: Measure): Promise<void> {
  const world = window as unknown as World;
  const counts = new Map<Event, number>();
  let given: Plan | undefined;
  const count = (event: Event): void => {
    counts.set(event, (counts.get(event) ?? 0) + 1);
    if (given === undefined || event !== given.event || (counts.get(event) ?? 0) < given.count) return;
    const { still } = given;
    given = undefined;
    world.die();
    // The end is on its way; whatever this task would have done next, it does not.
    const until = performance.now() + (still ? 5_000 : 0);
    while (performance.now() < until);
  };
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function (...args: Parameters<typeof transaction>) {
    const begun = transaction.apply(this, args);
    if (begun.mode === 'readonly') return begun;
    begun.addEventListener('complete', () => count('durable'));
    count('began');
    return begun;
  };
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (...args: Parameters<typeof send>) {
    send.apply(this, args);
    count('wire');
  };
  document.addEventListener('input', () => count('typed'), { capture: true });
  const told = new Map<string, string>();
  const look = (bubble: Element): void => {
    const text = bubble.textContent;
    const state = bubble.getAttribute('data-state') ?? 'heard';
    const before = told.get(text);
    if (before === state) return;
    told.set(text, state);
    world.tell(text, state);
    count(before === undefined ? 'shown' : 'state');
  };
  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      for (const node of type === 'attributes' ? [target] : addedNodes) {
        if (!(node instanceof Element)) continue;
        for (const bubble of [node, ...node.querySelectorAll('article')]) if (bubble.matches('[role=log] article')) look(bubble);
      }
    }
  }).observe(document, { childList: true, subtree: true, attributeFilter: ['data-state'] });
  given = await world.plan();
  if (given === undefined) return;
  world.talker.talk(given.name, every, most);
  setTimeout(() => given !== undefined && world.die(), longest);
}

const isSent = (state: string): boolean => ['sent', 'delivered', 'read'].includes(state);

/** One person whose tab dies again and again. */
class Mortal {
  readonly person: Person;
  /** Everything that one of the tabs showed as sent. */
  readonly sent = new Set<string>();
  readonly #url: string;
  readonly #mark: string;
  readonly #draw: (below: number) => number;
  readonly #ends: Record<string, number> = {};
  page: Page;
  #session: CDPSession | undefined;
  #life = 0;
  #lives = 0;

  constructor(person: Person, url: string, mark: string, draw: (below: number) => number) {
    this.person = person;
    this.page = person.page;
    this.#url = url;
    this.#mark = mark;
    this.#draw = draw;
  }

  async begin(): Promise<void> {
    const { context } = this.person;
    await context.exposeBinding('plan', () => this.#plan());
    await context.exposeBinding('tell', (_, text: string, state: string) => void (isSent(state) && this.sent.add(text)));
    await context.exposeBinding('die', () => this.#crash());
    await context.addInitScript(liveAndDie, { every: EVERY, most: TYPED, longest: LONGEST });
  }

  #plan(): Plan | undefined {
    if (this.#life >= this.#lives) return undefined;
    const names = Object.keys(events) as Event[];
    const event = names[this.#draw(names.length)] ?? 'typed';
    const plan = { name: `${this.#mark}${this.#life}`, event, count: 1 + this.#draw(events[event]), still: this.#draw(2) === 0 };
    this.#ends[event] = (this.#ends[event] ?? 0) + 1;
    return plan;
  }

  /** On the renderer's thread for input and output, so whatever its main thread is at. */
  #crash(): void {
    this.#session?.send('Page.crash').catch(() => undefined);
  }

  /** A tab that can be told to die. */
  async #reopen(): Promise<void> {
    const { context } = this.person;
    const dead = this.page;
    this.page = await context.newPage();
    this.#session = await context.newCDPSession(this.page);
    await dead.close();
  }

  /** Lives so many lives to their end, and opens once more. */
  async live(lives: number): Promise<Readonly<Record<string, number>>> {
    this.#lives = lives;
    await this.#reopen();
    for (; this.#life < lives; this.#life++) {
      const died = this.page.waitForEvent('crash', { timeout: SOON });
      // It may die before it has loaded.
      await Promise.race([this.page.goto(this.#url).catch(() => undefined), died]);
      await died;
      await this.#reopen();
    }
    await this.page.goto(this.#url);
    return this.#ends;
  }
}

test(`${KILLS} tabs are killed while they send and receive: what was shown as sent is there, once, on both sides`, async ({
  sotto,
  people,
}) => {
  const seed = testSeed();
  const [ana, ben] = await Promise.all([people.open('ana', tall), people.open('ben', tall)]);
  const mortals = [ana, ben].map((person, i) => new Mortal(person, sotto.url, 'ab'.charAt(i), seeded(seed + i)));
  await Promise.all(mortals.map((mortal) => mortal.begin()));
  await meet(ana, ben, sotto.url);

  const began = performance.now();
  const ends = await Promise.all(mortals.map((mortal) => mortal.live(KILLS / 2)));
  const each = (performance.now() - began) / KILLS;
  console.log(`${KILLS} kills, one in ${Math.round(each)} ms (${load()}): ${JSON.stringify(ends)}`);

  const sent = mortals.flatMap((mortal) => [...mortal.sent]);
  const texts = async ({ page }: Mortal): Promise<string[]> => (await log(page)).map(([text]) => text);
  const [first, second] = mortals as [Mortal, Mortal];
  for (const mortal of mortals) {
    const unsettled = async () => (await log(mortal.page)).filter(([, state]) => state !== undefined && !/^(delivered|read)$/.test(state));
    const missing = async () => {
      const there = new Set(await texts(mortal));
      return sent.filter((text) => !there.has(text));
    };
    await expect.poll(missing, { timeout: 2 * SOON }).toEqual([]);
    await expect.poll(unsettled, { timeout: SOON }).toEqual([]);
  }
  // What was typed and never shown as sent is there for both, or for nobody.
  const differ = async () => {
    const [anas, bens] = await Promise.all([texts(first), texts(second)]);
    return anas.filter((text, i) => text !== bens[i]).concat(bens.slice(anas.length));
  };
  await expect.poll(differ, { timeout: SOON }).toEqual([]);
  const there = await texts(first);
  console.log(`${there.length} messages, ${sent.length} of them were seen as sent`);
  expect(there.filter((text, i) => there.indexOf(text) !== i)).toEqual([]);
  expect(sent.length).toBeGreaterThan(KILLS / 2);
});
