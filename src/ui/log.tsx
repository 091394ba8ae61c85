/** The log: opens at what is new, follows its end while one is there or writes, and never moves while one reads further up. */
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { Virtualizer, type VirtualizerHandle } from 'virtua';
import type { RoomView } from './peer-view.ts';
import { clock, day } from './dates.ts';
import { ArrowDown } from './icons.ts';
import { Message } from './message.tsx';
import { rowsOf, type Row } from './rows.ts';
import { usePeer } from './use-peer.ts';
import { eventWords, words } from './words.ts';

/** Pixels kept drawn above and below what is seen: some two hundred rows, so that finding in the page and reading aloud have neighbours. */
const DRAWN_AROUND = 12_000;
/** Nearer to the end than this counts as being there. */
const NEAR_END = 32;

/** Whether the log is at its end, kept while rows come and grow. */
function useEnd(rows: readonly Row[], opensAt: number) {
  const list = useRef<VirtualizerHandle>(null);
  const atEnd = useRef(opensAt < 0);
  const [isAtEnd, setIsAtEnd] = useState(true);
  const lastIndex = rows.length - 1;

  const toEnd = useCallback(() => {
    atEnd.current = true;
    setIsAtEnd(true);
    list.current?.scrollToIndex(lastIndex, { align: 'end' });
  }, [lastIndex]);
  const onScroll = useCallback(() => {
    const handle = list.current;
    if (handle === null) return;
    atEnd.current = handle.scrollSize - handle.scrollOffset - handle.viewportSize < NEAR_END;
    setIsAtEnd(atEnd.current);
  }, []);
  const onResize = useCallback(() => {
    if (atEnd.current) toEnd();
    else onScroll();
  }, [toEnd, onScroll]);

  const opened = useRef(false);
  useLayoutEffect(() => {
    if (opened.current) return;
    opened.current = true;
    if (opensAt >= 0) list.current?.scrollToIndex(opensAt, { align: 'start', offset: -24 });
  }, [opensAt]);
  // What one says oneself is seen, wherever one was.
  const last = rows.at(-1);
  const newest = useRef(last?.id);
  useLayoutEffect(() => {
    const saidNow = last?.type === 'message' && last.item.mine && last.id !== newest.current;
    newest.current = last?.id;
    if (atEnd.current || saidNow) toEnd();
  }, [rows, last, toEnd]);
  return { list, isAtEnd, toEnd, onScroll, onResize };
}

/** True while the page can be seen. */
function useVisible(): boolean {
  const [visible, setVisible] = useState(document.visibilityState === 'visible');
  useEffect(() => {
    const update = (): void => setVisible(document.visibilityState === 'visible');
    document.addEventListener('visibilitychange', update);
    return () => document.removeEventListener('visibilitychange', update);
  }, []);
  return visible;
}

/** How many messages of others lie below what has been seen; seeing the end clears it and marks the room as read. */
function useBelow(room: RoomView, firstUnread: string | undefined, isAtEnd: boolean): number {
  const peer = usePeer();
  const visible = useVisible();
  const { timeline } = room;
  const [seen, setSeen] = useState(() => {
    const from = timeline.findIndex((item) => item.id === firstUnread);
    return from < 0 ? timeline.length : from;
  });
  const seesAll = isAtEnd && visible;
  useEffect(() => {
    if (!seesAll) return;
    setSeen(timeline.length);
    if (room.unread > 0) peer.markRead(room.id);
  }, [seesAll, timeline.length, room.unread, room.id, peer]);
  return seesAll ? 0 : timeline.slice(seen).filter((item) => item.type === 'message' && !item.mine).length;
}

function RowView({ row, room }: { row: Row; room: RoomView }) {
  const peer = usePeer();
  switch (row.type) {
    case 'day':
      return (
        <p className="day">
          <time>{day(row.at, Date.now())}</time>
        </p>
      );
    case 'new':
      return (
        <p className="new" role="separator">
          <span>{words.room.newSince(clock(row.at))}</span>
        </p>
      );
    case 'event':
      return (
        <p className="system">
          <bdi>{eventWords(row.item.event)}</bdi>
        </p>
      );
    case 'message':
      return (
        <Message
          row={row}
          person={room.members.find((member) => member.id === row.item.author)}
          onRetry={() => peer.retry(room.id, row.id)}
          onDiscard={() => peer.discard(room.id, row.id)}
        />
      );
  }
}

/** Mounted anew for each room. */
export function Log({ room, firstUnread }: { room: RoomView; firstUnread: string | undefined }) {
  const rows = useMemo(() => rowsOf(room.timeline, firstUnread), [room.timeline, firstUnread]);
  const scroller = useRef<HTMLDivElement>(null);
  const end = useEnd(
    rows,
    rows.findIndex((row) => row.type === 'new'),
  );
  const below = useBelow(room, firstUnread, end.isAtEnd);

  // Older rows put in above: the place is kept from the end.
  const [before, setBefore] = useState(rows);
  if (before !== rows) setBefore(rows);
  const shift = before.length < rows.length && before.at(-1)?.id === rows.at(-1)?.id;

  return (
    <div className="log-place">
      <div className="log" role="log" aria-label={words.room.messages} tabIndex={0} ref={scroller}>
        <div className="log-space" />
        <Virtualizer
          ref={end.list}
          scrollRef={scroller}
          bufferSize={DRAWN_AROUND}
          shift={shift}
          data={rows}
          onScroll={end.onScroll}
          onResize={end.onResize}
        >
          {(row, index) => (
            <div className={index === rows.length - 1 ? 'log-row is-end' : 'log-row'} key={row.id}>
              <RowView row={row} room={room} />
            </div>
          )}
        </Virtualizer>
      </div>
      {!end.isAtEnd && (
        <button type="button" className="button is-small jump" onClick={end.toEnd}>
          <ArrowDown className="icon" aria-hidden="true" />
          {words.room.jump}
          {below > 0 && <span className="count">{words.room.jumpNew(below)}</span>}
        </button>
      )}
    </div>
  );
}
