//! By the crate `aes`.

use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use zeroize::ZeroizeOnDrop;

/// An expanded key; the crate `aes` erases it when dropped.
#[derive(ZeroizeOnDrop)]
pub struct Aes256(aes::Aes256);

impl Aes256 {
    pub fn new(key: &[u8; 32]) -> Self {
        Self(aes::Aes256::new(&(*key).into()))
    }

    pub fn encrypt(&self, block: &mut [u8; 16]) {
        let mut copy = (*block).into();
        self.0.encrypt_block(&mut copy);
        *block = copy.into();
    }

    pub fn decrypt(&self, block: &mut [u8; 16]) {
        let mut copy = (*block).into();
        self.0.decrypt_block(&mut copy);
        *block = copy.into();
    }

    pub fn encrypt4(keys: [&Self; 4], blocks: &mut [[u8; 16]; 4]) {
        for (key, block) in keys.into_iter().zip(blocks) {
            key.encrypt(block);
        }
    }

    pub fn decrypt4(keys: [&Self; 4], blocks: &mut [[u8; 16]; 4]) {
        for (key, block) in keys.into_iter().zip(blocks) {
            key.decrypt(block);
        }
    }
}
