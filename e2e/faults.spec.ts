/** Relays die while people talk: nothing is lost, nothing comes twice, and the talk goes on over others. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { CREATE, Kind, type Line } from './auditor.ts';
import { circuitsShown, SOON } from './drive.ts';
import { expect, test, type NetworkEntry, type Sotto } from './fixtures.ts';
import { allThere, load, moment, shownAgain, talking, tall } from './talker.ts';

test.setTimeout(420_000);
// A trace holds the whole log at every step.
test.use({ trace: 'off' });

/** How long the talk may be broken when one relay dies, ms of the hearer's own clock. */
const AGAIN_WITHIN = 10_000;
/** The end of a relay's tap, as far as whole lines. */
function tapEnd(sotto: Sotto, name: string): Line[] {
  const file = openSync(join(sotto.tapDir, `${name}.jsonl`), 'r');
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, 1 << 20));
    readSync(file, bytes, 0, bytes.length, size - bytes.length);
    const lines = bytes
      .toString()
      .split('\n')
      .slice(size > bytes.length ? 1 : 0, -1);
    return lines.map((line) => JSON.parse(line) as Line);
  } finally {
    closeSync(file);
  }
}

/** The relays that have been given something to keep since then, the busiest first. */
function mailboxes(sotto: Sotto, since: number): NetworkEntry[] {
  const posts = ({ name }: NetworkEntry): number =>
    tapEnd(sotto, name).filter(({ t, event, kind }) => t >= since && event === 'message' && kind === Kind.POST).length;
  const counted = sotto.network().map((relay) => ({ relay, count: posts(relay) }));
  return counted
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => b.count - a.count)
    .map(({ relay }) => relay);
}

const byName = (sotto: Sotto, short: string | undefined): NetworkEntry => {
  const found = sotto.network().find(({ id }) => short !== undefined && id.startsWith(short));
  if (found === undefined) throw new Error(`no living relay is called ${short}`);
  return found;
};

type Role = 'guard' | 'middle' | 'mailbox 1' | 'mailbox 2';

/** Who plays that part for the hearer now. */
async function inRole(sotto: Sotto, page: Page, role: Role): Promise<NetworkEntry> {
  let boxes: NetworkEntry[] = [];
  // Two that are posted to at one time: those of the room's address.
  await expect.poll(() => (boxes = mailboxes(sotto, Date.now() - 2_000)).length, { timeout: SOON }).toBeGreaterThanOrEqual(2);
  const [first, second] = boxes.slice(0, 2).toSorted((a, b) => a.name.localeCompare(b.name));
  if (first === undefined || second === undefined) throw new Error('a room has two mailboxes');
  if (role === 'mailbox 1') return first;
  if (role === 'mailbox 2') return second;
  const circuit = async (): Promise<string[] | undefined> =>
    (await circuitsShown(page)).find(
      ([, , mailbox]) => mailbox !== undefined && [first.id, second.id].some((id) => id.startsWith(mailbox)),
    );
  await expect.poll(circuit, { timeout: SOON }).toBeDefined();
  const [guard, middle] = (await circuit()) ?? [];
  return byName(sotto, role === 'guard' ? guard : middle);
}

/** What a relay's tap gains from now on, each line once. */
class TapFrom {
  readonly #path: string;
  #offset: number;
  #rest = '';

  constructor(sotto: Sotto, name: string) {
    this.#path = join(sotto.tapDir, `${name}.jsonl`);
    this.#offset = statSync(this.#path).size;
  }

  lines(): Line[] {
    const file = openSync(this.#path, 'r');
    try {
      const bytes = Buffer.alloc(fstatSync(file).size - this.#offset);
      this.#offset += readSync(file, bytes, 0, bytes.length, this.#offset);
      // Hex and names only: no character is cut in two.
      const lines = (this.#rest + bytes.toString()).split('\n');
      this.#rest = lines.pop() ?? '';
      return lines.map((line) => JSON.parse(line) as Line);
    } finally {
      closeSync(file);
    }
  }
}

/** Resolves when circuits lead over the relay again; a mailbox is also written to, and read. */
async function usedAgain(tap: TapFrom, role: Role, name: string): Promise<void> {
  const since = Date.now();
  const awaited = new Set(role === 'guard' || role === 'middle' ? ['create'] : ['create', 'post', 'subscribe']);
  const look = (): string => {
    for (const { event, type, kind } of tap.lines()) {
      if (event === 'control' && type === CREATE) awaited.delete('create');
      if (event === 'message' && kind === Kind.POST) awaited.delete('post');
      if (event === 'message' && kind === Kind.SUBSCRIBE) awaited.delete('subscribe');
    }
    return [...awaited].join();
  };
  await expect.poll(look, { timeout: 2 * SOON, intervals: [250], message: `${role} ${name} is used again` }).toBe('');
  console.log(`${role} ${name} used again ${Date.now() - since} ms after its start`);
}

/**
 * Kills the relay that plays a part for Ben, and measures how long each of them hears nothing new; then the relay starts again, and
 * what is returned waits until it is used.
 */
async function loses(sotto: Sotto, ana: Page, ben: Page, role: Role): Promise<{ readonly back: Promise<void> }> {
  const victim = await inRole(sotto, ben, role);
  const [atAna, atBen] = await Promise.all([moment(ana), moment(ben)]);
  sotto.killRelay(victim.name);
  const [afterAna, afterBen] = await Promise.all([moment(ana), moment(ben)]);
  const gaps = await Promise.all([shownAgain(ben, 'a', afterAna.typed, atBen.now), shownAgain(ana, 'b', afterBen.typed, atAna.now)]);
  console.log(`${role} ${victim.name} killed: shown again after ${gaps.map((ms) => Math.round(ms)).join(' and ')} ms (${load()})`);
  for (const gap of gaps) expect(gap, `${role}: ms until the hearer showed something new`).toBeLessThan(AGAIN_WITHIN);
  const tap = new TapFrom(sotto, victim.name);
  await sotto.startRelay(victim.name);
  const back = usedAgain(tap, role, victim.name);
  if (role === 'guard' || role === 'middle') return { back };
  // The next mailbox dies once this one, or the one that took its place, is posted to: an address has two.
  const since = Date.now();
  await expect.poll(() => mailboxes(sotto, since).length, { timeout: SOON }).toBeGreaterThanOrEqual(2);
  return { back };
}

test('any relay is killed while messages flow: the talk goes on within ten seconds, nothing is lost, nothing comes twice', async ({
  sotto,
  people,
}) => {
  const [ana, ben] = await Promise.all([people.open('ana', tall), people.open('ben', tall)]);
  await talking(ana, ben, sotto.url);
  const back: Promise<void>[] = [];
  for (const role of ['guard', 'middle', 'mailbox 1', 'mailbox 2'] as const) {
    await test.step(`${role} dies`, async () => back.push((await loses(sotto, ana.page, ben.page, role)).back));
  }
  await Promise.all(back);
  await allThere(ana.page, ben.page);
});
