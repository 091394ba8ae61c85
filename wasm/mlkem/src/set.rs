//! The three parameter sets (FIPS 203 §8, tables 2 and 3).

/// A parameter set. η₂ is 2 in all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Set {
    pub(crate) k: usize,
    pub(crate) eta1: usize,
    pub(crate) du: usize,
    pub(crate) dv: usize,
}

pub const ML_KEM_512: Set = Set {
    k: 2,
    eta1: 3,
    du: 10,
    dv: 4,
};
pub const ML_KEM_768: Set = Set {
    k: 3,
    eta1: 2,
    du: 10,
    dv: 4,
};
pub const ML_KEM_1024: Set = Set {
    k: 4,
    eta1: 2,
    du: 11,
    dv: 5,
};

/// All three, with their names.
pub const SETS: [(&str, Set); 3] = [
    ("ML-KEM-512", ML_KEM_512),
    ("ML-KEM-768", ML_KEM_768),
    ("ML-KEM-1024", ML_KEM_1024),
];

impl Set {
    /// Bytes of an encapsulation key: 800, 1184, 1568.
    pub const fn public(self) -> usize {
        384 * self.k + 32
    }

    /// Bytes of an expanded decapsulation key: 1632, 2400, 3168.
    pub const fn expanded(self) -> usize {
        768 * self.k + 96
    }

    /// Bytes of a ciphertext: 768, 1088, 1568.
    pub const fn ciphertext(self) -> usize {
        32 * (self.du * self.k + self.dv)
    }
}
