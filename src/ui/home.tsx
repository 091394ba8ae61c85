/** An open peer on the screen: rooms, one room, and what lies beside it; or the first visit; or an arrival by a link. */
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { RoomId } from '../base/index.ts';
import { Arrive } from './arrive.tsx';
import type { Arrivals } from './arrivals.ts';
import { StorageTrouble } from './banners.tsx';
import type { Drafts } from './composer.tsx';
import { X } from './icons.ts';
import { Mark } from './marks.tsx';
import { suggestName } from './names.ts';
import { Welcome } from './pages.tsx';
import { Panel } from './panel.tsx';
import type { Peer, RoomItem } from './peer-view.ts';
import { Room } from './room.tsx';
import { RoomsList } from './rooms-list.tsx';
import { PeerContext, TellContext, useAttempt, usePeer, useRoom, useView } from './use-peer.ts';
import { words } from './words.ts';

/** From this width on there is a place for the panel beside the log. */
const wide = '(min-width: 1100px)';

function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const list = matchMedia(query);
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    () => matchMedia(query).matches,
  );
}

/** Alt-↑ and Alt-↓ go through the rooms. */
function useRoomKeys(ids: readonly RoomId[], current: RoomId | undefined, onOpen: (room: RoomId) => void): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (step === undefined || !event.altKey || event.ctrlKey || event.metaKey || document.querySelector('dialog[open]') !== null) return;
      event.preventDefault();
      const index = current === undefined ? -1 : ids.indexOf(current);
      const to = ids[(index + step + ids.length) % ids.length];
      if (to !== undefined) onOpen(to);
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [ids, current, onOpen]);
}

function House(props: {
  current: RoomId | undefined;
  onOpen: (room: RoomId) => void;
  onNewRoom: () => void;
  onLink: (link: string) => void;
  drafts: Drafts;
}) {
  const { rooms } = useView();
  const { onOpen } = props;
  const isWide = useMedia(wide);
  const [place, setPlace] = useState<'rooms' | 'room'>('room');
  const [panelOpen, setPanelOpen] = useState(isWide);
  const open = useCallback(
    (room: RoomId) => {
      setPlace('room');
      setPanelOpen((was) => was && matchMedia(wide).matches);
      onOpen(room);
    },
    [onOpen],
  );
  const closePanel = useCallback(() => {
    setPanelOpen(false);
    document.querySelector<HTMLElement>('#panel-toggle')?.focus();
  }, []);
  useRoomKeys(
    rooms.map((room) => room.id),
    props.current,
    open,
  );
  return (
    <main className="app" data-view={panelOpen && place === 'room' ? 'panel' : place}>
      <h1 className="sr">{words.app}</h1>
      <RoomsList
        current={props.current}
        hasDraft={(room) => props.drafts.has(room)}
        onOpen={open}
        onNewRoom={() => {
          setPlace('room');
          props.onNewRoom();
        }}
        onLink={props.onLink}
      />
      {props.current === undefined ? (
        <section className="centre">
          <div className="hollow">
            <Mark className="mark is-hollow" />
            <p>{words.rooms.none}</p>
          </div>
        </section>
      ) : (
        <CurrentRoom
          key={props.current}
          id={props.current}
          drafts={props.drafts}
          panelOpen={panelOpen}
          covers={!isWide}
          onBack={() => setPlace('rooms')}
          onPanel={() => (panelOpen ? closePanel() : setPanelOpen(true))}
          onClosePanel={closePanel}
        />
      )}
    </main>
  );
}

function CurrentRoom(props: {
  id: RoomId;
  drafts: Drafts;
  panelOpen: boolean;
  covers: boolean;
  onBack: () => void;
  onPanel: () => void;
  onClosePanel: () => void;
}) {
  const room = useRoom(props.id);
  if (room === undefined) return null;
  return (
    <>
      <Room room={room} drafts={props.drafts} panelOpen={props.panelOpen} onBack={props.onBack} onPanel={props.onPanel} />
      {props.panelOpen && <Panel room={room} covers={props.covers} onClose={props.onClosePanel} />}
    </>
  );
}

/** The chosen room; when that is gone, or none was chosen, the one that had the last word then, whatever is said elsewhere later. */
function useCurrent(rooms: readonly RoomItem[], chosen: RoomId | undefined): RoomId | undefined {
  const [otherwise, setOtherwise] = useState<RoomId>();
  const isHere = (id: RoomId | undefined): boolean => rooms.some((room) => room.id === id);
  if (isHere(chosen)) return chosen;
  if (isHere(otherwise)) return otherwise;
  const first = rooms[0]?.id;
  if (first !== otherwise) setOtherwise(first);
  return first;
}

function Places({ arrivals }: { arrivals: Arrivals }) {
  const peer = usePeer();
  const view = useView();
  const attempt = useAttempt();
  const link = useSyncExternalStore(arrivals.subscribe, arrivals.current);
  const [chosen, setChosen] = useState<RoomId>();
  const [drafts] = useState<Drafts>(() => new Map());
  const unread = view.rooms.reduce((sum, room) => sum + room.unread, 0);
  useEffect(() => {
    document.title = words.title(unread);
  }, [unread]);

  const newRoom = (name?: string): Promise<boolean> =>
    attempt(async () => {
      const wanted = name ?? (view.name || suggestName());
      if (wanted !== view.name) peer.rename(wanted);
      setChosen(await peer.newRoom());
    });
  const current = useCurrent(view.rooms, chosen);
  const offer = (text: string): void => arrivals.offer(text);

  if (link !== undefined) {
    const onRoom = (room: RoomId): void => {
      setChosen(room);
      arrivals.drop();
      // A name of its own for rooms to come, so that they don't tell of the one that was joined.
      if (view.name === '') peer.rename(suggestName());
    };
    return <Arrive key={link} link={link} onRoom={onRoom} onLeave={() => arrivals.drop()} />;
  }
  if (view.rooms.length === 0) {
    return <Welcome name={view.name} trouble={<StorageTrouble trouble={view.storage.trouble} />} onNewRoom={newRoom} onLink={offer} />;
  }
  return <House current={current} drafts={drafts} onOpen={setChosen} onNewRoom={() => void newRoom()} onLink={offer} />;
}

/** How long a sentence stays that nobody dismisses: long enough to read it twice. */
const TOLD_FOR = 12_000;

export function Home({ peer, arrivals }: { peer: Peer; arrivals: Arrivals }) {
  const [told, setTold] = useState<string>();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const tell = useCallback((sentence: string) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setTold(undefined), TOLD_FOR);
    setTold(sentence);
  }, []);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <PeerContext value={peer}>
      <TellContext value={tell}>
        <Places arrivals={arrivals} />
        <div className="toasts" role="alert">
          {told !== undefined && (
            <div className="toast">
              <span>{told}</span>
              <button type="button" className="icon-button" aria-label={words.dismiss} onClick={() => setTold(undefined)}>
                <X className="icon" aria-hidden="true" />
              </button>
            </div>
          )}
        </div>
      </TellContext>
    </PeerContext>
  );
}
