use zeroize::Zeroize;

/// Writes zeros that are not left out.
pub fn erase(blocks: &mut [[u8; 16]]) {
    blocks.as_flattened_mut().zeroize();
}

/// The same of vectors.
pub fn wipe(vectors: &mut [U32x4]) {
    for vector in vectors {
        vector.0.zeroize();
    }
}

/// Four lanes of u32.
#[derive(Clone, Copy)]
pub struct U32x4([u32; 4]);

/// Two running sums modulo 2^64.
#[derive(Clone, Copy)]
pub struct Sum64x2([u64; 2]);

impl U32x4 {
    pub const ZERO: Self = Self([0; 4]);

    #[inline(always)]
    pub fn new(lanes: [u32; 4]) -> Self {
        Self(lanes)
    }

    #[inline(always)]
    pub fn splat(value: u32) -> Self {
        Self([value; 4])
    }

    #[inline(always)]
    pub fn from_words(words: &[u32; 4]) -> Self {
        Self(*words)
    }

    #[inline(always)]
    pub fn words(self) -> [u32; 4] {
        self.0
    }

    /// Reads 16 bytes, each lane little-endian.
    #[inline(always)]
    pub fn from_le(bytes: &[u8; 16]) -> Self {
        let (words, _) = bytes.as_chunks::<4>();
        Self(core::array::from_fn(|i| u32::from_le_bytes(words[i])))
    }

    /// Little-endian, as `from_le`.
    #[inline(always)]
    pub fn from_number(number: u128) -> Self {
        Self::from_le(&number.to_le_bytes())
    }

    #[inline(always)]
    pub fn write_le(self, to: &mut [u8; 16]) {
        for (out, lane) in to.as_chunks_mut::<4>().0.iter_mut().zip(self.0) {
            *out = lane.to_le_bytes();
        }
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

    /// Each lane rotated by whole bytes.
    #[inline(always)]
    pub fn turned<const BITS: u32>(self, _turn: &Turn<BITS>) -> Self {
        self.rotate::<BITS>()
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

    #[inline(always)]
    fn add_two(self, a: [u32; 2], b: [u32; 2]) -> Self {
        let sum = |i: usize| self.0[i].wrapping_add(u64::from(a[i]) * u64::from(b[i]));
        Self([sum(0), sum(1)])
    }

    /// Adds the products of lanes 0 and 1.
    #[inline(always)]
    pub fn add_low(self, a: U32x4, b: U32x4) -> Self {
        self.add_two([a.0[0], a.0[1]], [b.0[0], b.0[1]])
    }

    /// Adds the products of lanes 2 and 3.
    #[inline(always)]
    pub fn add_high(self, a: U32x4, b: U32x4) -> Self {
        self.add_two([a.0[2], a.0[3]], [b.0[2], b.0[3]])
    }

    #[inline(always)]
    pub fn total(self) -> u64 {
        self.0[0].wrapping_add(self.0[1])
    }
}

/// A rotation of every lane.
#[derive(Clone, Copy, Default)]
pub struct Turn<const BITS: u32>;

/// Rotations to the left, in bits.
#[derive(Default)]
pub struct Turns {
    pub by8: Turn<8>,
    pub by16: Turn<16>,
}

impl Turns {
    #[inline(always)]
    pub fn new() -> Self {
        Self { by8: Turn, by16: Turn }
    }
}

/// Two lanes of f64.
#[derive(Clone, Copy)]
pub struct F64x2([f64; 2]);

/// Whether two lanes change places.
#[derive(Clone, Copy)]
pub struct Exchange(u64);

impl F64x2 {
    #[inline(always)]
    pub const fn new(lanes: [f64; 2]) -> Self {
        Self(lanes)
    }

    #[inline(always)]
    pub fn lanes(self) -> [f64; 2] {
        self.0
    }

    #[inline(always)]
    pub fn plus(self, other: Self) -> Self {
        Self([self.0[0] + other.0[0], self.0[1] + other.0[1]])
    }

    #[inline(always)]
    pub fn minus(self, other: Self) -> Self {
        Self([self.0[0] - other.0[0], self.0[1] - other.0[1]])
    }

    #[inline(always)]
    pub fn times(self, other: Self) -> Self {
        Self([self.0[0] * other.0[0], self.0[1] * other.0[1]])
    }

    /// self + a × b
    #[inline(always)]
    pub fn plus_times(self, a: Self, b: Self) -> Self {
        self.plus(a.times(b))
    }

    /// The lower lanes of two.
    #[inline(always)]
    pub fn lower(self, other: Self) -> Self {
        Self([self.0[0], other.0[0]])
    }

    /// The upper lanes of two.
    #[inline(always)]
    pub fn upper(self, other: Self) -> Self {
        Self([self.0[1], other.0[1]])
    }

    /// The upper lane of this, the lower one of the other.
    #[inline(always)]
    pub fn inner(self, other: Self) -> Self {
        Self([self.0[1], other.0[0]])
    }

    /// The lower lane of this, the upper one of the other.
    #[inline(always)]
    pub fn outer(self, other: Self) -> Self {
        Self([self.0[0], other.0[1]])
    }

    #[inline(always)]
    pub fn swapped(self) -> Self {
        Self([self.0[1], self.0[0]])
    }

    #[inline(always)]
    pub fn exchanged(self, exchange: Exchange) -> Self {
        let [a, b] = self.0.map(f64::to_bits);
        let change = (a ^ b) & exchange.0;
        Self([a ^ change, b ^ change].map(f64::from_bits))
    }
}

impl Exchange {
    /// By a bit: 1 for yes, 0 for no.
    #[inline(always)]
    pub fn new(bit: u8) -> Self {
        Self(u64::from(bit).wrapping_neg())
    }
}
