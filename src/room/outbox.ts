/**
 * What is durable here and not yet held by its mailboxes (docs/protocol.md §7). A post stays until its mailbox has answered STORED.
 *
 *   put ── commit ──► post to both mailboxes ──► both STORED: sent, and gone from here
 *                          │                 └─► one STORED, the other silent or refusing: sent, and tried again
 *                          └── silent, refused: wait, and again
 */
import { idBytes, isRefusal, relayId, type Bytes, type Cancel, type Clock, type Counters } from '../base/index.ts';
import { MailboxError, type Mailboxes, type Topic } from '../mailbox/index.ts';
import type { Records } from '../store/index.ts';
import type { Head } from '../replica/index.ts';
import { create, decodeStrict, encode, OutgoingSchema, PostSchema, type Outgoing, type Post } from '../wire/index.ts';
import { reaches, wireHead } from './heads.ts';

/** Which updates of one's own a group of posts carries. */
export interface Covers {
  /** They come after this one; undefined when they begin with the first. */
  readonly after: Head | undefined;
  readonly upTo: Head;
}

/** One blob for one mailbox. */
export interface Sealed {
  readonly topic: Topic;
  readonly blob: Uint8Array;
}

const PREFIX = 'x/';
/** Waiting between two tries of one post, ms: doubled up to the second. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;
/** Posts under way at once; the mailbox keeps their order only within one. */
const ABREAST = 8;

interface Group {
  readonly key: string;
  readonly outgoing: Outgoing;
}

interface Options {
  readonly records: Records;
  readonly mailboxes: Mailboxes;
  readonly isolation: string;
  readonly clock: Clock;
  readonly counters: Counters;
  /** The group with this key was sent, wholly or as far as its mailboxes answer. */
  readonly sent: (key: string) => void;
}

export class Outbox {
  readonly #options: Options;
  readonly #groups = new Map<string, Group>();
  readonly #waiting: { group: Group; post: Post; pause: number }[] = [];
  /** Each with what it will do. */
  readonly #timers = new Map<Cancel, () => void>();
  /** Posts whose last try found the mailbox silent or refusing. */
  readonly #failing = new WeakSet<Post>();
  #next = 0;
  #underWay = 0;
  #stopped = false;

  constructor(options: Options) {
    this.#options = options;
    for (const [key, value] of options.records.entries(PREFIX)) {
      const outgoing = decodeStrict(OutgoingSchema, value);
      if (isRefusal(outgoing)) {
        options.counters.count('outbox-damaged');
        continue;
      }
      this.#groups.set(key, { key, outgoing });
      this.#next = Math.max(this.#next, Number.parseInt(key.slice(PREFIX.length), 16) + 1);
    }
  }

  /** Begins to post what an earlier run left. */
  start(): void {
    for (const group of this.#groups.values()) this.#enqueue(group);
  }

  /** Makes the record of a group of posts: for the commit that makes it durable. After that commit, `send` its key. */
  add(sealed: readonly Sealed[], covers: Covers | undefined): readonly [string, Bytes] {
    const outgoing = create(OutgoingSchema, {
      posts: sealed.map(({ topic, blob }) => create(PostSchema, { mailbox: idBytes(topic.mailbox), seed: topic.seed, blob })),
      ...(covers?.after && { after: wireHead(covers.after) }),
      ...(covers && { upTo: wireHead(covers.upTo) }),
      sent: false,
    });
    const key = PREFIX + (this.#next++).toString(16).padStart(12, '0');
    this.#groups.set(key, { key, outgoing });
    return [key, encode(OutgoingSchema, outgoing)];
  }

  /** Posts a group whose record is durable. */
  send(key: string): void {
    const group = this.#groups.get(key);
    if (group !== undefined) this.#enqueue(group);
  }

  /** Forgets a group that was never sent. */
  drop(key: string): void {
    this.#groups.delete(key);
  }

  /** No mailbox is known to hold this update of one's own yet. */
  isUnsent(segment: number, seq: number): boolean {
    return [...this.#groups.values()].some(
      ({ outgoing: { sent, after, upTo } }) =>
        !sent && upTo !== undefined && reaches(upTo, segment, seq) && (after === undefined || !reaches(after, segment, seq)),
    );
  }

  /** What waits for its next try is tried now. */
  hurry(): void {
    for (const [cancel, action] of [...this.#timers]) {
      cancel();
      this.#timers.delete(cancel);
      action();
    }
  }

  /** Everything that was put here is held by its mailboxes. */
  get empty(): boolean {
    return this.#groups.size === 0;
  }

  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#timers.keys()) cancel();
    this.#timers.clear();
    this.#waiting.length = 0;
  }

  #enqueue(group: Group): void {
    for (const post of group.outgoing.posts) {
      if (post.blob.length > 0) this.#waiting.push({ group, post, pause: FIRST_PAUSE });
    }
    this.#pump();
  }

  #pump(): void {
    while (!this.#stopped && this.#underWay < ABREAST) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#underWay++;
      void this.#post(next).finally(() => {
        this.#underWay--;
        this.#pump();
      });
    }
  }

  async #post(entry: { group: Group; post: Post; pause: number }): Promise<void> {
    const { group, post, pause } = entry;
    const topic: Topic = { mailbox: relayId(post.mailbox), seed: new Uint8Array(post.seed) };
    try {
      await this.#options.mailboxes.post(this.#options.isolation, topic, post.blob);
      post.blob = new Uint8Array(0);
      await this.#settle(group);
    } catch (error) {
      const trouble = error instanceof MailboxError ? error : undefined;
      this.#options.counters.count(`post-${trouble?.kind ?? 'failed'}`);
      this.#failing.add(post);
      await this.#settle(group);
      this.#later(() => this.#again(entry, pause), Math.max(pause, (trouble?.retryAfter ?? 0) * 1_000));
    }
  }

  #again(entry: { group: Group; post: Post; pause: number }, pause: number): void {
    this.#waiting.push({ ...entry, pause: Math.min(2 * pause, LONGEST_PAUSE) });
    this.#pump();
  }

  #later(action: () => void, ms: number): void {
    if (this.#stopped) return;
    const cancel = this.#options.clock.after(ms, () => {
      this.#timers.delete(cancel);
      action();
    });
    this.#timers.set(cancel, action);
  }

  /** Writes down what has been stored. A write that fails only means that the post is made again: it is idempotent. */
  async #settle(group: Group): Promise<void> {
    const { outgoing } = group;
    const left = outgoing.posts.filter((post) => post.blob.length > 0);
    if (left.length === outgoing.posts.length) return;
    outgoing.sent ||= left.every((post) => this.#failing.has(post));
    if (left.length === 0) this.#groups.delete(group.key);
    if (outgoing.sent || left.length === 0) this.#options.sent(group.key);
    const batch = left.length === 0 ? { delete: [group.key] } : { put: [[group.key, encode(OutgoingSchema, outgoing)]] as const };
    await this.#options.records.commit(batch).catch(() => this.#options.counters.count('outbox-write'));
  }
}
