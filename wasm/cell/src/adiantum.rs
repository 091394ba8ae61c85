//! Adiantum (Crowley and Biggers, "Adiantum: length-preserving encryption for entry-level processors", ToSC 2018.4):
//! a tweakable strong pseudorandom permutation over a whole message of at least 16 bytes.
//!
//! ```text
//! message          left …                    | right 16
//! P_M = right + H(T, left)     C_M = AES-256(P_M)     left ^= XChaCha(C_M | 1 | 0 7)     right = C_M − H(T, left)
//! H(T, left) = Poly1305_KT(bits of left u128 | T) + Poly1305_KM(NH_KN(left), unit by unit)
//! K_E 32 | K_T 16 | K_M 16 | K_N 1072 = XChaCha(K, nonce 1 | 0 23)
//! ```
//! Deciphering is the same with the two in the middle changed about. Four messages at once, each with its own key, share the
//! two steps that have but one block: AES and HChaCha.

use crate::aes256::Aes256;
use crate::nh;
use sotto_base::chacha::{chacha_xor, hchacha, hchacha4, key_words, xchacha_xor};
use sotto_base::lanes::erase;
use sotto_base::poly1305::{Accumulator, Begun, PairMultiplier};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Rounds of ChaCha in the protocol (docs/protocol.md §4.2).
pub const ROUNDS: u32 = 12;
/// What comes behind C_M in the nonce.
const NONCE_END: [u32; 2] = [1, 0];

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Encipher,
    Decipher,
}

/// An expanded key. Erased when dropped.
#[derive(ZeroizeOnDrop)]
pub struct Key {
    stream: [u32; 8],
    rounds: u32,
    block: Aes256,
    header: PairMultiplier,
    body: PairMultiplier,
    nh: nh::Key,
}

/// A message in its two parts, with the header's hash.
struct Parts<'a> {
    left: &'a mut [u8],
    right: &'a mut [u8; 16],
    header: u128,
}

impl Key {
    pub fn new(key: &[u8; 32], rounds: u32) -> Self {
        let stream = key_words(key);
        let mut nonce = [0; 24];
        nonce[0] = 1;
        let mut derived = [[0; 16]; 4 + nh::KEY / 16];
        xchacha_xor(&stream, &nonce, rounds, derived.as_flattened_mut());
        let (block_key, rest) = derived.split_at(2);
        let mut block = [0; 32];
        block.copy_from_slice(block_key.as_flattened());
        let expanded = Self {
            stream,
            rounds,
            block: Aes256::new(&block),
            header: PairMultiplier::new(&rest[0]),
            body: PairMultiplier::new(&rest[1]),
            nh: nh::Key::new(rest[2..].first_chunk().expect("what is left is NH's")),
        };
        erase(&mut derived);
        block.zeroize();
        expanded
    }

    /// Works in place. False, and nothing done, when the message is shorter than a block.
    #[must_use]
    pub fn apply(&self, way: Way, tweak: &[u8], message: &mut [u8]) -> bool {
        let header = self.hash_header(tweak, message.len().saturating_sub(16));
        self.apply_hashed(way, header, message)
    }

    /// As `apply`, of a tweak that has been hashed.
    #[must_use]
    #[inline(never)]
    pub fn apply_hashed(&self, way: Way, header: u128, message: &mut [u8]) -> bool {
        let Some(mut parts) = Parts::of(header, message) else {
            return false;
        };
        let mut middle = self.begin(&parts);
        if way == Way::Encipher {
            self.block.encrypt(&mut middle);
        }
        let mut subkey = hchacha(&self.stream, &middle, self.rounds);
        // Here rather than after the stream: a processor does it beside what comes before and after.
        if way == Way::Decipher {
            self.block.decrypt(&mut middle);
        }
        chacha_xor(&subkey, NONCE_END, 0, self.rounds, parts.left);
        subkey.zeroize();
        self.end(&mut parts, &middle);
        true
    }

    /// Four messages at once. False, and nothing done, when one of them is shorter than a block.
    #[must_use]
    pub fn apply4(keys: [&Self; 4], way: Way, headers: [u128; 4], messages: [&mut [u8]; 4]) -> bool {
        let mut headers = headers.into_iter();
        let parts = messages.map(|message| headers.next().and_then(|header| Parts::of(header, message)));
        let [Some(a), Some(b), Some(c), Some(d)] = parts else {
            return false;
        };
        let mut parts = [a, b, c, d];
        let mut middles = core::array::from_fn(|i| keys[i].begin(&parts[i]));
        let blocks = keys.map(|key| &key.block);
        if way == Way::Encipher {
            Aes256::encrypt4(blocks, &mut middles);
        }
        // All keys of a protocol have the same number of rounds.
        let rounds = keys[0].rounds;
        let mut subkeys = hchacha4(keys.map(|key| &key.stream), &middles, rounds);
        if way == Way::Decipher {
            Aes256::decrypt4(blocks, &mut middles);
        }
        for (i, (key, part)) in keys.into_iter().zip(&mut parts).enumerate() {
            chacha_xor(&subkeys[i], NONCE_END, 0, rounds, part.left);
            key.end(part, &middles[i]);
        }
        subkeys.zeroize();
        true
    }

    fn begin(&self, parts: &Parts<'_>) -> [u8; 16] {
        let sum = parts.header.wrapping_add(self.hash(parts.left));
        u128::from_le_bytes(*parts.right).wrapping_add(sum).to_le_bytes()
    }

    fn end(&self, parts: &mut Parts<'_>, middle: &[u8; 16]) {
        let sum = parts.header.wrapping_add(self.hash(parts.left));
        *parts.right = u128::from_le_bytes(*middle).wrapping_sub(sum).to_le_bytes();
    }

    fn hash_header(&self, tweak: &[u8], left: usize) -> u128 {
        let mut h = Accumulator::default();
        self.header.block(&mut h, &bits(left));
        self.header.absorb(&mut h, tweak);
        h.finish()
    }

    /// What hashing the header of messages of one length has in common.
    pub fn begin_header(&self, left: usize) -> Begun {
        self.header.begin(&bits(left))
    }

    /// The header's hash under a tweak of four bytes.
    #[inline]
    pub fn end_header(&self, begun: &Begun, tweak: [u8; 4]) -> u128 {
        self.header.end(begun, tweak).finish()
    }

    #[inline(never)]
    fn hash(&self, left: &[u8]) -> u128 {
        let mut h = Accumulator::default();
        for unit in left.chunks(nh::UNIT) {
            self.body.pair(&mut h, &self.nh.hash(unit));
        }
        h.finish()
    }
}

fn bits(left: usize) -> [u8; 16] {
    (8 * left as u128).to_le_bytes()
}

impl<'a> Parts<'a> {
    #[inline(always)]
    fn of(header: u128, message: &'a mut [u8]) -> Option<Self> {
        let (left, right) = message.split_last_chunk_mut::<16>()?;
        Some(Self { left, right, header })
    }
}
