//! Adiantum (Crowley and Biggers, "Adiantum: length-preserving encryption for entry-level processors", ToSC 2018.4):
//! a tweakable strong pseudorandom permutation over a whole message of at least 16 bytes.
//!
//! ```text
//! message          left …                    | right 16
//! P_M = right + H(T, left)     C_M = AES-256(P_M)     left ^= XChaCha(C_M | 1 | 0 7)     right = C_M − H(T, left)
//! H(T, left) = Poly1305_KT(bits of left u128 | T) + Poly1305_KM(NH_KN(left), unit by unit)
//! K_E 32 | K_T 16 | K_M 16 | K_N 1072 = XChaCha(K, nonce 1 | 0 23)
//! ```
//! Deciphering is the same with the two in the middle changed about: AES and HChaCha, which then need not wait for each
//! other. They have but one block, and each step of them waits for the last: four messages at once, each with its own key,
//! share them.

use crate::aes256::Aes256;
use crate::nh;
use sotto_base::chacha::{Work, chacha_xor, hchacha, hchacha_beside, hchacha4, key_words, xchacha_xor};
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

/// A message of at least 16 bytes, with the header's hash.
struct Message<'a> {
    bytes: &'a mut [u8],
    header: &'a u128,
}

impl Key {
    #[inline(never)]
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
        self.apply_hashed(&mut Work::new(), way, &header, message)
    }

    /// As `apply`, of a tweak that has been hashed.
    #[must_use]
    #[inline(never)]
    pub fn apply_hashed(&self, work: &mut Work, way: Way, header: &u128, message: &mut [u8]) -> bool {
        let Some(mut message) = Message::of(header, message) else {
            return false;
        };
        let (mut middle, mut subkey) = (self.begin(&message), [0; 8]);
        if way == Way::Encipher {
            self.block.encrypt(&mut middle);
            subkey = hchacha(&self.stream, middle, self.rounds);
        } else {
            self.subkey_and_block(&mut middle, &mut subkey);
        }
        chacha_xor(work, &subkey, NONCE_END, 0, self.rounds, message.streamed());
        self.end(&mut message, middle);
        subkey.zeroize();
        middle.zeroize();
        true
    }

    /// HChaCha and the deciphering of AES, of the same block, at once.
    #[inline(never)]
    fn subkey_and_block(&self, middle: &mut u128, subkey: &mut [u32; 8]) {
        let mut block = self.block.begin_decrypt(*middle);
        *subkey = hchacha_beside(&self.stream, *middle, self.rounds, || block.step());
        *middle = block.end();
    }

    /// Four messages at once. False, and nothing done, when one of them is shorter than a block.
    #[must_use]
    pub fn apply4(work: &mut Work, keys: [&Self; 4], way: Way, headers: [&u128; 4], messages: [&mut [u8]; 4]) -> bool {
        let mut headers = headers.into_iter();
        let messages = messages.map(|message| headers.next().and_then(|header| Message::of(header, message)));
        let [Some(a), Some(b), Some(c), Some(d)] = messages else {
            return false;
        };
        let mut messages = [a, b, c, d];
        let mut middles = core::array::from_fn(|i| keys[i].begin_one(&messages[i]));
        let blocks = keys.map(|key| &key.block);
        if way == Way::Encipher {
            Aes256::encrypt4(blocks, &mut middles);
        }
        // All keys of a protocol have the same number of rounds.
        let rounds = keys[0].rounds;
        let mut subkeys = [[0; 8]; 4];
        hchacha4(keys.map(|key| &key.stream), &middles, rounds, &mut subkeys);
        if way == Way::Decipher {
            Aes256::decrypt4(blocks, &mut middles);
        }
        for (i, (key, message)) in keys.into_iter().zip(&mut messages).enumerate() {
            chacha_xor(work, &subkeys[i], NONCE_END, 0, rounds, message.streamed());
            key.end_one(message, middles[i]);
        }
        subkeys.zeroize();
        middles.zeroize();
        true
    }

    #[inline(always)]
    fn begin(&self, message: &Message<'_>) -> u128 {
        let (left, right) = message.parts();
        let sum = message.header.wrapping_add(self.hash(left));
        right.wrapping_add(sum)
    }

    #[inline(always)]
    fn end(&self, message: &mut Message<'_>, middle: u128) {
        let (left, _) = message.parts();
        let sum = message.header.wrapping_add(self.hash(left));
        message.set_right(middle.wrapping_sub(sum));
    }

    /// `begin`, where it is not worth as many copies as there are messages.
    #[inline(never)]
    fn begin_one(&self, message: &Message<'_>) -> u128 {
        self.begin(message)
    }

    #[inline(never)]
    fn end_one(&self, message: &mut Message<'_>, middle: u128) {
        self.end(message, middle);
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
        self.header.end(begun, tweak)
    }

    #[inline(always)]
    fn hash(&self, left: &[u8]) -> u128 {
        let mut place = 0;
        match left.try_into() {
            Ok(cell) => self.hash_cell(cell, &mut place),
            Err(_) => place = self.hash_any(left),
        }
        let hash = place;
        place.zeroize();
        hash
    }

    /// Into a place rather than returned, which would be by way of memory that nobody erases.
    #[inline(never)]
    fn hash_cell(&self, left: &[u8; nh::CELL], hash: &mut u128) {
        *hash = self.body.only(self.nh.hash_cell(left));
    }

    #[inline(never)]
    fn hash_any(&self, left: &[u8]) -> u128 {
        let mut h = Accumulator::default();
        for unit in left.chunks(nh::UNIT) {
            for sum in self.nh.hash(unit).as_chunks::<2>().0 {
                let block = u128::from(sum[0]) | u128::from(sum[1]) << 64;
                self.body.block(&mut h, &block.to_le_bytes());
            }
        }
        h.finish()
    }
}

fn bits(left: usize) -> [u8; 16] {
    (8 * left as u128).to_le_bytes()
}

impl<'a> Message<'a> {
    #[inline(always)]
    fn of(header: &'a u128, bytes: &'a mut [u8]) -> Option<Self> {
        (bytes.len() >= 16).then_some(Self { bytes, header })
    }

    #[inline(always)]
    fn parts(&self) -> (&[u8], u128) {
        let (left, right) = self.bytes.split_last_chunk().expect("at least 16 bytes");
        (left, u128::from_le_bytes(*right))
    }

    #[inline(always)]
    fn set_right(&mut self, right: u128) {
        let (_, to) = self.bytes.split_last_chunk_mut().expect("at least 16 bytes");
        *to = right.to_le_bytes();
    }

    /// The left part, and of the right one, which is written anew later, what makes it whole 16 bytes.
    #[inline(always)]
    fn streamed(&mut self) -> &mut [u8] {
        let left = self.bytes.len() - 16;
        &mut self.bytes[..left.next_multiple_of(16)]
    }
}
