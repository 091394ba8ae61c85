//! X25519 and ML-KEM as one KEM, by suite. Suite 3 is X-Wing (draft-connolly-cfrg-xwing-kem); 1 and 5 are docs/protocol.md §1.
//!
//! ```text
//! public key  ek | X 32               ciphertext  ct_M | ct_X 32               secret key  seed 32
//! suite 3     SHAKE256(seed, 96) = d 32 | z 32 | x 32             ss = SHA3-256(ss_M ‖ ss_X ‖ ct_X ‖ X ‖ "\.//^\")
//! 1 and 5     KDF("kem seed", 96, suite, seed) = d | z | x        ss = KDF("kem", 32, suite, ss_M, ss_X, ct_M, ct_X, ek, X)
//! ```

use crate::kdf::kdf;
use crate::suite::Suite;
use crate::x25519::{self, POINT};
use sotto_mlkem::keccak::{SHA3_256, hash, shake256};
use sotto_mlkem::{SecretKey as LatticeKey, encapsulate as encapsulate_lattice};
use zeroize::{Zeroize, Zeroizing};

pub const SEED: usize = 32;
pub const RANDOM: usize = 64;
const LABEL: &[u8; 6] = b"\\.//^\\";

pub type SharedSecret = Zeroizing<[u8; 32]>;

/// An expanded secret key, with its public key.
pub struct SecretKey {
    suite: Suite,
    lattice: LatticeKey,
    scalar: Zeroizing<[u8; 32]>,
    public: Box<[u8]>,
}

/// What the two parts of a KEM gave, and what they gave it for.
struct Parts<'a> {
    lattice: &'a [u8; 32],
    curve: &'a [u8; 32],
    ciphertext: &'a [u8],
    public: &'a [u8],
}

impl SecretKey {
    pub fn from_seed(suite: Suite, seed: &[u8; SEED]) -> Self {
        let mut expanded = Zeroizing::new([0; 96]);
        match suite {
            Suite::Three => shake256(seed, expanded.as_mut_slice()),
            _ => kdf("kem seed", &[&[suite as u8], seed], expanded.as_mut_slice()),
        }
        let mut lattice_seed = Zeroizing::new([0; 64]);
        lattice_seed.copy_from_slice(&expanded[..64]);
        let mut scalar = Zeroizing::new([0; 32]);
        scalar.copy_from_slice(&expanded[64..]);
        let lattice = LatticeKey::from_seed(suite.set(), &lattice_seed);
        let public = [lattice.public().bytes(), &x25519::public(&scalar)].concat().into();
        Self {
            suite,
            lattice,
            scalar,
            public,
        }
    }

    pub fn suite(&self) -> Suite {
        self.suite
    }

    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// None for another length than the suite's, or a zero result of X25519. A ciphertext that was tampered with gives another
    /// secret, not None.
    pub fn decapsulate(&self, ciphertext: &[u8]) -> Option<SharedSecret> {
        let (lattice_ct, point) = split(ciphertext)?;
        let curve = x25519::agree(&self.scalar, point)?;
        let lattice = self.lattice.decapsulate(lattice_ct)?;
        let parts = Parts {
            lattice: &lattice,
            curve: &curve,
            ciphertext,
            public: &self.public,
        };
        parts.combine(self.suite)
    }
}

/// Writes a ciphertext. None for a key or room of another length than the suite's, for a key that is not reduced (FIPS 203 §7.2), or for
/// a zero result of X25519.
pub fn encapsulate(suite: Suite, public: &[u8], random: &[u8; RANDOM], ciphertext: &mut [u8]) -> Option<SharedSecret> {
    if ciphertext.len() != suite.ciphertext() {
        return None;
    }
    let (lattice_key, point) = split(public)?;
    let (mut message, mut ephemeral) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
    message.copy_from_slice(&random[..32]);
    ephemeral.copy_from_slice(&random[32..]);
    let (lattice_ct, own) = ciphertext.split_at_mut(suite.set().ciphertext());
    let lattice = encapsulate_lattice(suite.set(), lattice_key, &message, lattice_ct)?;
    let curve = x25519::agree(&ephemeral, point)?;
    own.copy_from_slice(&x25519::public(&ephemeral));
    let parts = Parts {
        lattice: &lattice,
        curve: &curve,
        ciphertext,
        public,
    };
    parts.combine(suite)
}

/// All but the last 32 bytes, and those.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8; POINT])> {
    bytes.split_last_chunk()
}

impl Parts<'_> {
    fn combine(&self, suite: Suite) -> Option<SharedSecret> {
        let ((lattice_ct, point), (lattice_key, own)) = (split(self.ciphertext)?, split(self.public)?);
        let mut secret = Zeroizing::new([0; 32]);
        if suite == Suite::Three {
            let mut text = [0; 134];
            let parts = [self.lattice.as_slice(), self.curve, point, own, LABEL];
            for (out, part) in text.chunks_mut(32).zip(parts) {
                out.copy_from_slice(part);
            }
            hash(SHA3_256, &text, secret.as_mut_slice());
            text.zeroize();
        } else {
            let number = [suite as u8];
            let inputs: [&[u8]; 7] = [&number, self.lattice, self.curve, lattice_ct, point, lattice_key, own];
            kdf("kem", &inputs, secret.as_mut_slice());
        }
        Some(secret)
    }
}
