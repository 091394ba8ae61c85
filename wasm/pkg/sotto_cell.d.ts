/* tslint:disable */
/* eslint-disable */

/**
 * Where `io` begins.
 */
export function io_offset(): number;

/**
 * Where the jobs begin.
 */
export function jobs_offset(): number;

export function layer_key_free(handle: number): void;

/**
 * io: key 32. A handle, or 0 when the table is full.
 */
export function layer_key_new(): number;

/**
 * How many layer keys are held.
 */
export function layer_keys_in_use(): number;

/**
 * io in: body 1016. Whether it opened to its zeros, and is a part that `message_split` writes.
 */
export function message_check(): number;

/**
 * io in: all bodies of a message in their order; out: length u32 | message.
 */
export function message_join(count: number): number;

/**
 * io in: message; out: bodies of 1016. The number of parts, or 0 when the message is too long.
 */
export function message_split(kind: number, flags: number, message: number, seen: number, length: number): number;

/**
 * io: key 32 | tweak | message, worked on in place: the cipher by itself, for published vectors.
 */
export function raw_adiantum(rounds: number, way: number, tweak: number, length: number): number;

/**
 * Takes memory for so many layer keys; before anything else, once.
 */
export function reserve(layer_keys: number): void;

/**
 * Where the ring begins.
 */
export function ring_offset(): number;

/**
 * Runs the first `count` jobs.
 */
export function run_jobs(count: number): number;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly io_offset: () => number;
    readonly jobs_offset: () => number;
    readonly layer_key_free: (a: number) => void;
    readonly layer_key_new: () => number;
    readonly layer_keys_in_use: () => number;
    readonly message_check: () => number;
    readonly message_join: (a: number) => number;
    readonly message_split: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly raw_adiantum: (a: number, b: number, c: number, d: number) => number;
    readonly reserve: (a: number) => void;
    readonly ring_offset: () => number;
    readonly run_jobs: (a: number) => number;
    readonly __wbindgen_externrefs: WebAssembly.Table;
    readonly __wbindgen_start: () => void;
}

export type SyncInitInput = BufferSource | WebAssembly.Module;

/**
 * Instantiates the given `module`, which can either be bytes or
 * a precompiled `WebAssembly.Module`.
 *
 * @param {{ module: SyncInitInput }} module - Passing `SyncInitInput` directly is deprecated.
 *
 * @returns {InitOutput}
 */
export function initSync(module: { module: SyncInitInput } | SyncInitInput): InitOutput;

/**
 * If `module_or_path` is {RequestInfo} or {URL}, makes a request and
 * for everything else, calls `WebAssembly.instantiate` directly.
 *
 * @param {{ module_or_path: InitInput | Promise<InitInput> }} module_or_path - Passing `InitInput` directly is deprecated.
 *
 * @returns {Promise<InitOutput>}
 */
export default function __wbg_init (module_or_path?: { module_or_path: InitInput | Promise<InitInput> } | InitInput | Promise<InitInput>): Promise<InitOutput>;
