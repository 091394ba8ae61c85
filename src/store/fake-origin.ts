/** For tests in Node: fake-indexeddb whose transactions fail and whose connections are cut when told, and marks in a map. */
import 'fake-indexeddb/auto';
import { forceCloseDatabase } from 'fake-indexeddb';
import { toHex, systemRandom } from '../base/index.ts';
import type { Marks } from './indexeddb.ts';

type Fault = 'quota' | 'aborted' | undefined;

const connections = new Set<IDBDatabase>();
let fault: () => Fault = () => undefined;

const openDatabase = indexedDB.open.bind(indexedDB);
indexedDB.open = (name, version) => {
  const request = openDatabase(name, version);
  request.addEventListener('success', () => watch(request.result));
  return request;
};

function watch(database: IDBDatabase): void {
  connections.add(database);
  const transaction = database.transaction.bind(database);
  database.transaction = (...parameters) => {
    const begun = transaction(...parameters);
    const failing = begun.mode === 'readwrite' ? fault() : undefined;
    if (failing !== undefined) {
      const abort = Reflect.get(begun, '_abort') as (name: string | null) => void;
      const name = failing === 'quota' ? 'QuotaExceededError' : null;
      begun.addEventListener('error', (event) => event.preventDefault());
      setImmediate(() => abort.call(begun, name));
    }
    return begun;
  };
}

/** Asked for each transaction that writes. */
export const failWrites = (how: () => Fault): void => void (fault = how);

/** Cuts every connection: what has not completed is undone. */
export function crash(): void {
  for (const database of connections) Reflect.apply(forceCloseDatabase, undefined, [database]);
  connections.clear();
}

/** The browser closes the databases by itself, and says so. */
export const closeByForce = crash;

export const randomName = (): string => toHex(systemRandom.bytes(8));

export function mapMarks(): Marks & { readonly marks: Map<string, string> } {
  const marks = new Map<string, string>();
  return {
    marks,
    getItem: (key) => marks.get(key) ?? null,
    setItem: (key, value) => void marks.set(key, value),
    removeItem: (key) => void marks.delete(key),
  };
}

/** Everything in one object store, through the API. */
export async function readRaw(database: string, store: 'updates' | 'custom'): Promise<Map<IDBValidKey, unknown>> {
  const raw = await answered(openDatabase(database));
  const transaction = raw.transaction(store, 'readonly');
  const keys = answered(transaction.objectStore(store).getAllKeys());
  const values = answered(transaction.objectStore(store).getAll());
  const read = new Map((await keys).map((key, i) => [key, i] as const));
  const all = await values;
  raw.close();
  return new Map([...read].map(([key, i]) => [key, all[i]]));
}

/** Changes one object store behind everybody's back. */
export async function meddle(database: string, store: 'updates' | 'custom', act: (store: IDBObjectStore) => void): Promise<void> {
  const raw = await answered(openDatabase(database));
  const transaction = raw.transaction(store, 'readwrite');
  act(transaction.objectStore(store));
  await new Promise((resolve) => (transaction.oncomplete = resolve));
  raw.close();
}

export function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('no reason given'));
  });
}
