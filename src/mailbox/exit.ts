/**
 * The relay's side of mailboxes (docs/protocol.md §7), at the last hop of circuits. Knows topics and sizes; no names, no keys.
 *
 *   POST       size, quotas, signature ──► held ──► STORED          and at once to all who follow the topic
 *   SUBSCRIBE  signature over the circuit's bind ──► accepted: CAUGHT-UP as reply ──► BLOB … BLOB, CAUGHT-UP ──► BLOB as they come
 */
import { Counters, hash, idBytes, isRefusal, type Bytes, type Cancel, type Clock, type TopicId } from '../base/index.ts';
import { ed25519, sha256 } from '../crypto/index.ts';
import { CircuitClosed, MessageKind, RefusedCode, encodeRefused, type ExitCircuit, type ExitHandler } from '../onion/index.ts';
import type { BlobStore } from './blob-store.ts';
import {
  NO_MORE,
  decodePost,
  decodeSubscribe,
  encodeBlob,
  encodePlace,
  encodeStored,
  postSigned,
  subscribeSigned,
  type Place,
} from './frames.ts';

export interface MailboxLimits {
  /** How long a blob is kept, ms. Nothing is ever evicted before. */
  readonly keepMs: number;
  /** Bytes of all blobs, and of one topic's. */
  readonly bytes: number;
  readonly topicBytes: number;
  /** Bytes that one circuit may post. */
  readonly circuitBytes: number;
  readonly subscriptionsPerCircuit: number;
  /** Above this part of `bytes` no topic that holds nothing yet is taken. */
  readonly newTopicsBelow: number;
}

export const mailboxLimits: MailboxLimits = {
  keepMs: 14 * 24 * 3_600_000,
  bytes: 1 << 30,
  topicBytes: 32 << 20,
  circuitBytes: 16 << 20,
  subscriptionsPerCircuit: 32,
  newTopicsBelow: 0.8,
};

export interface MailboxExitOptions {
  readonly store: BlobStore;
  readonly clock: Clock;
  readonly counters?: Counters;
  readonly limits?: Partial<MailboxLimits>;
}

interface Follow {
  readonly topic: TopicId;
  readonly circuit: ExitCircuit;
  after: bigint;
  caughtUp: boolean;
  pushing: boolean;
  ended: boolean;
}

interface Visitor {
  posted: number;
  /** Resolves when the blob that is being handed over has been said: one at a time, whatever the number of topics. */
  turn: Promise<unknown>;
  readonly follows: Map<TopicId, Follow>;
}

const SWEEP_MS = 3_600_000;
const BLOBS_A_READ = 4;
const RETRY_S = { circuit: 600, full: 3600, store: 60 };

export class MailboxExit implements ExitHandler {
  readonly kinds = [MessageKind.POST, MessageKind.SUBSCRIBE];
  readonly counters: Counters;
  readonly #store: BlobStore;
  readonly #clock: Clock;
  readonly #limits: MailboxLimits;
  readonly #visitors = new Map<ExitCircuit, Visitor>();
  readonly #followers = new Map<TopicId, Set<Follow>>();
  #sweep: Cancel;

  constructor({ store, clock, counters = new Counters(), limits = {} }: MailboxExitOptions) {
    this.#store = store;
    this.#clock = clock;
    this.counters = counters;
    this.#limits = { ...mailboxLimits, ...limits };
    this.#sweep = this.#expire();
  }

  /** Ends the hourly sweep. The store is its maker's to close. */
  stop(): void {
    this.#sweep();
  }

  message(circuit: ExitCircuit, id: number, kind: MessageKind, body: Bytes): void {
    try {
      if (kind === MessageKind.POST) this.#post(circuit, id, body);
      else this.#subscribe(circuit, id, body);
    } catch {
      this.#failed(circuit, id);
    }
  }

  closed(circuit: ExitCircuit): void {
    for (const follow of this.#visitors.get(circuit)?.follows.values() ?? []) this.#unfollow(follow);
    this.#visitors.delete(circuit);
  }

  #post(circuit: ExitCircuit, id: number, body: Bytes): void {
    const post = decodePost(body);
    if (isRefusal(post)) {
      this.#refuse(circuit, id, RefusedCode.MALFORMED, 0);
      return;
    }
    const { topic, blob, signature } = post;
    const blobHash = sha256(blob);
    if (!ed25519.verify(idBytes(topic), postSigned(topic, blobHash), signature)) {
      this.#refuse(circuit, id, RefusedCode.SIGNATURE, 0);
      return;
    }
    const held = this.#store.find(topic, hash(blobHash));
    if (held === undefined && !this.#room(circuit, id, topic, blob.length)) return;
    const cursor = held ?? this.#store.put(topic, hash(blobHash), blob, this.#clock.now());
    this.counters.count(held === undefined ? 'blobs-stored' : 'blobs-held-already');
    this.#stored(circuit, id, encodeStored({ hash: hash(blobHash), instance: this.#store.instance, cursor }));
    if (held !== undefined) return;
    this.#visitor(circuit).posted += blob.length;
    for (const follow of this.#followers.get(topic) ?? []) void this.#push(follow);
  }

  /** Says STORED as soon as it is true. Whoever follows the topic need not wait for that. */
  #stored(circuit: ExitCircuit, id: number, stored: Bytes): void {
    const durable = this.#store.durable();
    if (durable === undefined) circuit.reply(id, MessageKind.STORED, stored);
    else
      durable.then(
        () => circuit.reply(id, MessageKind.STORED, stored),
        () => this.#failed(circuit, id),
      );
  }

  /** The disk is full, or broken. The sender keeps the blob, and the relay lives. */
  #failed(circuit: ExitCircuit, id: number): void {
    this.counters.count('store-failed');
    this.#refuse(circuit, id, RefusedCode.BUSY, RETRY_S.store);
  }

  /** False when a quota is used up; the client has been told then. */
  #room(circuit: ExitCircuit, id: number, topic: TopicId, length: number): boolean {
    const { bytes, topicBytes, circuitBytes, newTopicsBelow } = this.#limits;
    const held = this.#store.topicBytes(topic);
    if (this.#store.bytes + length > bytes) this.#refuse(circuit, id, RefusedCode.FULL, this.#untilExpiry());
    else if (held === 0 && this.#store.bytes > bytes * newTopicsBelow)
      this.#refuse(circuit, id, RefusedCode.NO_NEW_TOPICS, this.#untilExpiry());
    else if (held + length > topicBytes) this.#refuse(circuit, id, RefusedCode.TOPIC_QUOTA, this.#untilExpiry());
    else if (this.#visitor(circuit).posted + length > circuitBytes) this.#refuse(circuit, id, RefusedCode.CIRCUIT_QUOTA, RETRY_S.circuit);
    else return true;
    return false;
  }

  /** Seconds until the oldest blob goes, at most an hour: another may have gone by then. */
  #untilExpiry(): number {
    const oldest = this.#store.oldest() ?? this.#clock.now();
    return Math.min(RETRY_S.full, Math.max(1, Math.ceil((oldest + this.#limits.keepMs - this.#clock.now()) / 1000)));
  }

  #subscribe(circuit: ExitCircuit, id: number, body: Bytes): void {
    const asked = decodeSubscribe(body);
    if (isRefusal(asked)) {
      this.#refuse(circuit, id, RefusedCode.MALFORMED, 0);
      return;
    }
    const { topic, instance, cursor, signature } = asked;
    if (!ed25519.verify(idBytes(topic), subscribeSigned(circuit.bind, asked), signature)) {
      this.#refuse(circuit, id, RefusedCode.SIGNATURE, 0);
      return;
    }
    const { follows } = this.#visitor(circuit);
    const before = follows.get(topic);
    if (cursor === NO_MORE) {
      if (before !== undefined) this.#unfollow(before);
      follows.delete(topic);
      circuit.reply(id, MessageKind.CAUGHT_UP, encodePlace(this.#place(topic, cursor)));
      return;
    }
    if (before === undefined && follows.size >= this.#limits.subscriptionsPerCircuit) {
      this.#refuse(circuit, id, RefusedCode.BUSY, RETRY_S.circuit);
      return;
    }
    if (before !== undefined) this.#unfollow(before);
    const after = instance === this.#store.instance ? cursor : 0n;
    const follow: Follow = { topic, circuit, after, caughtUp: false, pushing: false, ended: false };
    follows.set(topic, follow);
    this.#followers.set(topic, (this.#followers.get(topic) ?? new Set()).add(follow));
    circuit.reply(id, MessageKind.CAUGHT_UP, encodePlace(this.#place(topic, after)));
    void this.#push(follow);
  }

  /** Hands over what a follower lacks, as fast as its credit allows, one blob at a time. */
  async #push(follow: Follow): Promise<void> {
    if (follow.pushing) return;
    follow.pushing = true;
    const { topic, circuit } = follow;
    try {
      while (!follow.ended) {
        const blobs = this.#store.after(topic, follow.after, BLOBS_A_READ);
        for (const { cursor, blob } of blobs) {
          if (follow.ended) return;
          const { after } = follow;
          follow.after = cursor;
          await this.#inTurn(circuit, () =>
            circuit.push(MessageKind.BLOB, encodeBlob({ topic, instance: this.#store.instance, after, cursor, blob })),
          );
        }
        if (blobs.length > 0) continue;
        if (follow.caughtUp) return;
        follow.caughtUp = true;
        await this.#inTurn(circuit, () => circuit.push(MessageKind.CAUGHT_UP, encodePlace(this.#place(topic, follow.after))));
      }
    } catch (error) {
      // Mostly the circuit has closed: the follower comes again on another and says where it was.
      if (!(error instanceof CircuitClosed)) this.counters.count('store-failed');
      this.#unfollow(follow);
    } finally {
      follow.pushing = false;
    }
  }

  /** A circuit may hold fewer cells back than its subscriptions have blobs to say at once. */
  async #inTurn(circuit: ExitCircuit, say: () => Promise<void>): Promise<void> {
    const visitor = this.#visitor(circuit);
    const said = visitor.turn.then(say);
    visitor.turn = said.catch(() => undefined);
    await said;
  }

  #place(topic: TopicId, cursor: bigint): Place {
    return { topic, instance: this.#store.instance, cursor };
  }

  #unfollow(follow: Follow): void {
    follow.ended = true;
    const followers = this.#followers.get(follow.topic);
    followers?.delete(follow);
    if (followers?.size === 0) this.#followers.delete(follow.topic);
  }

  #visitor(circuit: ExitCircuit): Visitor {
    const known = this.#visitors.get(circuit);
    if (known !== undefined) return known;
    const visitor: Visitor = { posted: 0, turn: Promise.resolve(), follows: new Map() };
    this.#visitors.set(circuit, visitor);
    return visitor;
  }

  #refuse(circuit: ExitCircuit, id: number, code: RefusedCode, retryAfter: number): void {
    this.counters.count(`mailbox-refused-${code}`);
    circuit.reply(id, MessageKind.REFUSED, encodeRefused({ code, retryAfter }));
  }

  #expire(): Cancel {
    try {
      this.counters.count('blobs-expired', this.#store.expire(this.#clock.now() - this.#limits.keepMs));
    } catch {
      this.counters.count('store-failed');
    }
    return this.#clock.after(SWEEP_MS, () => {
      this.#sweep = this.#expire();
    });
  }
}
