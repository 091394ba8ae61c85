/**
 * 10,000 cases of ML-KEM in one digest across the boundary, drawn from SHAKE128 of nothing: C2SP/CCTV, ML-KEM/README.md, "Accumulated
 * pq-crystals vectors", with the digests of FIPS 203 as it was published. (Those of its draft of 2023: wasm/mlkem/tests/accumulated.rs.)
 *
 *   drawn for each   d 32 | z 32 | m 32 | a ciphertext        written   ek | dk | c | K | K of the ciphertext that was drawn
 */
import { shake128 } from '@noble/hashes/sha3.js';
import { equal, toHex } from '../base/index.ts';
import { mlkem, type MlKemSize } from './primitives.ts';

export const ACCUMULATED = 10_000;

export const accumulatedDigests: Readonly<Record<MlKemSize, string>> = {
  512: '705dcffc87f4e67e35a09dcaa31772e86f3341bd3ccf1e78a5fef99ae6a35a13',
  768: 'f959d18d3d1180121433bf0e05f11e7908cf9d03edc150b2b07cb90bef5bc1c1',
  1024: 'e3bf82b013307b2e9d47dde791ff6dfc82e694e6382404abdb948b908b75bad5',
};

const CIPHERTEXT: Readonly<Record<MlKemSize, number>> = { 512: 768, 768: 1088, 1024: 1568 };

function given<T>(answer: T | undefined, i: number): T {
  if (answer === undefined) throw new Error(`case ${i} is refused`);
  return answer;
}

/** The digest of `count` cases. Throws when one is refused, or does not decapsulate to what was encapsulated. */
export function accumulated(size: MlKemSize, count: number): string {
  const [source, digest] = [shake128.create({}), shake128.create({ dkLen: 32 })];
  const { keygen, encaps, decaps } = mlkem[size];
  for (let i = 0; i < count; i++) {
    const keys = given(keygen(source.xof(64)), i);
    const made = given(encaps(keys.ek, source.xof(32)), i);
    const rejected = given(decaps(keys.dk, source.xof(CIPHERTEXT[size])), i);
    if (!equal(given(decaps(keys.dk, made.c), i), made.k)) throw new Error(`case ${i} is decapsulated to something else`);
    digest.update(keys.ek).update(keys.dk).update(made.c).update(made.k).update(rejected);
  }
  return toHex(new Uint8Array(digest.digest()));
}
