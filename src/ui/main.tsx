/** The page's entry: the shell at once, then the tab's claim, then the peer, each in a chunk of its own. */
import { arrivals } from './address-bar.ts';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { registerServiceWorker } from '../sw/index.ts';
import { App, loadHome } from './app.tsx';
import { Session } from './session.ts';
import './style/index.css';

const loadPeer = () => import('../peer/tab.ts');

const session = new Session(
  async (yieldTo) => {
    const { claimActiveTab } = await import('../store/index.ts');
    return claimActiveTab({ locks: navigator.locks, channel: new BroadcastChannel('sotto'), yieldTo });
  },
  async () => {
    const { openPeer } = await loadPeer();
    return openPeer();
  },
);

const root = document.querySelector('#root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <App session={session} arrivals={arrivals} />
  </StrictMode>,
);
void session.start();
// On their way while the tab is claimed; asked for again, and heard out, when they are needed.
for (const chunk of [loadPeer(), loadHome()]) chunk.catch(() => undefined);

// Without a service worker (a private window) the app works while there is a network.
if (import.meta.env.PROD) void registerServiceWorker().catch(() => undefined);
