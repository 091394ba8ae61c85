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

fn limbs(block: &[u8; 16]) -> [u32; 5] {
    let value = u128::from_le_bytes(*block);
    core::array::from_fn(|i| ((value >> (26 * i)) as u32) & LIMB)
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
        let a: [u64; 5] = core::array::from_fn(|i| u64::from(h.0[i] + add[i]));
        let (r, s) = (self.r.map(u64::from), self.r5.map(u64::from));
        let d = [
            a[0] * r[0] + a[1] * s[4] + a[2] * s[3] + a[3] * s[2] + a[4] * s[1],
            a[0] * r[1] + a[1] * r[0] + a[2] * s[4] + a[3] * s[3] + a[4] * s[2],
            a[0] * r[2] + a[1] * r[1] + a[2] * r[0] + a[3] * s[4] + a[4] * s[3],
            a[0] * r[3] + a[1] * r[2] + a[2] * r[1] + a[3] * r[0] + a[4] * s[4],
            a[0] * r[4] + a[1] * r[3] + a[2] * r[2] + a[3] * r[1] + a[4] * r[0],
        ];
        let mut carry = 0;
        for (limb, sum) in h.0.iter_mut().zip(d) {
            let value = sum + carry;
            *limb = value as u32 & LIMB;
            carry = value >> 26;
        }
        let first = u64::from(h.0[0]) + carry * 5;
        h.0[0] = first as u32 & LIMB;
        h.0[1] += (first >> 26) as u32;
    }
}

impl Accumulator {
    /// h modulo 2^130 − 5, then modulo 2^128. No branch on the value.
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
        (0..5).fold(0u128, |sum, i| {
            let limb = (g[i] & take) | (h[i] & !take);
            sum.wrapping_add(u128::from(limb) << (26 * i))
        })
    }
}
