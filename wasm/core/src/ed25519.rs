//! Ed25519 (RFC 8032 §5.1). Of a signature it is the equation alone, S·B = R + k·A without the cofactor: src/crypto/ed25519.ts has looked
//! at encodings and small orders before, for every implementation.

use crate::basepoint;
use crate::sha2::Sha512;
use curve25519_dalek::EdwardsPoint;
use curve25519_dalek::Scalar;
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::scalar::clamp_integer;
use zeroize::{Zeroize, Zeroizing};

pub const SEED: usize = 32;
pub const PUBLIC: usize = 32;
pub const SIGNATURE: usize = 64;

/// §5.1.5: the scalar s, which is clamped and not reduced, and the prefix.
fn expand(seed: &[u8; SEED]) -> (Zeroizing<[u8; 32]>, Zeroizing<[u8; 32]>) {
    let hash = Zeroizing::new(Sha512::of(&[seed]));
    let (mut scalar, mut prefix) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
    scalar.copy_from_slice(&hash[..32]);
    prefix.copy_from_slice(&hash[32..]);
    *scalar = clamp_integer(*scalar);
    (scalar, prefix)
}

/// A hash as a scalar, below L.
fn scalar_of(parts: &[&[u8]]) -> Zeroizing<Scalar> {
    let hash = Zeroizing::new(Sha512::of(parts));
    Zeroizing::new(Scalar::from_bytes_mod_order_wide(&hash))
}

pub fn public(seed: &[u8; SEED]) -> [u8; PUBLIC] {
    basepoint::multiply(&expand(seed).0).compress().to_bytes()
}

/// §5.1.6.
pub fn sign(seed: &[u8; SEED], message: &[u8]) -> [u8; SIGNATURE] {
    let (own, prefix) = expand(seed);
    let public = basepoint::multiply(&own).compress().to_bytes();
    let nonce = scalar_of(&[prefix.as_slice(), message]);
    let mut signature = [0; SIGNATURE];
    let (r, s) = signature.split_at_mut(32);
    r.copy_from_slice(basepoint::multiply(nonce.as_bytes()).compress().as_bytes());
    let challenge = scalar_of(&[r, &public, message]);
    let mut sum = *nonce + *challenge * Scalar::from_bytes_mod_order(*own);
    s.copy_from_slice(sum.as_bytes());
    sum.zeroize();
    signature
}

/// Whether S·B − k·A is encoded as R is. False when A is no point of the curve, or S not below L.
pub fn satisfies(public: &[u8; PUBLIC], message: &[u8], signature: &[u8; SIGNATURE]) -> bool {
    let (r, s) = signature.split_at(32);
    let point = CompressedEdwardsY(*public).decompress();
    let scalar = s
        .first_chunk()
        .and_then(|s| Scalar::from_canonical_bytes(*s).into_option());
    let (Some(point), Some(scalar)) = (point, scalar) else {
        return false;
    };
    let challenge = scalar_of(&[r, public, message]);
    let found = EdwardsPoint::vartime_double_scalar_mul_basepoint(&challenge, &-point, &scalar);
    found.compress().as_bytes() == r
}
