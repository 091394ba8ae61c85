//! X25519 (RFC 7748), refusing the all-zero result (RFC 7748 §6.1).

use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// Bytes of a point, and of a scalar.
pub const POINT: usize = 32;

pub fn public(scalar: &[u8; 32]) -> [u8; 32] {
    PublicKey::from(&StaticSecret::from(*scalar)).to_bytes()
}

pub fn agree(scalar: &[u8; 32], point: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
    let shared = StaticSecret::from(*scalar).diffie_hellman(&PublicKey::from(*point));
    shared.was_contributory().then(|| Zeroizing::new(shared.to_bytes()))
}
