/// 128 bits, read as 8 × 16, 4 × 32, 2 × 64 or 16 × 8 bits by each operation's name.
#[derive(Clone, Copy)]
#[repr(align(16))]
pub struct V128([i16; 8]);

/// Two lanes of u64.
#[derive(Clone, Copy)]
pub struct U64x2([u64; 2]);

impl V128 {
    #[inline(always)]
    fn zip(self, other: Self, work: impl Fn(i16, i16) -> i16) -> Self {
        Self(core::array::from_fn(|i| work(self.0[i], other.0[i])))
    }

    #[inline(always)]
    fn words(self) -> [i32; 4] {
        core::array::from_fn(|i| i32::from(self.0[2 * i] as u16) | i32::from(self.0[2 * i + 1]) << 16)
    }

    #[inline(always)]
    fn from_words(words: [i32; 4]) -> Self {
        Self(core::array::from_fn(|i| (words[i / 2] >> (16 * (i % 2))) as i16))
    }

    #[inline(always)]
    fn bytes(self) -> [u8; 16] {
        core::array::from_fn(|i| self.0[i / 2].to_le_bytes()[i % 2])
    }

    #[inline(always)]
    fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(core::array::from_fn(|i| {
            i16::from_le_bytes([bytes[2 * i], bytes[2 * i + 1]])
        }))
    }

    #[inline(always)]
    pub fn splat16(value: i16) -> Self {
        Self([value; 8])
    }

    #[inline(always)]
    pub fn splat32(value: i32) -> Self {
        Self::from_words([value; 4])
    }

    #[inline(always)]
    pub fn load(lanes: &[i16; 8]) -> Self {
        Self(*lanes)
    }

    #[inline(always)]
    pub fn store(self, lanes: &mut [i16; 8]) {
        *lanes = self.0;
    }

    /// The low half of the lanes.
    #[inline(always)]
    pub fn store_low(self, lanes: &mut [i16; 4]) {
        lanes.copy_from_slice(&self.0[..4]);
    }

    /// The high half of the lanes.
    #[inline(always)]
    pub fn store_high(self, lanes: &mut [i16; 4]) {
        lanes.copy_from_slice(&self.0[4..]);
    }

    #[inline(always)]
    pub fn load_bytes(bytes: &[u8; 16]) -> Self {
        Self::from_bytes(*bytes)
    }

    #[inline(always)]
    pub fn from_halves(halves: [u64; 2]) -> Self {
        Self::from_words(core::array::from_fn(|i| (halves[i / 2] >> (32 * (i % 2))) as i32))
    }

    /// The two halves, little-endian.
    #[inline(always)]
    pub fn halves(self) -> [u64; 2] {
        let words = self.words().map(|word| u64::from(word as u32));
        [words[0] | words[1] << 32, words[2] | words[3] << 32]
    }

    #[inline(always)]
    pub fn add16(self, other: Self) -> Self {
        self.zip(other, i16::wrapping_add)
    }

    #[inline(always)]
    pub fn sub16(self, other: Self) -> Self {
        self.zip(other, i16::wrapping_sub)
    }

    /// Products modulo 2^16.
    #[inline(always)]
    pub fn mul16(self, other: Self) -> Self {
        self.zip(other, i16::wrapping_mul)
    }

    /// `(a · b + 2^14) >> 15`; never for two lanes of −2^15.
    #[inline(always)]
    pub fn mul_q15(self, other: Self) -> Self {
        self.zip(other, |a, b| ((i32::from(a) * i32::from(b) + 0x4000) >> 15) as i16)
    }

    /// Sums of the products of neighbours: four lanes of i32.
    #[inline(always)]
    pub fn dot16(self, other: Self) -> Self {
        let product = |i: usize| i32::from(self.0[i]) * i32::from(other.0[i]);
        Self::from_words(core::array::from_fn(|i| {
            product(2 * i).wrapping_add(product(2 * i + 1))
        }))
    }

    /// All ones where `self > other`, signed.
    #[inline(always)]
    pub fn gt16(self, other: Self) -> Self {
        self.zip(other, |a, b| -i16::from(a > b))
    }

    #[inline(always)]
    pub fn shl16(self, bits: u32) -> Self {
        Self(self.0.map(|lane| lane << bits))
    }

    #[inline(always)]
    pub fn shr_u16(self, bits: u32) -> Self {
        Self(self.0.map(|lane| ((lane as u16) >> bits) as i16))
    }

    /// Copies of the sign.
    #[inline(always)]
    pub fn sign16(self) -> Self {
        Self(self.0.map(|lane| lane >> 15))
    }

    /// One bit a lane: its highest.
    #[inline(always)]
    pub fn bitmask16(self) -> u8 {
        (0..8).fold(0, |mask, i| mask | u8::from(self.0[i] < 0) << i)
    }

    #[inline(always)]
    fn zip_words(self, other: Self, work: impl Fn(i32, i32) -> i32) -> Self {
        let (a, b) = (self.words(), other.words());
        Self::from_words(core::array::from_fn(|i| work(a[i], b[i])))
    }

    #[inline(always)]
    pub fn add32(self, other: Self) -> Self {
        self.zip_words(other, i32::wrapping_add)
    }

    #[inline(always)]
    pub fn sub32(self, other: Self) -> Self {
        self.zip_words(other, i32::wrapping_sub)
    }

    #[inline(always)]
    pub fn mul32(self, other: Self) -> Self {
        self.zip_words(other, i32::wrapping_mul)
    }

    #[inline(always)]
    pub fn shl32(self, bits: u32) -> Self {
        Self::from_words(self.words().map(|word| word << bits))
    }

    #[inline(always)]
    pub fn shr_u32(self, bits: u32) -> Self {
        Self::from_words(self.words().map(|word| ((word as u32) >> bits) as i32))
    }

    /// Lanes of i32 to i16: `low`'s four, then `high`'s.
    #[inline(always)]
    pub fn narrow32(low: Self, high: Self) -> Self {
        let words = [low.words(), high.words()];
        let clamp = |word: i32| word.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16;
        Self(core::array::from_fn(|i| clamp(words[i / 4][i % 4])))
    }

    #[inline(always)]
    pub fn and(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    #[inline(always)]
    pub fn or(self, other: Self) -> Self {
        self.zip(other, |a, b| a | b)
    }

    /// Bytes of `self` at the places that `places` names (each below 16, and none secret: this is a table here).
    #[inline(always)]
    pub fn swizzle(self, places: Self) -> Self {
        let (bytes, places) = (self.bytes(), places.bytes());
        Self::from_bytes(places.map(|place| bytes[usize::from(place & 15)]))
    }

    #[inline(always)]
    pub fn sub8(self, other: Self) -> Self {
        let (a, b) = (self.bytes(), other.bytes());
        Self::from_bytes(core::array::from_fn(|i| a[i].wrapping_sub(b[i])))
    }

    /// Bytes of `self` and `other` in turn, widened with their signs: 32 lanes in four vectors.
    #[inline(always)]
    pub fn interleave8_widened(self, other: Self) -> [Self; 4] {
        let bytes = [self.bytes(), other.bytes()];
        core::array::from_fn(|v| {
            Self(core::array::from_fn(|i| {
                let at = 8 * v + i;
                i16::from(bytes[at % 2][at / 2] as i8)
            }))
        })
    }

    /// Neighbours change places.
    #[inline(always)]
    pub fn swap16(self) -> Self {
        Self(core::array::from_fn(|i| self.0[i ^ 1]))
    }

    #[inline(always)]
    fn pick(self, other: Self, lanes: [usize; 4]) -> Self {
        let words = [self.words(), other.words()];
        Self::from_words(lanes.map(|lane| words[lane / 4][lane % 4]))
    }

    /// The low halves of both; the high halves of both.
    #[inline(always)]
    pub fn zip64(self, other: Self) -> (Self, Self) {
        (self.pick(other, [0, 1, 4, 5]), self.pick(other, [2, 3, 6, 7]))
    }

    /// Lanes 0 and 2 of both; lanes 1 and 3 of both.
    #[inline(always)]
    pub fn unzip32(self, other: Self) -> (Self, Self) {
        (self.pick(other, [0, 2, 4, 6]), self.pick(other, [1, 3, 5, 7]))
    }

    /// Lanes of both in turn: the first four, the last four.
    #[inline(always)]
    pub fn zip32(self, other: Self) -> (Self, Self) {
        (self.pick(other, [0, 4, 1, 5]), self.pick(other, [2, 6, 3, 7]))
    }
}

impl U64x2 {
    #[inline(always)]
    pub fn load(lanes: &[u64; 2]) -> Self {
        Self(*lanes)
    }

    #[inline(always)]
    pub fn store(self, lanes: &mut [u64; 2]) {
        *lanes = self.0;
    }

    #[inline(always)]
    pub fn splat(value: u64) -> Self {
        Self([value; 2])
    }

    #[inline(always)]
    pub fn xor(self, other: Self) -> Self {
        Self([self.0[0] ^ other.0[0], self.0[1] ^ other.0[1]])
    }

    /// `self & !other`.
    #[inline(always)]
    pub fn and_not(self, other: Self) -> Self {
        Self([self.0[0] & !other.0[0], self.0[1] & !other.0[1]])
    }

    #[inline(always)]
    pub fn rotate(self, bits: u32) -> Self {
        Self(self.0.map(|lane| lane.rotate_left(bits)))
    }
}
