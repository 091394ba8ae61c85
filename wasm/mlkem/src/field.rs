//! Arithmetic modulo q = 3329 on eight lanes, without division and without branches.
//!
//! **By a constant** (Barrett multiplication with rounding: Becker, Hwang, Kannwischer, Yang, Yang, *Neon NTT*, CHES 2022, §2.4, there for
//! `sqrdmulh`, here for `i16x8.q15mulr_sat_s`): for |b| ≤ q/2 and b′ = ⌊b·2¹⁵/q⌉, `a·b − q·((a·b′ + 2¹⁴) >> 15)` is congruent to a·b
//! and lies within q·(½ + |a|/2¹⁶), so below q for every i16 a.
//!
//! **Of two variables**: sums of products in 32 bits (`i32x4.dot_i16x8_s`), reduced once by Montgomery's method with R = 2¹⁶.

use crate::lanes::V128;

pub const Q: i16 = 3329;
/// q⁻¹ modulo 2^16.
const Q_INVERSE: i16 = -3327;

/// A constant factor b, and b′.
#[derive(Clone, Copy)]
pub struct Factor {
    pub b: V128,
    pub scaled: V128,
}

/// The representative of a class modulo q that lies nearest to 0.
pub const fn centred(value: i32) -> i16 {
    let rest = value.rem_euclid(Q as i32);
    (if rest > Q as i32 / 2 { rest - Q as i32 } else { rest }) as i16
}

/// ⌊b·2¹⁵/q⌉ of a centred b.
pub const fn scaled(b: i16) -> i16 {
    let (product, q) = ((b as i32) << 15, Q as i32);
    (2 * product + q).div_euclid(2 * q) as i16
}

impl Factor {
    #[inline(always)]
    pub fn splat([b, scaled]: [i16; 2]) -> Self {
        Self {
            b: V128::splat16(b),
            scaled: V128::splat16(scaled),
        }
    }

    #[inline(always)]
    pub fn load([b, scaled]: &[[i16; 8]; 2]) -> Self {
        Self {
            b: V128::load(b),
            scaled: V128::load(scaled),
        }
    }
}

/// A constant with its b′.
pub const fn factor(value: i32) -> [i16; 2] {
    let b = centred(value);
    [b, scaled(b)]
}

/// a·b, within ±q.
#[inline(always)]
pub fn times(a: V128, factor: Factor) -> V128 {
    let q = V128::splat16(Q);
    a.mul16(factor.b).sub16(a.mul_q15(factor.scaled).mul16(q))
}

/// The same class, within ±0.66 q.
#[inline(always)]
pub fn reduce(a: V128) -> V128 {
    const ONE: i16 = scaled(1);
    a.sub16(a.mul_q15(V128::splat16(ONE)).mul16(V128::splat16(Q)))
}

/// From ±q to 0 … q − 1.
#[inline(always)]
pub fn canonical(a: V128) -> V128 {
    a.add16(a.sign16().and(V128::splat16(Q)))
}

/// Of even and odd lanes' 32-bit sums x: x·2⁻¹⁶ modulo q, within |x|/2¹⁶ + q/2.
#[inline(always)]
pub fn montgomery(even: V128, odd: V128) -> V128 {
    let low = even.and(V128::splat32(0xffff)).or(odd.shl32(16));
    let t = low.mul16(V128::splat16(Q_INVERSE));
    let even = even.sub32(t.dot16(V128::splat32(i32::from(Q))));
    let odd = odd.sub32(t.dot16(V128::splat32(i32::from(Q) << 16)));
    even.shr_u32(16)
        .or(odd.and(V128::splat32(0xffff_0000_u32.cast_signed())))
}
