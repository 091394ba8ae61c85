/** The exchange area of a module: bytes are laid into it before a call and taken out, and erased, after it (wasm/base/src/io.rs). */
import type { Bytes } from '../base/index.ts';

export const AREA_BYTES = 65_536;

/** The memory of an instance. Throws for shared memory, which views cannot be handed out of. */
export function bufferOf(memory: WebAssembly.Memory): ArrayBuffer {
  const { buffer } = memory;
  if (!(buffer instanceof ArrayBuffer)) throw new Error('crypto: the core was built with shared memory; build it with `npm run wasm`');
  return buffer;
}

export class Area {
  readonly #offset: () => number;
  #memory: WebAssembly.Memory | undefined;
  #view: Bytes | undefined;

  /** `offset` asks the module where its area begins. */
  constructor(offset: () => number) {
    this.#offset = offset;
  }

  /** Once the module is there. */
  attach(memory: WebAssembly.Memory): void {
    this.#memory = memory;
    this.#view = undefined;
  }

  get memory(): WebAssembly.Memory {
    if (this.#memory === undefined) throw new Error('crypto is not ready: await initCrypto() (in Node: initCryptoNode()) before using it');
    return this.#memory;
  }

  /** The area itself. It is made afresh when memory has grown, so it is never kept over a call. */
  get bytes(): Bytes {
    if (this.#view !== undefined && this.#view.length !== 0) return this.#view;
    const memory = this.memory;
    const offset = this.#offset();
    this.#view = new Uint8Array(bufferOf(memory), offset, AREA_BYTES);
    return this.#view;
  }

  /** Lays byte strings one after another from the start; gives the number of bytes laid. */
  lay(...parts: readonly Uint8Array[]): number {
    const { bytes } = this;
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return at;
  }

  /** Copies `length` bytes out, and erases up to there and over what had been laid in. */
  take(length: number, laid: number): Bytes {
    const { bytes } = this;
    const taken = bytes.slice(0, length);
    bytes.fill(0, 0, Math.max(length, laid));
    return taken;
  }

  /** A call with bytes in and out: `length` bytes, or the number of the refusal. */
  exchange(parts: readonly Uint8Array[], call: (laid: number) => number, length: number): Bytes | number {
    const laid = this.lay(...parts);
    const code = call(laid);
    const taken = this.take(length, laid);
    return code === 0 ? taken : code;
  }

  /** A call that gives a handle, with the bytes that come beside it; undefined when the table is full. */
  handle(parts: readonly Uint8Array[], call: () => number, length: number): { handle: number; bytes: Bytes } | undefined {
    const laid = this.lay(...parts);
    const handle = call() >>> 0;
    const bytes = this.take(length, laid);
    return handle === 0 ? undefined : { handle, bytes };
  }
}
