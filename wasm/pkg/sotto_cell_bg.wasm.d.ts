/* tslint:disable */
/* eslint-disable */
export const memory: WebAssembly.Memory;
export const io_offset: () => number;
export const jobs_offset: () => number;
export const layer_key_free: (a: number) => void;
export const layer_key_new: () => number;
export const layer_keys_in_use: () => number;
export const message_check: () => number;
export const message_join: (a: number) => number;
export const message_split: (a: number, b: number, c: number, d: number, e: number) => number;
export const raw_adiantum: (a: number, b: number, c: number, d: number) => number;
export const reserve: (a: number) => void;
export const ring_offset: () => number;
export const run_jobs: (a: number) => number;
export const __wbindgen_externrefs: WebAssembly.Table;
export const __wbindgen_start: () => void;
