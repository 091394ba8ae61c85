/** Arriving by a link: who invites to what, one's name, Join; or why the link is refused. */
import { useEffect, useState } from 'react';
import type { RoomId } from '../base/index.ts';
import type { InvitePreview, LinkRefusal } from './peer-view.ts';
import { until } from './dates.ts';
import { Avatar, Beads } from './marks.tsx';
import { cleanName, NameField } from './name-field.tsx';
import { suggestName } from './names.ts';
import { Letter } from './pages.tsx';
import { usePeer, useView } from './use-peer.ts';
import { errorWords, words } from './words.ts';

type Found =
  | { readonly is: 'reading' }
  | { readonly is: 'preview'; readonly preview: InvitePreview }
  | { readonly is: 'refused'; readonly refusal: LinkRefusal }
  | { readonly is: 'failed'; readonly words: string };

/** By its name, not by its class: the class lives in the peer's chunk. */
function refusalOf(error: unknown): LinkRefusal | undefined {
  if (!(error instanceof Error) || error.name !== 'LinkRefused' || !('refusal' in error)) return undefined;
  const { refusal } = error;
  return refusal === 'used' || refusal === 'expired' || refusal === 'revoked' || refusal === 'damaged' ? refusal : undefined;
}

function notFound(error: unknown): Found {
  const refusal = refusalOf(error);
  return refusal === undefined ? { is: 'failed', words: errorWords(error) } : { is: 'refused', refusal };
}

export function Arrive(props: { link: string; onRoom: (room: RoomId) => void; onLeave: () => void }) {
  const peer = usePeer();
  const [found, setFound] = useState<Found>({ is: 'reading' });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let current = true;
    setFound({ is: 'reading' });
    peer.preview(props.link).then(
      (preview) => current && setFound({ is: 'preview', preview }),
      (error: unknown) => current && setFound(notFound(error)),
    );
    return () => {
      current = false;
    };
  }, [peer, props.link, attempt]);

  switch (found.is) {
    case 'reading':
      return (
        <Letter small={words.arrive.small}>
          <h1 className="sr">{words.openingLink}</h1>
          <p className="voice" role="status">
            {words.arrive.reading}
          </p>
          <div className="actions">
            <NotNow onLeave={props.onLeave} />
          </div>
        </Letter>
      );
    case 'preview':
      return <Invitation {...props} preview={found.preview} onRefused={(error) => setFound(notFound(error))} />;
    case 'refused':
      return <Refused refusal={found.refusal} onLeave={props.onLeave} />;
    case 'failed':
      return (
        <Letter>
          <div role="alert" className="letter-alert">
            <h1>{words.arrive.failed}</h1>
            <p className="dialog-text">{found.words}</p>
          </div>
          <div className="actions">
            <button type="button" className="button is-primary is-large" onClick={() => setAttempt(attempt + 1)}>
              {words.arrive.again}
            </button>
            <NotNow onLeave={props.onLeave} />
          </div>
        </Letter>
      );
  }
}

function Refused({ refusal, onLeave }: { refusal: LinkRefusal; onLeave: () => void }) {
  const { title, what } = words.refused[refusal];
  return (
    <Letter>
      <div role="alert" className="letter-alert">
        <h1>{title}</h1>
        <p className="dialog-text">{what}</p>
      </div>
      <div className="actions">
        <button type="button" className="button is-primary is-large" onClick={onLeave}>
          {words.arrive.toRooms}
        </button>
      </div>
    </Letter>
  );
}

const NotNow = ({ onLeave }: { onLeave: () => void }) => (
  <button type="button" className="link" onClick={onLeave}>
    {words.arrive.notNow}
  </button>
);

interface Invited {
  readonly link: string;
  readonly onRoom: (room: RoomId) => void;
  readonly onLeave: () => void;
  readonly onRefused: (error: unknown) => void;
}

function JoinForm(props: Invited) {
  const peer = usePeer();
  const [made] = useState(suggestName);
  const [name, setName] = useState(made);
  const [busy, setBusy] = useState(false);
  const join = async (): Promise<void> => {
    setBusy(true);
    try {
      props.onRoom(await peer.join(props.link, cleanName(name) || made));
    } catch (error) {
      props.onRefused(error);
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void join();
      }}
    >
      <NameField label={words.arrive.knownAs} value={name} onChange={setName} />
      <div className="actions">
        <button type="submit" className="button is-primary is-large" aria-busy={busy}>
          {words.arrive.join}
        </button>
        <NotNow onLeave={props.onLeave} />
      </div>
    </form>
  );
}

function Invitation(props: Invited & { readonly preview: InvitePreview }) {
  const { connection } = useView();
  const { inviterName, roomName, people, expires, already } = props.preview;
  return (
    <Letter small={words.arrive.small}>
      <p className="voice">
        <Avatar name={inviterName} dye={0} />
        <span>
          <bdi>{inviterName || words.names.nobody}</bdi> {words.arrive.invites}
        </span>
      </p>
      <h1>
        <bdi>{roomName || words.names.noRoomName}</bdi>
      </h1>
      <p className="letter-who">{words.arrive.inside(people)}</p>
      <dl className="facts">
        <div>
          <dt>{words.arrive.carried}</dt>
          <dd>
            {connection.hops > 0 && <Beads hops={connection.hops} />} {connection.words}
          </dd>
        </div>
        <div>
          <dt>{words.arrive.works}</dt>
          <dd>{words.arrive.until(until(expires, Date.now()))}</dd>
        </div>
      </dl>
      {already === undefined ? (
        <JoinForm {...props} />
      ) : (
        <>
          <p className="dialog-text">{words.arrive.already}</p>
          <div className="actions">
            <button type="button" className="button is-primary is-large" onClick={() => props.onRoom(already)}>
              {words.arrive.openRoom}
            </button>
            <NotNow onLeave={props.onLeave} />
          </div>
        </>
      )}
    </Letter>
  );
}
