/** The peer of a browser tab: sealed IndexedDB, WebSockets to the guard, and the browser's word on being online. */
import { Counters, isRefusal, systemClock, systemRandom } from '../base/index.ts';
import { initCrypto } from '../crypto/index.ts';
import { parseAnchors, type Anchor } from '../directory/index.ts';
import { openVault } from '../identity/index.ts';
import { libp2pLink } from '../link/index.ts';
import { indexedDbStore } from '../store/index.ts';
import type { PeerNetwork } from './network.ts';
import { createPeer } from './peer.ts';
import type { Peer } from './view.ts';

/** Rejects with an Error in words. */
export async function openPeer(): Promise<Peer> {
  const [anchors] = await Promise.all([fetchAnchors(), initCrypto()]);
  const clock = systemClock;
  const random = systemRandom;
  const counters = new Counters();
  const vault = await openVault(indexedDB, crypto.subtle, random, clock);
  const peer = await createPeer({
    store: indexedDbStore(vault, { prefix: '' }),
    link: (handler, trusted) => libp2pLink({ handler, clock, counters, trusted }),
    anchors,
    clock,
    random,
    counters,
    persist: () => navigator.storage.persist(),
  });
  const unlisten = followBrowser(peer.network);
  const stop = peer.stop.bind(peer);
  peer.stop = async () => {
    unlisten();
    await stop();
  };
  return peer;
}

/** Online, offline, and back from sleep: what the browser knows sooner than the network can find out. */
function followBrowser(network: PeerNetwork): () => void {
  const online = (): void => network.setOnline(navigator.onLine);
  const shown = (): void => {
    if (document.visibilityState === 'visible' && network.state !== 'private') network.wake();
  };
  online();
  window.addEventListener('online', online);
  window.addEventListener('offline', online);
  document.addEventListener('visibilitychange', shown);
  return () => {
    window.removeEventListener('online', online);
    window.removeEventListener('offline', online);
    document.removeEventListener('visibilitychange', shown);
  };
}

/** From the page's own server; the service worker keeps the last copy for when there is no network. */
async function fetchAnchors(): Promise<readonly Anchor[]> {
  const response = await fetch('/anchors.json');
  const anchors = parseAnchors(await response.text());
  if (isRefusal(anchors)) throw new Error('The list of relays that came with this page is damaged. Load it again.');
  return anchors;
}
