/**
 * A timeline as the rows of the log: runs by one sender become groups, days and the first unread get a line.
 *
 *   day · Ana┐ Ana│ Ana┘ · event · me┐ me┘ state · new since · Ana
 */
import type { EventItem, MessageItem, TimelineItem } from './peer-view.ts';
import { sameDay } from './dates.ts';

/** A pause after which the same sender starts a new group: ten minutes. */
const GROUP_PAUSE = 600_000;

export type Row =
  | { readonly type: 'day'; readonly id: string; readonly at: number }
  | { readonly type: 'new'; readonly id: string; readonly at: number }
  | { readonly type: 'event'; readonly id: string; readonly item: EventItem }
  | {
      readonly type: 'message';
      readonly id: string;
      readonly item: MessageItem;
      /** The first bubble of a group: shows who and when. */
      readonly first: boolean;
      readonly last: boolean;
      /** One's own: time and state stand under this bubble, since the next is in another state or none follows. */
      readonly footer: boolean;
    };

const isGrouped = (before: TimelineItem | undefined, after: TimelineItem | undefined, firstUnread: string | undefined): boolean =>
  before?.type === 'message' &&
  after?.type === 'message' &&
  before.author === after.author &&
  after.id !== firstUnread &&
  sameDay(before.at, after.at) &&
  Math.abs(after.at - before.at) < GROUP_PAUSE;

export function rowsOf(timeline: readonly TimelineItem[], firstUnread?: string): Row[] {
  const rows: Row[] = [];
  timeline.forEach((item, index) => {
    const before = timeline[index - 1];
    const after = timeline[index + 1];
    if (before === undefined || !sameDay(before.at, item.at)) rows.push({ type: 'day', id: `day ${item.id}`, at: item.at });
    if (item.id === firstUnread) rows.push({ type: 'new', id: 'new', at: item.at });
    if (item.type === 'event') {
      rows.push({ type: 'event', id: item.id, item });
      return;
    }
    const last = !isGrouped(item, after, firstUnread);
    const sameState = after?.type === 'message' && after.state === item.state;
    const footer = item.mine && (last || !sameState || item.state === 'failed');
    rows.push({ type: 'message', id: item.id, item, first: !isGrouped(before, item, firstUnread), last, footer });
  });
  return rows;
}
