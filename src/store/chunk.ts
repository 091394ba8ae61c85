/**
 * Cold records, moved out of the vault's document so that appending to a long history stays cheap.
 *
 *   chunk = count varint | count × ( key varstring | 0 u8                       deleted: hides older chunks
 *                                                  | 1 u8 | value varbytes )    (varint, varstring, varbytes: lib0)
 */
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { Bytes } from '../base/index.ts';

/** null: deleted. */
export type Entry = readonly [key: string, value: Uint8Array | null];

export function encodeChunk(entries: readonly Entry[]): Bytes {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, entries.length);
  for (const [key, value] of entries) {
    encoding.writeVarString(encoder, key);
    encoding.writeUint8(encoder, value === null ? 0 : 1);
    if (value !== null) encoding.writeVarUint8Array(encoder, value);
  }
  return encoding.toUint8Array(encoder);
}

/** undefined when the bytes are no chunk. */
export function decodeChunk(bytes: Uint8Array): Entry[] | undefined {
  try {
    const decoder = decoding.createDecoder(bytes);
    const count = decoding.readVarUint(decoder);
    const entries: Entry[] = [];
    for (let i = 0; i < count; i++) {
      const key = decoding.readVarString(decoder);
      const kind = decoding.readUint8(decoder);
      if (kind > 1) return undefined;
      entries.push([key, kind === 0 ? null : decoding.readVarUint8Array(decoder).slice()]);
    }
    return decoding.hasContent(decoder) ? undefined : entries;
  } catch {
    return undefined;
  }
}
