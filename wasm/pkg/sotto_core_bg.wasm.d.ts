/* tslint:disable */
/* eslint-disable */
export const memory: WebAssembly.Memory;
export const client_create: (a: number) => number;
export const client_finish: (a: number, b: number) => number;
export const client_free: (a: number) => void;
export const ed25519_public: () => number;
export const ed25519_satisfies: (a: number) => number;
export const ed25519_sign: (a: number) => number;
export const in_use: (a: number) => number;
export const io_offset: () => number;
export const kem_decaps: (a: number, b: number) => number;
export const kem_encaps: (a: number) => number;
export const kem_key_free: (a: number) => void;
export const kem_key_new: (a: number) => number;
export const onion_key_free: (a: number) => void;
export const onion_key_new: (a: number) => number;
export const raw_keccak: (a: number, b: number, c: number) => number;
export const raw_mlkem_decaps: (a: number) => number;
export const raw_mlkem_encaps: (a: number) => number;
export const raw_mlkem_keygen: (a: number) => number;
export const raw_x25519: () => number;
export const relay_accept: (a: number, b: number) => number;
export const sha256: (a: number, b: number) => number;
export const shake256: (a: number, b: number) => number;
export const __wbindgen_externrefs: WebAssembly.Table;
export const __wbindgen_start: () => void;
