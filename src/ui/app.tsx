/** The whole screen: what a session's state looks like. */
import { lazy, Suspense, useSyncExternalStore } from 'react';
import type { Arrivals } from './arrivals.ts';
import { Failed, Opening, OtherTab } from './pages.tsx';
import type { Session } from './session.ts';

/** Everything that needs an open peer comes while the peer opens. */
export const loadHome = () => import('./home.tsx');
const Home = lazy(() => loadHome().then(({ Home }) => ({ default: Home })));

export function App({ session, arrivals }: { session: Session; arrivals: Arrivals }) {
  const state = useSyncExternalStore(session.subscribe, session.state);
  const withLink = useSyncExternalStore(arrivals.subscribe, arrivals.current) !== undefined;
  switch (state.at) {
    case 'opening':
      return <Opening withLink={withLink} />;
    case 'other-tab':
      return <OtherTab withLink={withLink} onUse={() => void session.takeOver()} />;
    case 'failed':
      return <Failed failure={state.failure} onAgain={() => void session.start()} />;
    case 'open':
      return (
        <Suspense fallback={<Opening withLink={withLink} />}>
          <Home peer={state.peer} arrivals={arrivals} />
        </Suspense>
      );
  }
}
