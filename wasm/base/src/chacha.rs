//! ChaCha and XChaCha with 12 or 20 rounds (RFC 8439 §2.3; draft-irtf-cfrg-xchacha §2.2; Adiantum §2 for 12 rounds).
//!
//! ```text
//! state  constants 4 | key 8 | counter u64 | nonce 2      words, little-endian; the upper half of the counter stays 0
//! ```
//! Four blocks at a time, one in each lane: a word of the state is one vector. One block alone is done word by word: each
//! step of it waits for the last, and the result of a word is there sooner than that of a vector.

use crate::lanes::{Turns, U32x4, erase, wipe};
use zeroize::Zeroize;

const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];
/// States of four blocks that are worked on in turn, which is all of a cell.
const ABREAST: usize = 4;
const BLOCKS: u32 = 16;
const GROUP: usize = 64 * BLOCKS as usize;
/// What of a cell is streamed, of the 64 parts of a group: 1008 bytes.
const CELL_PARTS: usize = 63;

type State = [U32x4; 16];

/// Where sixteen blocks are worked on. All zeros but for the time of a call: whoever calls again and again keeps it.
pub struct Work([State; ABREAST]);

impl Work {
    pub const fn new() -> Self {
        Self([[U32x4::ZERO; 16]; ABREAST])
    }
}

impl Default for Work {
    fn default() -> Self {
        Self::new()
    }
}

/// The words of a key.
pub fn key_words(key: &[u8; 32]) -> [u32; 8] {
    let (words, _) = key.as_chunks::<4>();
    core::array::from_fn(|i| u32::from_le_bytes(words[i]))
}

/// HChaCha (draft-irtf-cfrg-xchacha §2.2): a new key from a key and 16 bytes, little-endian.
#[inline(never)]
pub fn hchacha(key: &[u32; 8], input: u128, rounds: u32) -> [u32; 8] {
    hchacha_beside(key, input, rounds, || ())
}

/// As `hchacha`; after each round, a step of what does not need its result. A processor does both at once.
#[inline(always)]
pub fn hchacha_beside(key: &[u32; 8], input: u128, rounds: u32, mut step: impl FnMut()) -> [u32; 8] {
    let [c0, c1, c2, c3] = CONSTANTS;
    let [k0, k1, k2, k3, k4, k5, k6, k7] = *key;
    let [i0, i1, i2, i3] = [0, 32, 64, 96].map(|bits| (input >> bits) as u32);
    let mut s = [c0, c1, c2, c3, k0, k1, k2, k3, k4, k5, k6, k7, i0, i1, i2, i3];
    for _ in 0..rounds / 2 {
        words_quarter(&mut s, 0, 4, 8, 12);
        words_quarter(&mut s, 1, 5, 9, 13);
        words_quarter(&mut s, 2, 6, 10, 14);
        words_quarter(&mut s, 3, 7, 11, 15);
        step();
        words_quarter(&mut s, 0, 5, 10, 15);
        words_quarter(&mut s, 1, 6, 11, 12);
        words_quarter(&mut s, 2, 7, 8, 13);
        words_quarter(&mut s, 3, 4, 9, 14);
        step();
    }
    [s[0], s[1], s[2], s[3], s[12], s[13], s[14], s[15]]
}

#[inline(always)]
fn words_quarter(s: &mut [u32; 16], a: usize, b: usize, c: usize, d: usize) {
    s[a] = s[a].wrapping_add(s[b]);
    s[d] = (s[d] ^ s[a]).rotate_left(16);
    s[c] = s[c].wrapping_add(s[d]);
    s[b] = (s[b] ^ s[c]).rotate_left(12);
    s[a] = s[a].wrapping_add(s[b]);
    s[d] = (s[d] ^ s[a]).rotate_left(8);
    s[c] = s[c].wrapping_add(s[d]);
    s[b] = (s[b] ^ s[c]).rotate_left(7);
}

/// Four times `hchacha`, one in each lane.
pub fn hchacha4(keys: [&[u32; 8]; 4], inputs: &[u128; 4], rounds: u32, subkeys: &mut [[u32; 8]; 4]) {
    let halves = keys.map(|key| key.as_chunks::<4>().0);
    let mut s = [U32x4::ZERO; 16];
    for (word, constant) in s.iter_mut().zip(CONSTANTS) {
        *word = U32x4::splat(constant);
    }
    let parts = [
        halves.map(|halves| U32x4::from_words(&halves[0])),
        halves.map(|halves| U32x4::from_words(&halves[1])),
        inputs.each_ref().map(|input| U32x4::from_number(*input)),
    ];
    for (words, part) in s[4..].as_chunks_mut::<4>().0.iter_mut().zip(parts) {
        *words = U32x4::transpose(part);
    }
    permute(core::slice::from_mut(&mut s), rounds / 2);
    let first = U32x4::transpose([s[0], s[1], s[2], s[3]]);
    let last = U32x4::transpose([s[12], s[13], s[14], s[15]]);
    wipe(&mut s);
    for (i, key) in subkeys.iter_mut().enumerate() {
        let (halves, _) = key.as_chunks_mut::<4>();
        halves[0] = first[i].words();
        halves[1] = last[i].words();
    }
}

#[inline(always)]
fn quarter(turns: &Turns, s: &mut State, a: usize, b: usize, c: usize, d: usize) {
    s[a] = s[a].plus(s[b]);
    s[d] = s[d].xor(s[a]).turned(&turns.by16);
    s[c] = s[c].plus(s[d]);
    s[b] = s[b].xor(s[c]).rotate::<12>();
    s[a] = s[a].plus(s[b]);
    s[d] = s[d].xor(s[a]).turned(&turns.by8);
    s[c] = s[c].plus(s[d]);
    s[b] = s[b].xor(s[c]).rotate::<7>();
}

#[inline(always)]
fn diagonals(turns: &Turns, s: &mut State) {
    quarter(turns, s, 0, 5, 10, 15);
    quarter(turns, s, 1, 6, 11, 12);
    quarter(turns, s, 2, 7, 8, 13);
    quarter(turns, s, 3, 4, 9, 14);
}

/// XORs the keystream of (key, nonce 8 bytes), from block `counter` on, into `data`: at most 2^32 blocks.
#[inline(never)]
pub fn chacha_xor(
    Work(states): &mut Work,
    key: &[u32; 8],
    nonce: [u32; 2],
    counter: u32,
    rounds: u32,
    data: &mut [u8],
) {
    let mut start = Start { key, counter, nonce };
    for group in data.chunks_mut(GROUP) {
        begin(&start, states);
        permute(states, (rounds / 2).saturating_sub(1));
        match group.as_chunks_mut() {
            (parts, []) if parts.len() == CELL_PARTS => {
                let mut spare = [0; 16];
                xor_parts(&start, states, parts.try_into().expect("as many"), &mut spare);
                erase(core::slice::from_mut(&mut spare));
            }
            _ => xor_any(&start, states, group),
        }
        start.counter = start.counter.wrapping_add(BLOCKS);
    }
}

/// What a state begins with, but for the constants.
struct Start<'a> {
    key: &'a [u32; 8],
    counter: u32,
    nonce: [u32; 2],
}

impl Start<'_> {
    /// The counters of the four blocks of a state.
    #[inline(always)]
    fn counters(&self, number: u32) -> U32x4 {
        U32x4::new([0, 1, 2, 3]).plus(U32x4::splat(self.counter.wrapping_add(4 * number)))
    }

    /// Four words of one block, where the counter is 0.
    #[inline(always)]
    fn quarter<const Q: usize>(&self) -> U32x4 {
        let (key, _) = self.key.as_chunks::<4>();
        match Q {
            0 => U32x4::new(CONSTANTS),
            1 => U32x4::from_words(&key[0]),
            2 => U32x4::from_words(&key[1]),
            _ => U32x4::new([0, 0, self.nonce[0], self.nonce[1]]),
        }
    }
}

/// The first two rounds. Blocks differ in word 12 alone, which is in the first column: of the first round the other three
/// columns are done once for all.
#[inline(always)]
fn begin(start: &Start<'_>, states: &mut [State; ABREAST]) {
    let turns = Turns::new();
    let [c0, c1, c2, c3] = CONSTANTS;
    let [k0, k1, k2, k3, k4, k5, k6, k7] = *start.key;
    let [n0, n1] = start.nonce;
    let mut first = [c0, c1, c2, c3, k0, k1, k2, k3, k4, k5, k6, k7, 0, 0, n0, n1].map(U32x4::splat);
    quarter(&turns, &mut first, 1, 5, 9, 13);
    quarter(&turns, &mut first, 2, 6, 10, 14);
    quarter(&turns, &mut first, 3, 7, 11, 15);
    for (s, number) in states.iter_mut().zip(0..) {
        (s[0], s[4], s[8], s[12]) = (first[0], first[4], first[8], start.counters(number));
        quarter(&turns, s, 0, 4, 8, 12);
    }
    for s in states {
        let mut all = first;
        (all[0], all[4], all[8], all[12]) = (s[0], s[4], s[8], s[12]);
        diagonals(&turns, &mut all);
        *s = all;
    }
}

/// States of four blocks, half a round of each after the other: they lie in memory, as no engine has registers for more
/// than one, and each is left alone for long enough that nothing waits for its own last result.
#[inline(never)]
fn permute(states: &mut [State], double_rounds: u32) {
    let turns = Turns::new();
    for _ in 0..double_rounds {
        for s in states.iter_mut() {
            quarter(&turns, s, 0, 4, 8, 12);
            quarter(&turns, s, 1, 5, 9, 13);
            quarter(&turns, s, 2, 6, 10, 14);
            quarter(&turns, s, 3, 7, 11, 15);
        }
        for s in states.iter_mut() {
            diagonals(&turns, s);
        }
    }
}

type Parts = [[u8; 16]; CELL_PARTS];

/// Adds what the states began with, XORs with all of sixteen blocks, and erases the states.
#[inline(never)]
fn xor_parts(start: &Start<'_>, states: &mut [State; ABREAST], parts: &mut Parts, last: &mut [u8; 16]) {
    for (number, state) in states.iter_mut().enumerate() {
        state[12] = state[12].plus(start.counters(number as u32));
        xor_quarter::<0>(start, state, number, parts, last);
        xor_quarter::<1>(start, state, number, parts, last);
        xor_quarter::<2>(start, state, number, parts, last);
        xor_quarter::<3>(start, state, number, parts, last);
    }
}

/// Four words of each of four blocks.
#[inline(always)]
fn xor_quarter<const Q: usize>(
    start: &Start<'_>,
    s: &mut State,
    number: usize,
    parts: &mut Parts,
    last: &mut [u8; 16],
) {
    let start = start.quarter::<Q>();
    let rows = U32x4::transpose([s[4 * Q], s[4 * Q + 1], s[4 * Q + 2], s[4 * Q + 3]]);
    wipe(&mut s[4 * Q..4 * Q + 4]);
    for (block, row) in rows.into_iter().enumerate() {
        let part = parts.get_mut(4 * (4 * number + block) + Q).unwrap_or(last);
        U32x4::from_le(part).xor(row.plus(start)).write_le(part);
    }
}

/// As `xor_parts`, of at most sixteen blocks.
#[inline(never)]
fn xor_any(start: &Start<'_>, states: &mut [State; ABREAST], group: &mut [u8]) {
    let (mut parts, mut last) = ([[0; 16]; CELL_PARTS], [0; 16]);
    let (first, rest) = group.split_at_mut(group.len().min(16 * CELL_PARTS));
    parts.as_flattened_mut()[..first.len()].copy_from_slice(first);
    last[..rest.len()].copy_from_slice(rest);
    xor_parts(start, states, &mut parts, &mut last);
    first.copy_from_slice(&parts.as_flattened()[..first.len()]);
    rest.copy_from_slice(&last[..rest.len()]);
    erase(&mut parts);
    erase(core::slice::from_mut(&mut last));
}

/// XORs the XChaCha keystream, from its first block on, into `data`.
pub fn xchacha_xor(key: &[u32; 8], nonce: &[u8; 24], rounds: u32, data: &mut [u8]) {
    let (parts, _) = nonce.as_chunks::<8>();
    let [first, second, last] = [parts[0], parts[1], parts[2]].map(u64::from_le_bytes);
    let mut subkey = hchacha(key, u128::from(first) | u128::from(second) << 64, rounds);
    chacha_xor(
        &mut Work::new(),
        &subkey,
        [last as u32, (last >> 32) as u32],
        0,
        rounds,
        data,
    );
    subkey.zeroize();
}
