/**
 * Messages over a circuit, padded and split into cells (docs/protocol.md §3, §4.3; wasm/cell/src/message.rs).
 *
 *   cell 1024 = circuit u32 | counter u32 | zero 16 | kind u8 | part u8 | parts u8 | flags u8 | message u32 | seen u32 | length u16 | data 986
 */
import { readU16, readU32, u32, type Bytes, type Refusal } from '../base/index.ts';
import { cell as module, cellArea, want } from './core.ts';
import { CELL } from './layers.ts';
import { refusalOf } from './refusals.ts';

export const CELL_DATA = 986;
export const MAX_PARTS = 64;
export const MAX_MESSAGE = CELL_DATA * MAX_PARTS;
/** Bit 0 of flags: this message answers the request whose id it carries. */
export const FLAG_REPLY = 1;
const HEADER = 8;
const BODY = CELL - HEADER;
const SEEN_AT = HEADER + 24;
const DATA_AT = HEADER + 30;

/** What a message says of itself in each of its cells. */
export interface MessageHead {
  /** u8 (docs/protocol.md §3) */
  readonly kind: number;
  /** 0 or `FLAG_REPLY` */
  readonly flags: number;
  /** u32 */
  readonly message: number;
}

/** One opened cell. */
export interface CellPart extends MessageHead {
  readonly part: number;
  readonly parts: number;
  /** u32: the lowest counter of the other direction not yet received and handled */
  readonly seen: number;
  /** bytes: at most 986 */
  readonly data: Bytes;
}

/** How many cells a message of `length` bytes takes: a power of two, at most 64. Throws RangeError when it is too long. */
export function partsFor(length: number): number {
  if (length > MAX_MESSAGE) throw new RangeError(`message: at most ${MAX_MESSAGE} bytes go into one, got ${length}`);
  let parts = 1;
  while (parts * CELL_DATA < length) parts *= 2;
  return parts;
}

/** Cells of 1024 bytes with circuit and counter zero, ready for layers. Throws RangeError when the message is too long. */
export function splitMessage(head: MessageHead, seen: number, data: Uint8Array): Bytes[] {
  const parts = partsFor(data.length);
  if (head.flags !== (head.flags & FLAG_REPLY)) throw new RangeError(`message: flags ${head.flags} are not known`);
  const laid = cellArea.lay(data);
  const made = module.message_split(head.kind, head.flags, head.message, seen, laid);
  const bodies = cellArea.take(made * BODY, laid);
  if (made !== parts) throw new Error(`message: ${data.length} bytes were split into ${made} parts, not ${parts}`);
  return Array.from({ length: parts }, (_, i) => {
    const cell = new Uint8Array(CELL);
    cell.set(bodies.subarray(i * BODY, (i + 1) * BODY), HEADER);
    return cell;
  });
}

/** Sets `seen` in a cell that has no layer yet: it is known only when the cell goes out. */
export function writeSeen(cell: Uint8Array, seen: number): void {
  want('cell', cell, CELL);
  cell.set(u32(seen), SEEN_AT);
}

/** True when the body opened to its 16 zeros: it is for whoever removed the last layer. */
export function isRecognised(cell: Uint8Array): boolean {
  let any = 0;
  for (let i = HEADER; i < HEADER + 16; i++) any |= cell[i] ?? 1;
  return any === 0;
}

/** Reads an opened cell. Refused: `cell-unrecognised` (the zeros are not there), or `cell-malformed`. */
export function openPart(cell: Uint8Array): CellPart | Refusal {
  want('cell', cell, CELL);
  const body = cell.subarray(HEADER);
  const code = cellArea.exchange([body], module.message_check, 0);
  if (typeof code === 'number') return refusalOf('cell', code);
  const [kind = 0, part = 0, parts = 0, flags = 0] = body.subarray(16, 20);
  const data = new Uint8Array(cell.subarray(DATA_AT, DATA_AT + readU16(cell, DATA_AT - 2)));
  return { kind, part, parts, flags, message: readU32(cell, HEADER + 20), seen: readU32(cell, SEEN_AT), data };
}

/** The length before a joined message. */
function readLength(): number {
  const { bytes } = cellArea;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}

/** Joins the opened cells of one message, given in the order of their parts. Refused: `message-…` for anything that `splitMessage` does not make. */
export function joinMessage(cells: readonly Uint8Array[]): (MessageHead & { readonly data: Bytes }) | Refusal {
  const first = cells[0];
  if (first === undefined || cells.length > MAX_PARTS) return refusalOf('message', 13);
  for (const cell of cells) want('cell', cell, CELL);
  const laid = cellArea.lay(...cells.map((cell) => cell.subarray(HEADER)));
  const code = module.message_join(cells.length);
  const length = code === 0 ? readLength() : 0;
  const data = cellArea.take(4 + length, laid).slice(4);
  if (code !== 0) return refusalOf('message', code);
  return { kind: first[HEADER + 16] ?? 0, flags: first[HEADER + 19] ?? 0, message: readU32(first, HEADER + 20), data };
}
