//! The stack in linear memory keeps what was moved, returned or passed by value until something else is laid over it.

use core::hint::black_box;

/// Does the work, then lays zeros over the `DEPTH` bytes of stack below the caller, where the frames of the work were.
#[inline(always)]
pub fn cleanly<const DEPTH: usize, T>(work: impl FnOnce() -> T) -> T {
    let done = apart(work);
    lay::<DEPTH>();
    done
}

/// Nothing of it is part of the caller's frame.
#[inline(never)]
fn apart<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
fn lay<const DEPTH: usize>() {
    let mut zeros = [0u8; DEPTH];
    black_box(&mut zeros);
}
