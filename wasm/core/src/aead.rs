//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03 §2; RFC 8439 §2.8), for the boxes of the handshake.

use sotto_base::chacha::{Work, chacha_xor, hchacha, key_words};
use sotto_base::poly1305::{Accumulator, Multiplier};
use zeroize::Zeroize;

pub const TAG: usize = 16;
const ROUNDS: u32 = 20;

struct Session {
    subkey: [u32; 8],
    nonce: [u32; 2],
    r: Multiplier,
    s: u128,
}

impl Session {
    fn new(key: &[u8; 32], nonce: &[u8; 24]) -> Self {
        let mut words = key_words(key);
        let (parts, _) = nonce.as_chunks::<4>();
        let (halves, _) = nonce.as_chunks::<16>();
        let subkey = hchacha(&words, u128::from_le_bytes(halves[0]), ROUNDS);
        words.zeroize();
        let nonce = [u32::from_le_bytes(parts[4]), u32::from_le_bytes(parts[5])];
        let mut one_time = [0; 32];
        chacha_xor(&mut Work::new(), &subkey, nonce, 0, ROUNDS, &mut one_time);
        let (halves, _) = one_time.as_chunks::<16>();
        let (r, s) = (Multiplier::new(&halves[0]), u128::from_le_bytes(halves[1]));
        one_time.zeroize();
        Self { subkey, nonce, r, s }
    }

    fn xor(&self, data: &mut [u8]) {
        chacha_xor(&mut Work::new(), &self.subkey, self.nonce, 1, ROUNDS, data);
    }

    fn tag(&self, aad: &[u8], ciphertext: &[u8]) -> [u8; TAG] {
        let mut h = Accumulator::default();
        for part in [aad, ciphertext] {
            let (blocks, rest) = part.as_chunks::<16>();
            for block in blocks {
                self.r.block(&mut h, block);
            }
            if !rest.is_empty() {
                let mut padded = [0; 16];
                padded[..rest.len()].copy_from_slice(rest);
                self.r.block(&mut h, &padded);
            }
        }
        let lengths = (aad.len() as u128) | ((ciphertext.len() as u128) << 64);
        self.r.block(&mut h, &lengths.to_le_bytes());
        h.finish().wrapping_add(self.s).to_le_bytes()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.subkey.zeroize();
        self.s.zeroize();
    }
}

/// Enciphers in place and gives the tag.
pub fn seal(key: &[u8; 32], nonce: &[u8; 24], aad: &[u8], data: &mut [u8]) -> [u8; TAG] {
    let session = Session::new(key, nonce);
    session.xor(data);
    session.tag(aad, data)
}

/// Deciphers in place. False, and nothing done, when the tag is not right.
#[must_use]
pub fn open(key: &[u8; 32], nonce: &[u8; 24], aad: &[u8], data: &mut [u8], tag: &[u8; TAG]) -> bool {
    let session = Session::new(key, nonce);
    let right = equal(&session.tag(aad, data), tag);
    if right {
        session.xor(data);
    }
    right
}

/// Compares without a branch on the content.
pub fn equal<const N: usize>(a: &[u8; N], b: &[u8; N]) -> bool {
    let difference = a.iter().zip(b).fold(0, |all, (x, y)| all | (x ^ y));
    core::hint::black_box(difference) == 0
}
