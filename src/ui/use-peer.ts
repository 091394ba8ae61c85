/** The peer for components: snapshots by `useSyncExternalStore`, actions by the peer itself. */
import { createContext, use, useCallback, useSyncExternalStore } from 'react';
import type { RoomId } from '../base/index.ts';
import type { Peer, PeerView, RoomView } from './peer-view.ts';
import { errorWords } from './words.ts';

export const PeerContext = createContext<Peer | undefined>(undefined);
/** Says one sentence to the person: an action that came to nothing. */
export const TellContext = createContext<(sentence: string) => void>(() => {});

export function usePeer(): Peer {
  const peer = use(PeerContext);
  if (peer === undefined) throw new Error('usePeer: no PeerContext above; render inside <Home>');
  return peer;
}

function useSnapshot<T>(read: (peer: Peer) => T): T {
  const peer = usePeer();
  const subscribe = useCallback((listener: () => void) => peer.subscribe(listener), [peer]);
  return useSyncExternalStore(subscribe, () => read(peer));
}

export const useView = (): PeerView => useSnapshot((peer) => peer.view());

export const useRoom = (id: RoomId): RoomView | undefined => useSnapshot((peer) => peer.room(id));

/** Runs an action and says so when it fails. */
export function useAttempt(): (action: () => void | Promise<unknown>) => Promise<boolean> {
  const tell = use(TellContext);
  return useCallback(
    async (action) => {
      try {
        await action();
        return true;
      } catch (error) {
        tell(errorWords(error));
        return false;
      }
    },
    [tell],
  );
}
