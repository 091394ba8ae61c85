import { describe, expect, it } from 'vitest';
import type { PersonaId } from '../base/index.ts';
import type { MessageItem, MessageState, TimelineItem } from './peer-view.ts';
import { rowsOf } from './rows.ts';

const noon = new Date(2026, 10, 20, 12).getTime();
const minute = 60_000;

function says(id: string, who: string, at: number, state?: MessageState): MessageItem {
  const base = {
    type: 'message',
    id,
    author: who as PersonaId,
    authorName: who,
    mine: who === 'me',
    text: id,
    at,
    clockWrong: false,
  } as const;
  return state === undefined ? base : { ...base, state };
}

/** `day`, `new`, an event's id, or a message's id with ^ first of its group, $ last, + time and state below. */
const shape = (timeline: readonly TimelineItem[], firstUnread?: string): string[] =>
  rowsOf(timeline, firstUnread).map((row) => {
    if (row.type === 'day' || row.type === 'new') return row.type;
    if (row.type === 'event') return row.id;
    return `${row.first ? '^' : ''}${row.id}${row.last ? '$' : ''}${row.footer ? '+' : ''}`;
  });

describe('rows of a timeline', () => {
  it('groups runs by one sender, and breaks them at another sender, an event, a pause and midnight', () => {
    const timeline: TimelineItem[] = [
      says('a1', 'ana', noon),
      says('a2', 'ana', noon + minute),
      says('b1', 'ben', noon + 2 * minute),
      says('a3', 'ana', noon + 3 * minute),
      { type: 'event', id: 'e1', at: noon + 3 * minute, event: { what: 'joined', who: 'cem' } },
      says('a4', 'ana', noon + 4 * minute),
      says('a5', 'ana', noon + 15 * minute),
      says('a6', 'ana', noon + 12 * 60 * minute),
    ];
    expect(shape(timeline)).toEqual(['day', '^a1', 'a2$', '^b1$', '^a3$', 'e1', '^a4$', '^a5$', 'day', '^a6$']);
  });

  it('puts the line above the first unread and begins a group there', () => {
    expect(shape([says('a1', 'ana', noon), says('a2', 'ana', noon)], 'a2')).toEqual(['day', '^a1$', 'new', '^a2$']);
  });

  it('says time and state under the last bubble of one’s own in each state, and under every failed one', () => {
    const timeline = [
      says('m1', 'me', noon, 'read'),
      says('m2', 'me', noon, 'read'),
      says('m3', 'me', noon, 'failed'),
      says('m4', 'me', noon, 'failed'),
      says('m5', 'me', noon, 'queued'),
    ];
    expect(shape(timeline)).toEqual(['day', '^m1', 'm2+', 'm3+', 'm4+', 'm5$+']);
  });

  it('is empty for an empty room', () => {
    expect(rowsOf([])).toEqual([]);
  });
});
