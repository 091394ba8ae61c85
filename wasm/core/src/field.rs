//! Numbers modulo 2^255 − 19 in doubles, two side by side in the lanes of vectors.
//!
//! ```text
//! number = x[0] + x[1] + … + x[11]        x[i] a multiple of 2^⌈21.25 i⌉: its place is in its exponent
//! x[i] · y[j] belongs to [i + j]; beyond [11], times 19 · 2^-255, to [i + j − 12]
//! ```
//!
//! After Bernstein, Curve25519: new Diffie-Hellman speed records (2006), §4. Of all that WebAssembly has it multiplies doubles fastest, two
//! by one instruction, where 64-bit products of words come one at a time. Nothing is rounded but by intent: a limb that was carried is
//! at most half of the next one's place and a little, both operands of a product may be sums of two such, and no sum of products leaves
//! the 53 bits above its place (the tests go through the bounds). So every engine computes the same, and no number is ever so small that
//! a processor would take longer for it.

use sotto_base::lanes::F64x2;

pub const LIMBS: usize = 12;
/// So many columns of a product are summed in registers at a time.
const WIDE: usize = 6;

pub type Limbs = [F64x2; LIMBS];

type Row = [F64x2; WIDE];

/// Two numbers: one in the lower lanes, one in the upper ones.
#[derive(Clone, Copy)]
pub struct Pair(pub Limbs);

/// Two numbers as products take them: `[11] … [0]` and the same folded, so that what one limb meets from column to column lies in a row.
pub struct Factor([F64x2; 2 * LIMBS]);

/// One number as a factor of which the lower lanes take the even limbs of the other, the upper lanes the odd ones.
pub struct Split(Factor);

/// Bits below limb `i`.
const fn place(i: usize) -> usize {
    (85 * i).div_ceil(4)
}

/// Bits of limb `i`.
const fn width(i: usize) -> usize {
    place(i + 1) - place(i)
}

/// 2 to the power of `exponent`.
const fn power(exponent: i64) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << 52)
}

const fn both(number: f64) -> F64x2 {
    F64x2::new([number, number])
}

const ZERO: F64x2 = both(0.0);
/// What 2^255 is worth at the bottom, as seen from there.
const FOLD: f64 = 19.0 * power(-255);

/// Read from memory: a vector that is a constant in the code is built anew by the engine at each use.
pub struct Constants {
    /// Added and taken off again, it rounds a limb to multiples of the next one's place.
    round: Limbs,
    pub fold: F64x2,
    /// 1, −1.
    pub signs: F64x2,
    /// 121665, 0.
    pub a24: F64x2,
    /// How many pairs of limbs follow the first one: not for the compiler to know, which would unroll what then has too few registers.
    pairs: usize,
}

static CONSTANTS: Constants = {
    let mut round = [ZERO; LIMBS];
    let mut i = 0;
    while i < LIMBS {
        round[i] = both(1.5 * power(place(i + 1) as i64 + 52));
        i += 1;
    }
    Constants {
        round,
        fold: both(FOLD),
        signs: F64x2::new([1.0, -1.0]),
        a24: F64x2::new([121_665.0, 0.0]),
        pairs: LIMBS / 2 - 1,
    }
};

pub fn constants() -> &'static Constants {
    core::hint::black_box(&CONSTANTS)
}

/// Once for each limb, in the code.
macro_rules! each_limb {
    ($body:ident) => {
        $body!(0);
        $body!(1);
        $body!(2);
        $body!(3);
        $body!(4);
        $body!(5);
        $body!(6);
        $body!(7);
        $body!(8);
        $body!(9);
        $body!(10);
        $body!(11);
    };
}
pub(crate) use each_limb;

impl Factor {
    pub const ZERO: Self = Self([ZERO; 2 * LIMBS]);

    #[inline(always)]
    pub fn set(&mut self, i: usize, limb: F64x2, fold: F64x2) {
        self.0[LIMBS - 1 - i] = limb;
        self.0[2 * LIMBS - 1 - i] = limb.times(fold);
    }

    fn of(limbs: &Limbs, with: &Constants) -> Self {
        let mut factor = Self::ZERO;
        for (i, limb) in limbs.iter().enumerate() {
            factor.set(i, *limb, with.fold);
        }
        factor
    }

    /// What `[0]` meets in six columns, and what follows there for the next ones, by two.
    #[inline(always)]
    fn columns(&self, first: usize) -> (Row, [F64x2; 2], &[[F64x2; 2]]) {
        let row = &self.0[LIMBS - WIDE - first..];
        let (next, following) = ([row[WIDE], row[WIDE + 1]], row[WIDE + 2..].as_chunks().0);
        ([5, 4, 3, 2, 1, 0].map(|i| row[i]), next, following)
    }
}

impl Split {
    pub fn new(number: &[f64; LIMBS], with: &Constants) -> Self {
        let before = |j: usize| {
            if j == 0 {
                number[LIMBS - 1] * FOLD
            } else {
                number[j - 1]
            }
        };
        Self(Factor::of(
            &core::array::from_fn(|j| F64x2::new([number[j], before(j)])),
            with,
        ))
    }
}

/// The first two limbs, and the others by two.
#[inline(always)]
fn pairs<'a>(a: &'a Pair, with: &Constants) -> ([F64x2; 2], &'a [[F64x2; 2]]) {
    let [first, second, others @ ..] = &a.0;
    ([*first, *second], others[..2 * with.pairs].as_chunks().0)
}

#[inline(always)]
fn plus_products(sums: Row, limb: F64x2, row: Row) -> Row {
    core::array::from_fn(|i| sums[i].plus_times(limb, row[i]))
}

/// Six columns of a product: what a limb meets in them moves on by one from limb to limb.
#[inline(always)]
fn columns(a: &Pair, b: &Factor, first: usize, with: &Constants) -> Row {
    let (row, next, following) = b.columns(first);
    let moved = |row: Row, next: F64x2| [next, row[0], row[1], row[2], row[3], row[4]];
    let (limbs, others) = pairs(a, with);
    let mut sums = row.map(|factor| limbs[0].times(factor));
    let row = moved(row, next[0]);
    sums = plus_products(sums, limbs[1], row);
    let mut row = moved(row, next[1]);
    for (limbs, next) in others.iter().zip(following) {
        sums = plus_products(sums, limbs[0], row);
        row = moved(row, next[0]);
        sums = plus_products(sums, limbs[1], row);
        row = moved(row, next[1]);
    }
    sums
}

/// The same for two limbs of the upper number at once, one in each lane.
#[inline(always)]
fn split_columns(a: &Pair, b: &Split, first: usize, with: &Constants) -> Row {
    let (row, next, following) = b.0.columns(first);
    let moved = |row: Row, next: &[F64x2; 2]| [next[1], next[0], row[0], row[1], row[2], row[3]];
    let (limbs, others) = pairs(a, with);
    let two = limbs[0].upper(limbs[1]);
    let mut sums = row.map(|factor| two.times(factor));
    let mut row = moved(row, &next);
    for (limbs, next) in others.iter().zip(following) {
        sums = plus_products(sums, limbs[0].upper(limbs[1]), row);
        row = moved(row, next);
    }
    sums.map(|sum| sum.plus(sum.swapped()))
}

#[inline(always)]
fn joined(low: [F64x2; WIDE], high: [F64x2; WIDE]) -> Limbs {
    let ([s0, s1, s2, s3, s4, s5], [s6, s7, s8, s9, s10, s11]) = (low, high);
    [s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11]
}

/// Rounds limb `$i` of `$from` to the next one's place, takes that off its place in `$to`, and adds it to the next.
macro_rules! carry {
    ($from:ident, $to:ident, $i:tt, $with:ident) => {
        let above = $from[$i].plus($with.round[$i]).minus($with.round[$i]);
        $to[$i] = $to[$i].minus(above);
        if $i + 1 < LIMBS {
            $to[($i + 1) % LIMBS] = $to[($i + 1) % LIMBS].plus(above);
        } else {
            $to[0] = $to[0].plus_times(above, $with.fold);
        }
    };
}

/// The order in which sums are carried: in two chains beside each other, as each waits for itself.
macro_rules! in_chains {
    ($body:ident) => {
        in_chains!($body: 0 6 1 7 2 8 3 9 4 10 5 11 0 6);
    };
    ($body:ident: $($i:tt)*) => { $($body!($i);)* };
}

#[inline(always)]
fn carried(mut sums: Limbs, with: &Constants) -> Limbs {
    macro_rules! one {
        ($i:tt) => {
            carry!(sums, sums, $i, with);
        };
    }
    in_chains!(one);
    sums
}

/// All limbs at once, each by what it holds now: enough for what is not a product.
#[inline(always)]
pub fn carried_once(limbs: Limbs, with: &Constants) -> Limbs {
    let mut rest = limbs;
    macro_rules! each {
        ($i:tt) => {
            carry!(limbs, rest, $i, with);
        };
    }
    each_limb!(each);
    rest
}

impl Pair {
    pub const ZERO: Self = Self([ZERO; LIMBS]);

    #[inline(never)]
    pub fn multiply(&mut self, a: &Self, b: &Factor, with: &Constants) {
        self.0 = carried(joined(columns(a, b, 0, with), columns(a, b, WIDE, with)), with);
    }

    #[inline(never)]
    pub fn square(&mut self, a: &Self, with: &Constants) {
        let a = &a.0;
        let mut sums = [ZERO; LIMBS];
        macro_rules! row {
            ($i:tt) => {
                let once = a[$i];
                let twice = once.plus(once);
                let (once_folded, twice_folded) = (once.times(with.fold), twice.times(with.fold));
                macro_rules! product {
                    ($j:tt) => {
                        if $j >= $i {
                            let (column, is_same) = (($i + $j) % LIMBS, $i == $j);
                            let factor = match ($i + $j < LIMBS, is_same) {
                                (true, true) => once,
                                (true, false) => twice,
                                (false, true) => once_folded,
                                (false, false) => twice_folded,
                            };
                            sums[column] = if $i == 0 {
                                factor.times(a[$j])
                            } else {
                                sums[column].plus_times(factor, a[$j])
                            };
                        }
                    };
                }
                each_limb!(product);
            };
        }
        each_limb!(row);
        self.0 = carried(sums, with);
    }

    /// The upper number of `a` times `b`, in both lanes.
    #[inline(never)]
    pub fn multiply_upper(&mut self, a: &Self, b: &Split, with: &Constants) {
        self.0 = carried(
            joined(split_columns(a, b, 0, with), split_columns(a, b, WIDE, with)),
            with,
        );
    }

    #[inline(never)]
    pub fn times(&self, other: &Self, with: &Constants) -> Self {
        let mut product = Self::ZERO;
        product.multiply(self, &Factor::of(&other.0, with), with);
        product
    }

    pub fn lower(&self) -> [f64; LIMBS] {
        self.0.map(|limb| limb.lanes()[0])
    }

    pub fn upper(&self) -> [f64; LIMBS] {
        self.0.map(|limb| limb.lanes()[1])
    }
}

/// Of 32 bytes, little-endian, without their last bit (RFC 7748 §5); limbs as if carried.
pub fn read(bytes: &[u8; 32], with: &Constants) -> [f64; LIMBS] {
    let mut padded = [0; 36];
    padded[..32].copy_from_slice(bytes);
    let limb = |i| {
        let (from, shift) = (place(i) / 8, place(i) % 8);
        let word = u32::from_le_bytes([padded[from], padded[from + 1], padded[from + 2], padded[from + 3]]);
        both(f64::from(word >> shift & ((1 << width(i)) - 1)) * power(place(i) as i64))
    };
    Pair(carried(core::array::from_fn(limb), with)).lower()
}

/// Adds to the lowest digit and carries through all of them; gives what is beyond 2^255.
fn settle(digits: &mut [i64; LIMBS], add: i64) -> i64 {
    let mut carried = add;
    for (i, digit) in digits.iter_mut().enumerate() {
        let sum = *digit + carried;
        carried = sum >> width(i);
        *digit = sum & ((1 << width(i)) - 1);
    }
    carried
}

/// The one number below 2^255 − 19, of limbs that were carried.
pub fn write(number: &[f64; LIMBS]) -> [u8; 32] {
    // Whole numbers of 23 bits and a sign, taken from where a double keeps them. With 2^255 − 19 added, the sum is not below zero.
    const WHOLE: f64 = 1.5 * power(52);
    let mut digits: [i64; LIMBS] = core::array::from_fn(|i| {
        let whole = number[i] * power(-(place(i) as i64)) + WHOLE;
        let modulus = (1 << width(i)) - if i == 0 { 19 } else { 1 };
        whole.to_bits() as i64 - WHOLE.to_bits() as i64 + modulus
    });
    let beyond = settle(&mut digits, 0);
    settle(&mut digits, 19 * beyond);
    // Now below 2^255: whether 2^255 − 19 is in it shows by adding 19.
    let over = settle(&mut digits.clone(), 19);
    settle(&mut digits, 19 * over);
    let mut words = [0u64; 4];
    for (i, digit) in digits.iter().enumerate() {
        let (word, shift) = (place(i) / 64, place(i) % 64);
        words[word] |= (*digit as u64) << shift;
        if shift + width(i) > 64 {
            words[word + 1] |= *digit as u64 >> (64 - shift);
        }
    }
    let mut bytes = [0; 32];
    for (to, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        *to = word.to_le_bytes();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a limb is at most, either way, in units of its place.
    type Bounds = [u128; LIMBS];

    /// Whole units of the next place, by which a limb goes over to it, and what it keeps.
    fn after(bound: u128, i: usize) -> (u128, u128) {
        // Doubles round to the nearest place of the next limb only while they are below 2^51 of them (`Constants::round`).
        assert!(bound < 1 << (51 + width(i)), "limb {i} is too large to be rounded");
        (
            (bound + (1 << (width(i) - 1))) >> width(i),
            bound.min(1 << (width(i) - 1)),
        )
    }

    fn carry_bound(from: &Bounds, to: &mut Bounds, i: usize) {
        let (above, rest) = after(from[i], i);
        to[i] -= from[i] - rest;
        to[(i + 1) % LIMBS] += above * if i + 1 < LIMBS { 1 } else { 19 };
    }

    fn sum_bounds(a: &Bounds, b: &Bounds) -> Bounds {
        let mut sums = [0; LIMBS];
        for i in 0..LIMBS {
            for j in 0..LIMBS {
                let shift = place(i) + place(j) - place(i + j);
                sums[(i + j) % LIMBS] += ((a[i] * b[j]) << shift) * if i + j < LIMBS { 1 } else { 19 };
            }
        }
        assert!(
            sums.iter().all(|sum| *sum < 1 << 53),
            "a sum of products is beyond 53 bits: {sums:?}"
        );
        sums
    }

    fn product_bounds(a: &Bounds, b: &Bounds) -> Bounds {
        let mut sums = sum_bounds(a, b);
        macro_rules! one {
            ($i:tt) => {
                let from = sums;
                carry_bound(&from, &mut sums, $i);
            };
        }
        in_chains!(one);
        sums
    }

    fn twice(bounds: &Bounds) -> Bounds {
        bounds.map(|bound| 2 * bound)
    }

    fn largest(a: &Bounds, b: &Bounds) -> Bounds {
        core::array::from_fn(|i| a[i].max(b[i]))
    }

    /// The ladder's own steps, on bounds instead of numbers, from any point on until no bound grows.
    #[test]
    fn no_sum_of_products_leaves_53_bits() {
        let read = product_bounds(
            &core::array::from_fn(|i| 1 << width(i)),
            &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        );
        let mut state = read;
        for _ in 0..4 {
            let sums = twice(&state);
            let products = product_bounds(&sums, &sums);
            let across = twice(&products);
            let outer = product_bounds(&across, &across);
            let left: Bounds = core::array::from_fn(|i| products[i] + 121_665 * across[i]);
            let mut carried = left;
            for i in 0..LIMBS {
                carry_bound(&left, &mut carried, i);
            }
            let inner = product_bounds(&carried, &across);
            let split = product_bounds(&outer, &read);
            let next = largest(&largest(&inner, &outer), &split);
            if next == state {
                // What `write` takes: digits of a width and a bit, the sum of them above the negative modulus.
                assert!(state.iter().enumerate().all(|(i, bound)| *bound <= 1 << width(i)));
                assert!(state[LIMBS - 1] <= (1 << (width(LIMBS - 1) - 1)) + 1);
                product_bounds(&state, &state);
                return;
            }
            state = largest(&next, &state);
        }
        panic!("the bounds grow from step to step: {state:?}");
    }

    #[test]
    fn reads_and_writes_what_it_is() {
        let with = constants();
        let mut bytes = [0; 32];
        for low in 0..=255 {
            for rest in [0, 1, 127, 128, 255] {
                bytes.fill(rest);
                bytes[0] = low;
                bytes[31] &= 127;
                // 2^255 − 19 and what is above it are what is left of them.
                let over = low >= 237 && rest == 255;
                let want: [u8; 32] = if over {
                    core::array::from_fn(|i| if i == 0 { low - 237 } else { 0 })
                } else {
                    bytes
                };
                assert_eq!(write(&read(&bytes, with)), want);
            }
        }
    }
}
