/** The tab's store and the active tab, as they are in the product, to be driven by storage.spec.ts. */
import { fromUtf8, utf8 } from '../../src/base/index.ts';
import { claimActiveTab, indexedDbStore, StoreError, VaultLost, type ActiveTab, type Records } from '../../src/store/index.ts';
import { testSealer } from '../../src/store/testing.ts';

const store = indexedDbStore(testSealer(new Uint8Array(32).fill(9)), { prefix: '' });
const told: string[] = [];
store.onTrouble((trouble) => told.push(trouble));

let records: Records | undefined;
let tab: ActiveTab | undefined;

/** 'done', or the trouble in one word. */
async function outcome(act: Promise<unknown>): Promise<string> {
  try {
    await act;
    return 'done';
  } catch (error) {
    if (error instanceof VaultLost) return 'lost';
    if (error instanceof StoreError) return error.trouble;
    throw error;
  }
}

const opened = (): Records => {
  if (records === undefined) throw new Error('open first');
  return records;
};

const message = (i: number): string => `m/${String(i).padStart(8, '0')}`;

const harness = {
  told,
  async open(name: string): Promise<string> {
    return outcome(store.open(name).then((found) => (records = found)));
  },
  remove: (name: string) => outcome(store.remove(name)),
  close: () => opened().close(),
  put: (key: string, value: string) => outcome(opened().commit({ put: [[key, utf8(value)]] })),
  get(key: string): string | undefined {
    const value = opened().get(key);
    return value === undefined ? undefined : fromUtf8(value);
  },
  putLarge: (key: string, bytes: number) => outcome(opened().commit({ put: [[key, crypto.getRandomValues(new Uint8Array(bytes))]] })),
  large: (key: string) => opened().get(key)?.length,
  retry: () => outcome(opened().commit({})),

  /** Puts and tells until the page dies; each message together with the head, so that a torn commit would show. */
  async writeForever(): Promise<void> {
    const from = [...opened().entries('m/')].length;
    for (let i = from; ; i++) {
      const text = `message ${i} ${'.'.repeat(i % 300)}`;
      const gone = i % 3 === 0 ? [`o/${i - 30}`] : [];
      const durable = opened().commit({
        put: [
          [message(i), utf8(text)],
          [`o/${i}`, utf8(text)],
          ['head', utf8(`${i}`)],
        ],
        delete: gone,
      });
      void durable.then(() => console.log(`durable ${i}`));
      // Now one by one, now many in one write.
      if (i % 50 < 25) await durable;
      else if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve));
    }
  },
  /** How many messages there are, whether each is itself, and what the head says. */
  written(): { count: number; whole: boolean; head: number } {
    const messages = [...opened().entries('m/')];
    const whole = messages.every(([key, value], i) => key === message(i) && fromUtf8(value) === `message ${i} ${'.'.repeat(i % 300)}`);
    return { count: messages.length, whole, head: Number(harness.get('head') ?? -1) };
  },

  async claim(): Promise<boolean> {
    tab = await claimActiveTab({ locks: navigator.locks, channel: new BroadcastChannel('storage'), yieldTo: () => opened().close() });
    return tab.active;
  },
  active: () => tab?.active === true,
  takeOver: () => tab?.takeOver(),
};

declare global {
  interface Window {
    harness: typeof harness;
  }
}
window.harness = harness;
