//! By the crate `aes`.

use aes::Block;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use sotto_base::stack::cleanly;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// More than the crate takes of the stack for a block.
const DEPTH: usize = 1024;

/// An expanded key; the crate `aes` erases it when dropped.
#[derive(ZeroizeOnDrop)]
pub struct Aes256(aes::Aes256);

impl Aes256 {
    pub fn new(key: &[u8; 32]) -> Self {
        Self(aes::Aes256::new(&(*key).into()))
    }

    /// A block as its number, little-endian; and so with the others.
    pub fn encrypt(&self, block: &mut u128) {
        let mut bytes: Block = block.to_le_bytes().into();
        cleanly::<DEPTH, _>(|| self.0.encrypt_block(&mut bytes));
        *block = u128::from_le_bytes(bytes.into());
        bytes.as_mut_slice().zeroize();
    }

    pub fn decrypt(&self, block: &mut u128) {
        let mut bytes: Block = block.to_le_bytes().into();
        cleanly::<DEPTH, _>(|| self.0.decrypt_block(&mut bytes));
        *block = u128::from_le_bytes(bytes.into());
        bytes.as_mut_slice().zeroize();
    }

    pub fn begin_decrypt(&self, mut block: u128) -> Deciphering {
        self.decrypt(&mut block);
        Deciphering(block)
    }

    pub fn encrypt4(keys: [&Self; 4], blocks: &mut [u128; 4]) {
        for (key, block) in keys.into_iter().zip(blocks) {
            key.encrypt(block);
        }
    }

    pub fn decrypt4(keys: [&Self; 4], blocks: &mut [u128; 4]) {
        for (key, block) in keys.into_iter().zip(blocks) {
            key.decrypt(block);
        }
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
