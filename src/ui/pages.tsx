/** Whole pages that come before or instead of the rooms: opening, first visit, another tab, no storage. */
import { useState, type ReactNode } from 'react';
import { Mark, Voices, Wordmark } from './marks.tsx';
import { cleanName, NameField } from './name-field.tsx';
import { LinkField } from './link-field.tsx';
import { suggestName } from './names.ts';
import type { Failure } from './session.ts';
import { words } from './words.ts';

/** A page that looks like a letter on a table. */
export function Letter({ children, small }: { children: ReactNode; small?: string }) {
  return (
    <div className="page is-letter">
      <header className="page-bar">
        <Wordmark />
      </header>
      <main className="letter">{children}</main>
      <footer className="plainly">{small !== undefined && <p>{small}</p>}</footer>
    </div>
  );
}

export function Opening({ withLink }: { withLink: boolean }) {
  return (
    <main className="page hollow" aria-busy="true">
      <Mark className="mark is-hollow" />
      <h1 className="sr">{words.app}</h1>
      <p className="voice" role="status">
        {withLink ? words.openingLink : words.opening}
      </p>
    </main>
  );
}

export function OtherTab({ withLink, onUse }: { withLink: boolean; onUse: () => void }) {
  return (
    <Letter>
      <div className="dialog-centre">
        <Mark className="mark is-hollow" />
        <h1>{words.otherTab.title}</h1>
        <p className="dialog-text">{withLink ? words.otherTab.withLink : words.otherTab.what}</p>
        <button type="button" className="button is-primary is-large" onClick={onUse} autoFocus>
          {words.otherTab.use}
        </button>
      </div>
    </Letter>
  );
}

export function Failed({ failure, onAgain }: { failure: Failure; onAgain: () => void }) {
  const { trouble } = failure;
  const said = trouble === undefined ? { title: words.failed.title, what: failure.words } : words.failed[trouble];
  return (
    <Letter>
      <div role="alert" className="letter-alert">
        <h1>{said.title}</h1>
        <p className="dialog-text">{said.what}</p>
        {trouble !== undefined && <p className="note">{failure.words}</p>}
      </div>
      <div className="actions">
        <button type="button" className="button is-primary is-large" onClick={onAgain}>
          {words.failed.again}
        </button>
      </div>
    </Letter>
  );
}

export function Welcome(props: {
  name: string;
  trouble: ReactNode;
  onNewRoom: (name: string) => Promise<unknown>;
  onLink: (link: string) => void;
}) {
  const [made] = useState(suggestName);
  const [name, setName] = useState(props.name === '' ? made : props.name);
  const [asksLink, setAsksLink] = useState(false);
  const [busy, setBusy] = useState(false);
  const start = async (): Promise<void> => {
    setBusy(true);
    await props.onNewRoom(cleanName(name) || made);
    setBusy(false);
  };
  return (
    <div className="page is-welcome">
      <Voices />
      {props.trouble}
      <main className="welcome">
        <Wordmark large />
        <h1>
          Speak under
          <br />
          your breath.
        </h1>
        <p className="lead">{words.welcome.lead}</p>
        <NameField label={words.welcome.knownAs} value={name} onChange={setName} {...(props.name === '' && { note: words.welcome.made })} />
        <div className="actions">
          <button type="button" className="button is-primary is-large" aria-busy={busy} onClick={() => void (busy || start())}>
            {words.welcome.newRoom}
          </button>
          {!asksLink && (
            <button type="button" className="link" onClick={() => setAsksLink(true)}>
              {words.welcome.haveLink}
            </button>
          )}
        </div>
        {asksLink && <LinkField onLink={props.onLink} />}
      </main>
      <footer className="plainly">
        <p>{words.welcome.limits}</p>
      </footer>
    </div>
  );
}
