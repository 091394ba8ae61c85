/** Inviting: a link with an end and a number of uses, as text and as QR, and the links that are still open. */
import { useCallback, useEffect, useId, useRef, useState } from 'react';
import type { RoomId } from '../base/index.ts';
import type { InviteItem, RoomView } from './peer-view.ts';
import { wholeLink } from './arrivals.ts';
import { until } from './dates.ts';
import { Dialog } from './dialog.tsx';
import { Check, ChevronDown, Copy, LinkIcon } from './icons.ts';
import { Qr } from './qr.tsx';
import { useAttempt, usePeer } from './use-peer.ts';
import { errorWords, words } from './words.ts';

interface Terms {
  readonly uses: number;
  readonly hours: number;
}

const usual: Terms = { uses: 1, hours: 168 };

/** Links that were made and never copied, by room: opening the dialog again shows them again instead of leaving one more open. */
const uncopied = new Map<RoomId, { readonly invite: string; readonly terms: Terms }>();

type Making =
  /** `beside`: the links that stay open beside the one that is being made, which is not to be seen before it can be handed out. */
  | { readonly is: 'making'; readonly beside: ReadonlySet<string> }
  | { readonly is: 'made'; readonly invite: InviteItem }
  | { readonly is: 'failed'; readonly words: string };

const sameTerms = (a: Terms, b: Terms): boolean => a.uses === b.uses && a.hours === b.hours;

/** An unused, uncopied link of these terms. */
function madeBefore(room: RoomView, terms: Terms): InviteItem | undefined {
  const known = uncopied.get(room.id);
  if (known === undefined || !sameTerms(known.terms, terms)) return undefined;
  return room.invites.find((invite) => invite.id === known.invite && invite.link !== undefined && invite.usesLeft === invite.uses);
}

function makingBeside(room: RoomView, stale: string | undefined): Making {
  return { is: 'making', beside: new Set(room.invites.map(({ id }) => id).filter((id) => id !== stale)) };
}

function useLink(room: RoomView, terms: Terms) {
  const peer = usePeer();
  const [making, setMaking] = useState<Making>(() => makingBeside(room, uncopied.get(room.id)?.invite));
  const [attempt, setAttempt] = useState(0);
  const latest = useRef(room);
  useEffect(() => {
    latest.current = room;
  });
  useEffect(() => {
    let current = true;
    const before = madeBefore(latest.current, terms);
    if (before !== undefined) {
      setMaking({ is: 'made', invite: before });
      return undefined;
    }
    // Other terms were chosen before the link went anywhere: the first one is not needed.
    const { id } = latest.current;
    const stale = uncopied.get(id);
    uncopied.delete(id);
    setMaking(makingBeside(latest.current, stale?.invite));
    const make = async (): Promise<void> => {
      try {
        const invite = await peer.invite(id, terms);
        uncopied.set(id, { invite: invite.id, terms });
        if (stale !== undefined) await peer.revoke(id, stale.invite).catch(() => undefined);
        if (current) setMaking({ is: 'made', invite });
      } catch (error) {
        if (current) setMaking({ is: 'failed', words: errorWords(error) });
      }
    };
    void make();
    return () => {
      current = false;
    };
  }, [peer, terms, attempt]);
  return { making, again: useCallback(() => setAttempt((n) => n + 1), []) };
}

function Choice(props: { label: string; value: number; choices: Readonly<Record<number, string>>; onChange: (value: number) => void }) {
  return (
    <label className="field">
      <span>{props.label}</span>
      <span className="select">
        <select value={props.value} onChange={(event) => props.onChange(Number(event.target.value))}>
          {Object.entries(props.choices).map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
        <ChevronDown className="icon" aria-hidden="true" />
      </span>
    </label>
  );
}

function CopyLink({ link, onCopied }: { link: string | undefined; onCopied: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  const said = useId();
  const [copied, setCopied] = useState<boolean>();
  useEffect(() => setCopied(undefined), [link]);
  const copy = async (): Promise<void> => {
    if (link === undefined) return;
    onCopied();
    try {
      await navigator.clipboard.writeText(link);
      setCopied(true);
    } catch {
      field.current?.focus();
      field.current?.select();
      setCopied(false);
    }
  };
  const Icon = copied === true ? Check : Copy;
  return (
    <div>
      <div className="copy">
        <input
          ref={field}
          readOnly
          aria-label={words.invite.link}
          aria-describedby={said}
          value={link ?? ''}
          placeholder={words.invite.making}
          onFocus={(event) => event.target.select()}
          onCopy={onCopied}
        />
        <button type="button" className="button is-primary" disabled={link === undefined} onClick={() => void copy()}>
          <Icon className="icon" aria-hidden="true" />
          {words.invite.copy}
        </button>
      </div>
      <p className="note copy-said" role="status" id={said}>
        {copied === true && words.invite.copied}
        {copied === false && words.invite.notCopied}
        {link === undefined && words.invite.making}
      </p>
    </div>
  );
}

function OpenInvites({ room, making }: { room: RoomView; making: Making }) {
  const peer = usePeer();
  const attempt = useAttempt();
  const shown = making.is === 'made' ? making.invite.id : undefined;
  const invites = room.invites.filter(({ id }) => making.is !== 'making' || making.beside.has(id));
  if (invites.length === 0) return null;
  return (
    <section className="live">
      <h3>{words.invite.open}</h3>
      <ul role="list" aria-label={words.invite.open}>
        {invites.map((invite) => (
          <li key={invite.id}>
            <span>
              {invite.id === shown ? words.invite.thisOne : words.invite.otherOne}
              <small>{words.invite.left(invite.usesLeft, invite.uses, until(invite.expires, Date.now()))}</small>
            </span>
            <button type="button" className="button is-danger is-small" onClick={() => void attempt(() => peer.revoke(room.id, invite.id))}>
              {words.invite.revoke}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function InviteDialog({ room, name, onClose }: { room: RoomView; name: string; onClose: () => void }) {
  const [terms, setTerms] = useState(usual);
  const { making, again } = useLink(room, terms);
  // Revoked or used up in the meantime: no longer to be handed out.
  const made = making.is === 'made' ? making.invite : undefined;
  const open = made !== undefined && room.invites.some((invite) => invite.id === made.id) ? made : undefined;
  const link = open?.link === undefined ? undefined : wholeLink(open.link, location);
  const ended = made !== undefined && open === undefined;
  return (
    <Dialog title={words.invite.title(name)} wide onClose={onClose}>
      <div className="invite">
        <div className="invite-main">
          <p className="dialog-text">{words.invite.what}</p>
          {making.is === 'failed' || ended ? (
            <div role="alert" className="failure">
              <p>{making.is === 'failed' ? making.words : words.invite.over}</p>
              <button type="button" className="button is-small" onClick={again}>
                {ended ? words.invite.another : words.invite.again}
              </button>
            </div>
          ) : (
            <CopyLink link={link} onCopied={() => uncopied.delete(room.id)} />
          )}
          <div className="pair">
            <Choice
              label={words.invite.ends}
              value={terms.hours}
              choices={words.invite.hours}
              onChange={(hours) => setTerms({ ...terms, hours })}
            />
            <Choice
              label={words.invite.used}
              value={terms.uses}
              choices={words.invite.uses}
              onChange={(uses) => setTerms({ ...terms, uses })}
            />
          </div>
        </div>
        <figure className="invite-qr">
          {link === undefined ? (
            <div className="qr is-empty">
              <LinkIcon className="icon" aria-hidden="true" />
            </div>
          ) : (
            <Qr text={link} label={words.invite.qr} />
          )}
          <figcaption>{words.invite.camera}</figcaption>
        </figure>
      </div>
      <OpenInvites room={room} making={making} />
    </Dialog>
  );
}
