import { IDBFactory } from 'fake-indexeddb';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { concat, systemClock, systemRandom, utf8, type Bytes } from '../base/index.ts';
import { ManualClock, seededRandom, testSeed } from '../base/testing.ts';
import { newVaultFromKey, openVault, type Vault } from './index.ts';

const random = seededRandom(testSeed());
const open = (factory: IDBFactory): Promise<Vault> => openVault(factory, crypto.subtle, systemRandom, systemClock);

describe('a vault', () => {
  it('opens what it sealed, in its context alone', () => {
    const vault = newVaultFromKey(random.bytes(32), random);
    const sealed = vault.seal(utf8('hello'), 'room/1');
    expect(sealed.length).toBe(24 + 5 + 16);
    expect(vault.open(sealed, 'room/1')).toEqual(utf8('hello'));
    expect(vault.open(sealed, 'room/2')).toBeUndefined();
    expect(newVaultFromKey(random.bytes(32), random).open(sealed, 'room/1')).toBeUndefined();
  });

  it('never seals twice to the same bytes', () => {
    const vault = newVaultFromKey(random.bytes(32), random);
    expect(vault.seal(utf8('a'), 'c')).not.toEqual(vault.seal(utf8('a'), 'c'));
  });

  it('refuses each flipped bit, each cut and growth', () => {
    const vault = newVaultFromKey(random.bytes(32), random);
    const sealed = vault.seal(utf8('a'), 'c');
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const flipped = sealed.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(vault.open(flipped, 'c')).toBeUndefined();
    }
    for (let length = 0; length < sealed.length; length++) expect(vault.open(sealed.slice(0, length), 'c')).toBeUndefined();
    expect(vault.open(concat(sealed, Uint8Array.of(0)), 'c')).toBeUndefined();
  });

  it('wants a key of 32 bytes and does not print it', () => {
    expect(() => newVaultFromKey(new Uint8Array(31), random)).toThrow('want 32 bytes');
    const key = random.bytes(32);
    const vault = newVaultFromKey(key, random);
    expect(JSON.stringify(vault) + inspect(vault, { depth: 9, showHidden: true })).not.toContain(String(key[0]) + ',');
    expect(JSON.stringify(vault)).toBe('"[secret]"');
  });
});

/** The one record of a browser's vault, put back as `change` makes it. */
async function tamper(factory: IDBFactory, change: (record: { key: CryptoKey; nonce: Bytes; wrapped: Bytes }) => unknown): Promise<void> {
  const [info] = await factory.databases();
  const database = await new Promise<IDBDatabase>((resolve) => {
    const request = factory.open(info?.name ?? '');
    request.addEventListener('success', () => resolve(request.result));
  });
  const [store = ''] = database.objectStoreNames;
  const transaction = database.transaction(store, 'readwrite');
  const request = transaction.objectStore(store).get(0);
  request.addEventListener('success', () => transaction.objectStore(store).put(change(request.result), 0));
  await new Promise((resolve) => transaction.addEventListener('complete', resolve));
  database.close();
}

describe("a browser's vault", () => {
  it('is made once and opens again', async () => {
    const factory = new IDBFactory();
    const sealed = (await open(factory)).seal(utf8('kept'), 'c');
    expect((await open(factory)).open(sealed, 'c')).toEqual(utf8('kept'));
    expect((await open(new IDBFactory())).open(sealed, 'c')).toBeUndefined();
  });

  it('is one vault when two tabs make it at once', async () => {
    const factory = new IDBFactory();
    const [one, two] = await Promise.all([open(factory), open(factory)]);
    expect(two.open(one.seal(utf8('x'), 'c'), 'c')).toEqual(utf8('x'));
    expect((await open(factory)).open(two.seal(utf8('y'), 'c'), 'c')).toEqual(utf8('y'));
  });

  it('keeps a key that cannot be exported, and names that say nothing', async () => {
    const factory = new IDBFactory();
    await open(factory);
    const names = (await factory.databases()).map(({ name }) => name);
    expect(names).toEqual(['a1']);
    let exportable: boolean | undefined;
    let usages: readonly string[] = [];
    await tamper(factory, (record) => {
      exportable = record.key.extractable;
      usages = record.key.usages;
      return record;
    });
    expect(exportable).toBe(false);
    expect(usages.toSorted()).toEqual(['decrypt', 'encrypt']);
  });

  it.each([
    [
      'a flipped bit',
      (record: { wrapped: Bytes }) => ({ ...record, wrapped: record.wrapped.map((byte, i) => (i === 0 ? byte ^ 1 : byte)) }),
    ],
    ['a cut key', (record: { wrapped: Bytes }) => ({ ...record, wrapped: record.wrapped.slice(1) })],
    ['another form', () => ({ key: 'x' })],
    ['no form', () => 7],
  ])('is told as damaged, and not written over, with %s', async (_what, change) => {
    const factory = new IDBFactory();
    await open(factory);
    await tamper(factory, change);
    await expect(open(factory)).rejects.toMatchObject({ name: 'VaultError', kind: 'damaged' });
    await expect(open(factory)).rejects.toMatchObject({ kind: 'damaged' });
  });

  it('says that the browser refuses', async () => {
    const throwing = {
      open: () => {
        throw new DOMException('The operation is insecure.', 'SecurityError');
      },
    };
    await expect(open(throwing as unknown as IDBFactory)).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('refuses'),
    });
  });

  it('says that it is blocked when the browser gives no event at all', async () => {
    const clock = new ManualClock();
    const silent = { open: () => new EventTarget() } as unknown as IDBFactory;
    const opening = openVault(silent, crypto.subtle, systemRandom, clock);
    const advanced = clock.advance(10_000);
    await expect(opening).rejects.toMatchObject({ kind: 'blocked' });
    await advanced;
  });

  it('says that the disk is full', async () => {
    const factory = new IDBFactory();
    const full = Object.create(factory, {
      open: {
        value: (name: string, version: number) => {
          const request = factory.open(name, version);
          request.addEventListener('success', () => failWrites(request.result));
          return request;
        },
      },
    });
    await expect(open(full)).rejects.toMatchObject({ kind: 'full' });
  });
});

/** Every write of this database aborts as it does on a full disk. */
function failWrites(database: IDBDatabase): void {
  const transaction = database.transaction.bind(database);
  database.transaction = (stores, mode, options) => {
    const made = transaction(stores, mode, options);
    if (mode === 'readwrite') {
      Object.defineProperty(made, 'error', { value: new DOMException('full', 'QuotaExceededError') });
      setImmediate(() => made.abort());
    }
    return made;
  };
}
