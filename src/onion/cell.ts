/**
 * A cell as circuits use it (docs/protocol.md §3): its header in clear, and its body once all layers are off. The 16 zero bytes are
 * recogniser and authenticator in one: under a strong PRP a body that was touched anywhere is noise.
 *
 *   cell   1024 = circuit u32 | counter u32 | body 1016
 *   opened 1016 = zero 16 | kind u8 | part u8 | parts u8 | flags u8 | message u32 | seen u32 | length u16 | data 986
 */
import { isRefusal, refuse, type Bytes, type Refusal } from '../base/index.ts';
import { FLAG_REPLY, openPart } from '../crypto/index.ts';
import { MessageKind } from './circuit.ts';

export interface OpenedCell {
  readonly kind: MessageKind;
  readonly part: number;
  readonly parts: number;
  readonly reply: boolean;
  readonly message: number;
  readonly seen: number;
  /** All of it, to be joined with the other parts. bytes: 1024 */
  readonly cell: Bytes;
}

const KNOWN_KINDS: ReadonlySet<number> = new Set(Object.values(MessageKind));
const isKind = (kind: number): kind is MessageKind => KNOWN_KINDS.has(kind);

/** DROP and ACK belong to no message: they are one cell, have no number and say nothing but `seen`. */
export const isBare = (kind: MessageKind): boolean => kind === MessageKind.DROP || kind === MessageKind.ACK;

/** Reads a cell whose layers are off. Refuses `cell-unrecognised` when the zeros are not there, `cell-malformed` for what no sender writes. */
export function openCell(cell: Bytes): OpenedCell | Refusal {
  const opened = openPart(cell);
  if (isRefusal(opened)) return opened;
  const { kind, part, parts, flags, message, seen, data } = opened;
  if (!isKind(kind)) return refuse('cell-malformed', 'kind');
  if (isBare(kind) && (parts !== 1 || flags !== 0 || message !== 0 || data.length !== 0)) return refuse('cell-malformed', 'bare');
  return { kind, part, parts, reply: flags === FLAG_REPLY, message, seen, cell };
}

export function setHeader(cell: Uint8Array, circuit: number, counter: number): void {
  const view = new DataView(cell.buffer, cell.byteOffset);
  view.setUint32(0, circuit);
  view.setUint32(4, counter);
}
