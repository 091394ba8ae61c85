/**
 * Parts come in any order and leave as messages (docs/protocol.md §4.3). Messages of a direction are numbered from 0 and handed on
 * in that order; a reply carries its request's number and is handed on at once.
 *
 *   part ──► incomplete (at most 4) ──► whole ──► held until all lower numbers were handed on ──► out
 */
import { isRefusal, refuse, type Bytes, type Refusal } from '../base/index.ts';
import { joinMessage } from '../crypto/index.ts';
import type { OpenedCell } from './cell.ts';
import type { MessageKind } from './circuit.ts';
import { REPLAY_WINDOW } from './replay-window.ts';

export const MAX_INCOMPLETE = 4;

export interface Incoming {
  readonly kind: MessageKind;
  readonly reply: boolean;
  readonly id: number;
  readonly body: Bytes;
}

interface Partial {
  readonly kind: MessageKind;
  readonly cells: (Bytes | undefined)[];
  missing: number;
}

export class Assembler {
  readonly #partial = new Map<string, Partial>();
  readonly #held = new Map<number, Incoming>();
  #next = 0;

  /** Messages of which some parts are missing. */
  get incomplete(): number {
    return this.#partial.size;
  }

  /** Takes a cell of a message in; returns what can now be handed on, in order. */
  receive(cell: OpenedCell): readonly Incoming[] | Refusal {
    if (!cell.reply && (cell.message < this.#next || cell.message >= this.#next + REPLAY_WINDOW || this.#held.has(cell.message)))
      return refuse('message-number');
    const cells = this.#gather(cell);
    if (isRefusal(cells)) return cells;
    if (cells === undefined) return [];
    const joined = joinMessage(cells);
    if (isRefusal(joined)) return joined;
    const message: Incoming = { kind: cell.kind, reply: cell.reply, id: cell.message, body: joined.data };
    if (message.reply) return [message];
    this.#held.set(message.id, message);
    return this.#inOrder();
  }

  /** All cells of the cell's message in their order, or undefined while some are missing. */
  #gather(cell: OpenedCell): readonly Bytes[] | undefined | Refusal {
    if (cell.parts === 1) return [cell.cell];
    const key = `${cell.reply ? 'r' : 'm'}${cell.message}`;
    const partial = this.#partial.get(key) ?? {
      kind: cell.kind,
      cells: new Array<Bytes | undefined>(cell.parts).fill(undefined),
      missing: cell.parts,
    };
    if (partial.kind !== cell.kind || partial.cells.length !== cell.parts || partial.cells[cell.part] !== undefined)
      return refuse('part-contradicts');
    if (!this.#partial.has(key) && this.#partial.size >= MAX_INCOMPLETE) return refuse('too-many-incomplete');
    partial.cells[cell.part] = cell.cell;
    partial.missing--;
    this.#partial.set(key, partial);
    if (partial.missing > 0) return undefined;
    this.#partial.delete(key);
    return partial.cells.filter((part) => part !== undefined);
  }

  #inOrder(): Incoming[] {
    const out: Incoming[] = [];
    for (let message = this.#held.get(this.#next); message !== undefined; message = this.#held.get(this.#next)) {
      this.#held.delete(this.#next++);
      out.push(message);
    }
    return out;
  }
}
