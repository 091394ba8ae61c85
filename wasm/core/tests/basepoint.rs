//! Multiples of the base point by the table, beside the ladder and the library's own multiplication.

use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::{EdwardsPoint, Scalar};
use sotto_core::{basepoint, x25519};

const NINE: [u8; 32] = {
    let mut point = [0; 32];
    point[0] = 9;
    point
};

/// Deterministic, and different each time.
fn drawn(state: &mut u64) -> [u8; 32] {
    core::array::from_fn(|_| {
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (*state >> 56) as u8
    })
}

/// Those whose digits are all carries, all of one kind, or at an end of their range.
fn odd() -> impl Iterator<Item = [u8; 32]> {
    [0x00, 0x77, 0x78, 0x7f, 0x80, 0x87, 0x88, 0xf7, 0xf8, 0xff]
        .into_iter()
        .flat_map(|byte| {
            [0x00, 0x07, 0x08, 0x77, 0x78, 0x7f].map(|last| {
                let mut scalar = [byte; 32];
                scalar[31] = last;
                scalar
            })
        })
}

#[test]
fn public_keys_are_what_the_ladder_gives_for_nine() {
    let mut state = 1;
    let some = core::iter::repeat_with(|| drawn(&mut state)).take(300);
    for scalar in odd().chain(some) {
        let ladder = x25519::agree(&scalar, &NINE).expect("a multiple of the base point");
        assert_eq!(x25519::public(&scalar), *ladder, "{scalar:?}");
    }
}

#[test]
fn multiples_are_the_library_s() {
    let mut state = 2;
    let some = core::iter::repeat_with(|| drawn(&mut state)).take(100);
    for mut scalar in odd().chain(some) {
        scalar[31] &= 0x7f;
        let theirs: EdwardsPoint = ED25519_BASEPOINT_POINT * Scalar::from_bytes_mod_order(scalar);
        assert_eq!(basepoint::multiply(&scalar).compress(), theirs.compress(), "{scalar:?}");
    }
}
