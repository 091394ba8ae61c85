//! A polynomial of 256 coefficients, as 32 vectors of eight.

use crate::field::Q;
use crate::lanes::V128;
use crate::wipe::Zero;

#[derive(Clone, Copy)]
#[repr(align(16))]
pub struct Poly(pub [i16; 256]);

impl Zero for Poly {
    const ZERO: Self = Self([0; 256]);
}

impl Poly {
    #[inline(always)]
    pub fn get(&self, index: usize) -> V128 {
        V128::load(&self.0.as_chunks().0[index])
    }

    #[inline(always)]
    pub fn set(&mut self, index: usize, lanes: V128) {
        lanes.store(&mut self.0.as_chunks_mut().0[index]);
    }

    pub fn add(&mut self, other: &Self) {
        for i in 0..32 {
            self.set(i, self.get(i).add16(other.get(i)));
        }
    }

    /// Whether every coefficient is reduced (FIPS 203 §7.2). For public ones.
    pub fn is_reduced(&self) -> bool {
        let top = V128::splat16(Q - 1);
        let over = (0..32).fold(V128::splat16(0), |over, i| over.or(self.get(i).gt16(top)));
        over.bitmask16() == 0
    }

    /// `minuend − self`.
    pub fn subtract_from(&mut self, minuend: &Self) {
        for i in 0..32 {
            self.set(i, minuend.get(i).sub16(self.get(i)));
        }
    }
}
