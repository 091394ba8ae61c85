//! Adiantum (Crowley and Biggers, "Adiantum: length-preserving encryption for entry-level processors", ToSC 2018.4):
//! a tweakable strong pseudorandom permutation over a whole message of at least 16 bytes.
//!
//! ```text
//! message          left …                    | right 16
//! P_M = right + H(T, left)     C_M = AES-256(P_M)     left ^= XChaCha(C_M | 1 | 0 7)     right = C_M − H(T, left)
//! H(T, left) = Poly1305_KT(bits of left u128 | T) + Poly1305_KM(NH_KN(left), unit by unit)
//! K_E 32 | K_T 16 | K_M 16 | K_N 1072 = XChaCha(K, nonce 1 | 0 23)
//! ```

use crate::aes256::Aes256;
use crate::nh;
use sotto_base::chacha::{key_words, xchacha_xor};
use sotto_base::poly1305::{Accumulator, Multiplier};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Rounds of ChaCha in the protocol (docs/protocol.md §4.2).
pub const ROUNDS: u32 = 12;

/// An expanded key. Erased when dropped.
#[derive(ZeroizeOnDrop)]
pub struct Key {
    stream: [u32; 8],
    rounds: u32,
    block: Aes256,
    header: Multiplier,
    body: Multiplier,
    nh: nh::Key,
}

impl Key {
    pub fn new(key: &[u8; 32], rounds: u32) -> Self {
        let stream = key_words(key);
        let mut nonce = [0; 24];
        nonce[0] = 1;
        let mut derived = [0; 64 + nh::KEY];
        xchacha_xor(&stream, &nonce, 0, rounds, &mut derived);
        let mut nh_key = [0; nh::KEY];
        nh_key.copy_from_slice(&derived[64..]);
        let (blocks, _) = derived.as_chunks::<16>();
        let mut block_key = [0; 32];
        block_key.copy_from_slice(&derived[..32]);
        let expanded = Self {
            stream,
            rounds,
            block: Aes256::new(&block_key),
            header: Multiplier::new(&blocks[2]),
            body: Multiplier::new(&blocks[3]),
            nh: nh::Key::new(&nh_key),
        };
        derived.zeroize();
        nh_key.zeroize();
        block_key.zeroize();
        expanded
    }

    /// Enciphers in place. False, and nothing done, when the message is shorter than a block.
    #[must_use]
    pub fn encipher(&self, tweak: &[u8], message: &mut [u8]) -> bool {
        let Some((left, right)) = message.split_last_chunk_mut::<16>() else {
            return false;
        };
        let header = self.hash_header(tweak, left.len());
        let mut middle = u128::from_le_bytes(*right)
            .wrapping_add(self.hash(header, left))
            .to_le_bytes();
        self.block.encrypt(&mut middle);
        self.xor_stream(&middle, left);
        *right = u128::from_le_bytes(middle)
            .wrapping_sub(self.hash(header, left))
            .to_le_bytes();
        true
    }

    /// Deciphers in place. False, and nothing done, when the message is shorter than a block.
    #[must_use]
    pub fn decipher(&self, tweak: &[u8], message: &mut [u8]) -> bool {
        let Some((left, right)) = message.split_last_chunk_mut::<16>() else {
            return false;
        };
        let header = self.hash_header(tweak, left.len());
        let mut middle = u128::from_le_bytes(*right)
            .wrapping_add(self.hash(header, left))
            .to_le_bytes();
        self.xor_stream(&middle, left);
        self.block.decrypt(&mut middle);
        *right = u128::from_le_bytes(middle)
            .wrapping_sub(self.hash(header, left))
            .to_le_bytes();
        true
    }

    fn xor_stream(&self, middle: &[u8; 16], left: &mut [u8]) {
        let mut nonce = [0; 24];
        nonce[..16].copy_from_slice(middle);
        nonce[16] = 1;
        xchacha_xor(&self.stream, &nonce, 0, self.rounds, left);
    }

    fn hash_header(&self, tweak: &[u8], left: usize) -> u128 {
        let mut h = Accumulator::default();
        self.header.block(&mut h, &(8 * left as u128).to_le_bytes());
        self.header.absorb(&mut h, tweak);
        h.finish()
    }

    fn hash(&self, header: u128, left: &[u8]) -> u128 {
        let mut h = Accumulator::default();
        for unit in left.chunks(nh::UNIT) {
            let hash = self.nh.hash(unit);
            let (halves, _) = hash.as_chunks::<16>();
            self.body.block(&mut h, &halves[0]);
            self.body.block(&mut h, &halves[1]);
        }
        header.wrapping_add(h.finish())
    }
}
