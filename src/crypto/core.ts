/**
 * The WebAssembly core and its linear memory. Only numbers cross the boundary: bytes are laid into `io` before a call and
 * taken out, and erased, after it (wasm/src/door/mod.rs has the picture).
 */
import type { Bytes } from '../base/index.ts';
import initWasm, * as wasm from '../../wasm/pkg/sotto_core.js';

export { wasm };

const RING_BYTES = 256 * 1024;
const JOB_WORDS = 1024 * 4;
const IO_BYTES = 65_536;

interface Memory {
  readonly ring: Bytes;
  readonly jobs: Uint32Array<ArrayBuffer>;
  readonly io: Bytes;
}

let linear: WebAssembly.Memory | undefined;
let views: Memory | undefined;

/** Where the module comes from: bytes, a compiled module, or an address to fetch. By default the file bundled with the app. */
export type CryptoSource = BufferSource | WebAssembly.Module | URL;

/** Makes the crypto door ready; everything behind it is synchronous afterwards. Calling it again does nothing. In Node use `initCryptoNode` of `node.ts`. */
export async function initCrypto(source?: CryptoSource): Promise<void> {
  const exports = source === undefined ? await initWasm() : await initWasm({ module_or_path: source });
  linear = exports.memory;
}

function bufferOf(memory: WebAssembly.Memory): ArrayBuffer {
  const { buffer } = memory;
  if (!(buffer instanceof ArrayBuffer)) throw new Error('crypto: the core was built with shared memory; build it with `npm run wasm`');
  return buffer;
}

/** Views of linear memory. They are made afresh when it has grown, so they are never kept over a call. */
export function memory(): Memory {
  if (views !== undefined && views.io.length !== 0) return views;
  if (linear === undefined) throw new Error('crypto is not ready: await initCrypto() (in Node: initCryptoNode()) before using it');
  // The first of these calls sets the areas up, and memory may grow by that: the buffer is asked for after them.
  const [ring, jobs, io] = [wasm.ring_offset(), wasm.jobs_offset(), wasm.io_offset()];
  const buffer = bufferOf(linear);
  views = {
    ring: new Uint8Array(buffer, ring, RING_BYTES),
    jobs: new Uint32Array(buffer, jobs, JOB_WORDS),
    io: new Uint8Array(buffer, io, IO_BYTES),
  };
  return views;
}

/** Lays byte strings into `io`, one after another from its start; gives the number of bytes laid. */
export function lay(...parts: readonly Uint8Array[]): number {
  const { io } = memory();
  let at = 0;
  for (const part of parts) {
    io.set(part, at);
    at += part.length;
  }
  return at;
}

/** Copies `length` bytes out of `io`, and erases `io` up to there and over what had been laid in. */
export function take(length: number, laid: number): Bytes {
  const { io } = memory();
  const bytes = io.slice(0, length);
  io.fill(0, 0, Math.max(length, laid));
  return bytes;
}

/** A call with bytes in and out: `length` bytes, or the number of the refusal. */
export function exchange(parts: readonly Uint8Array[], call: (laid: number) => number, length: number): Bytes | number {
  const laid = lay(...parts);
  const code = call(laid);
  const bytes = take(length, laid);
  return code === 0 ? bytes : code;
}

/** A call that gives a handle, with the bytes that come beside it. Throws when the table is full. */
export function handleOf(what: string, parts: readonly Uint8Array[], call: () => number, length: number): { handle: number; bytes: Bytes } {
  const laid = lay(...parts);
  const handle = call() >>> 0;
  const bytes = take(length, laid);
  if (handle === 0) throw new Error(`crypto: too many ${what} are held at once; wipe those that are no longer used`);
  return { handle, bytes };
}

/** Throws when an argument has another length than its layout says: a caller's mistake. */
export function want(what: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw new RangeError(`${what}: want ${length} bytes, got ${bytes.length}`);
}

/** What is held in linear memory, for tests that look for leaks. */
export const inUse = (): { layerKeys: number; clients: number; kemKeys: number; onionKeys: number } => {
  memory();
  return { layerKeys: wasm.in_use(0), clients: wasm.in_use(1), kemKeys: wasm.in_use(2), onionKeys: wasm.in_use(3) };
};
