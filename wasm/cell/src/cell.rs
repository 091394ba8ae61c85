//! Cells and their layers (docs/protocol.md §3, §4.2).
//!
//! ```text
//! cell 1024 = circuit u32 | counter u32 | body 1016       a layer covers the body; its tweak is a counter, u32 big-endian
//! ```

use crate::adiantum::{Key, ROUNDS};

pub const CELL: usize = 1024;
pub const HEADER: usize = 8;
pub const BODY: usize = CELL - HEADER;

/// One direction of one hop: an expanded Kf or Kb.
pub struct LayerKey(Key);

impl LayerKey {
    pub fn new(key: &[u8; 32]) -> Self {
        Self(Key::new(key, ROUNDS))
    }

    pub fn encipher(&self, counter: u32, body: &mut [u8; BODY]) {
        let whole = self.0.encipher(&counter.to_be_bytes(), body);
        debug_assert!(whole);
    }

    pub fn decipher(&self, counter: u32, body: &mut [u8; BODY]) {
        let whole = self.0.decipher(&counter.to_be_bytes(), body);
        debug_assert!(whole);
    }
}
