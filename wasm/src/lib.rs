//! Sotto's cells, layers and hop handshake. See README.md beside Cargo.toml.

#![deny(unsafe_code)]

pub mod adiantum;
pub mod aead;
mod aes256;
pub mod cell;
mod chacha;
pub mod door;
pub mod handshake;
pub mod kdf;
mod lanes;
pub mod message;
pub mod mlkem768;
mod nh;
mod poly1305;
pub mod refusal;
mod table;
pub mod x25519;
pub mod xwing;
