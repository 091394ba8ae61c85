//! Sotto's hop handshake, its KEM and its key derivation. See README.md of the workspace.

#![forbid(unsafe_code)]

pub mod aead;
pub mod basepoint;
pub mod door;
pub mod ed25519;
pub mod field;
pub mod handshake;
pub mod kdf;
pub mod kem;
pub mod ladder;
pub mod reciprocal;
pub mod sha2;
pub mod suite;
pub mod x25519;

use zeroize::Zeroize;

/// Out of line and of any length: unrolled, which every array of a known length is, it would be one store for each byte.
#[inline(never)]
pub(crate) fn erase(bytes: &mut [u8]) {
    bytes.zeroize();
}
