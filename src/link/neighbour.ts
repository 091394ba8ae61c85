/**
 * One link, whatever carries it: queueing and joining cells on the way out, cutting and dispatching them on the way in, heartbeats.
 *
 *   send ──► queue ──► write (up to 64 cells at once) ──► pipe
 *   pipe ──► receive (any cut) ──► cell 1024 ──► circuit 0? control : handler.cell
 *
 * Alive: whoever has sent nothing for `every` sends PADDING; a link that has heard nothing for `silence` closes.
 */
import { concat, isRefusal, readU32, type Bytes, type Cancel, type Clock, type Counters } from '../base/index.ts';
import { ControlReader, encodeControl } from './control.ts';
import { CELL_BYTES, ControlType, type CellLink, type LinkHandler, type LinkWitness } from './link.ts';

/** What carries a link's bytes, reliably and in order. */
export interface Pipe {
  /** Takes whole cells, joined. False: hold back until `drained`. May throw when it is broken. */
  write(cells: Bytes): boolean;
  /** Ends both directions at once. */
  close(why: string): void;
}

export interface LinkLimits {
  /** Cells queued before the link closes. */
  readonly queue: number;
  /** ms without a cell sent before PADDING goes. */
  readonly every: number;
  /** ms without a cell received before the link closes. */
  readonly silence: number;
  /** Control cells refused before the link closes. */
  readonly refusals: number;
}

export const linkLimits: LinkLimits = { queue: 4096, every: 2_000, silence: 6_000, refusals: 16 };

/** Why a link closed whose neighbour was not heard for `silence`. */
export const FELL_SILENT = 'the neighbour fell silent';

export interface NeighbourOptions {
  readonly initiator: boolean;
  readonly remote: string;
  readonly pipe: Pipe;
  readonly handler: LinkHandler;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly limits?: Partial<LinkLimits>;
  readonly witness?: LinkWitness | undefined;
}

const CELLS_A_WRITE = 64;
const NOTHING: Uint8Array = new Uint8Array(0);

export class Neighbour implements CellLink {
  readonly initiator: boolean;
  readonly remote: string;
  readonly #pipe: Pipe;
  readonly #handler: LinkHandler;
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #limits: LinkLimits;
  readonly #witness: LinkWitness | undefined;
  readonly #control = new ControlReader();
  #queue: Bytes[] = [];
  #flushing = false;
  #writable = true;
  #closed = false;
  #cut = NOTHING;
  #refusals = 0;
  #heard: number;
  #sent: number;
  /** When the next tick should come. */
  #due = 0;
  #excused = false;
  #cancel: Cancel;

  /** Tells the handler `opened` before it returns. */
  constructor(options: NeighbourOptions) {
    this.initiator = options.initiator;
    this.remote = options.remote;
    this.#pipe = options.pipe;
    this.#handler = options.handler;
    this.#clock = options.clock;
    this.#counters = options.counters;
    this.#limits = { ...linkLimits, ...options.limits };
    this.#witness = options.witness;
    this.#heard = this.#sent = this.#clock.now();
    this.#cancel = this.#tickIn(this.#limits.every);
    this.#witness?.opened(this);
    this.#handler.opened(this);
  }

  get closed(): boolean {
    return this.#closed;
  }

  get queued(): number {
    return this.#queue.length;
  }

  send(cell: Uint8Array): void {
    if (cell.length !== CELL_BYTES) throw new RangeError(`cell: want ${CELL_BYTES} bytes, got ${cell.length}`);
    if (this.#closed) return;
    if (this.#queue.length >= this.#limits.queue) {
      this.#counters.count('link-queue-full');
      this.close('too many cells queued');
      return;
    }
    this.#queue.push(new Uint8Array(cell));
    this.#sent = this.#clock.now();
    this.#witness?.cell(this, 'out', cell);
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => this.#flush());
  }

  sendControl(type: ControlType, circuit: number, payload: Uint8Array): void {
    for (const cell of encodeControl(type, circuit, payload)) this.send(cell);
  }

  close(why: string): void {
    if (this.#closed) return;
    this.ended(why);
    this.#pipe.close(why);
  }

  /** The pipe has more bytes, cut anywhere. */
  receive(bytes: Uint8Array): void {
    this.#heard = this.#clock.now();
    this.#excused = false;
    let rest = this.#cut.length === 0 ? bytes : concat(this.#cut, bytes);
    while (rest.length >= CELL_BYTES && !this.#closed) {
      // A copy for the handler to keep; not slice(), which for Node's Buffer is a view.
      this.#dispatch(new Uint8Array(rest.subarray(0, CELL_BYTES)));
      rest = rest.subarray(CELL_BYTES);
    }
    this.#cut = rest.length === 0 ? NOTHING : new Uint8Array(rest);
    // Timers of a hidden tab may fire once a minute; what arrives does not wait for them, so it also carries the heartbeat. The
    // neighbour's comes every so often too: half of that, or each second one would go unanswered.
    if (!this.#closed && this.#clock.now() - this.#sent >= this.#limits.every / 2) this.#pad();
  }

  /** The pipe takes bytes again. */
  drained(): void {
    this.#writable = true;
    this.#flush();
  }

  /** The pipe has ended by itself. */
  ended(why: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancel();
    this.#queue = [];
    this.#cut = NOTHING;
    this.#witness?.closed(this, why);
    this.#handler.closed(this, why);
  }

  #flush(): void {
    this.#flushing = false;
    while (this.#writable && this.#queue.length > 0 && !this.#closed) {
      const cells = this.#queue.splice(0, CELLS_A_WRITE);
      try {
        const [only, ...others] = cells;
        this.#writable = this.#pipe.write(only === undefined || others.length > 0 ? concat(...cells) : only);
      } catch (error) {
        this.close(error instanceof Error ? error.message : 'the transport failed');
      }
    }
  }

  #dispatch(cell: Bytes): void {
    this.#witness?.cell(this, 'in', cell);
    const circuit = readU32(cell, 0);
    if (circuit !== 0) {
      this.#handler.cell(this, circuit, readU32(cell, 4), cell);
      return;
    }
    const control = this.#control.read(cell);
    if (control === undefined) return;
    if (isRefusal(control)) {
      this.#counters.count(control.refused);
      this.#refusals += 1;
      if (this.#refusals >= this.#limits.refusals) this.close('too many control cells refused');
    } else if (control.type !== ControlType.PADDING) {
      this.#handler.control(this, control.type, control.circuit, control.payload);
    }
  }

  #pad(): void {
    this.sendControl(ControlType.PADDING, 0, new Uint8Array(0));
  }

  #tickIn(ms: number): Cancel {
    this.#due = this.#clock.now() + ms;
    return this.#clock.after(ms, () => this.#tick());
  }

  #tick(): void {
    const now = this.#clock.now();
    const { every, silence } = this.#limits;
    // A tick that comes late (a machine that slept, a process that was starved) proves nothing about the neighbour: it has half the time more.
    if (now - this.#due > every && !this.#excused) {
      this.#excused = true;
      this.#heard = Math.max(this.#heard, now - silence / 2);
    }
    if (now - this.#heard >= silence) {
      this.#counters.count('link-silent');
      this.close(FELL_SILENT);
      return;
    }
    if (now - this.#sent >= every) this.#pad();
    this.#cancel = this.#tickIn(Math.min(this.#sent + every, this.#heard + silence) - now);
  }
}
