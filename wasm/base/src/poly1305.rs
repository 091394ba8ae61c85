//! Poly1305 (RFC 8439 §2.5) in five limbs of 26 bits. Adiantum uses it as a hash without the final addition of `s`.

use zeroize::{Zeroize, ZeroizeOnDrop};

const LIMB: u32 = 0x3ff_ffff;

/// The clamped multiplier r, and 5 r for what wraps around 2^130 − 5.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Multiplier {
    r: [u32; 5],
    r5: [u32; 5],
}

/// A running hash: h < 2^130 + a little, in limbs of 26 bits.
#[derive(Clone, Copy, Default, Zeroize)]
pub struct Accumulator([u32; 5]);

#[inline(always)]
fn limbs(block: &[u8; 16]) -> [u32; 5] {
    let (halves, _) = block.as_chunks::<8>();
    let [low, high] = [u64::from_le_bytes(halves[0]), u64::from_le_bytes(halves[1])];
    let parts = [low, low >> 26, low >> 52 | high << 12, high >> 14, high >> 40];
    parts.map(|part| part as u32 & LIMB)
}

impl Multiplier {
    pub fn new(key: &[u8; 16]) -> Self {
        let r = limbs(&(u128::from_le_bytes(*key) & 0x0fff_fffc_0fff_fffc_0fff_fffc_0fff_ffff).to_le_bytes());
        Self {
            r,
            r5: r.map(|limb| 5 * limb),
        }
    }

    /// One full block of 16 bytes.
    #[inline]
    pub fn block(&self, h: &mut Accumulator, block: &[u8; 16]) {
        let mut add = limbs(block);
        add[4] |= 1 << 24;
        self.step(h, add);
    }

    /// The last, partial block of 1 to 15 bytes: a one after it, then zeros.
    pub fn partial(&self, h: &mut Accumulator, part: &[u8]) {
        let mut block = [0; 16];
        block[..part.len()].copy_from_slice(part);
        block[part.len()] = 1;
        self.step(h, limbs(&block));
    }

    /// A whole string.
    pub fn absorb(&self, h: &mut Accumulator, bytes: &[u8]) {
        let (blocks, rest) = bytes.as_chunks::<16>();
        for block in blocks {
            self.block(h, block);
        }
        if !rest.is_empty() {
            self.partial(h, rest);
        }
    }

    /// h = (h + add) × r, partly reduced.
    #[inline]
    fn step(&self, h: &mut Accumulator, add: [u32; 5]) {
        *h = reduced(self.products(core::array::from_fn(|i| h.0[i] + add[i])));
    }

    /// Limbs below 2^28 times r, as sums below 2^59 for each limb.
    #[inline(always)]
    fn products(&self, limbs: [u32; 5]) -> [u64; 5] {
        let a = limbs.map(u64::from);
        let (r, s) = (self.r.map(u64::from), self.r5.map(u64::from));
        [
            a[0] * r[0] + a[1] * s[4] + a[2] * s[3] + a[3] * s[2] + a[4] * s[1],
            a[0] * r[1] + a[1] * r[0] + a[2] * s[4] + a[3] * s[3] + a[4] * s[2],
            a[0] * r[2] + a[1] * r[1] + a[2] * r[0] + a[3] * s[4] + a[4] * s[3],
            a[0] * r[3] + a[1] * r[2] + a[2] * r[1] + a[3] * r[0] + a[4] * s[4],
            a[0] * r[4] + a[1] * r[3] + a[2] * r[2] + a[3] * r[1] + a[4] * r[0],
        ]
    }
}

#[inline(always)]
fn reduced(sums: [u64; 5]) -> Accumulator {
    let mut h = [0; 5];
    let mut carry = 0;
    for (limb, sum) in h.iter_mut().zip(sums) {
        let value = sum + carry;
        *limb = value as u32 & LIMB;
        carry = value >> 26;
    }
    let first = u64::from(h[0]) + carry * 5;
    h[0] = first as u32 & LIMB;
    h[1] += (first >> 26) as u32;
    Accumulator(h)
}

/// r and its square, for two blocks at a time: one reduction for both, and no waiting of the second for the first.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct PairMultiplier {
    one: Multiplier,
    two: Multiplier,
}

/// What a first block has come to, for any second one.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Begun([u64; 5]);

impl PairMultiplier {
    pub fn new(key: &[u8; 16]) -> Self {
        let one = Multiplier::new(key);
        let Accumulator(square) = reduced(one.products(one.r));
        let two = Multiplier {
            r: square,
            r5: square.map(|limb| 5 * limb),
        };
        Self { one, two }
    }

    /// A whole string.
    pub fn absorb(&self, h: &mut Accumulator, bytes: &[u8]) {
        self.one.absorb(h, bytes);
    }

    /// One full block.
    pub fn block(&self, h: &mut Accumulator, block: &[u8; 16]) {
        self.one.block(h, block);
    }

    /// Two full blocks.
    #[inline]
    pub fn pair(&self, h: &mut Accumulator, both: &[u8; 32]) {
        let (blocks, _) = both.as_chunks::<16>();
        let [mut first, mut second] = [limbs(&blocks[0]), limbs(&blocks[1])];
        first[4] |= 1 << 24;
        second[4] |= 1 << 24;
        let first = self.two.products(core::array::from_fn(|i| h.0[i] + first[i]));
        let second = self.one.products(second);
        *h = reduced(core::array::from_fn(|i| first[i] + second[i]));
    }

    /// The first block of two, of which the second is not known yet.
    pub fn begin(&self, block: &[u8; 16]) -> Begun {
        let mut first = limbs(block);
        first[4] |= 1 << 24;
        Begun(reduced(self.two.products(first)).0.map(u64::from))
    }

    /// The second block, of four bytes only.
    #[inline]
    pub fn end(&self, begun: &Begun, last: [u8; 4]) -> Accumulator {
        let value = u64::from(u32::from_le_bytes(last)) | 1 << 32;
        let second = self.one.products([value as u32 & LIMB, (value >> 26) as u32, 0, 0, 0]);
        reduced(core::array::from_fn(|i| begun.0[i] + second[i]))
    }
}

impl Accumulator {
    /// h modulo 2^130 − 5, then modulo 2^128. No branch on the value.
    #[inline]
    pub fn finish(self) -> u128 {
        let mut h = self.0;
        for _ in 0..2 {
            let mut carry = 0;
            for limb in &mut h {
                let value = *limb + carry;
                *limb = value & LIMB;
                carry = value >> 26;
            }
            h[0] += 5 * carry;
        }
        // g = h + 5 − 2^130: taken when it is not negative.
        let mut g = [0; 5];
        let mut carry = 5;
        for (out, limb) in g.iter_mut().zip(h) {
            let value = limb + carry;
            *out = value & LIMB;
            carry = value >> 26;
        }
        let take = 0u32.wrapping_sub(carry);
        let l: [u64; 5] = core::array::from_fn(|i| u64::from((g[i] & take) | (h[i] & !take)));
        let low = l[0] | l[1] << 26 | l[2] << 52;
        let high = l[2] >> 12 | l[3] << 14 | l[4] << 40;
        u128::from(low) | u128::from(high) << 64
    }
}
