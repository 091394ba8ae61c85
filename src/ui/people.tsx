/** Who is in the room, and what can be done with the room itself. */
import { useState } from 'react';
import type { PersonItem, RoomView } from './peer-view.ts';
import { AskText, Confirm } from './dialog.tsx';
import { LogOut, Pencil, Trash, UserMinus } from './icons.ts';
import { Avatar } from './marks.tsx';
import { cleanName } from './name-field.tsx';
import { usePeer } from './use-peer.ts';
import { words } from './words.ts';

type Asks = { readonly to: 'remove'; readonly person: PersonItem } | { readonly to: 'leave' | 'forget' | 'rename' | 'rename-me' };

function Person({ person, onRemove, onRename }: { person: PersonItem; onRemove: () => void; onRename: (() => void) | undefined }) {
  const name = person.name || words.names.nobody;
  const role = person.role === 'owner' ? words.panel.owner : words.panel.member;
  return (
    <li className="person">
      <Avatar name={name} dye={person.me ? 'mine' : person.dye} agent={person.kind === 'agent'} />
      <span className="person-text">
        <span className="person-name">
          <bdi title={name}>{name}</bdi>
        </span>
        <small>{person.me ? `${words.panel.you} · ${role}` : role}</small>
        {person.trouble !== undefined && <small className="is-trouble">{words.panel.trouble[person.trouble]}</small>}
      </span>
      {onRename !== undefined && (
        <button type="button" className="icon-button" aria-label={words.panel.yourName} title={words.panel.yourName} onClick={onRename}>
          <Pencil className="icon" aria-hidden="true" />
        </button>
      )}
      {person.removable && (
        <button
          type="button"
          className="icon-button"
          aria-label={words.panel.removeWho(name)}
          title={words.panel.removeWho(name)}
          onClick={onRemove}
        >
          <UserMinus className="icon" aria-hidden="true" />
        </button>
      )}
    </li>
  );
}

function Asked({ asks, room, name, onClose }: { asks: Asks; room: RoomView; name: string; onClose: () => void }) {
  const peer = usePeer();
  switch (asks.to) {
    case 'remove': {
      const { person } = asks;
      const { title, what, yes } = words.confirm.remove;
      return (
        <Confirm title={title(person.name)} what={what} yes={yes} action={() => peer.removePerson(room.id, person.id)} onClose={onClose} />
      );
    }
    case 'leave': {
      const { title, what, yes } = words.confirm.leave;
      return <Confirm title={title(name)} what={what} yes={yes} action={() => peer.leave(room.id)} onClose={onClose} />;
    }
    case 'forget': {
      const { title, what, yes } = words.confirm.forget;
      return <Confirm title={title(name)} what={what} yes={yes} action={() => peer.forget(room.id)} onClose={onClose} />;
    }
    case 'rename': {
      const { room: label, roomTitle, roomWhat } = words.names;
      const save = (text: string): void => peer.renameRoom(room.id, text);
      return <AskText title={roomTitle} what={roomWhat} label={label} value={room.name} onSave={save} onClose={onClose} />;
    }
    case 'rename-me': {
      const { mine, mineTitle, mineWhat } = words.names;
      const me = room.members.find((member) => member.me)?.name ?? '';
      const save = (text: string): void => peer.rename(cleanName(text), room.id);
      return <AskText title={mineTitle} what={mineWhat} label={mine} value={me} onSave={save} onClose={onClose} />;
    }
  }
}

function ThisRoom({ room, onAsk }: { room: RoomView; onAsk: (asks: Asks) => void }) {
  const inside = room.standing === 'member' || room.standing === 'waiting';
  return (
    <section className="block is-last">
      <h2>{words.panel.room}</h2>
      <div className="room-actions">
        {room.mayRename && inside && (
          <button type="button" className="row-button" onClick={() => onAsk({ to: 'rename' })}>
            <Pencil className="icon" aria-hidden="true" />
            {words.panel.rename}
          </button>
        )}
        {inside && (
          <button type="button" className="row-button" onClick={() => onAsk({ to: 'leave' })}>
            <LogOut className="icon" aria-hidden="true" />
            {words.panel.leave}
          </button>
        )}
        <button type="button" className="row-button is-danger" onClick={() => onAsk({ to: 'forget' })}>
          <Trash className="icon" aria-hidden="true" />
          {words.panel.forget}
        </button>
      </div>
    </section>
  );
}

export function People({ room }: { room: RoomView }) {
  const [asks, setAsks] = useState<Asks>();
  const inside = room.standing === 'member' || room.standing === 'waiting';
  return (
    <>
      <section className="block">
        <h2>
          {words.panel.people} <span>{room.members.length}</span>
        </h2>
        <ul className="people" role="list" aria-label={words.panel.people}>
          {room.members.map((person) => (
            <Person
              key={person.id}
              person={person}
              onRemove={() => setAsks({ to: 'remove', person })}
              onRename={person.me && inside ? () => setAsks({ to: 'rename-me' }) : undefined}
            />
          ))}
        </ul>
      </section>
      <ThisRoom room={room} onAsk={setAsks} />
      {asks !== undefined && (
        <Asked asks={asks} room={room} name={room.name || words.names.noRoomName} onClose={() => setAsks(undefined)} />
      )}
    </>
  );
}
