//! 1 / x modulo 2^255 − 19 by division steps, in a time that does not depend on x.
//!
//! ```text
//! f = p, g = x        a step:  δ > 0 and g odd    (δ, f, g) = (1 − δ, g, (g − f) / 2)
//!                              otherwise          (δ, f, g) = (1 + δ, f, (g + (g odd) f) / 2)
//! d·x ≡ f, e·x ≡ g    until g = 0, f = ±1
//! ```
//!
//! Bernstein and Yang, Fast constant-time gcd computation and modular inversion (2019), with δ from 1/2 on, for which 590 steps are enough
//! for numbers below 2^256 (Wuille, in libsecp256k1, 2021). Thirty steps look at the lowest 30 bits alone and give a matrix of small
//! numbers, by which all four numbers are then multiplied.

/// Of 30 bits, the last one with the sign.
const DIGITS: usize = 9;
const BITS: u32 = 30;
const LOW: i32 = (1 << BITS) - 1;
/// 600 steps.
const ROUNDS: usize = 20;
/// 2^255 − 19 as two digits: the lowest, and that of 2^240.
const LOWEST: i64 = -19;
const HIGHEST: i64 = 1 << 15;
/// 1 / (2^255 − 19) modulo 2^30.
const INVERSE: i32 = {
    let mut inverse: i32 = 1;
    let mut i = 0;
    while i < 5 {
        inverse = inverse.wrapping_mul(2i32.wrapping_sub((LOWEST as i32).wrapping_mul(inverse)));
        i += 1;
    }
    inverse & LOW
};

type Number = [i32; DIGITS];

/// What thirty steps do to f and g (and d and e), times 2^30.
struct Matrix {
    u: i32,
    v: i32,
    q: i32,
    r: i32,
}

/// All ones if the number is below zero.
fn below_zero(number: i32) -> i32 {
    number >> 31
}

/// By a mask of ones, or of zeros.
fn negated_if(mask: i32, number: i32) -> i32 {
    (number ^ mask).wrapping_sub(mask)
}

/// `zeta` is −(δ + 1/2).
fn thirty_steps(zeta: i32, f: i32, g: i32) -> (i32, Matrix) {
    let (mut zeta, mut f, mut g) = (zeta, f, g);
    let (mut u, mut v, mut q, mut r) = (1i32, 0i32, 0i32, 1i32);
    for _ in 0..BITS {
        let (turns, odd) = (below_zero(zeta), (g & 1).wrapping_neg());
        g = g.wrapping_add(negated_if(turns, f) & odd);
        q = q.wrapping_add(negated_if(turns, u) & odd);
        r = r.wrapping_add(negated_if(turns, v) & odd);
        let exchanged = turns & odd;
        zeta = (zeta ^ exchanged).wrapping_sub(1);
        f = f.wrapping_add(g & exchanged);
        u = u.wrapping_add(q & exchanged) << 1;
        v = v.wrapping_add(r & exchanged) << 1;
        g >>= 1;
    }
    (zeta, Matrix { u, v, q, r })
}

/// (a·x + b·y) / 2^30, whose lowest 30 bits are zeros once `multiple` of the modulus is added.
fn row(a: i32, b: i32, x: &Number, y: &Number, multiple: i32) -> Number {
    let (a, b, multiple) = (i64::from(a), i64::from(b), i64::from(multiple));
    let mut sum = a * i64::from(x[0]) + b * i64::from(y[0]) + multiple * LOWEST;
    let mut result = [0; DIGITS];
    for i in 1..DIGITS {
        sum >>= BITS;
        sum += a * i64::from(x[i]) + b * i64::from(y[i]);
        if i == DIGITS - 1 {
            sum += multiple * HIGHEST;
        }
        result[i - 1] = sum as i32 & LOW;
    }
    result[DIGITS - 1] = (sum >> BITS) as i32;
    result
}

/// The multiple of the modulus that makes a·d + b·e divisible by 2^30 and keeps it between −2p and p.
fn correction(a: i32, b: i32, d: &Number, e: &Number) -> i32 {
    let signs = (a & below_zero(d[DIGITS - 1])).wrapping_add(b & below_zero(e[DIGITS - 1]));
    let lowest = a.wrapping_mul(d[0]).wrapping_add(b.wrapping_mul(e[0]));
    signs.wrapping_sub(INVERSE.wrapping_mul(lowest).wrapping_add(signs) & LOW)
}

/// Adds the modulus if the number is below zero, and settles its digits.
fn lifted(number: &Number, negate: i32) -> Number {
    let add = below_zero(number[DIGITS - 1]);
    let mut result = *number;
    result[0] += LOWEST as i32 & add;
    result[DIGITS - 1] += HIGHEST as i32 & add;
    let mut carried = 0;
    for (i, digit) in result.iter_mut().enumerate() {
        let sum = negated_if(negate, *digit) + carried;
        carried = sum >> BITS;
        *digit = if i < DIGITS - 1 { sum & LOW } else { sum };
    }
    result
}

fn digits(bytes: &[u8; 32]) -> Number {
    let mut padded = [0; 40];
    padded[..32].copy_from_slice(bytes);
    core::array::from_fn(|i| {
        let (from, shift) = (i * BITS as usize / 8, i * BITS as usize % 8);
        let word = padded[from..]
            .first_chunk()
            .map_or(0, |bytes| u64::from_le_bytes(*bytes));
        (word >> shift) as i32 & LOW
    })
}

fn bytes(number: &Number) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (i, digit) in number.iter().enumerate() {
        let (from, shift) = (i * BITS as usize / 8, i * BITS as usize % 8);
        let word = (*digit as u64) << shift;
        for (to, from) in bytes[from..].iter_mut().zip(word.to_le_bytes()) {
            *to |= from;
        }
    }
    bytes
}

/// Of a number below 2^255 − 19, little-endian; 0 of 0.
pub fn reciprocal(number: &[u8; 32]) -> [u8; 32] {
    let mut f = [0; DIGITS];
    (f[0], f[DIGITS - 1]) = (LOWEST as i32, HIGHEST as i32);
    let mut g = digits(number);
    let (mut d, mut e) = ([0; DIGITS], [0; DIGITS]);
    e[0] = 1;
    let mut zeta = -1;
    for _ in 0..ROUNDS {
        let (next, Matrix { u, v, q, r }) = thirty_steps(zeta, f[0], g[0]);
        zeta = next;
        (d, e) = (
            row(u, v, &d, &e, correction(u, v, &d, &e)),
            row(q, r, &d, &e, correction(q, r, &d, &e)),
        );
        (f, g) = (row(u, v, &f, &g, 0), row(q, r, &f, &g, 0));
    }
    let settled = lifted(&d, below_zero(f[DIGITS - 1]));
    bytes(&lifted(&settled, 0))
}

#[cfg(test)]
mod tests {
    use super::reciprocal;
    use crate::field::{Pair, constants, read, write};
    use sotto_base::lanes::F64x2;
    use sotto_mlkem::keccak::shake256;

    fn product(a: &[u8; 32], b: &[u8; 32]) -> [u8; 32] {
        let with = constants();
        let [a, b] = [a, b].map(|bytes| Pair(read(bytes, with).map(|limb| F64x2::new([limb, limb]))));
        write(&a.times(&b, with).lower())
    }

    fn number(low: u8) -> [u8; 32] {
        core::array::from_fn(|i| if i == 0 { low } else { 0 })
    }

    #[test]
    fn times_the_number_is_one() {
        for seed in 0..5_000u32 {
            let mut drawn = [0; 32];
            shake256(&seed.to_le_bytes(), &mut drawn);
            let canonical = product(&drawn, &number(1));
            let inverse = reciprocal(&canonical);
            assert_eq!(product(&inverse, &canonical), number(1), "{canonical:02x?}");
            // The one number that it is, below the modulus.
            assert_eq!(product(&inverse, &number(1)), inverse);
        }
    }

    #[test]
    fn holds_at_the_edges() {
        assert_eq!(reciprocal(&number(0)), number(0));
        assert_eq!(reciprocal(&number(1)), number(1));
        let mut below = [255; 32];
        below[31] = 127;
        // 2^255 − 20 is −1, and its own reciprocal.
        below[0] = 236;
        assert_eq!(reciprocal(&below), below);
        for bit in 0..255 {
            let mut power = [0; 32];
            power[bit / 8] = 1 << (bit % 8);
            assert_eq!(product(&reciprocal(&power), &power), number(1));
            let mut ones = [0; 32];
            ones[..=bit / 8].fill(255);
            ones[bit / 8] = (1u16 << (bit % 8 + 1)).wrapping_sub(1) as u8;
            let ones = product(&ones, &number(1));
            assert_eq!(product(&reciprocal(&ones), &ones), number(1));
        }
    }
}
