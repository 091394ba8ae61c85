/** The peer of a browser tab: sealed IndexedDB, WebSockets to the guard, and the browser's word on being online. */
import { Counters, isRefusal, systemClock, systemRandom } from '../base/index.ts';
import { initCrypto } from '../crypto/index.ts';
import { parseAnchors, type Anchor } from '../directory/index.ts';
import { openVault } from '../identity/index.ts';
import { libp2pLink } from '../link/index.ts';
import { indexedDbStore } from '../store/index.ts';
import type { Machine } from './machine.ts';
import { createPeer } from './peer.ts';
import type { Peer } from './view.ts';

/** Rejects with an Error in words. */
export async function openPeer(): Promise<Peer> {
  const [anchors] = await Promise.all([fetchAnchors(), initCrypto()]);
  const clock = systemClock;
  const random = systemRandom;
  const counters = new Counters();
  const vault = await openVault(indexedDB, crypto.subtle, random, clock);
  return createPeer({
    store: indexedDbStore(vault, { prefix: '' }),
    link: (handler, trusted) => libp2pLink({ handler, clock, counters, trusted }),
    direct: async (terms) => (await import('../link/direct.ts')).directNode({ ...terms, clock, random, counters }),
    anchors,
    clock,
    random,
    counters,
    persist: () => navigator.storage.persist(),
    machine: browser,
  });
}

/** What the browser knows sooner than the network can find out: offline and online, shown again, thawed, back from the cache of pages. */
const browser: Machine = {
  listen({ online, awake }) {
    const ended = new AbortController();
    const { signal } = ended;
    const told = (): void => online(navigator.onLine);
    window.addEventListener('online', told, { signal });
    window.addEventListener('offline', told, { signal });
    window.addEventListener('pageshow', ({ persisted }) => persisted && awake(), { signal });
    document.addEventListener('resume', awake, { signal });
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && awake(), { signal });
    told();
    return () => ended.abort();
  },
};

/** From the page's own server; the service worker keeps the last copy for when there is no network. */
async function fetchAnchors(): Promise<readonly Anchor[]> {
  const response = await fetch('/anchors.json');
  const anchors = parseAnchors(await response.text());
  if (isRefusal(anchors)) throw new Error('The list of relays that came with this page is damaged. Load it again.');
  return anchors;
}
