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
    limbs_of([u64::from_le_bytes(halves[0]), u64::from_le_bytes(halves[1])])
}

#[inline(always)]
fn limbs_of([low, high]: [u64; 2]) -> [u32; 5] {
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
    #[inline(never)]
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

    /// Two full blocks, from their halves, and no others.
    #[inline]
    pub fn only(&self, [a, b, c, d]: [u64; 4]) -> u128 {
        let [mut first, mut second] = [limbs_of([a, b]), limbs_of([c, d])];
        first[4] |= 1 << 24;
        second[4] |= 1 << 24;
        let (first, second) = (self.two.products(first), self.one.products(second));
        settled(core::array::from_fn(|i| first[i] + second[i]))
    }

    /// The first block of two, of which the second is not known yet.
    pub fn begin(&self, block: &[u8; 16]) -> Begun {
        let mut h = Accumulator::default();
        self.two.block(&mut h, block);
        Begun(h.0.map(u64::from))
    }

    /// The second block, of four bytes only, and the last.
    #[inline]
    pub fn end(&self, begun: &Begun, last: [u8; 4]) -> u128 {
        let value = u64::from(u32::from_le_bytes(last)) | 1 << 32;
        let second = self.one.products([value as u32 & LIMB, (value >> 26) as u32, 0, 0, 0]);
        settled(core::array::from_fn(|i| begun.0[i] + second[i]))
    }
}

impl Accumulator {
    /// h modulo 2^130 − 5, then modulo 2^128. No branch on the value.
    #[inline]
    pub fn finish(self) -> u128 {
        settled(self.0.map(u64::from))
    }
}

/// Sums below 2^59 for each limb, modulo 2^130 − 5, then modulo 2^128. No branch on the value.
#[inline(always)]
fn settled(sums: [u64; 5]) -> u128 {
    const LOW: u64 = LIMB as u64;
    const WIDE: u64 = (1 << 52) - 1;
    // What is above each limb goes to the next one: all below 2^36 then, and two of them, carried, make a word of 52 bits.
    let [a, b, c, d, e] = sums.map(|sum| sum & LOW);
    let [over_a, over_b, over_c, over_d, over_e] = sums.map(|sum| sum >> 26);
    let low = (a + 5 * over_e) + ((b + over_a) << 26);
    let middle = (c + over_b) + ((d + over_c) << 26) + (low >> 52);
    let high = (e + over_d) + (middle >> 52);
    let low = (low & WIDE) + 5 * (high >> 26);
    let (middle, high) = (middle & WIDE, high & LOW);
    // Less 2^130 − 5 once more, if it is as much: 5 more then come to 2^130.
    let carry = (middle + ((low + 5) >> 52)) >> 52;
    let low = low + 5 * ((high + carry) >> 26);
    u128::from(low)
        .wrapping_add(u128::from(middle) << 52)
        .wrapping_add(u128::from(high) << 104)
}

#[cfg(test)]
mod tests {
    use super::{Accumulator, Multiplier, PairMultiplier, settled};

    /// 2^130 − 5, in bits above 2^128 and below.
    const PRIME: (u32, u128) = (3, u128::MAX - 4);

    /// Twice a number below the prime, and a bit, modulo the prime.
    fn doubled((high, low): (u32, u128), bit: u128) -> (u32, u128) {
        let mut next = (high << 1 | (low >> 127) as u32, low << 1 | bit);
        while next >= PRIME {
            let (low, borrow) = next.1.overflowing_sub(PRIME.1);
            next = (next.0 - PRIME.0 - u32::from(borrow), low);
        }
        next
    }

    /// By bits, from the highest: Σ sums[i] × 2^(26 i) modulo the prime, modulo 2^128.
    fn slowly(sums: [u64; 5]) -> u128 {
        let mut total = (0, 0);
        for bit in (0..26 * 4 + 64_i32).rev() {
            total = doubled(total, 0);
            for (limb, sum) in sums.into_iter().enumerate() {
                let place = bit - 26 * limb as i32;
                if (0..64).contains(&place) && sum >> place & 1 == 1 {
                    let (low, carry) = total.1.overflowing_add(1);
                    total = (total.0 + u32::from(carry), low);
                    if total == PRIME {
                        total = (0, 0);
                    }
                }
            }
        }
        total.1
    }

    #[test]
    fn settles_what_is_near_the_prime() {
        const LIMB: u64 = super::LIMB as u64;
        let ends = [
            0,
            1,
            4,
            5,
            6,
            LIMB - 5,
            LIMB - 4,
            LIMB - 1,
            LIMB,
            LIMB + 1,
            (1 << 59) - 1,
        ];
        let mut cases = 0;
        for a in ends {
            for b in ends {
                for [c, d, e] in [[LIMB; 3], [0; 3], [LIMB, LIMB, LIMB + 1], [(1 << 59) - 1; 3], [a, b, a]] {
                    let sums = [a, b, c, d, e];
                    assert_eq!(settled(sums), slowly(sums), "{sums:?}");
                    cases += 1;
                }
            }
        }
        assert_eq!(cases, 605);
    }

    #[test]
    fn two_blocks_at_once_are_one_after_the_other() {
        for n in 0..=255u8 {
            let key: [u8; 16] = core::array::from_fn(|i| n.wrapping_mul(7) ^ (17 * i as u8));
            let halves = core::array::from_fn(|i| u64::MAX.rotate_left(u32::from(n)) >> (i * usize::from(n % 16)));
            let mut h = Accumulator::default();
            for pair in halves.as_chunks::<2>().0 {
                let block = u128::from(pair[0]) | u128::from(pair[1]) << 64;
                Multiplier::new(&key).block(&mut h, &block.to_le_bytes());
            }
            assert_eq!(PairMultiplier::new(&key).only(halves), h.finish(), "{n}");
        }
    }
}
