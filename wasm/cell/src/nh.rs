//! NH (RFC 4418 §5.2, with 64-bit sums and four passes; Adiantum §2): 1024 bytes hashed to 32.
//!
//! ```text
//! stride     four words m0 m1 m2 m3 of the message, with the four words of the key at the same place (+ 4 a pass)
//! sum, pass  Σ (m0 + k0)(m2 + k2) + (m1 + k1)(m3 + k3)     inner sums mod 2^32, outer mod 2^64
//! cell       1000 bytes: strides 0 … 24 paired with 25 … 49 │ 50 … 61, and the half of one
//! ```
//! In a cell, stride i goes with stride i + 25: their first two words fill one vector and their last two another, and so with
//! the key, so that each vector is added and multiplied as it is. Vectors alone would leave idle what a processor has for
//! words: every fifth stride is for that.

use sotto_base::lanes::{Sum64x2, U32x4};
use zeroize::{Zeroize, ZeroizeOnDrop};

pub const UNIT: usize = 1024;
pub const KEY: usize = 1072;
/// What of a cell is hashed.
pub const CELL: usize = 1000;
const STRIDES: usize = KEY / 16;
const PASSES: usize = 4;
const PAIRS: usize = 25;
const STEPS: usize = PAIRS / 2;

type Stride = [u32; 4];
/// Of two strides: the first two words of both, then the last two.
type Pair = [[u32; 4]; 2];

#[repr(C, align(16))]
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key {
    pairs: [Pair; PAIRS + PASSES - 1],
    rest: [Stride; STRIDES - 2 * PAIRS],
}

impl Key {
    pub fn new(strides: &[[u8; 16]; STRIDES]) -> Self {
        let at = |i: usize| words(&strides[i]);
        Self {
            pairs: core::array::from_fn(|i| {
                let [[a, b, c, d], [e, f, g, h]] = [at(i), at(i + PAIRS)];
                [[a, b, e, f], [c, d, g, h]]
            }),
            rest: core::array::from_fn(|i| at(i + 2 * PAIRS)),
        }
    }

    fn stride(&self, i: usize) -> Stride {
        if i >= 2 * PAIRS {
            return self.rest[i - 2 * PAIRS];
        }
        let ([[a, b, e, f], [c, d, g, h]], second) = (self.pairs[i % PAIRS], i >= PAIRS);
        if second { [e, f, g, h] } else { [a, b, c, d] }
    }

    /// Hashes one unit of at most 1024 bytes, zero-padded to whole strides: the four sums.
    pub fn hash(&self, unit: &[u8]) -> [u64; PASSES] {
        let mut sums = [0; PASSES];
        for (i, part) in unit.chunks(16).enumerate() {
            let mut padded = [0; 16];
            padded[..part.len()].copy_from_slice(part);
            add_words(
                &mut sums,
                &core::array::from_fn(|pass| self.stride(i + pass)),
                words(&padded),
            );
        }
        sums
    }

    /// The same, of what a cell has.
    #[inline(always)]
    pub fn hash_cell(&self, unit: &[u8; CELL]) -> [u64; PASSES] {
        let (strides, half) = unit.as_chunks::<16>();
        let (paired, rest) = strides.split_at(2 * PAIRS);
        let (first, second) = paired.split_at(PAIRS);
        let ([firsts @ .., first], [seconds @ .., second]) = (first, second) else {
            return [0; PASSES];
        };
        let (firsts, seconds) = (firsts.as_chunks::<2>().0, seconds.as_chunks::<2>().0);
        let mut pairs = [Sum64x2::ZERO; PASSES];
        let mut sums = [0; PASSES];
        for step in 0..STEPS {
            let keys: &[Pair; PASSES + 1] = places(&self.pairs, 2 * step);
            let ([a, b], [c, d]) = (&firsts[step], &seconds[step]);
            add_pair(&mut pairs, places(keys, 0), a, c);
            add_words(&mut sums, places(&self.rest, step), words(&rest[step]));
            add_pair(&mut pairs, places(keys, 1), b, d);
        }
        add_pair(&mut pairs, places(&self.pairs, PAIRS - 1), first, second);
        let half = u64::from_le_bytes(*half.first_chunk().expect("half a stride"));
        let half = [half as u32, (half >> 32) as u32, 0, 0];
        add_words(&mut sums, places(&self.rest, STEPS), half);
        core::array::from_fn(|pass| pairs[pass].total().wrapping_add(sums[pass]))
    }
}

#[inline(always)]
fn words(stride: &[u8; 16]) -> Stride {
    let (words, _) = stride.as_chunks::<4>();
    core::array::from_fn(|i| u32::from_le_bytes(words[i]))
}

/// So many places of a key, from one on.
#[inline(always)]
fn places<T, const N: usize>(key: &[T], from: usize) -> &[T; N] {
    key[from..].first_chunk().expect("a key is longer than a cell")
}

#[inline(always)]
fn add_words(sums: &mut [u64; PASSES], keys: &[Stride; PASSES], words: Stride) {
    for (sum, key) in sums.iter_mut().zip(keys) {
        let keyed = |i: usize| u64::from(words[i].wrapping_add(key[i]));
        let products = [keyed(0).wrapping_mul(keyed(2)), keyed(1).wrapping_mul(keyed(3))];
        *sum = products.into_iter().fold(*sum, u64::wrapping_add);
    }
}

#[inline(always)]
fn add_pair(sums: &mut [Sum64x2; PASSES], keys: &[Pair; PASSES], first: &[u8; 16], second: &[u8; 16]) {
    let (low, high) = U32x4::halves(U32x4::from_le(first), U32x4::from_le(second));
    for (sum, key) in sums.iter_mut().zip(keys) {
        let [a, b] = [(low, &key[0]), (high, &key[1])].map(|(words, key)| words.plus(U32x4::from_words(key)));
        *sum = sum.add_low(a, b).add_high(a, b);
    }
}
