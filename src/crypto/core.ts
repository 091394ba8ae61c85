/**
 * The two WebAssembly modules: cells (layers, messages in cells) and the core (KEM, handshake, signatures, hashes). Only numbers cross into them
 * (wasm/cell/src/door.rs and wasm/core/src/door.rs have the pictures).
 */
import { lanes, type Bytes } from '../base/index.ts';
import initCell, * as cell from '../../wasm/pkg/sotto_cell.js';
import initCore, * as core from '../../wasm/pkg/sotto_core.js';
import { Area, bufferOf } from './area.ts';

export { cell, core };

/** What goes into and comes out of calls of each. */
export const cellArea = new Area(() => cell.io_offset());
export const coreArea = new Area(() => core.io_offset());

const CELL = 1024;
const HEADER = 8;
const RING_BYTES = 256 * CELL;
const JOB_WORDS = 1024 * 4;
/** Layer keys that may be held at once. Room for them is taken when the module starts, and touched when it is used. */
const LAYER_KEYS = 16_384;

interface Memory {
  readonly ring: Bytes;
  /** Of the first cell of the ring, what comes behind its header. */
  readonly body: Bytes;
  readonly jobs: Uint32Array<ArrayBuffer>;
}

let views: Memory | undefined;

/** A module's bytes, compiled or not, or the address to fetch it from. */
type ModuleSource = BufferSource | WebAssembly.Module | URL;

/** Where the two modules come from, and how many layer keys there is room for. */
export interface CryptoSource {
  readonly cell: ModuleSource;
  readonly core: ModuleSource;
  readonly layerKeys?: number;
}

/** The files bundled with the app, for this engine. */
function bundled(): CryptoSource {
  const able = lanes();
  if (able === 'scalar')
    return {
      cell: new URL('../../wasm/pkg/sotto_cell_scalar.wasm', import.meta.url),
      core: new URL('../../wasm/pkg/sotto_core_scalar.wasm', import.meta.url),
    };
  const core = new URL('../../wasm/pkg/sotto_core_bg.wasm', import.meta.url);
  return able === 'relaxed'
    ? { cell: new URL('../../wasm/pkg/sotto_cell_relaxed.wasm', import.meta.url), core }
    : { cell: new URL('../../wasm/pkg/sotto_cell_bg.wasm', import.meta.url), core };
}

/** Loads and starts both, by default from the files bundled with the app. */
export async function startModules(source: CryptoSource = bundled()): Promise<void> {
  const [cells, handshakes] = await Promise.all([initCell({ module_or_path: source.cell }), initCore({ module_or_path: source.core })]);
  // First of all, so that memory of the cells never grows afterwards and views of it hold.
  cell.reserve(source.layerKeys ?? LAYER_KEYS);
  cellArea.attach(cells.memory);
  coreArea.attach(handshakes.memory);
}

/** The ring of cells and the list of jobs. */
export function memory(): Memory {
  if (views !== undefined && views.ring.length !== 0) return views;
  const buffer = bufferOf(cellArea.memory);
  views = {
    ring: new Uint8Array(buffer, cell.ring_offset(), RING_BYTES),
    body: new Uint8Array(buffer, cell.ring_offset() + HEADER, CELL - HEADER),
    jobs: new Uint32Array(buffer, cell.jobs_offset(), JOB_WORDS),
  };
  return views;
}

/** What a table gave out. Throws when it was full. */
export function held<T>(what: string, made: T | undefined): T {
  if (made === undefined) throw new Error(`crypto: too many ${what} are held at once; wipe those that are no longer used`);
  return made;
}

/** Throws when an argument has another length than its layout says: a caller's mistake. */
export function want(what: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw new RangeError(`${what}: want ${length} bytes, got ${bytes.length}`);
}

/** What is held in linear memory, for tests that look for leaks. */
export const inUse = (): { layerKeys: number; clients: number; kemKeys: number; onionKeys: number } => {
  memory();
  return { layerKeys: cell.layer_keys_in_use(), clients: core.in_use(0), kemKeys: core.in_use(1), onionKeys: core.in_use(2) };
};
