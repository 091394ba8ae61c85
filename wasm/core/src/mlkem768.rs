//! ML-KEM-768 (FIPS 203) by libcrux, with the input checks of §7.2 and §7.3 where a key comes from outside.

use libcrux_ml_kem::mlkem768::portable::{self, unpacked};
use libcrux_ml_kem::mlkem768::{MlKem768Ciphertext, MlKem768PrivateKey, MlKem768PublicKey};
use zeroize::Zeroizing;

pub const PUBLIC: usize = 1184;
pub const EXPANDED: usize = 2400;
pub const CIPHERTEXT: usize = 1088;

/// A key pair with its matrix at hand, so that decapsulating does not derive it each time.
pub struct SecretKey(Box<unpacked::MlKem768KeyPairUnpacked>);

impl SecretKey {
    /// From d ‖ z (FIPS 203 §7.1).
    pub fn from_seed(seed: &[u8; 64]) -> Self {
        let mut pair = Box::new(unpacked::init_key_pair());
        unpacked::generate_key_pair_mut(*seed, &mut pair);
        Self(pair)
    }

    pub fn public(&self) -> [u8; PUBLIC] {
        unpacked::key_pair_serialized_public_key(&self.0).into()
    }

    /// The expanded decapsulation key of FIPS 203.
    pub fn expanded(&self) -> Zeroizing<[u8; EXPANDED]> {
        Zeroizing::new(unpacked::key_pair_serialized_private_key(&self.0).into())
    }

    pub fn decapsulate(&self, ciphertext: &[u8; CIPHERTEXT]) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(unpacked::decapsulate(&self.0, &MlKem768Ciphertext::from(ciphertext)))
    }
}

/// None when the key is not reduced modulo q (FIPS 203 §7.2).
pub fn encapsulate(public: &[u8; PUBLIC], message: &[u8; 32]) -> Option<([u8; CIPHERTEXT], Zeroizing<[u8; 32]>)> {
    let key = MlKem768PublicKey::from(public);
    if !portable::validate_public_key(&key) {
        return None;
    }
    let mut expanded = Box::new(unpacked::init_public_key());
    unpacked::unpacked_public_key(&key, &mut expanded);
    let (ciphertext, secret) = unpacked::encapsulate(&expanded, *message);
    Some((ciphertext.into(), Zeroizing::new(secret)))
}

/// With an expanded key from outside: None when its hash is not that of the key inside it (FIPS 203 §7.3).
pub fn decapsulate_expanded(key: &[u8; EXPANDED], ciphertext: &[u8; CIPHERTEXT]) -> Option<Zeroizing<[u8; 32]>> {
    let (key, text) = (MlKem768PrivateKey::from(key), MlKem768Ciphertext::from(ciphertext));
    if !portable::validate_private_key(&key, &text) {
        return None;
    }
    let mut pair = Box::new(unpacked::init_key_pair());
    unpacked::key_pair_from_private_mut(&key, &mut pair);
    Some(SecretKey(pair).decapsulate(ciphertext))
}
