/**
 * What a client and a mailbox say to each other (docs/protocol.md §7). Fixed layouts: the length alone tells whether a frame can be one.
 *
 *   POST       topic 32 | sig 64 | blob                           sig over "sotto/1/post" | topic | SHA-256(blob)
 *   STORED     SHA-256(blob) 32 | instance u32 | cursor u64
 *   SUBSCRIBE  topic 32 | instance u32 | after u64 | sig 64       sig over "sotto/1/subscribe" | bind 32 | topic | instance | after
 *   BLOB       topic 32 | instance u32 | after u64 | cursor u64 | blob      after: the cursor of the blob before it in this subscription
 *   CAUGHT-UP  topic 32 | instance u32 | cursor u64
 */
import {
  concat,
  hash,
  idBytes,
  readU32,
  readU64,
  refuse,
  topicId,
  u32,
  u64,
  utf8,
  type Bytes,
  type Hash,
  type Refusal,
  type TopicId,
} from '../base/index.ts';
import { isBlobSize } from './blob-size.ts';

export interface Post {
  readonly topic: TopicId;
  readonly signature: Bytes;
  readonly blob: Bytes;
}

/** A place in a topic's order. */
export interface Place {
  readonly topic: TopicId;
  readonly instance: number;
  readonly cursor: bigint;
}

export interface StoredFrame {
  readonly hash: Hash;
  readonly instance: number;
  readonly cursor: bigint;
}

const TOPIC = 32;
const SIGNATURE = 64;
const PLACE = TOPIC + 4 + 8;
/** The `after` of a SUBSCRIBE that ends the subscription: no blob is beyond it. */
export const NO_MORE = 0xffff_ffff_ffff_ffffn;

export const postSigned = (topic: TopicId, blobHash: Uint8Array): Bytes => concat(utf8('sotto/1/post'), idBytes(topic), blobHash);
export const encodePost = ({
  topic,
  signature,
  blob,
}: {
  readonly topic: TopicId;
  readonly signature: Uint8Array;
  readonly blob: Uint8Array;
}): Bytes => concat(idBytes(topic), signature, blob);

/** Refuses what is not of a padded size. */
export function decodePost(body: Uint8Array): Post | Refusal {
  if (!isBlobSize(body.length - TOPIC - SIGNATURE)) return refuse('post', 'size');
  return { topic: topicId(body.subarray(0, TOPIC)), signature: body.slice(TOPIC, TOPIC + SIGNATURE), blob: body.slice(TOPIC + SIGNATURE) };
}

export const encodeStored = (stored: StoredFrame): Bytes => concat(idBytes(stored.hash), u32(stored.instance), u64(stored.cursor));

export function decodeStored(body: Uint8Array): StoredFrame | Refusal {
  if (body.length !== 44) return refuse('stored', 'length');
  return { hash: hash(body.subarray(0, 32)), instance: readU32(body, 32), cursor: readU64(body, 36) };
}

export const encodePlace = ({ topic, instance, cursor }: Place): Bytes => concat(idBytes(topic), u32(instance), u64(cursor));

const readPlace = (body: Uint8Array): Place => ({
  topic: topicId(body.subarray(0, TOPIC)),
  instance: readU32(body, TOPIC),
  cursor: readU64(body, TOPIC + 4),
});

export function decodePlace(body: Uint8Array): Place | Refusal {
  return body.length === PLACE ? readPlace(body) : refuse('caught-up', 'length');
}

export const subscribeSigned = (bind: Uint8Array, place: Place): Bytes => concat(utf8('sotto/1/subscribe'), bind, encodePlace(place));
export const encodeSubscribe = (place: Place, signature: Uint8Array): Bytes => concat(encodePlace(place), signature);

export function decodeSubscribe(body: Uint8Array): (Place & { readonly signature: Bytes }) | Refusal {
  if (body.length !== PLACE + SIGNATURE) return refuse('subscribe', 'length');
  return { ...readPlace(body), signature: body.slice(PLACE) };
}

export interface BlobFrame {
  readonly topic: TopicId;
  readonly instance: number;
  /** What the follower had, when this blob left, by this subscription: nothing of the topic is held between the two. */
  readonly after: bigint;
  readonly cursor: bigint;
  readonly blob: Bytes;
}

export const encodeBlob = ({ topic, instance, after, cursor, blob }: Omit<BlobFrame, 'blob'> & { readonly blob: Uint8Array }): Bytes =>
  concat(encodePlace({ topic, instance, cursor: after }), u64(cursor), blob);

export function decodeBlob(body: Uint8Array): BlobFrame | Refusal {
  const header = PLACE + 8;
  if (!isBlobSize(body.length - header)) return refuse('blob', 'size');
  const { topic, instance, cursor: after } = readPlace(body);
  return { topic, instance, after, cursor: readU64(body, PLACE), blob: body.slice(header) };
}
