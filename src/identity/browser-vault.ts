/**
 * Where a browser keeps the vault's data key: wrapped by an AES-GCM key that WebCrypto will use and not hand out, both in a
 * database of their own whose names say nothing. The raw bytes of such a key do lie in the browser's profile: against somebody
 * who reads the disk only a passphrase or a passkey protects (docs/protocol.md §2).
 *
 *   nothing kept ── make, keep, and read what is kept ──▶ kept ── unwrap ──▶ Vault
 */
import { utf8, type Bytes, type Clock, type Random } from '../base/index.ts';
import { DATA_KEY_BYTES, Vault } from './vault.ts';

const DATABASE = 'a1';
const STORE = 'a';
const RECORD = 0;
const OPEN_TIMEOUT = 10_000;

interface Kept {
  readonly key: CryptoKey;
  readonly nonce: Bytes;
  readonly wrapped: Bytes;
}

/** Why the vault did not open: `refused` (the browser keeps nothing here), `blocked` (another tab or a pending deletion), `full`, `damaged`. */
export class VaultError extends Error {
  override readonly name = 'VaultError';
  readonly kind: 'refused' | 'blocked' | 'full' | 'damaged';

  constructor(kind: VaultError['kind'], message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

/**
 * Opens the vault of this browser, making it at first use. Of two tabs that make it at once the first to write wins, and both
 * use that. Rejects with VaultError; a damaged record is never written over, for what it sealed may still be wanted.
 */
export async function openVault(factory: IDBFactory, subtle: SubtleCrypto, random: Random, clock: Clock): Promise<Vault> {
  const database = await openDatabase(factory, clock);
  try {
    const kept = (await read(database)) ?? (await keep(database, await wrapNew(subtle, random)));
    return new Vault(await unwrap(subtle, kept), random);
  } finally {
    database.close();
  }
}

const ADDITIONAL = utf8('sotto/1/vault');

async function wrapNew(subtle: SubtleCrypto, random: Random): Promise<Kept> {
  const key = await subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  const nonce = random.bytes(12);
  const dataKey = random.bytes(DATA_KEY_BYTES);
  const wrapped = await subtle.encrypt({ name: 'AES-GCM', iv: nonce, additionalData: ADDITIONAL }, key, dataKey);
  dataKey.fill(0);
  return { key, nonce, wrapped: new Uint8Array(wrapped) };
}

async function unwrap(subtle: SubtleCrypto, kept: Kept): Promise<Bytes> {
  try {
    const algorithm = { name: 'AES-GCM', iv: kept.nonce, additionalData: ADDITIONAL };
    return new Uint8Array(await subtle.decrypt(algorithm, kept.key, kept.wrapped));
  } catch (cause) {
    throw new VaultError('damaged', 'The key of what is kept in this browser is damaged, so it cannot be read.', cause);
  }
}

function openDatabase(factory: IDBFactory, clock: Clock): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const fail = (kind: VaultError['kind'], message: string, cause?: unknown): void => {
      cancel();
      reject(new VaultError(kind, message, cause));
    };
    // `open` behind a pending deletion gives no event at all.
    const cancel = clock.after(OPEN_TIMEOUT, () => {
      fail('blocked', 'This browser does not open its storage. Close other tabs of this app, or restart the browser.');
    });
    const refused = 'This browser refuses to keep anything for this page. Private windows and strict settings do that.';
    try {
      const request = factory.open(DATABASE, 1);
      request.addEventListener('upgradeneeded', () => request.result.createObjectStore(STORE));
      request.addEventListener('error', () =>
        fail(quota(request.error) ? 'full' : 'refused', quota(request.error) ? FULL : refused, request.error),
      );
      request.addEventListener('success', () => {
        cancel();
        resolve(request.result);
      });
    } catch (cause) {
      fail('refused', refused, cause);
    }
  });
}

const FULL = 'The disk, or this browser’s share of it, is full.';
const quota = (error: DOMException | null): boolean => error?.name === 'QuotaExceededError';

function read(database: IDBDatabase): Promise<Kept | undefined> {
  return inTransaction(database, 'readonly', (store, done) => {
    const request = store.get(RECORD);
    request.addEventListener('success', () => done(checked(request.result)));
  });
}

/** Writes `made` unless something is kept already; resolves, once durable, with what is kept. */
function keep(database: IDBDatabase, made: Kept): Promise<Kept> {
  return inTransaction(database, 'readwrite', (store, done) => {
    const request = store.get(RECORD);
    request.addEventListener('success', () => {
      const there = checked(request.result);
      if (there === undefined) store.put(made, RECORD);
      done(there ?? made);
    });
  });
}

/** Runs `work` and resolves with what it gave to `done`, at the transaction's `complete`. */
function inTransaction<T>(
  database: IDBDatabase,
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore, done: (value: T | VaultError) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let value: T | VaultError | undefined;
    const fail = (cause: DOMException | null): void => {
      reject(
        quota(cause)
          ? new VaultError('full', FULL, cause)
          : new VaultError('refused', 'This browser failed to read or keep the key of its storage.', cause),
      );
    };
    try {
      const transaction = database.transaction(STORE, mode, { durability: 'strict' });
      transaction.addEventListener('complete', () => (value instanceof VaultError ? reject(value) : resolve(value as T)));
      transaction.addEventListener('abort', () => fail(transaction.error));
      work(transaction.objectStore(STORE), (given) => (value = given));
    } catch (cause) {
      reject(new VaultError('refused', 'This browser closed its storage while the key was being read.', cause));
    }
  });
}

function checked(value: unknown): Kept | VaultError | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'object' && value !== null && 'key' in value && 'nonce' in value && 'wrapped' in value) {
    const { key, nonce, wrapped } = value;
    if (key instanceof CryptoKey && isBytes(nonce) && isBytes(wrapped)) return { key, nonce, wrapped };
  }
  return new VaultError('damaged', 'The key of what is kept in this browser is damaged, so it cannot be read.');
}

const isBytes = (value: unknown): value is Bytes => value instanceof Uint8Array;
