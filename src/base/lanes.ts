/** A module that returns a v128: an engine without SIMD does not take it. */
const SIMD = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11);

/** The same with an instruction of relaxed SIMD. */
const RELAXED = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0],
  ...[10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11],
);

/** What an engine's WebAssembly can do. */
export type Lanes = 'relaxed' | 'simd' | 'scalar';

/** What this one can do, and so which of the builds in wasm/pkg are for it. */
export function lanes(): Lanes {
  if (!WebAssembly.validate(SIMD)) return 'scalar';
  return WebAssembly.validate(RELAXED) ? 'relaxed' : 'simd';
}
