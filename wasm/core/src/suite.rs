//! The suites (docs/protocol.md §1) as far as the KEM differs: 1, 3 and 5 are X25519 with ML-KEM-512, 768 and 1024.

use crate::x25519::POINT;
use sotto_mlkem::{ML_KEM_512, ML_KEM_768, ML_KEM_1024, Set};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    One = 1,
    Three = 3,
    Five = 5,
}

impl Suite {
    pub const ALL: [Self; 3] = [Self::One, Self::Three, Self::Five];

    /// By its number on the wire; None for one that is not known.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| *suite as u32 == number)
    }

    pub const fn set(self) -> Set {
        match self {
            Self::One => ML_KEM_512,
            Self::Three => ML_KEM_768,
            Self::Five => ML_KEM_1024,
        }
    }

    /// Bytes of a public key: 832, 1216, 1600.
    pub const fn public(self) -> usize {
        self.set().public() + POINT
    }

    /// Bytes of a ciphertext: 800, 1120, 1600.
    pub const fn ciphertext(self) -> usize {
        self.set().ciphertext() + POINT
    }
}
