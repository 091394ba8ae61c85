/** Direct links in a room: how its words travel, the words of consent, and the question of those who agree already. */
import { useState, type ReactNode } from 'react';
import type { RoomView } from './peer-view.ts';
import { Dialog } from './dialog.tsx';
import { ArrowLeftRight, Eye, EyeOff } from './icons.ts';
import { Arrow, Beads } from './marks.tsx';
import { useAttempt, usePeer } from './use-peer.ts';
import { words } from './words.ts';

/** What agreeing means: who sees the address, and who does not. */
export function Consent({ room, onClose }: { room: RoomView; onClose: () => void }) {
  const peer = usePeer();
  const attempt = useAttempt();
  const agree = async (): Promise<void> => {
    if (await attempt(() => peer.chooseDirect(room.id, true))) onClose();
  };
  const { agreed } = room.direct;
  return (
    <Dialog title={words.direct.title} onClose={onClose}>
      <p className="dialog-text">{words.direct.what}</p>
      <ul className="consent" role="list">
        <li>
          <Eye className="icon" aria-hidden="true" />
          <span>
            <b>{words.direct.members}</b> {words.direct.membersWhat}
            {agreed.length > 0 && (
              <>
                {' '}
                <bdi>{words.direct.soFar(agreed)}</bdi>
              </>
            )}
          </span>
        </li>
        <li>
          <Eye className="icon" aria-hidden="true" />
          <span>
            <b>{words.direct.relay}</b> {words.direct.relayWhat}
          </span>
        </li>
        <li>
          <EyeOff className="icon" aria-hidden="true" />
          <span>
            <b>{words.direct.nobody}</b> {words.direct.nobodyWhat}
          </span>
        </li>
      </ul>
      <p className="note">{words.direct.until}</p>
      <footer>
        <span className="grow" />
        <button type="button" className="button" onClick={onClose} autoFocus>
          {words.cancel}
        </button>
        <button type="button" className="button is-primary" onClick={() => void agree()}>
          {words.direct.agree}
        </button>
      </footer>
    </Dialog>
  );
}

/** Others agree and this user has not been asked yet in this visit. */
export function DirectQuestion({ room }: { room: RoomView }) {
  const { possible, chosen, agreed } = room.direct;
  const [reads, setReads] = useState(false);
  const [dismissed, setDismissed] = useState('');
  const who = agreed.join('\n');
  return (
    <>
      {possible && !chosen && agreed.length > 0 && dismissed !== who && (
        <section className="banner" aria-label={words.direct.title}>
          <ArrowLeftRight className="icon" aria-hidden="true" />
          <p role="status">
            <b>
              <bdi>{words.direct.asks(agreed)}</bdi>
            </b>{' '}
            {words.direct.asksWhat}
          </p>
          <button type="button" className="button is-small" onClick={() => setReads(true)}>
            {words.direct.read}
          </button>
          <button type="button" className="link" onClick={() => setDismissed(who)}>
            {words.keep.no}
          </button>
        </section>
      )}
      {reads && <Consent room={room} onClose={() => setReads(false)} />}
    </>
  );
}

function Choice(props: { name: string; what: string; checked: boolean; disabled?: boolean; mark: ReactNode; onChoose: () => void }) {
  return (
    <label className="mode">
      <input
        type="radio"
        name="mode"
        aria-label={props.name}
        checked={props.checked}
        disabled={props.disabled === true}
        onChange={props.onChoose}
      />
      <span className="mode-mark">{props.mark}</span>
      <span className="mode-text">
        <b>{props.name}</b>
        <small>{props.what}</small>
      </span>
    </label>
  );
}

/** How this room's words travel. */
export function Mode({ room }: { room: RoomView }) {
  const peer = usePeer();
  const attempt = useAttempt();
  const [asks, setAsks] = useState(false);
  const { possible, chosen, agreed, linked } = room.direct;
  const isDirect = chosen || asks;
  return (
    <section className="block">
      <h2>{words.network.mode}</h2>
      <div className="modes" role="radiogroup" aria-label={words.network.mode}>
        <Choice
          name={words.network.balanced}
          what={words.network.balancedWhat}
          checked={!isDirect}
          mark={<Beads hops={3} />}
          onChoose={() => void attempt(() => peer.chooseDirect(room.id, false))}
        />
        <Choice
          name={words.direct.name}
          what={possible ? words.direct.nameWhat : words.direct.impossible}
          checked={isDirect}
          disabled={!possible}
          mark={<Arrow />}
          onChoose={() => setAsks(true)}
        />
      </div>
      {chosen && (
        <p className="note" role="status">
          <bdi>
            {linked.length > 0 ? words.direct.linked(linked) : agreed.length > 0 ? words.direct.seeking(agreed) : words.direct.alone}
          </bdi>
        </p>
      )}
      {asks && <Consent room={room} onClose={() => setAsks(false)} />}
    </section>
  );
}
