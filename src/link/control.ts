/**
 * Control messages between two neighbours (docs/protocol.md §3), split over cells of circuit 0:
 *
 *   cell = 0 u32 | 0 u32 | type u8 | part u8 | parts u8 | 0 u8 | circuit u32 | length u16 | payload 1006
 *
 * One message has one encoding: every part but the last is full, the last is not empty unless it is the only one, parts come in
 * order with nothing between them, and unused bytes are zero.
 */
import { concat, isZero, readU16, readU32, refuse, type Bytes, type Refusal } from '../base/index.ts';
import { CELL_BYTES, ControlType } from './link.ts';

export const CONTROL_PAYLOAD_BYTES = 1006;
/** Enough for a descriptor at suite 5; what a neighbour can make this side hold is 16 kB. */
export const MAX_PARTS = 16;

const TYPE = 8;
const PART = 9;
const PARTS = 10;
const ZERO = 11;
const CIRCUIT = 12;
const LENGTH = 16;
const PAYLOAD = 18;

export interface Control {
  readonly type: ControlType;
  readonly circuit: number;
  readonly payload: Bytes;
}

const types = new Map<number, ControlType>(Object.values(ControlType).map((type) => [type, type]));

/** The cells of one control message. Throws RangeError when the payload does not fit 16 parts. */
export function encodeControl(type: ControlType, circuit: number, payload: Uint8Array): Bytes[] {
  const parts = Math.max(1, Math.ceil(payload.length / CONTROL_PAYLOAD_BYTES));
  if (parts > MAX_PARTS)
    throw new RangeError(`control payload: want at most ${MAX_PARTS * CONTROL_PAYLOAD_BYTES} bytes, got ${payload.length}`);
  return Array.from({ length: parts }, (_, part) => {
    const piece = payload.subarray(part * CONTROL_PAYLOAD_BYTES, (part + 1) * CONTROL_PAYLOAD_BYTES);
    const cell = new Uint8Array(CELL_BYTES);
    const view = new DataView(cell.buffer);
    cell[TYPE] = type;
    cell[PART] = part;
    cell[PARTS] = parts;
    view.setUint32(CIRCUIT, circuit);
    view.setUint16(LENGTH, piece.length);
    cell.set(piece, PAYLOAD);
    return cell;
  });
}

interface Part extends Control {
  readonly part: number;
  readonly parts: number;
}

/** Reads one cell of circuit 0 by itself. */
function decodePart(cell: Uint8Array): Part | Refusal {
  const type = types.get(cell[TYPE] as number);
  const part = cell[PART] as number;
  const parts = cell[PARTS] as number;
  const circuit = readU32(cell, CIRCUIT);
  const length = readU16(cell, LENGTH);
  if (readU32(cell, 4) !== 0) return refuse('control-counter');
  if (type === undefined) return refuse('control-type');
  if (cell[ZERO] !== 0) return refuse('control-zero');
  if (parts < 1 || parts > MAX_PARTS || part >= parts) return refuse('control-parts');
  const last = part === parts - 1;
  const fits = last ? length <= CONTROL_PAYLOAD_BYTES && (length > 0 || parts === 1) : length === CONTROL_PAYLOAD_BYTES;
  if (!fits) return refuse('control-length');
  if (!isZero(cell.subarray(PAYLOAD + length))) return refuse('control-padding');
  if (type === ControlType.PADDING && (circuit !== 0 || length !== 0 || parts !== 1)) return refuse('control-length');
  return { type, circuit, part, parts, payload: new Uint8Array(cell.subarray(PAYLOAD, PAYLOAD + length)) };
}

/** Joins the parts of one neighbour's control messages. A refusal forgets what was begun. */
export class ControlReader {
  #begun: Part[] = [];

  /** Takes a cell of circuit 0. A whole message, nothing yet (undefined), or why the cell is refused. */
  read(cell: Uint8Array): Control | Refusal | undefined {
    const part = decodePart(cell);
    const begun = this.#begun;
    this.#begun = [];
    if ('refused' in part) return part;
    const first = begun[0];
    if (part.part !== begun.length) return refuse('control-order');
    if (first !== undefined && (first.type !== part.type || first.circuit !== part.circuit || first.parts !== part.parts)) {
      return refuse('control-order');
    }
    begun.push(part);
    if (begun.length === part.parts) return { type: part.type, circuit: part.circuit, payload: concat(...begun.map((p) => p.payload)) };
    this.#begun = begun;
    return undefined;
  }
}
