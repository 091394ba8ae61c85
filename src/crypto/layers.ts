/**
 * The layers of a cell (docs/protocol.md §4.2): Adiantum over bytes 8 … 1024, keyed by hop and direction, tweaked by the
 * counter on the hop's link towards the client.
 *
 *   client, forward    encipher with Kf of the last hop first, of the guard last      relay, forward   decipher one layer, Kf
 *   client, backward   decipher with Kb of the guard first, of the last hop last      relay, backward  encipher one layer, Kb
 *
 * Keys and counters are given guard first in both directions. Any number of layers is one call into the core.
 */
import type { Bytes } from '../base/index.ts';
import { cell as module, cellArea, held, memory, want } from './core.ts';
import { refusalOf } from './refusals.ts';

export const CELL = 1024;
export const RING_SLOTS = 256;
export const MAX_JOBS = 1024;
const HEADER = 8;

/** One direction of one hop, kept expanded in linear memory until wiped. */
export class LayerKey {
  #handle: number;

  private constructor(handle: number) {
    this.#handle = handle;
  }

  /** From Kf or Kb: 32 bytes. */
  static of(key: Uint8Array): LayerKey {
    return held('layer keys', LayerKey.ifRoom(key));
  }

  /** As `of`; undefined when too many are held. */
  static ifRoom(key: Uint8Array): LayerKey | undefined {
    want('layer key', key, 32);
    const made = cellArea.handle([key], module.layer_key_new, 0);
    return made && new LayerKey(made.handle);
  }

  /** The core's number for it. Throws once wiped. */
  get handle(): number {
    if (this.#handle === 0) throw new Error('layer key: it has been wiped with its circuit; nothing may be sent on that any more');
    return this.#handle;
  }

  /** Erases the key. Again: nothing. */
  wipe(): void {
    module.layer_key_free(this.#handle);
    this.#handle = 0;
  }
}

export type Way = 'encipher' | 'decipher';

/** One layer of one cell in the ring. */
export interface Job {
  /** 0 … 255 */
  readonly slot: number;
  readonly key: LayerKey;
  /** u32 */
  readonly counter: number;
  readonly way: Way;
}

/** Cells in linear memory: lay a cell into a slot, run jobs, take it out. Everything runs to its end within one call. */
export const ring = {
  /** The 1024 bytes of a slot. A view: it shows whatever lies there later. */
  slot(index: number): Bytes {
    return memory().ring.subarray(index * CELL, (index + 1) * CELL);
  },

  /** Runs at most 1024 jobs in their order, in one call. Throws, having done none, for a wiped key or a slot that is not there. */
  run(jobs: readonly Job[]): void {
    if (jobs.length > MAX_JOBS) throw new RangeError(`ring: at most ${MAX_JOBS} jobs a call, got ${jobs.length}`);
    const words = memory().jobs;
    let at = 0;
    for (const { slot, key, counter, way } of jobs) {
      words[at] = slot;
      words[at + 1] = key.handle;
      words[at + 2] = counter;
      words[at + 3] = way === 'encipher' ? 0 : 1;
      at += 4;
    }
    finish(module.run_jobs(jobs.length));
  },
} as const;

function finish(code: number): void {
  if (code !== 0) throw new Error(`layers: ${refusalOf('layers', code).refused}`);
}

/** Lays a cell into slot 0, applies one layer for each key, and copies the body back. */
function inPlace(cell: Uint8Array, keys: readonly LayerKey[], counters: readonly number[], way: Way): void {
  want('cell', cell, CELL);
  if (keys.length !== counters.length) throw new RangeError(`layers: ${keys.length} keys but ${counters.length} counters`);
  const { ring: cells, body, jobs } = memory();
  cells.set(cell, 0);
  for (let i = 0; i < keys.length; i++) {
    const from = way === 'encipher' ? keys.length - 1 - i : i;
    const key = keys[from];
    const counter = counters[from];
    if (key === undefined || counter === undefined) throw new RangeError('layers: a key or counter is missing');
    // One by one: handing over a list costs more than the boundary.
    jobs[4 * i] = 0;
    jobs[4 * i + 1] = key.handle;
    jobs[4 * i + 2] = counter;
    jobs[4 * i + 3] = way === 'encipher' ? 0 : 1;
  }
  finish(module.run_jobs(keys.length));
  cell.set(body, HEADER);
  cells.fill(0, 0, CELL);
}

/** Applies layers to bytes 8 … 1024 of a cell, in place: the guard's last. Keys and counters guard first. */
export function encipherLayers(cell: Uint8Array, keys: readonly LayerKey[], counters: readonly number[]): void {
  inPlace(cell, keys, counters, 'encipher');
}

/** Removes layers from bytes 8 … 1024 of a cell, in place: the guard's first. Keys and counters guard first. */
export function decipherLayers(cell: Uint8Array, keys: readonly LayerKey[], counters: readonly number[]): void {
  inPlace(cell, keys, counters, 'decipher');
}

/** One layer of one cell that lives anywhere. */
export interface CellJob {
  /** bytes: 1024, worked on in place */
  readonly cell: Uint8Array;
  readonly key: LayerKey;
  /** u32 */
  readonly counter: number;
  readonly way: Way;
}

/** A relay's batch: one layer for each of many cells, each with its own key, 256 cells a call. */
export function processCells(batch: readonly CellJob[]): void {
  for (const { cell } of batch) want('cell', cell, CELL);
  for (let from = 0; from < batch.length; from += RING_SLOTS) {
    const part = batch.slice(from, from + RING_SLOTS);
    const { ring: cells } = memory();
    part.forEach(({ cell }, slot) => cells.set(cell, slot * CELL));
    ring.run(part.map(({ key, counter, way }, slot) => ({ slot, key, counter, way })));
    part.forEach(({ cell }, slot) => cell.set(cells.subarray(slot * CELL + HEADER, (slot + 1) * CELL), HEADER));
    cells.fill(0, 0, part.length * CELL);
  }
}
