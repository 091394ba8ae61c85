//! What both modules are built on. See README.md of the workspace.

#![deny(unsafe_code)]

pub mod chacha;
pub mod io;
pub mod lanes;
#[cfg(target_arch = "wasm32")]
pub mod once;
pub mod poly1305;
pub mod refusal;
pub mod stack;
pub mod table;
