/**
 * Whether a mailbox keeps what it says it stored (docs/protocol.md §7). Whoever posts at an address also follows it, so that each of
 * one's own blobs has to come back, at its place:
 *
 *   POST ──► STORED(cursor) ──┬─► BLOB of that hash                                           kept
 *                             └─► a later cursor, or everything up to there, or a minute      not kept
 *
 * That it hands them to the others as well nobody can see from here.
 */
import type { Cancel, Clock, TopicId } from '../base/index.ts';
import type { Stored } from './mailboxes.ts';

const MINUTE_MS = 60_000;
/** Blobs of a topic that wait to come back; beyond these, the oldest are let be. */
const MOST_WATCHED = 256;

export interface KeptWatchOptions {
  readonly clock: Clock;
  /** The topic is followed and has caught up, for half a minute at least, on a circuit that stands. */
  readonly isFollowed: (topic: TopicId) => boolean;
  readonly notKept: (topic: TopicId) => void;
}

/** Times at which a blob whose topic is not followed is looked at; then it is let be, as nobody here reads there any more. */
const MOST_LOOKS = 10;

interface Kept {
  readonly stored: Stored;
  /** When it is looked at next, and how often it was. */
  due: number;
  looks: number;
}

/** Undefined while it is on its way; the hashes that came back are gone from here. */
type Watched = Map<string, Kept | undefined>;

export class KeptWatch {
  readonly #options: KeptWatchOptions;
  readonly #topics = new Map<TopicId, Watched>();
  /** One timer for all of them. */
  #timer: Cancel | undefined;

  constructor(options: KeptWatchOptions) {
    this.#options = options;
  }

  /** A blob of that hash is about to be posted. */
  posting(topic: TopicId, hash: string): void {
    const watched = this.#topics.get(topic) ?? new Map<string, Kept | undefined>();
    watched.set(hash, undefined);
    this.#topics.set(topic, watched);
    const [oldest] = watched.keys();
    if (watched.size > MOST_WATCHED && oldest !== undefined) watched.delete(oldest);
  }

  /** It will not be stored, as far as is known. */
  forget(topic: TopicId, hash: string): void {
    const watched = this.#topics.get(topic);
    watched?.delete(hash);
    if (watched?.size === 0) this.#topics.delete(topic);
  }

  /** The mailbox says that it holds it. `reached`: how far the topic has been read. */
  stored(topic: TopicId, hash: string, stored: Stored, reached: Stored | undefined): void {
    const watched = this.#topics.get(topic);
    // It came back before the answer did.
    if (watched?.has(hash) !== true) return;
    // Posted once more, and read long ago.
    if (reached?.instance === stored.instance && reached.cursor >= stored.cursor) return this.forget(topic, hash);
    watched.set(hash, { stored, due: this.#options.clock.now() + MINUTE_MS, looks: 0 });
    this.#lookIn(MINUTE_MS);
  }

  /** Whether `blob` wants the hash of what comes under this topic. */
  isWatching(topic: TopicId): boolean {
    return this.#topics.has(topic);
  }

  /** A blob came. */
  blob(topic: TopicId, at: Stored, hash: string): void {
    this.forget(topic, hash);
    this.#passed(topic, at);
  }

  /** All up to there has been handed over. */
  caughtUp(topic: TopicId, at: Stored): void {
    this.#passed(topic, at);
  }

  /** Nothing is waited for any more. */
  stop(): void {
    this.#timer?.();
    this.#timer = undefined;
    this.#topics.clear();
  }

  #passed(topic: TopicId, at: Stored): void {
    for (const [hash, kept] of [...(this.#topics.get(topic) ?? [])]) {
      if (kept === undefined) continue;
      const { stored } = kept;
      if (stored.instance === at.instance && stored.cursor > at.cursor) continue;
      this.forget(topic, hash);
      this.#options.notKept(topic);
    }
  }

  #lookIn(ms: number): void {
    this.#timer ??= this.#options.clock.after(ms, () => this.#look());
  }

  #look(): void {
    const now = this.#options.clock.now();
    this.#timer = undefined;
    let next = Infinity;
    for (const [topic, watched] of [...this.#topics]) {
      for (const [hash, kept] of [...watched]) {
        if (kept !== undefined && kept.due <= now) this.#overdue(topic, hash, kept);
        next = Math.min(next, watched.get(hash)?.due ?? Infinity);
      }
    }
    if (next < Infinity) this.#lookIn(Math.max(1, next - now));
  }

  #overdue(topic: TopicId, hash: string, kept: Kept): void {
    kept.looks++;
    kept.due += MINUTE_MS;
    const isFollowed = this.#options.isFollowed(topic);
    if (isFollowed || kept.looks >= MOST_LOOKS) this.forget(topic, hash);
    if (isFollowed) this.#options.notKept(topic);
  }
}
