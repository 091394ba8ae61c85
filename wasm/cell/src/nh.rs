//! NH (RFC 4418 §5.2, with 64-bit sums and four passes; Adiantum §2): 1024 bytes hashed to 32.
//!
//! ```text
//! stride     four words m0 m1 m2 m3 of the message, with the four words of the key at the same place (+ 4 a pass)
//! sum, pass  Σ (m0 + k0)(m2 + k2) + (m1 + k1)(m3 + k3)     inner sums mod 2^32, outer mod 2^64
//! ```
//! Stride i goes with stride i + 32: their first two words fill one vector and their last two another, and so with the key,
//! so that each vector is added and multiplied as it is. The key laid out like that is hardly longer than the key itself.

use sotto_base::lanes::{Sum64x2, U32x4};
use zeroize::{Zeroize, ZeroizeOnDrop};

pub const UNIT: usize = 1024;
pub const KEY: usize = 1072;
const KEY_STRIDES: usize = KEY / 16;
const PASSES: usize = 4;
const STRIDES: usize = UNIT / 16;
const PAIRS: usize = STRIDES / 2;

/// Pair i: the first two words of strides i and i + 32 of the key, then the last two of both.
type Pair = [[u32; 4]; 2];

#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key {
    pairs: [Pair; PAIRS + PASSES - 1],
}

impl Key {
    pub fn new(strides: &[[u8; 16]; KEY_STRIDES]) -> Self {
        let (words, _) = strides.as_flattened().as_chunks::<4>();
        let word = |i: usize| u32::from_le_bytes(words[i]);
        let pairs = core::array::from_fn(|i| {
            let [a, b] = [4 * i, 4 * (i + PAIRS)];
            [
                [word(a), word(a + 1), word(b), word(b + 1)],
                [word(a + 2), word(a + 3), word(b + 2), word(b + 3)],
            ]
        });
        Self { pairs }
    }

    /// Hashes one unit of at most 1024 bytes, zero-padded to whole strides.
    pub fn hash(&self, unit: &[u8]) -> [u8; 32] {
        let (strides, rest) = unit.as_chunks::<16>();
        let (low, high) = strides.split_at(strides.len().min(PAIRS));
        let mut sums = [Sum64x2::ZERO; PASSES];
        for ((first, second), keys) in low.iter().zip(high).zip(self.pairs.array_windows()) {
            add_pair(&mut sums, keys, first, second);
        }
        for (first, keys) in low.iter().zip(self.pairs.array_windows()).skip(high.len()) {
            add_one(&mut sums, keys, U32x4::from_le(first));
        }
        if !rest.is_empty() {
            self.add_rest(&mut sums, low, high.len(), rest);
        }
        let mut hash = [0; 32];
        for (out, sum) in hash.as_chunks_mut::<8>().0.iter_mut().zip(sums) {
            *out = sum.total().to_le_bytes();
        }
        hash
    }

    /// The last stride, not a whole one.
    fn add_rest(&self, sums: &mut [Sum64x2; PASSES], low: &[[u8; 16]], high: usize, rest: &[u8]) {
        let padded = padded(rest);
        let keys = |at: usize| self.pairs.array_windows().nth(at);
        if low.len() < PAIRS {
            keys(low.len()).into_iter().for_each(|keys| add_one(sums, keys, padded));
        } else {
            keys(high).into_iter().for_each(|keys| add_other(sums, keys, padded));
        }
    }
}

/// At most 15 bytes, as a stride. Half a stride is what a cell ends with.
#[inline(always)]
fn padded(rest: &[u8]) -> U32x4 {
    let value = match rest.first_chunk() {
        Some(half) if rest.len() == 8 => u128::from(u64::from_le_bytes(*half)),
        _ => rest.iter().rev().fold(0, |sum, byte| sum << 8 | u128::from(*byte)),
    };
    U32x4::new([
        value as u32,
        (value >> 32) as u32,
        (value >> 64) as u32,
        (value >> 96) as u32,
    ])
}

#[inline(always)]
fn keyed(words: (U32x4, U32x4), key: &Pair) -> (U32x4, U32x4) {
    (
        words.0.plus(U32x4::from_words(&key[0])),
        words.1.plus(U32x4::from_words(&key[1])),
    )
}

#[inline(always)]
fn add_pair(sums: &mut [Sum64x2; PASSES], keys: &[Pair; PASSES], first: &[u8; 16], second: &[u8; 16]) {
    let words = U32x4::halves(U32x4::from_le(first), U32x4::from_le(second));
    for (sum, key) in sums.iter_mut().zip(keys) {
        let (a, b) = keyed(words, key);
        *sum = sum.add_low(a, b).add_high(a, b);
    }
}

/// A stride of the lower half, whose partner is not there.
#[inline(always)]
fn add_one(sums: &mut [Sum64x2; PASSES], keys: &[Pair; PASSES], first: U32x4) {
    let words = U32x4::halves(first, U32x4::splat(0));
    for (sum, key) in sums.iter_mut().zip(keys) {
        let (a, b) = keyed(words, key);
        *sum = sum.add_low(a, b);
    }
}

/// A stride of the upper half by itself.
#[inline(always)]
fn add_other(sums: &mut [Sum64x2; PASSES], keys: &[Pair; PASSES], second: U32x4) {
    let words = U32x4::halves(U32x4::splat(0), second);
    for (sum, key) in sums.iter_mut().zip(keys) {
        let (a, b) = keyed(words, key);
        *sum = sum.add_high(a, b);
    }
}
