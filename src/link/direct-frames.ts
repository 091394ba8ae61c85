/**
 * Frames of a direct link, /sotto/direct/1 (docs/protocol.md §6.1):
 *
 *   BLOB    u32 32 + n | topic 32 | blob n         n: one of the sizes of sealed blobs
 *   TAKEN   u32 4      | u32 blobs dealt with since the link stood, modulo 2^32
 */
import { concat, idBytes, readU32, refuse, topicId, u32, type Bytes, type Refusal, type TopicId } from '../base/index.ts';

const LENGTH = 4;
const TOPIC = 32;
const COUNT = 4;

export type DirectFrame = { readonly topic: TopicId; readonly blob: Bytes } | { readonly taken: number };

export const encodeBlobFrame = (topic: TopicId, blob: Uint8Array): Bytes => concat(u32(TOPIC + blob.length), idBytes(topic), blob);

/** `count` modulo 2^32. */
export const encodeTakenFrame = (count: number): Bytes => concat(u32(COUNT), u32(count >>> 0));

/** Joins bytes that were cut anywhere to frames. Holds less than one frame of the largest size. */
export class DirectFrameReader {
  readonly #sizes: ReadonlySet<number>;
  #rest: Uint8Array = new Uint8Array(0);

  /** `sizes`: that a blob may have. bytes */
  constructor(sizes: readonly number[]) {
    this.#sizes = new Set(sizes);
  }

  /** The frames that are whole now; refused as `direct-frame` at the first length that no frame has. Nothing may be read after that. */
  read(bytes: Uint8Array): DirectFrame[] | Refusal {
    let rest = this.#rest.length === 0 ? bytes : concat(this.#rest, bytes);
    const frames: DirectFrame[] = [];
    while (rest.length >= LENGTH) {
      const length = readU32(rest, 0);
      if (length !== COUNT && !this.#sizes.has(length - TOPIC)) return refuse('direct-frame', 'no frame has this length');
      if (rest.length < LENGTH + length) break;
      // A copy for whoever keeps it.
      const content = new Uint8Array(rest.subarray(LENGTH, LENGTH + length));
      frames.push(
        length === COUNT ? { taken: readU32(content, 0) } : { topic: topicId(content.subarray(0, TOPIC)), blob: content.slice(TOPIC) },
      );
      rest = rest.subarray(LENGTH + length);
    }
    this.#rest = new Uint8Array(rest);
    return frames;
  }
}
