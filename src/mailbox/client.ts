/**
 * Mailboxes over circuits (docs/protocol.md §7): one session for each (isolation, mailbox), on whatever circuit the pool has open.
 *
 *   post    ──► POST on the newest circuit ──► STORED            circuit died: again on the next; 10 s without an answer: silent
 *   follow  ──► SUBSCRIBE on each circuit that opens ──► BLOB …  the same blob on two circuits is handed over once
 */
import type { Clock, Counters, RelayId } from '../base/index.ts';
import type { CircuitSource } from '../onion/index.ts';
import type { Follower, MailboxMisdeed, Mailboxes, Stored, Subscription, Topic } from './mailboxes.ts';
import { Session } from './session.ts';

export interface CircuitMailboxesOptions {
  readonly circuits: CircuitSource;
  readonly clock: Clock;
  readonly counters?: Counters;
  misbehaved?(mailbox: RelayId, what: MailboxMisdeed): void;
  /** It takes nothing more at an address, or at new ones, for so long, ms. */
  full?(mailbox: RelayId, ms: number): void;
}

export function circuitMailboxes(options: CircuitMailboxesOptions): Mailboxes {
  const sessions = new Map<string, Session>();
  const session = (isolation: string, mailbox: RelayId): Session => {
    const key = `${mailbox} ${isolation}`;
    const known = sessions.get(key);
    if (known !== undefined) return known;
    const made = new Session({
      ...options,
      isolation,
      mailbox,
      misbehaved: (what) => options.misbehaved?.(mailbox, what),
      full: (ms) => options.full?.(mailbox, ms),
      ended: () => sessions.delete(key),
    });
    sessions.set(key, made);
    return made;
  };
  return {
    post: (isolation: string, topic: Topic, blob: Uint8Array): Promise<Stored> => session(isolation, topic.mailbox).post(topic, blob),
    follow: (isolation: string, topic: Topic, from: Stored | undefined, follower: Follower): Subscription =>
      session(isolation, topic.mailbox).follow(topic, from, follower),
  };
}
