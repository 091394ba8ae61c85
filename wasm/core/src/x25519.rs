//! X25519 (RFC 7748), refusing the all-zero result (RFC 7748 §6.1).

use crate::aead::equal;
use crate::basepoint;
use curve25519_dalek::MontgomeryPoint;
use curve25519_dalek::scalar::clamp_integer;
use zeroize::Zeroizing;

/// Bytes of a point, and of a scalar.
pub const POINT: usize = 32;

pub fn public(scalar: &[u8; 32]) -> [u8; 32] {
    let clamped = Zeroizing::new(clamp_integer(*scalar));
    basepoint::multiply(&clamped).to_montgomery().to_bytes()
}

pub fn agree(scalar: &[u8; 32], point: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
    let shared = Zeroizing::new(MontgomeryPoint(*point).mul_clamped(*scalar).to_bytes());
    (!equal(&shared, &[0; 32])).then_some(shared)
}
