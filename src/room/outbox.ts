/**
 * What is durable here and not yet held by its mailboxes (docs/protocol.md §7). A post stays until its mailbox has answered STORED.
 *
 *   put ── commit ──► post to both mailboxes ──► both STORED: sent, and gone from here
 *                          │                 └─► one STORED, the other silent or refusing: sent, and tried again
 *                          └── silent, refused: wait, and again
 *
 * Each mailbox has a lane of its own, so that what waits for a silent one holds back nothing for the other. While it is silent one post
 * at a time asks whether it is back.
 */
import {
  compare,
  equal,
  idBytes,
  isRefusal,
  relayId,
  type Bytes,
  type Cancel,
  type Clock,
  type Counters,
  type RelayId,
} from '../base/index.ts';
import { MailboxError, type Mailboxes, type Topic } from '../mailbox/index.ts';
import type { Records } from '../store/index.ts';
import type { Head } from '../replica/index.ts';
import { create, decodeStrict, encode, OutgoingSchema, PostSchema, type Outgoing, type Post } from '../wire/index.ts';
import { ownHeads, reaches, wireHead } from './heads.ts';

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
/** Posts under way at once to one mailbox, which keeps their order only within one. */
const ABREAST = 8;

interface Group {
  readonly key: string;
  readonly outgoing: Outgoing;
}

interface Waiting {
  readonly group: Group;
  readonly post: Post;
  readonly pause: number;
}

/** What is owed to one mailbox. */
interface Lane {
  readonly mailbox: RelayId;
  readonly waiting: Waiting[];
  underWay: number;
  /** The last answer was none. */
  silent: boolean;
}

interface Options {
  readonly records: Records;
  readonly mailboxes: Mailboxes;
  readonly isolation: string;
  readonly clock: Clock;
  readonly counters: Counters;
  /** The group with this key was sent, wholly or as far as its mailboxes answer. */
  readonly sent: (key: string) => void;
  /** A mailbox that owes an answer is silent. */
  readonly silent?: () => void;
}

export class Outbox {
  readonly #options: Options;
  readonly #groups = new Map<string, Group>();
  readonly #lanes = new Map<RelayId, Lane>();
  /** Each with what it will do. */
  readonly #timers = new Map<Cancel, () => void>();
  /** Posts that were refused when they were last tried. */
  readonly #refused = new WeakSet<Post>();
  #next = 0;
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

  /** What a group still owes to its mailboxes. */
  owed(key: string): readonly Sealed[] {
    const posts = this.#groups.get(key)?.outgoing.posts ?? [];
    return posts.flatMap(({ mailbox, seed, blob }) =>
      blob.length === 0 ? [] : { topic: { mailbox: relayId(mailbox), seed: new Uint8Array(seed) }, blob },
    );
  }

  /** The keys of all groups, in their order. */
  keys(): readonly string[] {
    return [...this.#groups.keys()].toSorted();
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

  /** Something for that topic waits for its mailbox. */
  owes(seed: Uint8Array): boolean {
    return [...this.#groups.values()].some(({ outgoing }) => outgoing.posts.some((post) => post.blob.length > 0 && equal(post.seed, seed)));
  }

  /**
   * Takes back what waits for these topics. `onlyOwn`: of it only what carries updates of one's own and no mailbox holds. The records to
   * drop, and the earliest update of one's own that no mailbox holds and that nothing carries any more.
   */
  retract(seeds: readonly Uint8Array[], onlyOwn: boolean): { readonly keys: readonly string[]; readonly lost: Covers | undefined } {
    const keys: string[] = [];
    let lost: Covers | undefined;
    for (const [key, { outgoing }] of this.#groups) {
      const left = outgoing.posts.filter(({ blob }) => blob.length > 0);
      const isTheirs = left.every((post) => seeds.some((seed) => equal(post.seed, seed)));
      const covers = outgoing.sent ? undefined : coversOf(outgoing);
      if (!isTheirs || (onlyOwn && covers === undefined)) continue;
      this.#groups.delete(key);
      keys.push(key);
      // Groups are in the order of their making, and so of what they carry.
      lost ??= covers;
    }
    return { keys, lost };
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
    for (const { waiting } of this.#lanes.values()) waiting.length = 0;
  }

  #enqueue(group: Group): void {
    for (const post of group.outgoing.posts) {
      if (post.blob.length === 0) continue;
      const lane = this.#lane(post);
      lane.waiting.push({ group, post, pause: FIRST_PAUSE });
      this.#pump(lane);
    }
  }

  #lane({ mailbox }: Post): Lane {
    const id = relayId(mailbox);
    const known = this.#lanes.get(id);
    if (known !== undefined) return known;
    const lane: Lane = { mailbox: id, waiting: [], underWay: 0, silent: false };
    this.#lanes.set(id, lane);
    return lane;
  }

  #pump(lane: Lane): void {
    while (!this.#stopped && lane.underWay < (lane.silent ? 1 : ABREAST)) {
      const next = lane.waiting.shift();
      if (next === undefined) return;
      lane.underWay++;
      void this.#post(lane, next);
    }
  }

  async #post(lane: Lane, entry: Waiting): Promise<void> {
    const { group, post, pause } = entry;
    // Taken back while it waited.
    if (!this.#groups.has(group.key)) return this.#over(lane);
    const topic: Topic = { mailbox: lane.mailbox, seed: new Uint8Array(post.seed) };
    try {
      await this.#options.mailboxes.post(this.#options.isolation, topic, post.blob);
      post.blob = new Uint8Array(0);
      lane.silent = false;
      await this.#settle(group);
      this.#over(lane);
    } catch (error) {
      const trouble = error instanceof MailboxError ? error : undefined;
      this.#options.counters.count(`post-${trouble?.kind ?? 'failed'}`);
      if (trouble === undefined || trouble.kind === 'refused')
        await this.#wasRefused(lane, entry, Math.max(pause, (trouble?.retryAfter ?? 0) * 1_000));
      else await this.#wasSilent(lane, entry);
    }
  }

  #over(lane: Lane): void {
    lane.underWay--;
    this.#pump(lane);
  }

  /** The mailbox answers, and does not want this one now; others may pass it. */
  async #wasRefused(lane: Lane, entry: Waiting, pause: number): Promise<void> {
    lane.silent = false;
    this.#refused.add(entry.post);
    await this.#settle(entry.group);
    this.#later(() => {
      lane.waiting.push({ ...entry, pause: Math.min(2 * entry.pause, LONGEST_PAUSE) });
      this.#pump(lane);
    }, pause);
    this.#over(lane);
  }

  /** No answer: everything that the other mailbox holds has been sent as far as can be. This one is asked again soon: without a circuit that costs nothing. */
  async #wasSilent(lane: Lane, entry: Waiting): Promise<void> {
    const isNews = !lane.silent;
    lane.silent = true;
    lane.waiting.unshift(entry);
    const id = idBytes(lane.mailbox);
    const touched = isNews
      ? [...this.#groups.values()].filter(({ outgoing }) => outgoing.posts.some(({ mailbox }) => compare(mailbox, id) === 0))
      : [entry.group];
    for (const group of touched) await this.#settle(group);
    this.#options.silent?.();
    this.#later(() => this.#over(lane), FIRST_PAUSE);
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
    if (!this.#groups.has(group.key)) return;
    const left = outgoing.posts.filter((post) => post.blob.length > 0);
    if (left.length === outgoing.posts.length) return;
    outgoing.sent ||= left.every((post) => this.#refused.has(post) || this.#lane(post).silent);
    if (left.length === 0) this.#groups.delete(group.key);
    if (outgoing.sent || left.length === 0) this.#options.sent(group.key);
    const batch = left.length === 0 ? { delete: [group.key] } : { put: [[group.key, encode(OutgoingSchema, outgoing)]] as const };
    await this.#options.records.commit(batch).catch(() => this.#options.counters.count('outbox-write'));
  }
}

function coversOf({ after, upTo }: Outgoing): Covers | undefined {
  const [last] = upTo === undefined ? [] : ownHeads([upTo]);
  const [first] = after === undefined ? [] : ownHeads([after]);
  return last && { after: first, upTo: last };
}
