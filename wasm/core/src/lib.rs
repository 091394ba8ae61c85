//! Sotto's hop handshake, its KEM and its key derivation. See README.md of the workspace.

#![forbid(unsafe_code)]

pub mod aead;
pub mod door;
pub mod handshake;
pub mod kdf;
pub mod kem;
pub mod suite;
pub mod x25519;
