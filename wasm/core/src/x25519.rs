//! X25519 (RFC 7748), refusing the all-zero result (RFC 7748 §6.1).

use crate::aead::equal;
use crate::basepoint;
use curve25519_dalek::scalar::clamp_integer;
use zeroize::Zeroizing;

/// Bytes of a point, and of a scalar.
pub const POINT: usize = 32;

pub fn public(scalar: &[u8; 32]) -> [u8; 32] {
    let clamped = Zeroizing::new(clamp_integer(*scalar));
    basepoint::multiply(&clamped).to_montgomery().to_bytes()
}

/// Without vectors a double is no quicker than a word, and twice as many are needed.
#[cfg(all(target_arch = "wasm32", not(target_feature = "simd128")))]
fn multiply(scalar: &[u8; 32], point: &[u8; 32]) -> [u8; 32] {
    curve25519_dalek::MontgomeryPoint(*point)
        .mul_clamped(*scalar)
        .to_bytes()
}

#[cfg(not(all(target_arch = "wasm32", not(target_feature = "simd128"))))]
use crate::ladder::multiply;

pub fn agree(scalar: &[u8; 32], point: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
    let shared = Zeroizing::new(multiply(scalar, point));
    (!equal(&shared, &[0; 32])).then_some(shared)
}
