/** One room: its bar, what must be known, the log, and where one writes. */
import { useEffect, useRef, useState } from 'react';
import type { ConnectionView, DirectView, RoomView } from './peer-view.ts';
import { Ended, JoinRequest, KeepStorage, NoRelay, Offline, StorageTrouble, Waiting } from './banners.tsx';
import { Composer, type Drafts } from './composer.tsx';
import { Confirm } from './dialog.tsx';
import { DirectQuestion } from './direct.tsx';
import { ChevronLeft, PanelRight, UserPlus, WifiOff } from './icons.ts';
import { InviteDialog } from './invite.tsx';
import { Log } from './log.tsx';
import { Arrow, Beads } from './marks.tsx';
import { usePeer, useView } from './use-peer.ts';
import { words } from './words.ts';

/** With direct links chosen, what the room says of them goes before what the network says. */
function Connection({ connection, direct }: { connection: ConnectionView; direct: DirectView }) {
  const isDirect = direct.chosen && direct.linked.length > 0;
  const look = isDirect ? '' : { private: '', connecting: ' is-busy', looking: ' is-busy', offline: ' is-off' }[connection.state];
  return (
    <span className={`connection${look}`} role="status" aria-label={words.room.connection}>
      {isDirect && <Arrow />}
      {!isDirect && connection.state === 'private' && <Beads hops={connection.hops} />}
      {!isDirect && connection.state === 'offline' && <WifiOff className="icon is-small" aria-hidden="true" />}
      <span>{direct.words ?? connection.words}</span>
    </span>
  );
}

function Bar(props: { room: RoomView; name: string; panelOpen: boolean; onBack: () => void; onPanel: () => void; onInvite: () => void }) {
  const { connection } = useView();
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // On a phone the row that was pressed is gone with its list: go on from the room's name.
    if (document.activeElement === document.body) title.current?.focus({ preventScroll: true });
  }, []);
  return (
    <header className="room-bar">
      <button
        type="button"
        className="icon-button only-phone"
        aria-label={words.back.rooms}
        title={words.back.rooms}
        onClick={props.onBack}
      >
        <ChevronLeft className="icon flips" aria-hidden="true" />
      </button>
      <div className="room-title">
        <h2 ref={title} tabIndex={-1} title={props.name}>
          <bdi>{props.name}</bdi>
        </h2>
        <p>{words.room.people(props.room.people)}</p>
      </div>
      <Connection connection={connection} direct={props.room.direct} />
      {props.room.mayInvite && props.room.standing === 'member' && (
        <button type="button" className="button is-collapses" aria-label={words.room.invite} onClick={props.onInvite}>
          <UserPlus className="icon" aria-hidden="true" />
          <span>{words.room.invite}</span>
        </button>
      )}
      <button
        type="button"
        className="icon-button"
        id="panel-toggle"
        aria-label={words.room.about}
        title={words.room.about}
        aria-expanded={props.panelOpen}
        data-selected={props.panelOpen ? '' : undefined}
        onClick={props.onPanel}
      >
        <PanelRight className="icon flips" aria-hidden="true" />
      </button>
    </header>
  );
}

function Nobody({ onInvite }: { onInvite: () => void }) {
  return (
    <div className="hollow">
      <h3>{words.room.nobody}</h3>
      <p>{words.room.nobodyWhat}</p>
      <div className="actions">
        <button type="button" className="button is-primary" onClick={onInvite}>
          {words.room.getLink}
        </button>
      </div>
    </div>
  );
}

/** Mounted anew for each room. */
export function Room(props: { room: RoomView; drafts: Drafts; panelOpen: boolean; onBack: () => void; onPanel: () => void }) {
  const peer = usePeer();
  const { room } = props;
  const { connection, storage } = useView();
  // As it was when the room was opened: what comes while one looks gets no line.
  const [firstUnread] = useState(room.firstUnread);
  const [asks, setAsks] = useState<'invite' | 'forget'>();
  const name = room.name || words.names.noRoomName;
  const writes = room.standing === 'member' || room.standing === 'waiting';
  const alone = writes && room.mayInvite && room.people <= 1 && !room.timeline.some((item) => item.type === 'message');
  return (
    <section className="centre" aria-label={name}>
      <Bar {...props} name={name} onInvite={() => setAsks('invite')} />
      <StorageTrouble trouble={storage.trouble} />
      {connection.state === 'offline' && <Offline />}
      {connection.queued === true && room.direct.linked.length === 0 && <NoRelay />}
      <KeepStorage />
      <DirectQuestion room={room} />
      {alone ? (
        <div className="log" role="log" aria-label={words.room.messages} tabIndex={0}>
          <Nobody onInvite={() => setAsks('invite')} />
        </div>
      ) : (
        <Log room={room} firstUnread={firstUnread} />
      )}
      {room.joinRequests.map((request) => (
        <JoinRequest key={request.id} room={room} request={request} />
      ))}
      {room.standing === 'waiting' && <Waiting />}
      {writes ? <Composer room={room.id} name={name} drafts={props.drafts} /> : <Ended room={room} onForget={() => setAsks('forget')} />}
      {asks === 'invite' && <InviteDialog room={room} name={name} onClose={() => setAsks(undefined)} />}
      {asks === 'forget' && (
        <Confirm
          title={words.confirm.forget.title(name)}
          what={words.confirm.forget.what}
          yes={words.confirm.forget.yes}
          action={() => peer.forget(room.id)}
          onClose={() => setAsks(undefined)}
        />
      )}
    </section>
  );
}
