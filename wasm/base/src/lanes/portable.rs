/// Four lanes of u32.
#[derive(Clone, Copy)]
pub struct U32x4([u32; 4]);

/// Two running sums modulo 2^64.
#[derive(Clone, Copy)]
pub struct Sum64x2([u64; 2]);

impl U32x4 {
    #[inline(always)]
    pub fn new(lanes: [u32; 4]) -> Self {
        Self(lanes)
    }

    #[inline(always)]
    pub fn splat(value: u32) -> Self {
        Self([value; 4])
    }

    /// Reads 16 bytes, each lane little-endian.
    #[inline(always)]
    pub fn from_le(bytes: &[u8; 16]) -> Self {
        let (words, _) = bytes.as_chunks::<4>();
        Self(core::array::from_fn(|i| u32::from_le_bytes(words[i])))
    }

    #[inline(always)]
    pub fn to_le(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        for (out, lane) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(self.0) {
            *out = lane.to_le_bytes();
        }
        bytes
    }

    #[inline(always)]
    pub fn plus(self, other: Self) -> Self {
        Self(core::array::from_fn(|i| self.0[i].wrapping_add(other.0[i])))
    }

    #[inline(always)]
    pub fn xor(self, other: Self) -> Self {
        Self(core::array::from_fn(|i| self.0[i] ^ other.0[i]))
    }

    #[inline(always)]
    pub fn rotate<const BITS: u32>(self) -> Self {
        Self(self.0.map(|lane| lane.rotate_left(BITS)))
    }

    /// Rows become columns.
    #[inline(always)]
    pub fn transpose(rows: [Self; 4]) -> [Self; 4] {
        core::array::from_fn(|column| Self(core::array::from_fn(|row| rows[row].0[column])))
    }

    /// Of two strides of four words: the first two words of both, and the last two of both.
    #[inline(always)]
    pub fn halves(first: Self, second: Self) -> (Self, Self) {
        let (a, b) = (first.0, second.0);
        (Self([a[0], a[1], b[0], b[1]]), Self([a[2], a[3], b[2], b[3]]))
    }
}

impl Sum64x2 {
    pub const ZERO: Self = Self([0; 2]);

    /// Adds the four products of equal lanes, lanes 0 and 2 into one sum and 1 and 3 into the other.
    #[inline(always)]
    pub fn add_products(self, a: U32x4, b: U32x4) -> Self {
        let product = |i: usize| u64::from(a.0[i]) * u64::from(b.0[i]);
        Self([
            self.0[0].wrapping_add(product(0)).wrapping_add(product(2)),
            self.0[1].wrapping_add(product(1)).wrapping_add(product(3)),
        ])
    }

    #[inline(always)]
    pub fn total(self) -> u64 {
        self.0[0].wrapping_add(self.0[1])
    }
}
