/** Where one writes: Enter sends, Shift-Enter begins a line, and an Enter that an input method took for itself does neither. */
import { use, useEffect, useRef, useState, type KeyboardEvent } from 'react';
import type { RoomId } from '../base/index.ts';
import { ArrowUp } from './icons.ts';
import { TellContext, usePeer } from './use-peer.ts';
import { errorWords, words } from './words.ts';

/** What was written and not sent, by room, as long as the page lives. */
export type Drafts = Map<RoomId, string>;

/** Chromium says 229 for the Enter that ends a composition, after `isComposing` is false again. */
const isComposing = (event: KeyboardEvent): boolean => event.nativeEvent.isComposing || event.keyCode === 229;

/** Mounted anew for each room. */
export function Composer({ room, name, drafts }: { room: RoomId; name: string; drafts: Drafts }) {
  const peer = usePeer();
  const tell = use(TellContext);
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(drafts.get(room) ?? '');

  useEffect(() => {
    // A phone's keyboard would cover the log that one came to read.
    if (!matchMedia('(pointer: coarse)').matches) field.current?.focus({ preventScroll: true });
  }, []);

  const change = (value: string): void => {
    setText(value);
    if (value.trim() === '') drafts.delete(room);
    else drafts.set(room, value);
  };
  const send = (): void => {
    field.current?.focus();
    if (text.trim() === '') return;
    try {
      peer.say(room, text.trim());
      change('');
    } catch (error) {
      tell(errorWords(error));
    }
  };
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={field}
        aria-label={words.room.message}
        placeholder={words.room.messageTo(name)}
        rows={1}
        dir="auto"
        enterKeyHint="send"
        value={text}
        onChange={(event) => change(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || isComposing(event)) return;
          event.preventDefault();
          send();
        }}
      />
      <button type="submit" className="send" aria-label={words.room.send} title={words.room.send}>
        <ArrowUp className="icon" aria-hidden="true" />
      </button>
    </form>
  );
}
