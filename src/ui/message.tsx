/** One bubble, and what stands around it. */
import { Fragment } from 'react';
import type { MessageItem, MessageState, PersonItem } from './peer-view.ts';
import { clock, full } from './dates.ts';
import { Check, CheckCheck, CircleAlert, Clock, Eye, TriangleAlert } from './icons.ts';
import { pieces } from './links.ts';
import { Avatar, dyeOf } from './marks.tsx';
import type { Row } from './rows.ts';
import { words } from './words.ts';

/** Others' text, as text; web addresses become links that show their real host. */
function Text({ text }: { text: string }) {
  return pieces(text).map((piece, index) =>
    'href' in piece ? (
      <a key={index} className="address" href={piece.href} target="_blank" rel="noopener noreferrer" dir="ltr" title={piece.host}>
        <b>{piece.host}</b>
        {piece.rest}
      </a>
    ) : (
      <Fragment key={index}>{piece.text}</Fragment>
    ),
  );
}

const stateIcons = { queued: Clock, sent: Check, delivered: CheckCheck, read: Eye, failed: CircleAlert } satisfies Record<
  MessageState,
  unknown
>;

function State({ state }: { state: MessageState }) {
  const Icon = stateIcons[state];
  return (
    <span className={`state is-${state}`}>
      <Icon className="icon is-small" aria-hidden="true" />
      {words.state[state]}
    </span>
  );
}

function Failure({ item, onRetry, onDiscard }: { item: MessageItem; onRetry: () => void; onDiscard: () => void }) {
  return (
    <div className="failure">
      {item.failure !== undefined && <p>{item.failure}</p>}
      <div className="actions">
        <button type="button" className="button is-small" onClick={onRetry}>
          {words.room.retry}
        </button>
        <button type="button" className="button is-small is-danger" onClick={onDiscard}>
          {words.room.discard}
        </button>
      </div>
    </div>
  );
}

function By({ item, person }: { item: MessageItem; person: PersonItem | undefined }) {
  return (
    <header className="by">
      <b>
        <bdi>{item.authorName || words.names.nobody}</bdi>
      </b>
      {person?.kind === 'agent' && <span className="tag">{words.room.agent}</span>}
      <time title={full(item.at)}>{clock(item.at)}</time>
      {item.clockWrong && (
        <span className="state is-queued">
          <TriangleAlert className="icon is-small" aria-hidden="true" />
          {words.room.clockWrong}
        </span>
      )}
    </header>
  );
}

export function Message(props: {
  row: Extract<Row, { type: 'message' }>;
  person: PersonItem | undefined;
  onRetry: () => void;
  onDiscard: () => void;
}) {
  const { item, first, last, footer } = props.row;
  const who = item.mine ? words.rooms.you : item.authorName || words.names.nobody;
  const group = `group${item.mine ? ' is-mine' : ''}${first ? ' is-first' : ''}${last ? ' is-last' : ''}`;
  return (
    <div className={group}>
      {!item.mine &&
        (first ? (
          <Avatar name={item.authorName} dye={props.person?.dye ?? dyeOf(item.author)} agent={props.person?.kind === 'agent'} />
        ) : (
          <span className="avatar is-absent" />
        ))}
      <div className="group-body">
        {first && !item.mine && <By item={item} person={props.person} />}
        <article
          className="bubble"
          dir="auto"
          data-state={item.mine ? item.state : undefined}
          aria-label={words.room.by(who, clock(item.at))}
        >
          <Text text={item.text} />
        </article>
        {footer && (
          <footer className="by">
            <time title={full(item.at)}>{clock(item.at)}</time>
            {item.state !== undefined && <State state={item.state} />}
          </footer>
        )}
        {item.state === 'failed' && <Failure item={item} onRetry={props.onRetry} onDiscard={props.onDiscard} />}
      </div>
    </div>
  );
}
