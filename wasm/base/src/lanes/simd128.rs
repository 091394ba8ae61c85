use core::arch::wasm32::*;

/// Four lanes of u32.
#[derive(Clone, Copy)]
pub struct U32x4(v128);

/// Two running sums modulo 2^64.
#[derive(Clone, Copy)]
pub struct Sum64x2(v128);

impl U32x4 {
    #[inline(always)]
    pub fn new(lanes: [u32; 4]) -> Self {
        Self(u32x4(lanes[0], lanes[1], lanes[2], lanes[3]))
    }

    #[inline(always)]
    pub fn splat(value: u32) -> Self {
        Self(u32x4_splat(value))
    }

    /// Reads 16 bytes, each lane little-endian.
    #[inline(always)]
    pub fn from_le(bytes: &[u8; 16]) -> Self {
        let (halves, _) = bytes.as_chunks::<8>();
        Self(u64x2(u64::from_le_bytes(halves[0]), u64::from_le_bytes(halves[1])))
    }

    #[inline(always)]
    pub fn to_le(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        let (halves, _) = bytes.as_chunks_mut::<8>();
        halves[0] = u64x2_extract_lane::<0>(self.0).to_le_bytes();
        halves[1] = u64x2_extract_lane::<1>(self.0).to_le_bytes();
        bytes
    }

    #[inline(always)]
    pub fn plus(self, other: Self) -> Self {
        Self(i32x4_add(self.0, other.0))
    }

    #[inline(always)]
    pub fn xor(self, other: Self) -> Self {
        Self(v128_xor(self.0, other.0))
    }

    /// A turn by 16 is a shuffle of half-words, which V8 knows; the others are two shifts.
    #[inline(always)]
    pub fn rotate<const BITS: u32>(self) -> Self {
        if BITS == 16 {
            return Self(i16x8_shuffle::<1, 0, 3, 2, 5, 4, 7, 6>(self.0, self.0));
        }
        Self(v128_or(u32x4_shl(self.0, BITS), u32x4_shr(self.0, 32 - BITS)))
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

    /// Adds the four products of equal lanes, lanes 0 and 2 into one sum and 1 and 3 into the other.
    #[inline(always)]
    pub fn add_products(self, a: U32x4, b: U32x4) -> Self {
        let low = u64x2_extmul_low_u32x4(a.0, b.0);
        let high = u64x2_extmul_high_u32x4(a.0, b.0);
        Self(i64x2_add(i64x2_add(self.0, low), high))
    }

    #[inline(always)]
    pub fn total(self) -> u64 {
        u64x2_extract_lane::<0>(self.0).wrapping_add(u64x2_extract_lane::<1>(self.0))
    }
}
