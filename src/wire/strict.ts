/**
 * Protocol Buffers, one way only (docs/protocol.md §1): what is decoded must encode to the same bytes again.
 *
 *   bytes ── decode ──▶ message ── encode ──▶ the same bytes, or a refusal
 *
 * Unknown fields are dropped while decoding, so they, like repeated fields, fields out of order, defaults written out, varints
 * that are too long and trailing bytes, show as a difference.
 */
import { fromBinary, toBinary, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import { equal, refuse, type Bytes, type Refusal } from '../base/index.ts';

/** The one encoding of a message. Throws when a field is outside its type's range, which is a caller's mistake. */
export function encode<Schema extends DescMessage>(schema: Schema, message: MessageShape<Schema>): Bytes {
  return toBinary(schema, message, { writeUnknownFields: false });
}

/**
 * Decodes a message, or says why not; never throws. Refused: `malformed` (not Protocol Buffers of this type), `not-canonical`
 * (would encode to other bytes). Fields of bytes are views into `bytes`: copy what outlives them.
 */
export function decodeStrict<Schema extends DescMessage>(schema: Schema, bytes: Uint8Array): MessageShape<Schema> | Refusal {
  try {
    const message = fromBinary(schema, bytes, { readUnknownFields: false });
    return equal(encode(schema, message), bytes) ? message : refuse('not-canonical', schema.typeName);
  } catch {
    return refuse('malformed', schema.typeName);
  }
}
