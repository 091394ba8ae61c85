/** What a person must know, in words, above the log or above the composer. */
import { useState } from 'react';
import type { JoinRequestItem, RoomView, StorageView } from './peer-view.ts';
import { DoorOpen, HardDrive, Hourglass, LogOut, WifiOff } from './icons.ts';
import { useAttempt, usePeer, useView } from './use-peer.ts';
import { words } from './words.ts';

export function StorageTrouble({ trouble }: { trouble: StorageView['trouble'] }) {
  if (trouble === undefined) return null;
  const { title, what } = words.storage[trouble];
  return (
    <div className="banner is-danger" role="alert">
      <HardDrive className="icon" aria-hidden="true" />
      <p>
        <b>{title}</b> {what}
      </p>
    </div>
  );
}

export function Offline() {
  return (
    <div className="banner is-quiet" role="status">
      <WifiOff className="icon" aria-hidden="true" />
      <p>
        <b>{words.offline.title}</b> {words.offline.what}
      </p>
    </div>
  );
}

export function NoRelay() {
  return (
    <div className="banner is-quiet" role="status">
      <Hourglass className="icon" aria-hidden="true" />
      <p>
        <b>{words.noRelay.title}</b> {words.noRelay.what}
      </p>
    </div>
  );
}

/** Under this name the browser keeps that the question was put; nothing else is kept outside the sealed store. */
const asked = 'sotto-asked-to-keep';

function wasAsked(): boolean {
  try {
    return localStorage.getItem(asked) !== null;
  } catch {
    return false;
  }
}

function setAsked(): void {
  try {
    localStorage.setItem(asked, '1');
  } catch {
    // Without local storage the question comes again with the next page.
  }
}

/** Once, after the first delivery: what is here lives in this browser alone, and the browser can be asked to keep it. */
export function KeepStorage() {
  const peer = usePeer();
  const attempt = useAttempt();
  const { storage } = useView();
  const [stage, setStage] = useState<'ask' | 'answered' | 'gone'>(() => (wasAsked() ? 'gone' : 'ask'));
  if (stage === 'gone' || (stage === 'ask' && !storage.askToPersist)) return null;
  const keep = async (): Promise<void> => {
    if (!(await attempt(() => peer.persist()))) return;
    setAsked();
    setStage('answered');
  };
  const done = (): void => {
    setAsked();
    setStage('gone');
  };
  return (
    <section className="banner" aria-label={words.keep.yes}>
      <HardDrive className="icon" aria-hidden="true" />
      <p role="status">
        {stage === 'answered' ? (
          (storage.persisted ?? false) ? (
            words.keep.kept
          ) : (
            words.keep.notKept
          )
        ) : (
          <>
            <b>{words.keep.title}</b> {words.keep.what}
          </>
        )}
      </p>
      {stage === 'ask' && (
        <button type="button" className="button is-small" onClick={() => void keep()}>
          {words.keep.yes}
        </button>
      )}
      <button type="button" className="link" onClick={done}>
        {stage === 'ask' ? words.keep.no : words.dismiss}
      </button>
    </section>
  );
}

export function Waiting() {
  return (
    <div className="gate" role="status">
      <Hourglass className="icon" aria-hidden="true" />
      <p>
        <b>{words.waiting.title}</b> {words.waiting.what}
      </p>
    </div>
  );
}

/** In place of the composer, when nothing can be written any more. */
export function Ended({ room, onForget }: { room: RoomView; onForget: () => void }) {
  if (room.standing === 'member' || room.standing === 'waiting') return null;
  const { title, what } = room.standing === 'refused' ? words.refused[room.refusal ?? 'damaged'] : words.ended[room.standing];
  return (
    <section className="gate" role="status">
      <LogOut className="icon" aria-hidden="true" />
      <div>
        <p>
          <b>{title}</b> {what}
        </p>
        <div className="actions">
          <button type="button" className="button is-danger is-small" onClick={onForget}>
            {words.panel.forget}
          </button>
        </div>
      </div>
    </section>
  );
}

export function JoinRequest({ room, request }: { room: RoomView; request: JoinRequestItem }) {
  const peer = usePeer();
  const who = request.name || words.names.nobody;
  const two = request.why === 'two-for-one-use';
  return (
    <section className="gate" role="alert">
      <DoorOpen className="icon" aria-hidden="true" />
      <div>
        <p>
          <b>
            <bdi>{two ? words.asks.two(who) : words.asks.policy(who)}</bdi>
          </b>{' '}
          {words.asks.twoWhat}
        </p>
        <div className="actions">
          <button
            type="button"
            className="button is-small"
            aria-label={words.asks.yes(who)}
            onClick={() => peer.admit(room.id, request.id, true)}
          >
            {words.asks.yesShort}
          </button>
          <button
            type="button"
            className="button is-small"
            aria-label={words.asks.no(who)}
            onClick={() => peer.admit(room.id, request.id, false)}
          >
            {words.asks.noShort}
          </button>
        </div>
      </div>
    </section>
  );
}
