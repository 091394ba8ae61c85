/** At rest: what was said is there again with no network at all, and nothing of it can be read where the browser keeps it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import { bubble, connection, hears, invite, reaches, say, SOON } from './drive.ts';
import { expect, test, type Person } from './fixtures.ts';

test.setTimeout(180_000);

/** Words that nobody else in the world has in their browser. */
const canary = {
  anasName: 'Quivering Zanthoxyl',
  bensName: 'Umbral Kvetchling',
  room: 'Ophicleide Byway',
  first: 'the wyvern eats quinces at noon',
  second: 'bring the jacaranda ledger to the sluice',
};
const words = Object.values(canary);

/** Every way in which a text may lie somewhere as bytes. */
function written(text: string): Buffer[] {
  const wide = Buffer.from(text, 'utf16le');
  return [Buffer.from(text, 'utf8'), wide, Buffer.from(wide).swap16()];
}

/** An id may lie as its bytes, or as text in any of the usual alphabets. */
function writtenId(hex: string): Buffer[] {
  const bytes = Buffer.from(hex, 'hex');
  // Of base64 the first and the last letters depend on what stands beside.
  const inside = bytes.toString('base64url').slice(4, -4);
  return [bytes, ...[hex, hex.toUpperCase(), inside, bytes.toString('base64').slice(4, -4)].flatMap(written)];
}

type Needles = ReadonlyMap<string, readonly Buffer[]>;

const wordNeedles: Needles = new Map(words.map((word) => [word, written(word)]));

/** The one look that all scans use: which needles are in which of the places. */
function found(needles: Needles, places: readonly (readonly [string, Buffer])[]): string[] {
  return places.flatMap(([place, bytes]) =>
    [...needles].filter(([, forms]) => forms.some((form) => bytes.includes(form))).map(([needle]) => `${needle} in ${place}`),
  );
}

/** Everything that the page's origin keeps, through the browser's own interfaces: IndexedDB, caches, both storages. */
async function kept(page: Page): Promise<[string, Buffer][]> {
  const all = await page.evaluate(async () => {
    const answered = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error ?? new Error('no reason given'));
      });
    const parts: [string, string][] = [];
    const latin1 = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
    const put = (place: string, value: unknown): void => {
      if (value instanceof ArrayBuffer) put(place, new Uint8Array(value));
      else if (ArrayBuffer.isView(value)) parts.push([place, latin1(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))]);
      else if (value instanceof CryptoKey) parts.push([place, `key ${value.extractable ? 'open' : 'closed'}`]);
      else if (typeof value === 'string') parts.push([place, latin1(new TextEncoder().encode(value))]);
      else if (typeof value === 'object' && value !== null) for (const [key, one] of Object.entries(value)) put(`${place}.${key}`, one);
      else parts.push([place, String(value)]);
    };
    for (const { name = '' } of await indexedDB.databases()) {
      put('database name', name);
      const database = await answered(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        put('store name', store);
        const values = database.transaction(store).objectStore(store);
        const [keys, read] = await Promise.all([answered(values.getAllKeys()), answered(values.getAll() as IDBRequest<unknown[]>)]);
        keys.forEach((key, i) => {
          put('key', key);
          put(`value ${name}/${store}`, read[i]);
        });
      }
      database.close();
    }
    for (const storage of [localStorage, sessionStorage]) {
      for (const [key, value] of Object.entries(storage)) {
        put('mark', key);
        put(`value of mark ${key}`, value);
      }
    }
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) put('cached', request.url);
    }
    return parts;
  });
  return all.map(([place, text]) => [place, Buffer.from(text, 'latin1')]);
}

/** Every file of a profile that no browser has open. */
function files(folder: string): [string, Buffer][] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => joinPath(entry.parentPath, entry.name))
    .map((file) => [file.slice(folder.length + 1), readFileSync(file)]);
}

const texts = (places: readonly (readonly [string, Buffer])[], place: string): string[] =>
  places.filter(([name]) => name === place).map(([, bytes]) => bytes.toString('latin1'));

/** The ids that the open peer knows, taken from the screen's own state: the room's, and those of the people in it. */
const ids = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    interface Fiber {
      readonly child: Fiber | null;
      readonly sibling: Fiber | null;
      readonly memoizedProps: { readonly peer?: unknown } | null;
    }
    interface OpenPeer {
      view(): { readonly rooms: readonly { readonly id: string }[] };
      room(id: string): { readonly members: readonly { readonly id: string }[] } | undefined;
    }
    const isPeer = (value: unknown): value is OpenPeer => typeof value === 'object' && value !== null && 'view' in value && 'room' in value;
    const find = (fiber: Fiber | null): OpenPeer | undefined => {
      for (let at = fiber; at !== null; at = at.sibling) {
        const here = at.memoizedProps?.peer;
        const peer = isPeer(here) ? here : find(at.child);
        if (peer !== undefined) return peer;
      }
      return undefined;
    };
    const [, root] = Object.entries(document.querySelector('#root') ?? {}).find(([key]) => key.startsWith('__reactContainer')) ?? [];
    const peer = find(root as Fiber);
    if (peer === undefined) throw new Error('no open peer is on the screen');
    return peer.view().rooms.flatMap(({ id }) => [id, ...(peer.room(id)?.members ?? []).map((member) => member.id)]);
  });

const base32 = (hex: string): string => {
  const bits = [...Buffer.from(hex, 'hex')].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? []).map((five) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(five, 2)]).join('');
};

async function newRoomNamed(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.getByRole('textbox', { name: 'You’ll be known as' }).fill(canary.anasName);
  await page.getByRole('button', { name: 'New room' }).first().click();
  await page.getByRole('button', { name: 'Change the room’s name' }).click({ timeout: SOON });
  await page.getByRole('textbox', { name: 'Name of the room' }).fill(canary.room);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { name: canary.room })).toBeVisible({ timeout: SOON });
}

async function joinNamed(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.getByRole('textbox', { name: 'They’ll know you as' }).fill(canary.bensName, { timeout: SOON });
  await page.getByRole('button', { name: 'Join', exact: true }).click();
}

/** The service worker holds the whole release, and answers for this page. */
async function readyOffline(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
}

async function showsHistory({ page }: Person, otherName: string): Promise<void> {
  for (const text of [canary.first, canary.second]) await expect(bubble(page, text)).toHaveCount(1, { timeout: SOON });
  await expect(page.getByRole('heading', { name: canary.room })).toBeVisible();
  await expect(page.getByRole('list', { name: 'People' })).toContainText(otherName);
}

test('history is there before any network, and nothing of it can be read where it is kept', async ({ sotto, people }) => {
  const ana = await people.open('ana');
  await newRoomNamed(ana.page, sotto.url);
  const link = await invite(ana.page);
  const ben = await people.open('ben');
  await joinNamed(ben.page, link);
  await say(ben.page, canary.first);
  await hears(ana, canary.first);
  await say(ana.page, canary.second);
  await hears(ben, canary.second);
  await reaches(ana.page, canary.second, ['delivered', 'read']);
  await reaches(ben.page, canary.first, ['delivered', 'read']);
  await expect(ben.page.getByRole('list', { name: 'People' })).toContainText(canary.anasName, { timeout: SOON });
  const known = new Set([...(await ids(ana.page)), ...(await ids(ben.page))]);
  expect(known.size).toBe(3);

  // One is told by the browser that it is offline; of the other, page server and relays are gone.
  for (const { page } of [ana, ben]) await readyOffline(page);
  await ana.context.setOffline(true);
  await ana.page.reload();
  await showsHistory(ana, canary.bensName);
  await expect(connection(ana.page)).toContainText('Offline');
  await sotto.stop();
  await ben.page.reload();
  await showsHistory(ben, canary.anasName);
  await say(ben.page, 'said to nobody');
  await reaches(ben.page, 'said to nobody', ['queued']);

  const needles: Needles = new Map([
    ...wordNeedles,
    ...[...known].map((id): [string, Buffer[]] => [id, [...writtenId(id), ...written(base32(id).slice(0, -1))]]),
    ['did:sotto', written('did:sotto')],
  ]);
  for (const person of [ana, ben]) await nothingToRead(person, needles);
  for (const person of [ana, ben]) {
    await putInTheOpen(person.page, [...known]);
    await person.close();
    nothingOnDisk(person, known);
  }
});

async function nothingToRead({ page }: Person, needles: Needles): Promise<void> {
  const places = await kept(page);
  expect(found(needles, places)).toEqual([]);
  const values = places.filter(([place]) => place.startsWith('value ') && !place.startsWith('value of mark')).map(([, bytes]) => bytes);
  expect(values.length).toBeGreaterThan(10);
  // What is sealed cannot be made smaller.
  const whole = Buffer.concat(values.filter((bytes) => bytes.length >= 64));
  expect(whole.length).toBeGreaterThan(20_000);
  expect(deflateRawSync(whole).length / whole.length).toBeGreaterThan(0.99);
  // Names are numbers, or hex made at random; the marks are the databases' names, and that the question about storage was put.
  for (const name of texts(places, 'database name')) expect(name).toMatch(/^[0-9a-f]{2,32}$/);
  for (const name of texts(places, 'store name')) expect(['a', 'custom', 'updates']).toContain(name);
  for (const key of texts(places, 'key')) expect(key).toMatch(/^\d+$/);
  for (const mark of texts(places, 'mark')) expect(mark).toMatch(/^[0-9a-f]{16,32}$|^sotto-asked-to-keep$/);
  for (const address of texts(places, 'cached')) expect(new URL(address).hash + new URL(address).search).toBe('');
  expect(texts(places, 'value a1/a.key')).toEqual(['key closed']);
}

/** What the positive controls look for: as the words would lie there if they were not sealed. */
const inTheOpen = (text: string): string => `an open ${text} for the control`;
const control = { text: 'marmoreal grackle', bytes: 'catoptric vestibule', wide: 'sesquipedal tamarind', local: 'borborygmic lantern' };

/** Puts texts unsealed beside what is sealed, and sees that the same looks find them. */
async function putInTheOpen(page: Page, known: readonly string[]): Promise<void> {
  const wide = [...Buffer.from(inTheOpen(control.wide), 'utf16le')];
  const id = [...Buffer.from(known[0] ?? '', 'hex')];
  const said = { text: inTheOpen(control.text), bytes: inTheOpen(control.bytes), wide, id, local: inTheOpen(control.local) };
  await page.evaluate(
    (told) =>
      new Promise<void>((resolve, reject) => {
        localStorage.setItem('open', told.local);
        const opening = indexedDB.open('control', 1);
        opening.onupgradeneeded = () => opening.result.createObjectStore('open');
        opening.onerror = () => reject(opening.error ?? new Error('no reason given'));
        opening.onsuccess = () => {
          const transaction = opening.result.transaction('open', 'readwrite', { durability: 'strict' });
          const store = transaction.objectStore('open');
          store.put({ deep: [told.text] }, told.text);
          store.put(new TextEncoder().encode(told.bytes), 1);
          store.put({ deep: { bytes: Uint8Array.from(told.wide).buffer } }, 2);
          store.put(Uint8Array.from(told.id), 3);
          transaction.oncomplete = () => {
            opening.result.close();
            resolve();
          };
        };
      }),
    said,
  );
  const places = await kept(page);
  const needles: Needles = new Map([...controls, ['an id', writtenId(known[0] ?? '')]]);
  expect(new Set(found(needles, places))).toEqual(
    new Set([
      `${control.text} in key`,
      `${control.text} in value control/open.deep.0`,
      `${control.bytes} in value control/open`,
      `${control.wide} in value control/open.deep.bytes`,
      `an id in value control/open`,
      `${control.local} in value of mark open`,
    ]),
  );
}

const controls: Needles = new Map(Object.values(control).map((text) => [text, written(text)]));

/**
 * A scan of the whole profile. The link's fragment is not looked for: Chromium writes an opened address into its own history
 * (docs/threat-model.md). Nor are ids, which the fragment holds.
 */
function nothingOnDisk({ profile }: Person, known: ReadonlySet<string>): void {
  const places = files(profile);
  expect(found(wordNeedles, places)).toEqual([]);
  const stored = places.filter(([file]) => /IndexedDB|Local Storage|Session Storage|CacheStorage/.test(file));
  expect(stored.length).toBeGreaterThan(5);
  // The control put the first id there; the others are nowhere in what the page stores.
  const [first = '', ...others] = known;
  expect(found(new Map(others.map((id) => [id, writtenId(id)])), stored)).toEqual([]);
  expect(found(new Map([[first, writtenId(first)]]), stored).length).toBeGreaterThan(0);
  for (const [text, forms] of controls) {
    expect(found(new Map([[text, forms]]), stored).length, `${text} is found on disk`).toBeGreaterThan(0);
  }
}
