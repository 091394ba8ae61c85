//! Multiples of the base point, for Ed25519 and X25519 alike, in a time that does not depend on the scalar.
//!
//! ```text
//! scalar = Σ digit_i · 16^i, digits −8 … 8          row j of the table = 1 … 8 times 256^j · B
//! scalar · B = 16 · Σ_j digit_(2j+1) · 256^j · B  +  Σ_j digit_2j · 256^j · B
//! ```
//!
//! The table is made at first use, in less than a millisecond: as data of the module it would be 28 KB more to fetch.

use curve25519_dalek::EdwardsPoint;
use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::traits::Identity;
use std::cell::OnceCell;
use subtle::{Choice, ConditionallyNegatable, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

const ROWS: usize = 32;
const DIGITS: usize = 2 * ROWS;
type Row = [EdwardsPoint; 8];

thread_local! {
    static TABLE: OnceCell<Vec<Row>> = const { OnceCell::new() };
}

/// 16 · point.
fn sixteen(point: EdwardsPoint) -> EdwardsPoint {
    let eight = point.mul_by_cofactor();
    eight + eight
}

fn table() -> Vec<Row> {
    let mut base = ED25519_BASEPOINT_POINT;
    let row = |_| {
        let mut row = [base; 8];
        for i in 1..8 {
            row[i] = row[i - 1] + base;
        }
        base = sixteen(sixteen(base));
        row
    };
    (0..ROWS).map(row).collect()
}

/// For a scalar below 2²⁵⁵, little-endian.
fn digits(scalar: &[u8; 32]) -> Zeroizing<[i8; DIGITS]> {
    let mut digits = Zeroizing::new([0; DIGITS]);
    let mut carry = 0;
    for (pair, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(scalar) {
        for (digit, nibble) in pair.iter_mut().zip([byte & 15, byte >> 4]) {
            let value = nibble as i8 + carry;
            carry = (value + 8) >> 4;
            *digit = value - (carry << 4);
        }
    }
    // The last one is at most 8, and has no successor to carry to.
    digits[DIGITS - 1] += carry << 4;
    digits
}

/// digit · row, looking at all of the row.
fn select(row: &Row, digit: i8) -> EdwardsPoint {
    let sign = digit >> 7;
    let magnitude = ((digit ^ sign) - sign) as u8;
    let mut found = EdwardsPoint::identity();
    for (multiple, point) in (1..).zip(row) {
        found.conditional_assign(point, magnitude.ct_eq(&multiple));
    }
    found.conditional_negate(Choice::from((sign & 1) as u8));
    found
}

/// scalar · B, for a scalar below 2²⁵⁵, little-endian.
pub fn multiply(scalar: &[u8; 32]) -> EdwardsPoint {
    let digits = digits(scalar);
    let (pairs, _) = digits.as_chunks::<2>();
    TABLE.with(|kept| {
        let table = kept.get_or_init(table);
        let sum = |start, odd: usize| {
            table
                .iter()
                .zip(pairs)
                .fold(start, |sum, (row, pair)| sum + select(row, pair[odd]))
        };
        sum(sixteen(sum(EdwardsPoint::identity(), 1)), 0)
    })
}
