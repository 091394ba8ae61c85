//! The exchange area of a module: what goes into a call and comes out of it lies here, from its start.

use crate::refusal::Refusal;
use zeroize::{Zeroize, Zeroizing};

pub const SIZE: usize = 65_536;

/// The area itself, at one address for good.
pub struct Io(pub [u8; SIZE]);

impl Io {
    pub const fn new() -> Self {
        Self([0; SIZE])
    }

    /// N bytes at a constant place.
    pub fn read<const N: usize>(&self, at: usize) -> [u8; N] {
        *self.0[at..].first_chunk().expect("constant places lie within io")
    }

    /// As `read`, erasing what was read.
    pub fn take<const N: usize>(&mut self, at: usize) -> Zeroizing<[u8; N]> {
        let bytes = Zeroizing::new(self.read(at));
        self.0[at..at + N].zeroize();
        bytes
    }

    /// Writes at a constant place and gives the place after it.
    pub fn write(&mut self, at: usize, bytes: &[u8]) -> usize {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        at + bytes.len()
    }

    /// `length` bytes from `at` on, whose length the other side names.
    pub fn view(&self, at: usize, length: u32) -> Result<&[u8], Refusal> {
        let end = at.checked_add(length as usize).ok_or(Refusal::Range)?;
        self.0.get(at..end).ok_or(Refusal::Range)
    }

    /// A copy of `length` bytes from `at` on, whose length the other side names.
    pub fn bytes(&self, at: usize, length: u32) -> Result<Vec<u8>, Refusal> {
        self.view(at, length).map(<[u8]>::to_vec)
    }
}

impl Default for Io {
    fn default() -> Self {
        Self::new()
    }
}
