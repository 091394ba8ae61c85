/** Dialogs on the browser's own <dialog>: it keeps focus inside, closes with Esc, and gives focus back where it was. */
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { X } from './icons.ts';
import { useAttempt } from './use-peer.ts';
import { words } from './words.ts';

export function Dialog(props: { title: string; wide?: boolean; small?: boolean; onClose: () => void; children: ReactNode }) {
  const ref = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (dialog === null) return undefined;
    const before = document.activeElement;
    if (!dialog.open) dialog.showModal();
    return () => {
      dialog.close();
      // The element goes away before the browser would have given focus back.
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      className={`dialog${props.wide === true ? ' is-wide' : ''}${props.small === true ? ' is-small' : ''}`}
      aria-labelledby={title}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
      // A second Esc closes it whatever we say.
      onClose={(event) => {
        if (!event.currentTarget.open) props.onClose();
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) props.onClose();
      }}
    >
      <div className="dialog-sheet">
        <header>
          <h2 id={title}>{props.title}</h2>
          <button type="button" className="icon-button" aria-label={words.close} title={words.close} onClick={props.onClose}>
            <X className="icon" aria-hidden="true" />
          </button>
        </header>
        {props.children}
      </div>
    </dialog>
  );
}

/** Asks before something that cannot be undone. */
export function Confirm(props: { title: string; what: string; yes: string; action: () => Promise<void>; onClose: () => void }) {
  const attempt = useAttempt();
  const [busy, setBusy] = useState(false);
  const act = async (): Promise<void> => {
    setBusy(true);
    if (await attempt(props.action)) props.onClose();
    else setBusy(false);
  };
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <p className="dialog-text">{props.what}</p>
      <footer>
        <span className="grow" />
        <button type="button" className="button" onClick={props.onClose} autoFocus>
          {words.cancel}
        </button>
        <button type="button" className="button is-danger" aria-busy={busy} onClick={() => void (busy || act())}>
          {props.yes}
        </button>
      </footer>
    </Dialog>
  );
}

/** Asks for one line of text. */
export function AskText(props: {
  title: string;
  what: string;
  label: string;
  value: string;
  onSave: (text: string) => void;
  onClose: () => void;
}) {
  const [text, setText] = useState(props.value);
  const save = (): void => {
    const clean = text.trim().replace(/\s+/gu, ' ');
    if (clean !== '' && clean !== props.value) props.onSave(clean);
    props.onClose();
  };
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <label className="field">
          <span>{props.label}</span>
          <input
            value={text}
            maxLength={64}
            dir="auto"
            autoComplete="off"
            autoFocus
            onFocus={(event) => event.target.select()}
            onChange={(event) => setText(event.target.value)}
          />
          <small>{props.what}</small>
        </label>
        <footer>
          <span className="grow" />
          <button type="button" className="button" onClick={props.onClose}>
            {words.cancel}
          </button>
          <button type="submit" className="button is-primary">
            {words.names.save}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
