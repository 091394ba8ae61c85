/* tslint:disable */
/* eslint-disable */

/**
 * io in: relay 32 | key-id 8 | params 16 | random 96 | onion key of the suite; out: CREATE of the suite | client u32.
 */
export function client_create(suite: number): number;

/**
 * io in: CREATED, of any length; out: bind 32 | params 16 | Kf 32 | Kb 32. The client is freed in any case.
 */
export function client_finish(handle: number, length: number): number;

export function client_free(handle: number): void;

/**
 * io in: seed 32; out: public key 32.
 */
export function ed25519_public(): number;

/**
 * io in: public key 32 | signature 64 | message. 1 when S·B = R + k·A, else 0.
 */
export function ed25519_satisfies(length: number): number;

/**
 * io in: seed 32 | message; out: signature 64.
 */
export function ed25519_sign(length: number): number;

/**
 * How many entries are in use: 0 clients, 1 KEM keys, 2 onion keys.
 */
export function in_use(table: number): number;

/**
 * Where `io` begins.
 */
export function io_offset(): number;

/**
 * io in: ciphertext, of any length; out: shared secret 32.
 */
export function kem_decaps(handle: number, length: number): number;

/**
 * io in: random 64 | public key of the suite; out: ciphertext of the suite | shared secret 32.
 */
export function kem_encaps(suite: number): number;

export function kem_key_free(handle: number): void;

/**
 * io in: seed 32; out: public key of the suite. A handle, or 0 when the table is full or the suite is not known.
 */
export function kem_key_new(suite: number): number;

export function onion_key_free(handle: number): void;

/**
 * io in: relay 32 | key-id 8 | seed 32; out: public key of the suite. A handle, or 0 when the table is full or the suite is not known.
 */
export function onion_key_new(suite: number): number;

/**
 * io in: text; out: `output` bytes of the function with that number.
 */
export function raw_keccak(number: number, length: number, output: number): number;

/**
 * io in: expanded decapsulation key | ciphertext; out: shared 32.
 */
export function raw_mlkem_decaps(set: number): number;

/**
 * io in: m 32 | encapsulation key; out: ciphertext | shared 32.
 */
export function raw_mlkem_encaps(set: number): number;

/**
 * io in: d ‖ z 64; out: encapsulation key | expanded decapsulation key. Sets: 512, 768, 1024.
 */
export function raw_mlkem_keygen(set: number): number;

/**
 * io in: scalar 32 | point 32; out: shared 32.
 */
export function raw_x25519(): number;

/**
 * io in: params 16 | random 64 | CREATE, of any length; out: CREATED of the key's suite | bind 32 | params 16 | Kf 32 | Kb 32.
 */
export function relay_accept(handle: number, length: number): number;

/**
 * io in: the next piece of a message; out, with the last one: digest 32.
 */
export function sha256(length: number, last: boolean): number;

/**
 * io in: text; out: `output` bytes of SHAKE256.
 */
export function shake256(length: number, output: number): number;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly client_create: (a: number) => number;
    readonly client_finish: (a: number, b: number) => number;
    readonly client_free: (a: number) => void;
    readonly ed25519_public: () => number;
    readonly ed25519_satisfies: (a: number) => number;
    readonly ed25519_sign: (a: number) => number;
    readonly in_use: (a: number) => number;
    readonly io_offset: () => number;
    readonly kem_decaps: (a: number, b: number) => number;
    readonly kem_encaps: (a: number) => number;
    readonly kem_key_free: (a: number) => void;
    readonly kem_key_new: (a: number) => number;
    readonly onion_key_free: (a: number) => void;
    readonly onion_key_new: (a: number) => number;
    readonly raw_keccak: (a: number, b: number, c: number) => number;
    readonly raw_mlkem_decaps: (a: number) => number;
    readonly raw_mlkem_encaps: (a: number) => number;
    readonly raw_mlkem_keygen: (a: number) => number;
    readonly raw_x25519: () => number;
    readonly relay_accept: (a: number, b: number) => number;
    readonly sha256: (a: number, b: number) => number;
    readonly shake256: (a: number, b: number) => number;
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
