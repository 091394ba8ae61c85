import 'fake-indexeddb/auto';
import { forceCloseDatabase } from 'fake-indexeddb';
import { storeContract } from './contract.ts';
import { indexedDbStore } from './indexeddb.ts';
import { testSealer } from './testing.ts';

/** Every connection opened, so that a crash can cut them and a fault can reach their transactions. */
const connections = new Set<IDBDatabase>();
let fault: 'quota' | 'aborted' | undefined;

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
    if (fault !== undefined && begun.mode === 'readwrite') {
      const abort = Reflect.get(begun, '_abort') as (name: string | null) => void;
      const name = fault === 'quota' ? 'QuotaExceededError' : null;
      setImmediate(() => abort.call(begun, name));
    }
    return begun;
  };
}

function crash(): void {
  for (const database of connections) Reflect.apply(forceCloseDatabase, undefined, [database]);
  connections.clear();
}

storeContract('indexeddb', async () => {
  const sealer = testSealer();
  const prefix = crypto.randomUUID().replaceAll('-', '');
  const marks = new Map<string, string>();
  const open = () =>
    indexedDbStore(sealer, {
      prefix,
      marks: {
        getItem: (key) => marks.get(key) ?? null,
        setItem: (key, value) => marks.set(key, value),
        removeItem: (key) => marks.delete(key),
      },
    });
  return {
    store: open(),
    async restart() {
      crash();
      return open();
    },
    fail: (trouble) => (fault = trouble),
    heal: () => (fault = undefined),
  };
});
