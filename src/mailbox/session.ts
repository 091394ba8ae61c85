/** One client's dealings with one mailbox, over as many circuits as it takes. */
import {
  hash,
  isRefusal,
  refuse,
  type Bytes,
  type Cancel,
  type Clock,
  type Counters,
  type Refusal,
  type RelayId,
  type TopicId,
} from '../base/index.ts';
import { ed25519, sha256 } from '../crypto/index.ts';
import {
  MessageKind,
  RefusedCode,
  UnknownRelay,
  decodeRefused,
  type Circuit,
  type CircuitSource,
  type CircuitUser,
  type Keep,
  type Message,
} from '../onion/index.ts';
import { isBlobSize } from './blob-size.ts';
import { KeptWatch } from './kept-watch.ts';
import {
  NO_MORE,
  decodeBlob,
  decodePlace,
  decodeStored,
  encodePost,
  encodeSubscribe,
  postSigned,
  subscribeSigned,
  type BlobFrame,
  type Place,
} from './frames.ts';
import { MailboxError, type Follower, type MailboxMisdeed, type Stored, type Subscription, type Topic } from './mailboxes.ts';
import { topicOf } from './topic.ts';

export interface SessionOptions {
  readonly circuits: CircuitSource;
  readonly clock: Clock;
  readonly counters?: Counters;
  readonly isolation: string;
  readonly mailbox: RelayId;
  /** The mailbox does not keep what it said it stored, or leaves out some of what it hands over. */
  misbehaved?(what: MailboxMisdeed): void;
  /** It takes nothing more at an address, or at new ones, for so long, ms. */
  full?(ms: number): void;
  /** Nobody uses it any more. */
  ended(): void;
}

/** A mailbox that has not answered for so long is silent, ms (docs/protocol.md §7). */
const SILENT_MS = 10_000;
/** When to subscribe again after a refusal that names no time, ms. */
const RETRY_MS = 30_000;
/** A topic counts as followed once it has caught up for so long, ms. */
const FOLLOWED_MS = 30_000;
const FULL: ReadonlySet<number> = new Set([RefusedCode.FULL, RefusedCode.TOPIC_QUOTA, RefusedCode.NO_NEW_TOPICS]);
/** A gap in what is handed over is asked about again, at most so often, ms; so many in a row are no accident. */
const GAP_PAUSE_MS = 5_000;
const MOST_GAPS = 3;

interface Posting {
  readonly body: Bytes;
  readonly blobHash: string;
  resolve(stored: Stored): void;
  reject(error: MailboxError): void;
}

interface Following {
  readonly topic: TopicId;
  readonly seed: Bytes;
  readonly follower: Follower;
  /** The last blob handed over. */
  at: Stored | undefined;
  /** When it had caught up on the present circuit. */
  caughtUpAt: number | undefined;
  gaps: number;
  retry: Cancel | undefined;
  ended: boolean;
}

export class Session implements CircuitUser {
  readonly #options: SessionOptions;
  readonly #keep: Keep;
  readonly #watch: KeptWatch;
  readonly #postings = new Set<Posting>();
  readonly #followings = new Map<TopicId, Following>();
  #circuit: Circuit | undefined;
  #over = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#keep = options.circuits.keep(options.isolation, options.mailbox, this);
    this.#watch = new KeptWatch({
      clock: options.clock,
      isFollowed: (topic) => this.#isFollowed(topic),
      notKept: () => options.misbehaved?.('not-kept'),
    });
  }

  /** Throws RangeError for a blob that is not of a padded size. */
  async post(topic: Topic, blob: Uint8Array): Promise<Stored> {
    if (!isBlobSize(blob.length)) throw new RangeError(`post: ${blob.length} bytes is no padded size; see blobSizes`);
    const id = topicOf(topic.seed);
    const blobHash = sha256(blob);
    const body = encodePost({ topic: id, signature: ed25519.sign(topic.seed, postSigned(id, blobHash)), blob });
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        cancel();
        this.#postings.delete(posting);
        this.#endWhenIdle();
      };
      const posting: Posting = {
        body,
        blobHash: hash(blobHash),
        resolve: (stored) => {
          this.#watch.stored(id, posting.blobHash, stored, this.#followings.get(id)?.at);
          settle();
          resolve(stored);
        },
        reject: (error) => {
          this.#watch.forget(id, posting.blobHash);
          settle();
          reject(error);
        },
      };
      const cancel = this.#options.clock.after(SILENT_MS, () => {
        if (this.#circuit !== undefined) this.#keep.check(this.#circuit);
        posting.reject(new MailboxError('silent', 'the mailbox did not answer'));
      });
      this.#postings.add(posting);
      if (this.#followings.has(id)) this.#watch.posting(id, posting.blobHash);
      if (this.#circuit?.closed === false) void this.#send(this.#circuit, posting);
    });
  }

  /** Throws Error when the topic is followed already under this isolation. */
  follow(topic: Topic, from: Stored | undefined, follower: Follower): Subscription {
    const id = topicOf(topic.seed);
    if (this.#followings.has(id)) throw new Error('follow: this topic is followed already; close that subscription first');
    const following: Following = {
      topic: id,
      seed: topic.seed,
      follower,
      at: from,
      caughtUpAt: undefined,
      gaps: 0,
      retry: undefined,
      ended: false,
    };
    this.#followings.set(id, following);
    if (this.#circuit?.closed === false) void this.#subscribe(this.#circuit, following);
    return {
      close: () => {
        if (following.ended) return;
        following.ended = true;
        following.retry?.();
        this.#followings.delete(id);
        if (this.#circuit?.closed === false) this.#unsubscribe(this.#circuit, following);
        this.#endWhenIdle();
      },
    };
  }

  opened(circuit: Circuit): void {
    if (this.#over) return;
    this.#circuit = circuit;
    circuit.onMessage = (message) => this.#pushed(message);
    for (const posting of [...this.#postings]) void this.#send(circuit, posting);
    for (const following of [...this.#followings.values()]) {
      following.caughtUpAt = undefined;
      void this.#subscribe(circuit, following);
    }
  }

  failed(error: Error): void {
    if (!(error instanceof UnknownRelay)) return;
    for (const posting of [...this.#postings]) posting.reject(new MailboxError('unknown', error.message));
  }

  async #send(circuit: Circuit, posting: Posting): Promise<void> {
    // A circuit that closes before the answer is no answer: the next one asks again.
    const answer = await circuit.request(MessageKind.POST, posting.body).catch(() => undefined);
    if (answer === undefined || !this.#postings.has(posting)) return;
    const stored = answer.kind === MessageKind.STORED ? decodeStored(answer.body) : undefined;
    if (stored !== undefined && !isRefusal(stored) && stored.hash === posting.blobHash) {
      posting.resolve({ instance: stored.instance, cursor: stored.cursor });
      return;
    }
    const { code, retryAfter } = refusedBy(answer);
    this.#options.counters?.count('post-refused');
    if (FULL.has(code)) this.#options.full?.(retryAfter * 1000);
    posting.reject(new MailboxError('refused', 'the mailbox refused the post', code, retryAfter));
  }

  async #subscribe(circuit: Circuit, following: Following): Promise<void> {
    following.retry?.();
    following.retry = undefined;
    const place: Place = { topic: following.topic, instance: following.at?.instance ?? 0, cursor: following.at?.cursor ?? 0n };
    const signature = ed25519.sign(following.seed, subscribeSigned(circuit.bind, place));
    const cancel = this.#options.clock.after(SILENT_MS, () => this.#keep.check(circuit));
    const answer = await circuit.request(MessageKind.SUBSCRIBE, encodeSubscribe(place, signature)).catch(() => undefined);
    cancel();
    if (answer === undefined || following.ended || this.#circuit !== circuit || answer.kind === MessageKind.CAUGHT_UP) return;
    this.#options.counters?.count('subscribe-refused');
    const { retryAfter } = refusedBy(answer);
    following.retry = this.#options.clock.after(Math.max(retryAfter * 1000, RETRY_MS), () => {
      if (!circuit.closed && this.#circuit === circuit) void this.#subscribe(circuit, following);
    });
  }

  /** A circuit has places for so many topics: those that nobody reads any more are given back. */
  #unsubscribe(circuit: Circuit, { topic, seed }: Following): void {
    const place: Place = { topic, instance: 0, cursor: NO_MORE };
    const signature = ed25519.sign(seed, subscribeSigned(circuit.bind, place));
    circuit.request(MessageKind.SUBSCRIBE, encodeSubscribe(place, signature)).catch(() => undefined);
  }

  #pushed({ kind, body }: Message): void {
    const refusal = kind === MessageKind.BLOB ? this.#blob(decodeBlob(body)) : this.#caughtUp(decodePlace(body));
    if (refusal !== undefined) this.#options.counters?.count(refusal.refused);
  }

  /** A blob follows the one named by its `after`. What is not beyond the last one is a repeat; what leaves a gap belongs to an earlier subscription. */
  #blob(frame: BlobFrame | Refusal): Refusal | undefined {
    if (isRefusal(frame)) return frame;
    const { topic, instance, after, cursor, blob } = frame;
    const following = this.#followings.get(topic);
    // What was still on its way when the subscription closed.
    if (following === undefined) return undefined;
    const reached = reachedIn(following, instance);
    if (this.#watch.isWatching(topic)) this.#watch.blob(topic, { instance, cursor }, hash(sha256(blob)));
    if (cursor <= reached) return refuse('blob-again');
    if (after > reached) return this.#gap(following);
    following.at = { instance, cursor };
    following.gaps = 0;
    following.follower.blob(instance, cursor, blob);
    return undefined;
  }

  /** What leaves a gap may be on its way from an earlier subscription: it is asked for once more, from where this one has come. */
  #gap(following: Following): Refusal {
    const circuit = this.#circuit;
    if (following.retry === undefined && circuit?.closed === false) {
      if (++following.gaps >= MOST_GAPS) this.#options.misbehaved?.('left-out');
      following.retry = this.#options.clock.after(GAP_PAUSE_MS, () => {
        following.retry = undefined;
        if (!circuit.closed && this.#circuit === circuit) void this.#subscribe(circuit, following);
      });
    }
    return refuse('blob-out-of-turn');
  }

  #isFollowed(topic: TopicId): boolean {
    const since = this.#followings.get(topic)?.caughtUpAt;
    return since !== undefined && this.#circuit?.closed === false && this.#options.clock.now() - since >= FOLLOWED_MS;
  }

  #caughtUp(frame: Place | Refusal): Refusal | undefined {
    if (isRefusal(frame)) return frame;
    const following = this.#followings.get(frame.topic);
    if (following === undefined) return undefined;
    const { instance, cursor } = frame;
    if (cursor > reachedIn(following, instance)) return refuse('caught-up-out-of-turn');
    if (following.at?.instance !== instance) following.at = { instance, cursor };
    following.caughtUpAt ??= this.#options.clock.now();
    this.#watch.caughtUp(frame.topic, following.at);
    following.follower.caughtUp(instance, following.at.cursor);
    return undefined;
  }

  #endWhenIdle(): void {
    if (this.#over || this.#postings.size > 0 || this.#followings.size > 0) return;
    this.#over = true;
    this.#watch.stop();
    this.#keep.release();
    this.#options.ended();
  }
}

function refusedBy({ kind, body }: Message): { readonly code: number; readonly retryAfter: number } {
  const refused = kind === MessageKind.REFUSED ? decodeRefused(body) : undefined;
  return refused === undefined || isRefusal(refused) ? { code: 0, retryAfter: 0 } : refused;
}

/** How far a follower has come in that instance of the store: another one begins at 0. */
const reachedIn = ({ at }: Following, instance: number): bigint => (at?.instance === instance ? at.cursor : 0n);
