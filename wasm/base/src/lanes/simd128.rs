#![allow(unsafe_code)]

use core::arch::wasm32::*;

/// Loads of whole vectors: composed from halves they would be two loads and an insertion.
#[inline(always)]
fn load<T>(from: &T) -> v128 {
    const { assert!(size_of::<T>() == 16) };
    // SAFETY: `from` is valid for 16 bytes, all of them initialised as every `T` here is made of integers; v128_load asks for
    // no alignment.
    unsafe { v128_load(core::ptr::from_ref(from).cast()) }
}

#[inline(always)]
fn store<T>(to: &mut T, value: v128) {
    const { assert!(size_of::<T>() == 16) };
    // SAFETY: as in `load`; any bits are a `T`.
    unsafe { v128_store(core::ptr::from_mut(to).cast(), value) }
}

/// Writes zeros that are not left out, sixteen bytes at a time.
#[inline(never)]
pub fn erase(blocks: &mut [[u8; 16]]) {
    for block in blocks {
        // SAFETY: `block` is valid for 16 bytes; a v128 in memory asks for alignment, which `repr(packed)` takes off.
        unsafe { core::ptr::write_volatile(core::ptr::from_mut(block).cast(), Packed(u32x4_splat(0))) };
    }
}

/// The same of vectors.
#[inline(always)]
pub fn wipe(vectors: &mut [U32x4]) {
    for vector in vectors {
        // SAFETY: `vector` is valid for writes and aligned, as it is a reference.
        unsafe { core::ptr::write_volatile(vector, U32x4::ZERO) };
    }
}

#[repr(C, packed)]
struct Packed(v128);

/// Four lanes of u32.
#[derive(Clone, Copy)]
pub struct U32x4(v128);

/// Two running sums modulo 2^64.
#[derive(Clone, Copy)]
pub struct Sum64x2(v128);

impl U32x4 {
    pub const ZERO: Self = Self(u32x4(0, 0, 0, 0));

    #[inline(always)]
    pub fn new(lanes: [u32; 4]) -> Self {
        Self(u32x4(lanes[0], lanes[1], lanes[2], lanes[3]))
    }

    #[inline(always)]
    pub fn splat(value: u32) -> Self {
        Self(u32x4_splat(value))
    }

    #[inline(always)]
    pub fn from_words(words: &[u32; 4]) -> Self {
        Self(load(words))
    }

    #[inline(always)]
    pub fn words(self) -> [u32; 4] {
        let mut words = [0; 4];
        store(&mut words, self.0);
        words
    }

    /// Reads 16 bytes, each lane little-endian.
    #[inline(always)]
    pub fn from_le(bytes: &[u8; 16]) -> Self {
        Self(load(bytes))
    }

    /// Little-endian, as `from_le`.
    #[inline(always)]
    pub fn from_number(number: u128) -> Self {
        Self(u64x2(number as u64, (number >> 64) as u64))
    }

    #[inline(always)]
    pub fn write_le(self, to: &mut [u8; 16]) {
        store(to, self.0);
    }

    #[inline(always)]
    pub fn plus(self, other: Self) -> Self {
        Self(i32x4_add(self.0, other.0))
    }

    #[inline(always)]
    pub fn xor(self, other: Self) -> Self {
        Self(v128_xor(self.0, other.0))
    }

    /// To the left.
    #[inline(always)]
    pub fn rotate<const BITS: u32>(self) -> Self {
        Self(v128_or(u32x4_shl(self.0, BITS), u32x4_shr(self.0, 32 - BITS)))
    }

    /// Each lane rotated by whole bytes.
    #[inline(always)]
    pub fn turned(self, turn: &Turn) -> Self {
        #[cfg(target_feature = "relaxed-simd")]
        return Self(i8x16_relaxed_swizzle(self.0, turn.0));
        #[cfg(not(target_feature = "relaxed-simd"))]
        Self(u8x16_swizzle(self.0, turn.0))
    }

    /// Rows become columns.
    #[inline(always)]
    pub fn transpose(rows: [Self; 4]) -> [Self; 4] {
        let low01 = i32x4_shuffle::<0, 4, 1, 5>(rows[0].0, rows[1].0);
        let high01 = i32x4_shuffle::<2, 6, 3, 7>(rows[0].0, rows[1].0);
        let low23 = i32x4_shuffle::<0, 4, 1, 5>(rows[2].0, rows[3].0);
        let high23 = i32x4_shuffle::<2, 6, 3, 7>(rows[2].0, rows[3].0);
        [
            Self(i64x2_shuffle::<0, 2>(low01, low23)),
            Self(i64x2_shuffle::<1, 3>(low01, low23)),
            Self(i64x2_shuffle::<0, 2>(high01, high23)),
            Self(i64x2_shuffle::<1, 3>(high01, high23)),
        ]
    }

    /// Of two strides of four words: the first two words of both, and the last two of both.
    #[inline(always)]
    pub fn halves(first: Self, second: Self) -> (Self, Self) {
        (
            Self(i64x2_shuffle::<0, 2>(first.0, second.0)),
            Self(i64x2_shuffle::<1, 3>(first.0, second.0)),
        )
    }
}

impl Sum64x2 {
    pub const ZERO: Self = Self(u64x2(0, 0));

    /// Adds the products of lanes 0 and 1.
    #[inline(always)]
    pub fn add_low(self, a: U32x4, b: U32x4) -> Self {
        Self(i64x2_add(self.0, u64x2_extmul_low_u32x4(a.0, b.0)))
    }

    /// Adds the products of lanes 2 and 3.
    #[inline(always)]
    pub fn add_high(self, a: U32x4, b: U32x4) -> Self {
        Self(i64x2_add(self.0, u64x2_extmul_high_u32x4(a.0, b.0)))
    }

    #[inline(always)]
    pub fn total(self) -> u64 {
        u64x2_extract_lane::<0>(self.0).wrapping_add(u64x2_extract_lane::<1>(self.0))
    }
}

/// A rotation of every lane by whole bytes, as the order of its bytes.
#[derive(Clone, Copy)]
pub struct Turn(v128);

/// Rotations to the left, in bits.
pub struct Turns {
    pub by8: Turn,
    pub by16: Turn,
}

static TURNS: [[u8; 16]; 2] = [
    [3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14],
    [2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13],
];

impl Default for Turns {
    fn default() -> Self {
        Self::new()
    }
}

impl Turns {
    /// From memory: an order that is a constant in the code is built anew by the engine at each use.
    #[inline(always)]
    pub fn new() -> Self {
        let [by8, by16] = core::hint::black_box(&TURNS);
        Self {
            by8: Turn(load(by8)),
            by16: Turn(load(by16)),
        }
    }
}

/// Sixteen bytes, and tables of sixteen.
#[derive(Clone, Copy)]
pub struct U8x16(v128);

impl U8x16 {
    #[inline(always)]
    pub fn load(bytes: &[u8; 16]) -> Self {
        Self(load(bytes))
    }

    #[inline(always)]
    pub fn store(self, to: &mut [u8; 16]) {
        store(to, self.0);
    }

    /// Little-endian.
    #[inline(always)]
    pub fn from_number(number: u128) -> Self {
        Self(u64x2(number as u64, (number >> 64) as u64))
    }

    #[inline(always)]
    pub fn number(self) -> u128 {
        u128::from(u64x2_extract_lane::<0>(self.0)) | u128::from(u64x2_extract_lane::<1>(self.0)) << 64
    }

    #[inline(always)]
    pub fn splat(byte: u8) -> Self {
        Self(u8x16_splat(byte))
    }

    #[inline(always)]
    pub fn xor(self, other: Self) -> Self {
        Self(v128_xor(self.0, other.0))
    }

    /// The low and the high four bits of each byte; `mask` is 15 in each.
    #[inline(always)]
    pub fn nibbles(self, mask: Self) -> (Self, Self) {
        (
            Self(v128_and(self.0, mask.0)),
            Self(v128_and(u32x4_shr(self.0, 4), mask.0)),
        )
    }

    /// The bytes of this table at the indices; 0 for an index of 128 or more. There must be none of 16 to 127: engines
    /// differ on them where the instruction is the relaxed one.
    #[inline(always)]
    pub fn at(self, indices: Self) -> Self {
        #[cfg(target_feature = "relaxed-simd")]
        return Self(i8x16_relaxed_swizzle(self.0, indices.0));
        #[cfg(not(target_feature = "relaxed-simd"))]
        Self(u8x16_swizzle(self.0, indices.0))
    }
}

/// Two lanes of f64.
#[derive(Clone, Copy)]
pub struct F64x2(v128);

/// Whether two lanes change places, as the order of their bytes.
#[derive(Clone, Copy)]
pub struct Exchange(v128);

impl F64x2 {
    #[inline(always)]
    pub const fn new(lanes: [f64; 2]) -> Self {
        Self(f64x2(lanes[0], lanes[1]))
    }

    #[inline(always)]
    pub fn lanes(self) -> [f64; 2] {
        [f64x2_extract_lane::<0>(self.0), f64x2_extract_lane::<1>(self.0)]
    }

    #[inline(always)]
    pub fn plus(self, other: Self) -> Self {
        Self(f64x2_add(self.0, other.0))
    }

    #[inline(always)]
    pub fn minus(self, other: Self) -> Self {
        Self(f64x2_sub(self.0, other.0))
    }

    #[inline(always)]
    pub fn times(self, other: Self) -> Self {
        Self(f64x2_mul(self.0, other.0))
    }

    /// self + a × b
    #[inline(always)]
    pub fn plus_times(self, a: Self, b: Self) -> Self {
        self.plus(a.times(b))
    }

    /// The lower lanes of two.
    #[inline(always)]
    pub fn lower(self, other: Self) -> Self {
        Self(i64x2_shuffle::<0, 2>(self.0, other.0))
    }

    /// The upper lanes of two.
    #[inline(always)]
    pub fn upper(self, other: Self) -> Self {
        Self(i64x2_shuffle::<1, 3>(self.0, other.0))
    }

    /// The upper lane of this, the lower one of the other.
    #[inline(always)]
    pub fn inner(self, other: Self) -> Self {
        Self(i64x2_shuffle::<1, 2>(self.0, other.0))
    }

    /// The lower lane of this, the upper one of the other.
    #[inline(always)]
    pub fn outer(self, other: Self) -> Self {
        Self(i64x2_shuffle::<0, 3>(self.0, other.0))
    }

    #[inline(always)]
    pub fn swapped(self) -> Self {
        Self(i64x2_shuffle::<1, 0>(self.0, self.0))
    }

    #[inline(always)]
    pub fn exchanged(self, exchange: Exchange) -> Self {
        Self(u8x16_swizzle(self.0, exchange.0))
    }
}

impl Exchange {
    /// By a bit: 1 for yes, 0 for no.
    #[inline(always)]
    pub fn new(bit: u8) -> Self {
        let order = u8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        Self(v128_xor(order, u8x16_splat(bit << 3)))
    }
}
