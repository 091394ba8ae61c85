use core::arch::wasm32::*;

/// 128 bits, read as 8 × 16, 4 × 32, 2 × 64 or 16 × 8 bits by each operation's name.
#[derive(Clone, Copy)]
pub struct V128(v128);

/// Two lanes of u64.
#[derive(Clone, Copy)]
pub struct U64x2(v128);

impl V128 {
    #[inline(always)]
    pub fn splat16(value: i16) -> Self {
        Self(i16x8_splat(value))
    }

    #[inline(always)]
    pub fn splat32(value: i32) -> Self {
        Self(i32x4_splat(value))
    }

    #[inline(always)]
    pub fn load(lanes: &[i16; 8]) -> Self {
        // Safety: the reference covers 16 readable bytes, and the instruction needs no alignment.
        Self(unsafe { v128_load(lanes.as_ptr().cast()) })
    }

    #[inline(always)]
    pub fn store(self, lanes: &mut [i16; 8]) {
        // Safety: the reference covers 16 writable bytes, and the instruction needs no alignment.
        unsafe { v128_store(lanes.as_mut_ptr().cast(), self.0) }
    }

    /// The low half of the lanes.
    #[inline(always)]
    pub fn store_low(self, lanes: &mut [i16; 4]) {
        // Safety: the reference covers 8 writable bytes, and the instruction needs no alignment.
        unsafe { v128_store64_lane::<0>(self.0, lanes.as_mut_ptr().cast()) }
    }

    /// The high half of the lanes.
    #[inline(always)]
    pub fn store_high(self, lanes: &mut [i16; 4]) {
        // Safety: as `store_low`.
        unsafe { v128_store64_lane::<1>(self.0, lanes.as_mut_ptr().cast()) }
    }

    #[inline(always)]
    pub fn load_bytes(bytes: &[u8; 16]) -> Self {
        // Safety: as `load`.
        Self(unsafe { v128_load(bytes.as_ptr().cast()) })
    }

    #[inline(always)]
    pub fn from_halves([low, high]: [u64; 2]) -> Self {
        Self(u64x2(low, high))
    }

    /// The two halves, little-endian.
    #[inline(always)]
    pub fn halves(self) -> [u64; 2] {
        [u64x2_extract_lane::<0>(self.0), u64x2_extract_lane::<1>(self.0)]
    }

    #[inline(always)]
    pub fn add16(self, other: Self) -> Self {
        Self(i16x8_add(self.0, other.0))
    }

    #[inline(always)]
    pub fn sub16(self, other: Self) -> Self {
        Self(i16x8_sub(self.0, other.0))
    }

    /// Products modulo 2^16.
    #[inline(always)]
    pub fn mul16(self, other: Self) -> Self {
        Self(i16x8_mul(self.0, other.0))
    }

    /// `(a · b + 2^14) >> 15`; never for two lanes of −2^15.
    #[inline(always)]
    pub fn mul_q15(self, other: Self) -> Self {
        #[cfg(target_feature = "relaxed-simd")]
        return Self(i16x8_relaxed_q15mulr(self.0, other.0));
        #[cfg(not(target_feature = "relaxed-simd"))]
        Self(i16x8_q15mulr_sat(self.0, other.0))
    }

    /// Sums of the products of neighbours: four lanes of i32.
    #[inline(always)]
    pub fn dot16(self, other: Self) -> Self {
        Self(i32x4_dot_i16x8(self.0, other.0))
    }

    /// All ones where `self > other`, signed.
    #[inline(always)]
    pub fn gt16(self, other: Self) -> Self {
        Self(i16x8_gt(self.0, other.0))
    }

    #[inline(always)]
    pub fn shl16(self, bits: u32) -> Self {
        Self(i16x8_shl(self.0, bits))
    }

    #[inline(always)]
    pub fn shr_u16(self, bits: u32) -> Self {
        Self(u16x8_shr(self.0, bits))
    }

    /// Copies of the sign.
    #[inline(always)]
    pub fn sign16(self) -> Self {
        Self(i16x8_shr(self.0, 15))
    }

    /// One bit a lane: its highest.
    #[inline(always)]
    pub fn bitmask16(self) -> u8 {
        i16x8_bitmask(self.0)
    }

    #[inline(always)]
    pub fn add32(self, other: Self) -> Self {
        Self(i32x4_add(self.0, other.0))
    }

    #[inline(always)]
    pub fn sub32(self, other: Self) -> Self {
        Self(i32x4_sub(self.0, other.0))
    }

    #[inline(always)]
    pub fn mul32(self, other: Self) -> Self {
        Self(i32x4_mul(self.0, other.0))
    }

    #[inline(always)]
    pub fn shl32(self, bits: u32) -> Self {
        Self(i32x4_shl(self.0, bits))
    }

    #[inline(always)]
    pub fn shr_u32(self, bits: u32) -> Self {
        Self(u32x4_shr(self.0, bits))
    }

    /// Lanes of i32 to i16: `low`'s four, then `high`'s.
    #[inline(always)]
    pub fn narrow32(low: Self, high: Self) -> Self {
        Self(i16x8_narrow_i32x4(low.0, high.0))
    }

    #[inline(always)]
    pub fn and(self, other: Self) -> Self {
        Self(v128_and(self.0, other.0))
    }

    #[inline(always)]
    pub fn or(self, other: Self) -> Self {
        Self(v128_or(self.0, other.0))
    }

    /// Bytes of `self` at the places that `places` names (each below 16, and none secret: the portable form looks them up).
    #[inline(always)]
    pub fn swizzle(self, places: Self) -> Self {
        Self(i8x16_swizzle(self.0, places.0))
    }

    #[inline(always)]
    pub fn sub8(self, other: Self) -> Self {
        Self(i8x16_sub(self.0, other.0))
    }

    /// Bytes of `self` and `other` in turn, widened with their signs: 32 lanes in four vectors.
    #[inline(always)]
    pub fn interleave8_widened(self, other: Self) -> [Self; 4] {
        let low = i8x16_shuffle::<0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23>(self.0, other.0);
        let high = i8x16_shuffle::<8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31>(self.0, other.0);
        [
            Self(i16x8_extend_low_i8x16(low)),
            Self(i16x8_extend_high_i8x16(low)),
            Self(i16x8_extend_low_i8x16(high)),
            Self(i16x8_extend_high_i8x16(high)),
        ]
    }

    /// Neighbours change places.
    #[inline(always)]
    pub fn swap16(self) -> Self {
        Self(i16x8_shuffle::<1, 0, 3, 2, 5, 4, 7, 6>(self.0, self.0))
    }

    /// The low halves of both; the high halves of both.
    #[inline(always)]
    pub fn zip64(self, other: Self) -> (Self, Self) {
        (
            Self(i64x2_shuffle::<0, 2>(self.0, other.0)),
            Self(i64x2_shuffle::<1, 3>(self.0, other.0)),
        )
    }

    /// Lanes 0 and 2 of both; lanes 1 and 3 of both.
    #[inline(always)]
    pub fn unzip32(self, other: Self) -> (Self, Self) {
        (
            Self(i32x4_shuffle::<0, 2, 4, 6>(self.0, other.0)),
            Self(i32x4_shuffle::<1, 3, 5, 7>(self.0, other.0)),
        )
    }

    /// Lanes of both in turn: the first four, the last four.
    #[inline(always)]
    pub fn zip32(self, other: Self) -> (Self, Self) {
        (
            Self(i32x4_shuffle::<0, 4, 1, 5>(self.0, other.0)),
            Self(i32x4_shuffle::<2, 6, 3, 7>(self.0, other.0)),
        )
    }
}

impl U64x2 {
    #[inline(always)]
    pub fn load(lanes: &[u64; 2]) -> Self {
        // Safety: the reference covers 16 readable bytes, and the instruction needs no alignment.
        Self(unsafe { v128_load(lanes.as_ptr().cast()) })
    }

    #[inline(always)]
    pub fn store(self, lanes: &mut [u64; 2]) {
        // Safety: the reference covers 16 writable bytes, and the instruction needs no alignment.
        unsafe { v128_store(lanes.as_mut_ptr().cast(), self.0) }
    }

    #[inline(always)]
    pub fn splat(value: u64) -> Self {
        Self(u64x2_splat(value))
    }

    #[inline(always)]
    pub fn xor(self, other: Self) -> Self {
        Self(v128_xor(self.0, other.0))
    }

    /// `self & !other`.
    #[inline(always)]
    pub fn and_not(self, other: Self) -> Self {
        Self(v128_andnot(self.0, other.0))
    }

    #[inline(always)]
    pub fn rotate(self, bits: u32) -> Self {
        Self(v128_or(u64x2_shl(self.0, bits), u64x2_shr(self.0, 64 - bits)))
    }
}
