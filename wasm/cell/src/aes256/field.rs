//! AES's field as pairs over the field of 16 elements, and the tables that this gives (Hamburg, "Accelerating AES with
//! Vector Permute Instructions", CHES 2009). All of it is computed here, from the polynomial of FIPS 197 on.
//!
//! ```text
//! x = i u + k     i, k of the subfield; u a root of y² + a y + a, so that  x^17 = N = a i² + a i k + k²
//! j = i + k       p = 1 / (1/(1/i + a/k) + j) = (k + a i) / N      q = 1 / (1/(1/j + a/k) + i) = (a i + (1 + a) k) / N
//! 1/x = α p + β q       β = u / a²      α = 1 + u / a + β
//! ```
//! Each division is a table of 16, with 128 for 1/0: added to anything, its own reciprocal is read as 0, which is right
//! everywhere. The last one is part of the tables of α and β, and so is whatever linear map comes after the inversion.

const POLYNOMIAL: u16 = 0x11b;
/// Added to the S-box's output (FIPS 197 §5.1.1).
pub const AFFINE: u8 = 0x63;
const INFINITE: u8 = 128;

const fn times(a: u8, b: u8) -> u8 {
    let (mut a, mut b, mut sum) = (a as u16, b, 0);
    while b != 0 {
        if b & 1 == 1 {
            sum ^= a;
        }
        a <<= 1;
        if a & 0x100 != 0 {
            a ^= POLYNOMIAL;
        }
        b >>= 1;
    }
    sum as u8
}

const fn power(a: u8, n: u32) -> u8 {
    let (mut result, mut i) = (1, 0);
    while i < n {
        result = times(result, a);
        i += 1;
    }
    result
}

/// a^254: 0 for 0.
const fn inverse(a: u8) -> u8 {
    power(a, 254)
}

/// The element of the subfield that a nibble stands for: sums of powers of a generator, 3^17.
const fn element(nibble: u8) -> u8 {
    let generator = power(3, 17);
    let (mut sum, mut bit) = (0, 0);
    while bit < 4 {
        if nibble >> bit & 1 == 1 {
            sum ^= power(generator, bit);
        }
        bit += 1;
    }
    sum
}

const fn nibble(wanted: u8) -> u8 {
    let mut n = 0;
    while element(n) != wanted {
        n += 1;
    }
    n
}

/// The first u outside of the subfield whose trace and norm over it are the same.
const U: u8 = {
    let mut u = 2;
    while u ^ power(u, 16) == 0 || u ^ power(u, 16) != power(u, 17) {
        u += 1;
    }
    u
};
const A: u8 = power(U, 17);
const BETA: u8 = times(U, inverse(power(A, 2)));
const ALPHA: u8 = 1 ^ times(U, inverse(A)) ^ BETA;

/// Every byte as its pair of nibbles, i before k.
const PAIRS: [u8; 256] = {
    let mut pairs = [0; 256];
    let mut n = 0;
    while n < 256 {
        let x = times(element((n >> 4) as u8), U) ^ element(n as u8 & 15);
        pairs[x as usize] = n as u8;
        n += 1;
    }
    pairs
};

/// The S-box's linear part, and its inverse.
const fn linear(x: u8) -> u8 {
    x ^ x.rotate_left(1) ^ x.rotate_left(2) ^ x.rotate_left(3) ^ x.rotate_left(4)
}

const fn unlinear(x: u8) -> u8 {
    x.rotate_left(1) ^ x.rotate_left(3) ^ x.rotate_left(6)
}

/// A linear map of bytes, as tables for their low and high nibbles.
pub type Map = [[u8; 16]; 2];

/// As pairs, for enciphering.
pub const fn pair(x: u8) -> u8 {
    PAIRS[x as usize]
}

/// As pairs once the S-box's linear part has been taken off, for deciphering.
pub const fn unlinear_pair(x: u8) -> u8 {
    PAIRS[unlinear(x) as usize]
}

/// What of an inverted byte goes into the next state.
#[derive(Clone, Copy)]
pub enum Out {
    /// Times a factor of MixColumns, and still a pair; `true` after the S-box's linear part.
    Pair(u8, bool),
    /// The byte itself, after the linear part or not.
    Byte(bool),
}

const fn out(x: u8, how: Out) -> u8 {
    match how {
        Out::Pair(factor, true) => pair(times(factor, linear(x))),
        Out::Pair(factor, false) => unlinear_pair(times(factor, x)),
        Out::Byte(true) => linear(x),
        Out::Byte(false) => x,
    }
}

/// The tables of α and β.
pub const fn after_inversion(how: Out) -> Map {
    let mut map = [[0; 16]; 2];
    let mut n = 1;
    while n < 16 {
        let reciprocal = inverse(element(n as u8));
        map[0][n] = out(times(ALPHA, reciprocal), how);
        map[1][n] = out(times(BETA, reciprocal), how);
        n += 1;
    }
    map
}

/// A state as it comes from outside, as pairs; for deciphering without the linear part.
pub const fn into_pairs(enciphering: bool) -> Map {
    let mut map = [[0; 16]; 2];
    let mut n = 0;
    while n < 16 {
        let (low, high) = (n as u8, (n << 4) as u8);
        map[0][n] = if enciphering { pair(low) } else { unlinear_pair(low) };
        map[1][n] = if enciphering { pair(high) } else { unlinear_pair(high) };
        n += 1;
    }
    map
}

/// numerator / n for each n.
const fn division(numerator: u8) -> [u8; 16] {
    let mut table = [INFINITE; 16];
    let mut n = 1;
    while n < 16 {
        table[n] = nibble(times(numerator, inverse(element(n as u8))));
        n += 1;
    }
    table
}

pub const ONE_BY: [u8; 16] = division(1);
pub const A_BY: [u8; 16] = division(A);

/// Which byte comes to each place.
pub type Order = [u8; 16];

pub const fn after(first: Order, then: Order) -> Order {
    let mut order = [0; 16];
    let mut i = 0;
    while i < 16 {
        order[i] = first[then[i] as usize];
        i += 1;
    }
    order
}

pub const fn back(order: Order) -> Order {
    let mut inverse = [0; 16];
    let mut i = 0;
    while i < 16 {
        inverse[order[i] as usize] = i as u8;
        i += 1;
    }
    inverse
}

/// Row r of each column comes from `columns` × r further on.
const fn rows(columns: usize) -> Order {
    let mut order = [0; 16];
    let mut i = 0;
    while i < 16 {
        order[i] = ((i / 4 + columns * (i % 4)) % 4 * 4 + i % 4) as u8;
        i += 1;
    }
    order
}

/// ShiftRows or its inverse, so many times.
pub const fn shifted(enciphering: bool, times: usize) -> Order {
    rows(if enciphering { times } else { 3 * times })
}

/// Each row of a column comes from `by` rows below.
pub const fn turned(by: usize) -> Order {
    let mut order = [0; 16];
    let mut i = 0;
    while i < 16 {
        order[i] = (i / 4 * 4 + (i + by) % 4) as u8;
        i += 1;
    }
    order
}
