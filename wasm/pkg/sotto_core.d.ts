/* tslint:disable */
/* eslint-disable */

/**
 * io in: relay 32 | key-id 8 | onion key 1216 | params 16 | random 96; out: CREATE 2410 | client u32.
 */
export function client_create(): number;

/**
 * io in: CREATED, of any length; out: forward u32 | backward u32 | bind 32 | params 16. The client is freed in any case.
 */
export function client_finish(handle: number, length: number): number;

export function client_free(handle: number): void;

/**
 * How many entries are in use: 0 layer keys, 1 clients, 2 KEM keys, 3 onion keys.
 */
export function in_use(table: number): number;

/**
 * Where `io` begins.
 */
export function io_offset(): number;

/**
 * Where the jobs begin.
 */
export function jobs_offset(): number;

/**
 * io in: ciphertext 1120; out: shared secret 32.
 */
export function kem_decaps(handle: number): number;

/**
 * io in: public key 1216 | random 64; out: ciphertext 1120 | shared secret 32.
 */
export function kem_encaps(): number;

export function kem_key_free(handle: number): void;

/**
 * io in: seed 32; out: public key 1216. A handle, or 0 when the table is full.
 */
export function kem_key_new(): number;

export function layer_key_free(handle: number): void;

/**
 * io: key 32. A handle, or 0 when the table is full.
 */
export function layer_key_new(): number;

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

export function onion_key_free(handle: number): void;

/**
 * io in: relay 32 | key-id 8 | seed 32; out: public key 1216. A handle, or 0 when the table is full.
 */
export function onion_key_new(): number;

/**
 * io: key 32 | tweak | message, worked on in place.
 */
export function raw_adiantum(rounds: number, way: number, tweak: number, length: number): number;

/**
 * io in: decapsulation key 2400 | ciphertext 1088; out: shared 32.
 */
export function raw_mlkem768_decaps(): number;

/**
 * io in: encapsulation key 1184 | m 32; out: ciphertext 1088 | shared 32.
 */
export function raw_mlkem768_encaps(): number;

/**
 * io in: d ‖ z 64; out: encapsulation key 1184 | decapsulation key 2400.
 */
export function raw_mlkem768_keygen(): void;

/**
 * io in: scalar 32 | point 32; out: shared 32.
 */
export function raw_x25519(): number;

/**
 * io in: params 16 | random 64 | CREATE, of any length; out: CREATED 1184 | forward u32 | backward u32 | bind 32 | params 16.
 */
export function relay_accept(handle: number, length: number): number;

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
    readonly client_create: () => number;
    readonly client_finish: (a: number, b: number) => number;
    readonly client_free: (a: number) => void;
    readonly in_use: (a: number) => number;
    readonly io_offset: () => number;
    readonly jobs_offset: () => number;
    readonly kem_decaps: (a: number) => number;
    readonly kem_encaps: () => number;
    readonly kem_key_free: (a: number) => void;
    readonly kem_key_new: () => number;
    readonly layer_key_free: (a: number) => void;
    readonly layer_key_new: () => number;
    readonly message_check: () => number;
    readonly message_join: (a: number) => number;
    readonly message_split: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly onion_key_free: (a: number) => void;
    readonly onion_key_new: () => number;
    readonly raw_adiantum: (a: number, b: number, c: number, d: number) => number;
    readonly raw_mlkem768_decaps: () => number;
    readonly raw_mlkem768_encaps: () => number;
    readonly raw_mlkem768_keygen: () => void;
    readonly raw_x25519: () => number;
    readonly relay_accept: (a: number, b: number) => number;
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
