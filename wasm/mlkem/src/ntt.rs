//! The number-theoretic transform (FIPS 203 §4.3, Algorithms 9 to 12), eight coefficients abreast.
//!
//! ```text
//! forward   layers 128 64 32 │ 16 8 │ 4 2      inverse   2 4 │ 8 16 │ 32 64 128
//!           eight vectors in registers │ four vectors in registers, the last two layers within vectors
//! ```
//! Forward bounds: each layer adds at most q·(½ + |a|/2¹⁶), so an input within ±q comes out within 5.5 q = 18,300, and noise within
//! 4.1 q. Inverse bounds stand beside the code.

use crate::field::{Factor, Q, centred, factor, montgomery, reduce, scaled, times};
use crate::lanes::V128;
use crate::poly::Poly;
use crate::wipe::Zero;

/// 17 to the power of each 7-bit number reversed (FIPS 203, appendix A), with their b′.
static ZETAS: [[i16; 2]; 128] = zetas();
/// For one pair of vectors each: four lanes a zeta.
static FORWARD_4: [[[i16; 8]; 2]; 16] = within(false, 4);
static FORWARD_2: [[[i16; 8]; 2]; 16] = within(false, 2);
static INVERSE_4: [[[i16; 8]; 2]; 16] = within(true, 4);
static INVERSE_2: [[[i16; 8]; 2]; 16] = within(true, 2);
/// 1 in even lanes, γ of the pair in odd ones (FIPS 203 §4.3.1).
static GAMMAS: [[[i16; 8]; 2]; 32] = gammas();
/// 2¹⁶ / 128: takes back the 2⁻¹⁶ of `product`, and the 128 of the inverse.
const SCALE: i32 = 512;
const R: [i16; 2] = factor(1 << 16);

const fn zeta(index: usize) -> i32 {
    let exponent = (index as u8).reverse_bits() >> 1;
    let (mut power, mut i) = (1, 0);
    while i < exponent {
        power = power * 17 % Q as i32;
        i += 1;
    }
    power
}

const fn zetas() -> [[i16; 2]; 128] {
    let mut table = [[0; 2]; 128];
    let mut i = 0;
    while i < 128 {
        table[i] = factor(zeta(i));
        i += 1;
    }
    table
}

/// Which block of a layer lane `lane` belongs to, in the order that `halves_of_4` and `halves_of_2` leave.
const fn block_of(layer: usize, pair: usize, lane: usize) -> usize {
    if layer == 4 {
        2 * pair + lane / 4
    } else {
        4 * pair + [0, 2, 1, 3][lane / 2]
    }
}

const fn within(inverse: bool, layer: usize) -> [[[i16; 8]; 2]; 16] {
    let mut table = [[[0; 8]; 2]; 16];
    let blocks = 128 / layer;
    let mut i = 0;
    while i < 128 {
        let (pair, lane) = (i / 8, i % 8);
        let block = block_of(layer, pair, lane);
        let zeta = zeta(if inverse {
            2 * blocks - 1 - block
        } else {
            blocks + block
        });
        table[pair][0][lane] = centred(zeta);
        table[pair][1][lane] = scaled(centred(zeta));
        i += 1;
    }
    table
}

const fn gammas() -> [[[i16; 8]; 2]; 32] {
    let mut table = [[[0; 8]; 2]; 32];
    let mut i = 0;
    while i < 256 {
        let zeta = zeta(64 + i / 4);
        let gamma = [1, zeta, 1, -zeta][i % 4];
        table[i / 8][0][i % 8] = centred(gamma);
        table[i / 8][1][i % 8] = scaled(centred(gamma));
        i += 1;
    }
    table
}

#[inline(always)]
fn forward(v: &mut [V128], low: usize, high: usize, zeta: Factor) {
    let t = times(v[high], zeta);
    (v[low], v[high]) = (v[low].add16(t), v[low].sub16(t));
}

#[inline(always)]
fn inverse(v: &mut [V128], low: usize, high: usize, zeta: Factor) {
    let difference = v[high].sub16(v[low]);
    (v[low], v[high]) = (v[low].add16(v[high]), times(difference, zeta));
}

#[inline(always)]
fn splat(index: usize) -> Factor {
    Factor::splat(ZETAS[index])
}

/// Algorithm 9, in place.
pub fn ntt(poly: &mut Poly) {
    for start in 0..4 {
        let mut v: [V128; 8] = core::array::from_fn(|i| poly.get(4 * i + start));
        for i in 0..4 {
            forward(&mut v, i, i + 4, splat(1));
        }
        for (i, zeta) in [(0, 2), (1, 2), (4, 3), (5, 3)] {
            forward(&mut v, i, i + 2, splat(zeta));
        }
        for (i, zeta) in [(0, 4), (2, 5), (4, 6), (6, 7)] {
            forward(&mut v, i, i + 1, splat(zeta));
        }
        for (i, lanes) in v.into_iter().enumerate() {
            poly.set(4 * i + start, lanes);
        }
    }
    for block in 0..8 {
        let mut v: [V128; 4] = core::array::from_fn(|i| poly.get(4 * block + i));
        forward(&mut v, 0, 2, splat(8 + block));
        forward(&mut v, 1, 3, splat(8 + block));
        forward(&mut v, 0, 1, splat(16 + 2 * block));
        forward(&mut v, 2, 3, splat(17 + 2 * block));
        for half in 0..2 {
            let pair = 2 * block + half;
            let (low, high) = v[2 * half].zip64(v[2 * half + 1]);
            let mut w = [low, high];
            forward(&mut w, 0, 1, Factor::load(&FORWARD_4[pair]));
            let (low, high) = w[0].unzip32(w[1]);
            w = [low, high];
            forward(&mut w, 0, 1, Factor::load(&FORWARD_2[pair]));
            let (low, high) = w[0].zip32(w[1]);
            let (first, second) = low.zip64(high);
            poly.set(2 * pair, first);
            poly.set(2 * pair + 1, second);
        }
    }
}

/// Algorithm 10 times 2¹⁶, in place, of what `product` gives (within 7,200); the result is within ±0.8 q.
pub fn inverse_ntt(poly: &mut Poly) {
    for block in 0..8 {
        let mut v = [V128::splat16(0); 4];
        for half in 0..2 {
            let pair = 2 * block + half;
            let (low, high) = poly.get(2 * pair).zip64(poly.get(2 * pair + 1));
            let (low, high) = low.unzip32(high);
            let mut w = [low, high];
            inverse(&mut w, 0, 1, Factor::load(&INVERSE_2[pair]));
            let (low, high) = w[0].zip32(w[1]);
            w = [low, high];
            inverse(&mut w, 0, 1, Factor::load(&INVERSE_4[pair]));
            // Four times 7,200 is the most that a lane held; sums come down to 2,200, and differences were within 3,150.
            (v[2 * half], v[2 * half + 1]) = reduce(w[0]).zip64(w[1]);
        }
        inverse(&mut v, 0, 1, splat(31 - 2 * block));
        inverse(&mut v, 2, 3, splat(30 - 2 * block));
        inverse(&mut v, 0, 2, splat(15 - block));
        inverse(&mut v, 1, 3, splat(15 - block));
        // Sums of four come down; so all is within 2,400 here, and within eight times that before the last factor.
        poly.set(4 * block, reduce(v[0]));
        poly.set(4 * block + 1, reduce(v[1]));
        poly.set(4 * block + 2, v[2]);
        poly.set(4 * block + 3, v[3]);
    }
    let (scale, scaled_zeta) = (const { factor(SCALE) }, const { factor(zeta(1) * SCALE) });
    for start in 0..4 {
        let mut v: [V128; 8] = core::array::from_fn(|i| poly.get(4 * i + start));
        for (i, zeta) in [(0, 7), (2, 6), (4, 5), (6, 4)] {
            inverse(&mut v, i, i + 1, splat(zeta));
        }
        for (i, zeta) in [(0, 3), (1, 3), (4, 2), (5, 2)] {
            inverse(&mut v, i, i + 2, splat(zeta));
        }
        for i in 0..4 {
            inverse(&mut v, i, i + 4, Factor::splat(scaled_zeta));
            poly.set(4 * i + start, times(v[i], Factor::splat(scale)));
            poly.set(4 * (i + 4) + start, v[i + 4]);
        }
    }
}

/// A transformed polynomial made ready to be a factor many times: for each pair (b₀, b₁) both (b₀, γ b₁) and (b₁, b₀).
#[derive(Clone, Copy)]
pub struct Factors([[[i16; 8]; 2]; 32]);

impl Factors {
    pub fn new(poly: &Poly) -> Self {
        let mut factors = Self::ZERO;
        for (i, [straight, crossed]) in factors.0.iter_mut().enumerate() {
            let lanes = reduce(poly.get(i));
            times(lanes, Factor::load(&GAMMAS[i])).store(straight);
            lanes.swap16().store(crossed);
        }
        factors
    }

    /// What it was made of, within ±0.66 q.
    pub fn poly(&self) -> Poly {
        let mut poly = Poly::ZERO;
        for (i, [_, crossed]) in self.0.iter().enumerate() {
            poly.set(i, V128::load(crossed).swap16());
        }
        poly
    }
}

impl Zero for Factors {
    const ZERO: Self = Self([[[0; 8]; 2]; 32]);
}

/// Σ aᵢ · bᵢ · 2⁻¹⁶ in the transformed domain (Algorithms 11 and 12), with aᵢ every `stride`-th of `a`. Within 7,200 for |a| ≤ 18,300 and four terms.
pub fn product(a: &[Poly], stride: usize, b: &[Factors]) -> Poly {
    let mut sum = Poly::ZERO;
    for i in 0..32 {
        let (mut even, mut odd) = (V128::splat16(0), V128::splat16(0));
        for (a, b) in a.iter().step_by(stride).zip(b) {
            let (lanes, [straight, crossed]) = (a.get(i), &b.0[i]);
            even = even.add32(lanes.dot16(V128::load(straight)));
            odd = odd.add32(lanes.dot16(V128::load(crossed)));
        }
        sum.set(i, montgomery(even, odd));
    }
    sum
}

/// Takes back the 2⁻¹⁶ of `product` where no inverse transform does, and adds: within ±q of the addend.
pub fn add_product(poly: &mut Poly, product: &Poly) {
    for i in 0..32 {
        let lanes = times(product.get(i), Factor::splat(R));
        poly.set(i, reduce(lanes.add16(poly.get(i))));
    }
}
