import { readU32, type Hash, type Random, type TopicId } from '../base/index.ts';
import { nextCursor, type BlobStore, type HeldBlob } from './blob-store.ts';

interface Kept extends HeldBlob {
  readonly topic: TopicId;
  readonly hash: Hash;
  readonly at: number;
}

/** Blobs in memory, for tests and the simulation. */
export class MemoryBlobStore implements BlobStore {
  readonly instance: number;
  #topics = new Map<TopicId, Kept[]>();
  #last = 0n;

  constructor(random: Random) {
    this.instance = readU32(random.bytes(4), 0);
  }

  get bytes(): number {
    return [...this.#topics.keys()].reduce((sum, topic) => sum + this.topicBytes(topic), 0);
  }

  topicBytes(topic: TopicId): number {
    return this.#of(topic).reduce((sum, { blob }) => sum + blob.length, 0);
  }

  find(topic: TopicId, hash: Hash): bigint | undefined {
    return this.#of(topic).find((kept) => kept.hash === hash)?.cursor;
  }

  put(topic: TopicId, hash: Hash, blob: Uint8Array, now: number): bigint {
    this.#last = nextCursor(this.#last, now);
    this.#topics.set(topic, [...this.#of(topic), { topic, hash, at: now, cursor: this.#last, blob: blob.slice() }]);
    return this.#last;
  }

  durable(): Promise<void> | undefined {
    return undefined;
  }

  after(topic: TopicId, cursor: bigint, limit: number): readonly HeldBlob[] {
    return this.#of(topic)
      .filter((kept) => kept.cursor > cursor)
      .slice(0, limit)
      .map((kept) => ({ cursor: kept.cursor, blob: kept.blob.slice() }));
  }

  oldest(): number | undefined {
    const times = [...this.#topics.values()].flat().map(({ at }) => at);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  expire(before: number): number {
    let expired = 0;
    for (const [topic, all] of this.#topics) {
      const kept = all.filter(({ at }) => at >= before);
      expired += all.length - kept.length;
      if (kept.length === 0) this.#topics.delete(topic);
      else this.#topics.set(topic, kept);
    }
    return expired;
  }

  close(): void {
    this.#topics = new Map();
  }

  #of(topic: TopicId): readonly Kept[] {
    return this.#topics.get(topic) ?? [];
  }
}
