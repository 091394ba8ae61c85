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

    /// A block as its number, little-endian; and so with the others.
    pub fn encrypt(&self, block: u128) -> u128 {
        let mut block = block.to_le_bytes().into();
        self.0.encrypt_block(&mut block);
        u128::from_le_bytes(block.into())
    }

    pub fn decrypt(&self, block: u128) -> u128 {
        let mut block = block.to_le_bytes().into();
        self.0.decrypt_block(&mut block);
        u128::from_le_bytes(block.into())
    }

    pub fn begin_decrypt(&self, block: u128) -> Deciphering {
        Deciphering(self.decrypt(block))
    }

    pub fn encrypt4(keys: [&Self; 4], blocks: [u128; 4]) -> [u128; 4] {
        core::array::from_fn(|i| keys[i].encrypt(blocks[i]))
    }

    pub fn decrypt4(keys: [&Self; 4], blocks: [u128; 4]) -> [u128; 4] {
        core::array::from_fn(|i| keys[i].decrypt(blocks[i]))
    }
}

/// A block deciphered: here, all at once.
pub struct Deciphering(u128);

impl Deciphering {
    pub fn step(&mut self) {}

    pub fn end(self) -> u128 {
        self.0
    }
}
