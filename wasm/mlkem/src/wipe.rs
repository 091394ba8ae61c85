//! Erasing. `zeroize` erases a `Vec` byte by byte, which took a tenth of an operation; here the compiler may use its widest
//! stores, and a barrier keeps it from leaving them out.

use core::ops::{Deref, DerefMut};
use zeroize::optimization_barrier;

/// What can be erased by copying.
pub trait Zero: Copy {
    const ZERO: Self;
}

impl Zero for u8 {
    const ZERO: Self = 0;
}

pub fn wipe<T: Zero>(secrets: &mut [T]) {
    secrets.fill(T::ZERO);
    optimization_barrier(secrets);
}

/// A list of fixed length that is erased when dropped.
pub struct Secrets<T: Zero>(Box<[T]>);

impl<T: Zero> Secrets<T> {
    pub fn zero(length: usize) -> Self {
        Self(vec![T::ZERO; length].into())
    }
}

impl<T: Zero> Drop for Secrets<T> {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl<T: Zero> Deref for Secrets<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Zero> DerefMut for Secrets<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}
