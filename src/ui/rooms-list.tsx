/** The list of rooms, with what was said last and what is unread. */
import { lazy, Suspense, useId, useState } from 'react';
import type { RoomId } from '../base/index.ts';
import type { RoomItem } from './peer-view.ts';
import { brief } from './dates.ts';
import { AskText, Dialog } from './dialog.tsx';
import { Info, LinkIcon, Pencil, Plus } from './icons.ts';
import { LinkField } from './link-field.tsx';
import { Avatar, dyeOf, Wordmark } from './marks.tsx';
import { cleanName } from './name-field.tsx';
import { usePeer, useView } from './use-peer.ts';
import { words } from './words.ts';

function previewOf(room: RoomItem): { readonly who?: string; readonly text: string } {
  if (room.standing !== 'member') return { text: words.rooms[room.standing] };
  if (room.last !== undefined) return { who: room.last.mine ? words.rooms.you : room.last.authorName, text: room.last.text };
  return { text: room.people <= 1 ? words.rooms.onlyYou : words.rooms.nothing };
}

/** Only the name is the button, stretched over the whole row: what somebody said never names a control. */
function Row({ room, current, hasDraft, onOpen }: { room: RoomItem; current: boolean; hasDraft: boolean; onOpen: () => void }) {
  const id = useId();
  const name = room.name || words.names.noRoomName;
  const { who, text } = previewOf(room);
  return (
    <li className={room.unread > 0 ? 'room-row is-unread' : 'room-row'}>
      <Avatar name={name} dye={dyeOf(room.id)} />
      <span className="room-row-top">
        <button
          type="button"
          className="room-row-name"
          aria-current={current ? 'true' : undefined}
          aria-describedby={id}
          title={name}
          onClick={onOpen}
        >
          <bdi>{name}</bdi>
          {room.unread > 0 && <span className="sr">, {words.rooms.unread(room.unread)}</span>}
        </button>
        {room.last !== undefined && <time>{brief(room.last.at, Date.now())}</time>}
      </span>
      <span className="room-row-bottom">
        <span className="room-row-preview" id={id}>
          {hasDraft && <em>{words.rooms.draft}</em>}
          {who !== undefined && (
            <>
              <bdi>{who}</bdi>:{' '}
            </>
          )}
          <bdi>{text}</bdi>
        </span>
        {room.unread > 0 && (
          <span className="count" aria-hidden="true">
            {room.unread}
          </span>
        )}
      </span>
    </li>
  );
}

const About = lazy(() => import('./about.tsx').then((module) => ({ default: module.About })));

function Me() {
  const peer = usePeer();
  const { name } = useView();
  const [asks, setAsks] = useState(false);
  const [about, setAbout] = useState(false);
  return (
    <footer className="me">
      <Avatar name={name} dye="mine" />
      <p className="me-name">
        <bdi>{name}</bdi>
        <small>{words.rooms.newRooms}</small>
      </p>
      <button
        type="button"
        className="icon-button"
        aria-label={words.rooms.changeName}
        title={words.rooms.changeName}
        onClick={() => setAsks(true)}
      >
        <Pencil className="icon" aria-hidden="true" />
      </button>
      <button type="button" className="icon-button" aria-label={words.about.title} title={words.about.title} onClick={() => setAbout(true)}>
        <Info className="icon" aria-hidden="true" />
      </button>
      {about && (
        <Suspense>
          <About onClose={() => setAbout(false)} />
        </Suspense>
      )}
      {asks && (
        <AskText
          title={words.names.newTitle}
          what={words.names.newWhat}
          label={words.names.mine}
          value={name}
          onSave={(text) => peer.rename(cleanName(text))}
          onClose={() => setAsks(false)}
        />
      )}
    </footer>
  );
}

export function RoomsList(props: {
  current: RoomId | undefined;
  hasDraft: (room: RoomId) => boolean;
  onOpen: (room: RoomId) => void;
  onNewRoom: () => void;
  onLink: (link: string) => void;
}) {
  const { rooms } = useView();
  const [asksLink, setAsksLink] = useState(false);
  return (
    <nav className="rooms" aria-label={words.rooms.nav}>
      <header className="rooms-bar">
        <Wordmark />
        <button type="button" className="button is-primary is-small" onClick={props.onNewRoom}>
          <Plus className="icon" aria-hidden="true" />
          {words.welcome.newRoom}
        </button>
      </header>
      <ul className="rooms-list" role="list" aria-label={words.rooms.list}>
        {rooms.map((room) => (
          <Row
            key={room.id}
            room={room}
            current={room.id === props.current}
            hasDraft={room.id !== props.current && props.hasDraft(room.id)}
            onOpen={() => props.onOpen(room.id)}
          />
        ))}
      </ul>
      <button type="button" className="requests" onClick={() => setAsksLink(true)}>
        <LinkIcon className="icon" aria-hidden="true" />
        {words.welcome.haveLink}
      </button>
      <Me />
      {asksLink && (
        <Dialog title={words.link.title} onClose={() => setAsksLink(false)}>
          <p className="dialog-text">{words.link.explain}</p>
          <LinkField
            onLink={(link) => {
              setAsksLink(false);
              props.onLink(link);
            }}
          />
        </Dialog>
      )}
    </nav>
  );
}
