//! Targets for coverage-guided fuzzing: each takes any bytes, drives one parser of the core with them, and panics when something does not
//! hold. `fuzz_targets` gives them to libFuzzer, `tests/replay.rs` plays what is kept in `corpus`. `npm run fuzz -- parsers` runs them.

#![forbid(unsafe_code)]

mod boxes;
mod cells;
mod hop;
mod input;
mod keys;

pub use boxes::{aead_open, handles};
pub use cells::{adiantum, body, reassembly, ring};
pub use hop::{create, created};
pub use keys::{expanded_key, kem_ciphertext, kem_public};

pub type Target = fn(&[u8]);

/// Each with the name of its folder in `corpus` and of its program.
pub const TARGETS: [(&str, Target); 11] = [
    ("adiantum", adiantum),
    ("aead_open", aead_open),
    ("body", body),
    ("create", create),
    ("created", created),
    ("expanded_key", expanded_key),
    ("handles", handles),
    ("kem_ciphertext", kem_ciphertext),
    ("kem_public", kem_public),
    ("reassembly", reassembly),
    ("ring", ring),
];
