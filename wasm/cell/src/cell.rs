//! Cells and their layers (docs/protocol.md §3, §4.2).
//!
//! ```text
//! cell 1024 = circuit u32 | counter u32 | body 1016       a layer covers the body; its tweak is a counter, u32 big-endian
//! ```

use crate::adiantum::{Key, ROUNDS, Way};
use sotto_base::chacha::Work;
use sotto_base::poly1305::Begun;
use zeroize::Zeroize;

pub const CELL: usize = 1024;
pub const HEADER: usize = 8;
pub const BODY: usize = CELL - HEADER;
const LEFT: usize = BODY - 16;

/// One direction of one hop: an expanded Kf or Kb.
#[repr(align(16))]
pub struct LayerKey {
    key: Key,
    /// The hash of a body's length, which comes before every counter.
    begun: Begun,
}

impl LayerKey {
    pub fn new(key: &[u8; 32]) -> Self {
        let key = Key::new(key, ROUNDS);
        let begun = key.begin_header(LEFT);
        Self { key, begun }
    }

    #[inline(never)]
    fn header(&self, counter: u32, header: &mut u128) {
        *header = self.key.end_header(&self.begun, counter.to_be_bytes());
    }

    pub fn apply(&self, work: &mut Work, way: Way, counter: u32, body: &mut [u8; BODY]) {
        let mut header = 0;
        self.header(counter, &mut header);
        let whole = self.key.apply_hashed(work, way, &header, body);
        header.zeroize();
        debug_assert!(whole);
    }

    /// One layer of each of four bodies, under four keys.
    pub fn apply4(work: &mut Work, keys: [&Self; 4], way: Way, counters: [u32; 4], bodies: [&mut [u8; BODY]; 4]) {
        let mut headers = [0; 4];
        for ((key, counter), header) in keys.into_iter().zip(counters).zip(&mut headers) {
            key.header(counter, header);
        }
        let whole = Key::apply4(
            work,
            keys.map(|key| &key.key),
            way,
            headers.each_ref(),
            bodies.map(|body| body.as_mut_slice()),
        );
        headers.zeroize();
        debug_assert!(whole);
    }
}
