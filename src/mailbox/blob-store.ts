/**
 * Where a mailbox keeps its blobs (docs/protocol.md §7). Cursors rise over the whole store and are never used twice; they follow the
 * clock, so that they do not tell how much others store.
 *
 *   cursor of a new blob = max(last cursor + 1, now in ms)
 */
import type { Bytes, Hash, TopicId } from '../base/index.ts';

export interface HeldBlob {
  readonly cursor: bigint;
  readonly blob: Bytes;
}

export interface BlobStore {
  /** Random for each store ever made: a follower that meets another one begins at 0. u32 */
  readonly instance: number;
  /** Bytes of all blobs held. */
  readonly bytes: number;
  /** Bytes of one topic's blobs. */
  topicBytes(topic: TopicId): number;
  /** The cursor under which that blob is held, if it is. */
  find(topic: TopicId, hash: Hash): bigint | undefined;
  /** Stores a blob that is not held yet: found at once, durable once `durable` says so. `now`: ms. */
  put(topic: TopicId, hash: Hash, blob: Uint8Array, now: number): bigint;
  /** Undefined: all that was put is durable. Else resolves once what has been put until now is, or rejects: nothing more is taken then. */
  durable(): Promise<void> | undefined;
  /** Blobs of a topic with higher cursors, lowest first, at most `limit`. */
  after(topic: TopicId, cursor: bigint, limit: number): readonly HeldBlob[];
  /** When the oldest blob was stored, ms; undefined of none. */
  oldest(): number | undefined;
  /** Deletes what was stored before that time, ms. Returns how many blobs. */
  expire(before: number): number;
  close(): void;
}

export const nextCursor = (last: bigint, now: number): bigint => {
  const clock = BigInt(Math.floor(now));
  return clock > last ? clock : last + 1n;
};
