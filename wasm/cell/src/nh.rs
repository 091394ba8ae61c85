//! NH (RFC 4418 §5.2, with 64-bit sums and four passes; Adiantum §2): 1024 bytes hashed to 32.
//!
//! ```text
//! stride     four words m0 m1 m2 m3 of the message, with the four words of the key at the same place (+ 4 a pass)
//! sum, pass  Σ (m0 + k0)(m2 + k2) + (m1 + k1)(m3 + k3)     inner sums mod 2^32, outer mod 2^64
//! ```

use sotto_base::lanes::{Sum64x2, U32x4};
use zeroize::{Zeroize, ZeroizeOnDrop};

pub const UNIT: usize = 1024;
pub const KEY: usize = 1072;
const PASSES: usize = 4;
const STRIDES: usize = KEY / 16;

/// The key with neighbouring strides paired, so that one multiplication serves two of them: pair i holds the first two
/// words of strides i and i + 1, then the last two of both.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key {
    pairs: [[[u32; 4]; 2]; STRIDES],
}

impl Key {
    pub fn new(bytes: &[u8; KEY]) -> Self {
        let (words, _) = bytes.as_chunks::<4>();
        // The last stride has no neighbour; nothing is ever read there.
        let word = |i: usize| words.get(i).map_or(0, |word| u32::from_le_bytes(*word));
        let pairs = core::array::from_fn(|i| {
            let [a, b] = [4 * i, 4 * i + 4];
            [
                [word(a), word(a + 1), word(b), word(b + 1)],
                [word(a + 2), word(a + 3), word(b + 2), word(b + 3)],
            ]
        });
        Self { pairs }
    }

    /// Hashes one unit of at most 1024 bytes, zero-padded to whole strides.
    pub fn hash(&self, unit: &[u8]) -> [u8; 32] {
        debug_assert!(unit.len() <= UNIT);
        let (pairs, rest) = unit.as_chunks::<32>();
        let mut sums = [Sum64x2::ZERO; PASSES];
        for (i, pair) in pairs.iter().enumerate() {
            let (strides, _) = pair.as_chunks::<16>();
            let (a, b) = U32x4::halves(U32x4::from_le(&strides[0]), U32x4::from_le(&strides[1]));
            for (pass, sum) in sums.iter_mut().enumerate() {
                let [ka, kb] = self.pairs[2 * i + pass];
                *sum = sum.add_products(a.plus(U32x4::new(ka)), b.plus(U32x4::new(kb)));
            }
        }
        let mut totals = sums.map(Sum64x2::total);
        for (i, stride) in rest.chunks(16).enumerate() {
            self.add_stride(&mut totals, 2 * pairs.len() + i, stride);
        }
        let mut hash = [0; 32];
        for (out, total) in hash.as_chunks_mut::<8>().0.iter_mut().zip(totals) {
            *out = total.to_le_bytes();
        }
        hash
    }

    fn add_stride(&self, totals: &mut [u64; PASSES], at: usize, stride: &[u8]) {
        let mut padded = [0; 16];
        padded[..stride.len()].copy_from_slice(stride);
        let (words, _) = padded.as_chunks::<4>();
        for (pass, total) in totals.iter_mut().enumerate() {
            let [first, last] = self.pairs[at + pass];
            let key = [first[0], first[1], last[0], last[1]];
            let s: [u64; 4] = core::array::from_fn(|j| u64::from(u32::from_le_bytes(words[j]).wrapping_add(key[j])));
            *total = total
                .wrapping_add(s[0].wrapping_mul(s[2]))
                .wrapping_add(s[1].wrapping_mul(s[3]));
        }
    }
}
