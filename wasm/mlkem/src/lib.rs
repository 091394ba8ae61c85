//! ML-KEM-512, 768 and 1024 (FIPS 203) from one source, for WebAssembly's SIMD128. See README.md beside Cargo.toml.

#![deny(unsafe_code)]

mod bits;
mod field;
pub mod keccak;
mod kem;
mod lanes;
mod ntt;
mod poly;
mod sample;
mod schedule;
mod set;
mod wipe;

pub use kem::{PublicKey, SecretKey, Shared, encapsulate};
pub use set::{ML_KEM_512, ML_KEM_768, ML_KEM_1024, SETS, Set};
pub use wipe::Secrets;
