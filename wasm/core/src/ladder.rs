//! The ladder of X25519 (RFC 7748 §5), its two points side by side.
//!
//! ```text
//! (x2 | x3) ± (z2 | z3) = (A | C), (B | D)          products  A·D | C·B  ─▶  DA + CB | DA − CB  ─▶  squares   x3' | W  ─▶  z3' = W · x1
//!                                                   squares   A²  | B²   ─▶  E = A² − B²        ─▶  products  z2' = (A² + 121665 E) · E | x2' = B² · A²
//! ```
//!
//! When a bit of the scalar is another than the last one, the points change places: (A | C) becomes (C | A). The order is that in which
//! each has what it needs while the one before is still being carried.

use crate::field::{Constants, Factor, LIMBS, Pair, Split, carried_once, constants, each_limb, read, write};
use crate::reciprocal::reciprocal;
use sotto_base::lanes::{Exchange, F64x2};

/// What is made on the way has its place here: an array that is made anew would first be filled with zeros.
struct Ladder<'a> {
    with: &'a Constants,
    point: Split,
    z2_x2: Pair,
    /// In the upper lanes W.
    x3: Pair,
    z3: Pair,
    sums: Pair,
    differences: Factor,
    a_b: Pair,
    crossed: Pair,
    across: Pair,
    squares: Pair,
    left: Pair,
    right: Factor,
}

impl<'a> Ladder<'a> {
    /// At infinity and at the point.
    fn new(x: &[f64; LIMBS], with: &'a Constants) -> Self {
        let one = |i| if i == 0 { 1.0 } else { 0.0 };
        let pair = |of: &dyn Fn(usize) -> [f64; 2]| Pair(core::array::from_fn(|i| F64x2::new(of(i))));
        Self {
            with,
            point: Split::new(x, with),
            z2_x2: pair(&|i| [0.0, one(i)]),
            x3: pair(&|i| [x[i], 0.0]),
            z3: pair(&|i| [one(i), 0.0]),
            sums: Pair::ZERO,
            differences: Factor::ZERO,
            a_b: Pair::ZERO,
            crossed: Pair::ZERO,
            across: Pair::ZERO,
            squares: Pair::ZERO,
            left: Pair::ZERO,
            right: Factor::ZERO,
        }
    }

    /// By a bit of the scalar, against the one before: 1 if they differ.
    #[inline(always)]
    fn step(&mut self, change: u8) {
        let (with, fold) = (self.with, self.with.fold);
        let (exchange, other) = (Exchange::new(change), Exchange::new(change ^ 1));
        macro_rules! begin {
            ($i:tt) => {
                let x = self.z2_x2.0[$i].inner(self.x3.0[$i]);
                let z = self.z2_x2.0[$i].lower(self.z3.0[$i]);
                let sum = x.plus(z).exchanged(exchange);
                let difference = x.minus(z).exchanged(other);
                self.sums.0[$i] = sum;
                self.differences.set($i, difference, fold);
                self.a_b.0[$i] = sum.outer(difference);
            };
        }
        each_limb!(begin);
        self.crossed.multiply(&self.sums, &self.differences, with);
        self.squares.square(&self.a_b, with);
        macro_rules! across {
            ($i:tt) => {
                let product = self.crossed.0[$i];
                self.across.0[$i] = product.swapped().plus_times(product, with.signs);
            };
        }
        each_limb!(across);
        self.x3.square(&self.across, with);
        let mut left = self.squares.0;
        macro_rules! factors {
            ($i:tt) => {
                let square = self.squares.0[$i];
                let swapped = square.swapped();
                let e = square.minus(swapped);
                left[$i] = square.plus_times(e, with.a24);
                self.right.set($i, e.outer(swapped), fold);
            };
        }
        each_limb!(factors);
        self.left.0 = carried_once(left, with);
        self.z2_x2.multiply(&self.left, &self.right, with);
        self.z3.multiply_upper(&self.x3, &self.point, with);
    }

    /// x2 / z2, and 0 where z2 is 0.
    fn finish(&self) -> [u8; 32] {
        let inverse = read(&reciprocal(&write(&self.z2_x2.lower())), self.with);
        let inverse = Pair(inverse.map(|limb| F64x2::new([limb, limb])));
        write(&self.z2_x2.times(&inverse, self.with).upper())
    }
}

/// scalar · point, by x alone; the scalar is clamped here.
pub fn multiply(scalar: &[u8; 32], point: &[u8; 32]) -> [u8; 32] {
    let with = constants();
    let mut ladder = Ladder::new(&read(point, with), with);
    let bit = |i: usize| match i {
        0..3 | 255 => 0,
        254 => 1,
        _ => scalar[i / 8] >> (i % 8) & 1,
    };
    for i in (0..255).rev() {
        ladder.step(bit(i) ^ bit(i + 1));
    }
    // The last bits were zeros: the points are where they belong.
    ladder.finish()
}

#[cfg(test)]
mod tests {
    use super::multiply;
    use curve25519_dalek::MontgomeryPoint;
    use sotto_mlkem::keccak::shake256;

    fn expect_same(scalar: &[u8; 32], point: &[u8; 32]) {
        let want = MontgomeryPoint(*point).mul_clamped(*scalar).to_bytes();
        assert_eq!(
            multiply(scalar, point),
            want,
            "scalar {scalar:02x?}, point {point:02x?}"
        );
    }

    fn drawn<const N: usize>(number: u32) -> [u8; N] {
        let mut bytes = [0; N];
        shake256(&number.to_le_bytes(), &mut bytes);
        bytes
    }

    #[test]
    fn is_that_of_dalek_for_random_points() {
        for number in 0..2_000 {
            let [scalar, point] = *drawn::<64>(number).as_chunks::<32>().0 else {
                unreachable!()
            };
            expect_same(&scalar, &point);
        }
    }

    #[test]
    fn is_that_of_dalek_at_the_edges() {
        // From 2^255 − 19 − 40 on to what does not fit, from 0 on, and digits that are all ones or all but the highest.
        let mut points: Vec<[u8; 32]> = Vec::new();
        for low in 0..=255 {
            let mut high = [255; 32];
            high[0] = low;
            let mut small = [0; 32];
            small[0] = low;
            let mut unmasked = high;
            high[31] = 127;
            unmasked[31] = 128;
            points.extend([high, small, unmasked, [low; 32]]);
        }
        // Of order 8 (RFC 7748 §6.1 by way of Bernstein's list).
        let mut order8 = [0; 32];
        for (to, from) in order8.iter_mut().zip(SMALL_ORDER.as_chunks::<2>().0) {
            *to = u8::from_str_radix(core::str::from_utf8(from).expect("ascii"), 16).expect("hex");
        }
        points.push(order8);
        for (number, point) in (0..).zip(&points) {
            expect_same(&drawn(number), point);
        }
        for scalar in [[0; 32], [255; 32], [7; 32], [248; 32]] {
            expect_same(&scalar, &[9; 32]);
            expect_same(&scalar, &order8);
        }
    }

    const SMALL_ORDER: &[u8; 64] = b"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
}
