//! X-Wing (draft-connolly-cfrg-xwing-kem): X25519 and ML-KEM-768 as one KEM.
//!
//! ```text
//! secret key  seed 32                        SHAKE256(seed, 96) = d 32 | z 32 | x 32
//! public key  ek 1184 | X 32                 ciphertext  ct_M 1088 | ct_X 32
//! ss = SHA3-256(ss_M ‖ ss_X ‖ ct_X ‖ X ‖ "\.//^\")
//! ```

use crate::{mlkem768, x25519};
use zeroize::{Zeroize, Zeroizing};

pub const SEED: usize = 32;
pub const PUBLIC: usize = 1216;
pub const CIPHERTEXT: usize = 1120;
pub const RANDOM: usize = 64;
const LABEL: &[u8; 6] = b"\\.//^\\";

pub type SharedSecret = Zeroizing<[u8; 32]>;

/// An expanded secret key, with its public key.
pub struct SecretKey {
    lattice: mlkem768::SecretKey,
    scalar: Zeroizing<[u8; 32]>,
    public: Box<[u8; PUBLIC]>,
}

impl SecretKey {
    pub fn from_seed(seed: &[u8; SEED]) -> Self {
        let mut expanded = Zeroizing::new([0; 96]);
        libcrux_sha3::shake256_ema(expanded.as_mut_slice(), seed);
        let mut lattice_seed = Zeroizing::new([0; 64]);
        lattice_seed.copy_from_slice(&expanded[..64]);
        let mut scalar = Zeroizing::new([0; 32]);
        scalar.copy_from_slice(&expanded[64..]);
        let lattice = mlkem768::SecretKey::from_seed(&lattice_seed);
        let mut public = Box::new([0; PUBLIC]);
        public[..mlkem768::PUBLIC].copy_from_slice(&lattice.public());
        public[mlkem768::PUBLIC..].copy_from_slice(&x25519::public(&scalar));
        Self {
            lattice,
            scalar,
            public,
        }
    }

    pub fn public(&self) -> &[u8; PUBLIC] {
        &self.public
    }

    /// None when the X25519 result is zero. A ciphertext that was tampered with gives another secret, not None.
    pub fn decapsulate(&self, ciphertext: &[u8; CIPHERTEXT]) -> Option<SharedSecret> {
        let (lattice_ct, point) = split::<{ mlkem768::CIPHERTEXT }>(ciphertext)?;
        let curve = x25519::agree(&self.scalar, point)?;
        let lattice = self.lattice.decapsulate(lattice_ct);
        let own = self.public.last_chunk::<32>()?;
        Some(combine(&lattice, &curve, point, own))
    }
}

/// None when the ML-KEM part is not reduced (FIPS 203 §7.2) or the X25519 result is zero.
pub fn encapsulate(public: &[u8; PUBLIC], random: &[u8; RANDOM]) -> Option<([u8; CIPHERTEXT], SharedSecret)> {
    let (lattice_key, point) = split::<{ mlkem768::PUBLIC }>(public)?;
    let (mut message, mut ephemeral) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
    message.copy_from_slice(&random[..32]);
    ephemeral.copy_from_slice(&random[32..]);
    let curve = x25519::agree(&ephemeral, point)?;
    let (lattice_ct, lattice) = mlkem768::encapsulate(lattice_key, &message)?;
    let own = x25519::public(&ephemeral);
    let mut ciphertext = [0; CIPHERTEXT];
    ciphertext[..mlkem768::CIPHERTEXT].copy_from_slice(&lattice_ct);
    ciphertext[mlkem768::CIPHERTEXT..].copy_from_slice(&own);
    Some((ciphertext, combine(&lattice, &curve, &own, point)))
}

/// The first N bytes, and the 32 after them.
fn split<const N: usize>(bytes: &[u8]) -> Option<(&[u8; N], &[u8; 32])> {
    let (first, rest) = bytes.split_first_chunk::<N>()?;
    Some((first, rest.try_into().ok()?))
}

fn combine(lattice: &[u8; 32], curve: &[u8; 32], ct_x: &[u8; 32], public_x: &[u8; 32]) -> SharedSecret {
    let mut text = [0; 134];
    for (out, part) in text
        .chunks_mut(32)
        .zip([lattice.as_slice(), curve, ct_x, public_x, LABEL])
    {
        out.copy_from_slice(part);
    }
    let secret = Zeroizing::new(libcrux_sha3::sha256(&text));
    text.zeroize();
    secret
}
