/**
 * The sealed blob (docs/protocol.md §7.1): what a mailbox stores. It sees the topic, one of seven sizes, and the time.
 *
 *   blob   = nonce 24 | header 64 | body                      986k − 96 bytes, k ∈ {1, 2, 4, … 64}
 *   H 48   = ver u8 | kind u8 | epoch 8 | device 16 | index u32 | length u32 | 0 14
 *   header = AEAD(KDF("header", 32, A), nonce, H,  aad "sotto/1/header" | topic)
 *   body   = AEAD(key, nonce, text | zeros,        aad "sotto/1/body" | topic | header)
 *
 * The size is the smallest that holds the text. Epoch, device and index are zero in kinds 1 and 2.
 */
import {
  concat,
  idBytes,
  isZero,
  readU32,
  refuse,
  u32,
  isRefusal,
  type Bytes,
  type Random,
  type Refusal,
  type TopicId,
} from '../base/index.ts';
import { aeadOpen, aeadSeal, kdf, purpose } from '../crypto/index.ts';

export const BlobKind = { UPDATE: 0, ROTATION: 1, INVITE: 2 } as const;
export type BlobKind = (typeof BlobKind)[keyof typeof BlobKind];

const VERSION = 1;
const NONCE = 24;
const HEADER = 48;
const SEALED_HEADER = 64;
const TAG = 16;
const OVERHEAD = NONCE + SEALED_HEADER + TAG;

/** Every size that a blob can have, ascending: 890 … 63,008. */
export const BLOB_SIZES: readonly number[] = [1, 2, 4, 8, 16, 32, 64].map((k) => 986 * k - 96);

/** The longest text that one blob holds, in bytes: 62,904. */
export const MAX_TEXT = 986 * 64 - 96 - OVERHEAD;

export interface Header {
  readonly kind: BlobKind;
  /** R[0..8]; zero in kinds 1 and 2. */
  readonly epoch: Bytes;
  /** bytes: 16; zero in kinds 1 and 2. */
  readonly device: Bytes;
  /** Place in the device's chain; zero in kinds 1 and 2. */
  readonly index: number;
}

/** The header of kinds 1 and 2, which belong to no chain. */
export const unchained = (kind: BlobKind): Header => ({ kind, epoch: new Uint8Array(8), device: new Uint8Array(16), index: 0 });

/** Throws RangeError when the text is longer than MAX_TEXT. */
export function sealBlob(address: Uint8Array, topic: TopicId, header: Header, key: Uint8Array, text: Uint8Array, random: Random): Bytes {
  const size = sizeFor(text.length);
  if (size === undefined) throw new RangeError(`blob: a text of ${text.length} bytes is longer than ${MAX_TEXT}; split it`);
  const nonce = random.bytes(NONCE);
  const clear = concat(
    Uint8Array.of(VERSION, header.kind),
    header.epoch,
    header.device,
    u32(header.index),
    u32(text.length),
    new Uint8Array(14),
  );
  const sealedHeader = aeadSeal(kdf('header', 32, address), nonce, headerData(topic), clear);
  const padded = new Uint8Array(size - OVERHEAD);
  padded.set(text);
  return concat(nonce, sealedHeader, aeadSeal(key, nonce, bodyData(topic, sealedHeader), padded));
}

export interface OpenedHeader extends Header {
  /** Of the text, in bytes. */
  readonly length: number;
}

/** Refused: `size`, `forged` (not sealed for this address and topic, or changed), `malformed`. */
export function openHeader(address: Uint8Array, topic: TopicId, blob: Uint8Array): OpenedHeader | Refusal {
  if (!BLOB_SIZES.includes(blob.length)) return refuse('size', 'blob');
  const sealed = blob.subarray(NONCE, NONCE + SEALED_HEADER);
  const clear = aeadOpen(kdf('header', 32, address), blob.subarray(0, NONCE), headerData(topic), sealed);
  if (clear === undefined) return refuse('forged', 'blob header');
  return readHeader(clear, blob.length);
}

function readHeader(clear: Bytes, size: number): OpenedHeader | Refusal {
  const kind = [BlobKind.UPDATE, BlobKind.ROTATION, BlobKind.INVITE].find((known) => known === clear[1]);
  const length = readU32(clear, 30);
  if (clear[0] !== VERSION || kind === undefined || !isZero(clear.subarray(34, HEADER))) return refuse('malformed', 'blob header');
  if (sizeFor(length) !== size) return refuse('malformed', 'blob header: length');
  if (kind !== BlobKind.UPDATE && !isZero(clear.subarray(2, 30))) return refuse('malformed', 'blob header: chain');
  return { kind, epoch: clear.slice(2, 10), device: clear.slice(10, 26), index: readU32(clear, 26), length };
}

/** The text. Refused: `forged`, `malformed`. */
export function openBody(key: Uint8Array, topic: TopicId, blob: Uint8Array, length: number): Bytes | Refusal {
  const sealedHeader = blob.subarray(NONCE, NONCE + SEALED_HEADER);
  const padded = aeadOpen(key, blob.subarray(0, NONCE), bodyData(topic, sealedHeader), blob.subarray(NONCE + SEALED_HEADER));
  if (padded === undefined) return refuse('forged', 'blob body');
  if (!isZero(padded.subarray(length))) return refuse('malformed', 'blob padding');
  return padded.slice(0, length);
}

/** Opens a blob of a kind that belongs to no chain. Refused: as above, and `wrong-kind`. */
export function openUnchained(kind: BlobKind, address: Uint8Array, topic: TopicId, key: Uint8Array, blob: Uint8Array): Bytes | Refusal {
  const header = openHeader(address, topic, blob);
  if (isRefusal(header)) return header;
  if (header.kind !== kind) return refuse('wrong-kind', 'blob');
  return openBody(key, topic, blob, header.length);
}

const sizeFor = (length: number): number | undefined => BLOB_SIZES.find((size) => size - OVERHEAD >= length);
const headerData = (topic: TopicId): Bytes => purpose('header', idBytes(topic));
const bodyData = (topic: TopicId, sealedHeader: Uint8Array): Bytes => purpose('body', idBytes(topic), sealedHeader);
