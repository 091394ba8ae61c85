//! ChaCha and XChaCha with 12 or 20 rounds (RFC 8439 §2.3; draft-irtf-cfrg-xchacha §2.2; Adiantum §2 for 12 rounds).
//!
//! ```text
//! state  constants 4 | key 8 | counter u64 | nonce 2      words, little-endian; the upper half of the counter stays 0
//! ```
//! Four blocks at a time, one in each lane: a word of the state is one vector.

use crate::lanes::{Turns, U32x4, erase, wipe};
use zeroize::Zeroize;

const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];
/// States of four blocks that are worked on in turn, which is all of a cell.
const ABREAST: usize = 4;
const BLOCKS: u32 = 16;
const GROUP: usize = 64 * BLOCKS as usize;

type State = [U32x4; 16];

/// The words of a key.
pub fn key_words(key: &[u8; 32]) -> [u32; 8] {
    let (words, _) = key.as_chunks::<4>();
    core::array::from_fn(|i| u32::from_le_bytes(words[i]))
}

fn halves(key: &[u32; 8]) -> [U32x4; 2] {
    let (halves, _) = key.as_chunks::<4>();
    [U32x4::from_words(&halves[0]), U32x4::from_words(&halves[1])]
}

/// HChaCha (draft-irtf-cfrg-xchacha §2.2): a new key from a key and 16 bytes.
#[inline(never)]
pub fn hchacha(key: &[u32; 8], input: &[u8; 16], rounds: u32) -> [u32; 8] {
    let [low, high] = halves(key);
    let turns = Turns::new();
    let (mut a, mut b, mut c, mut d) = (U32x4::new(CONSTANTS), low, high, U32x4::from_le(input));
    // One lane is one quarter-round: columns as they stand, diagonals after turning the rows.
    for _ in 0..rounds / 2 {
        (a, b, c, d) = quarter(&turns, a, b, c, d);
        (b, c, d) = (b.turn::<1>(), c.turn::<2>(), d.turn::<3>());
        (a, b, c, d) = quarter(&turns, a, b, c, d);
        (b, c, d) = (b.turn::<3>(), c.turn::<2>(), d.turn::<1>());
    }
    joined(a, d)
}

fn joined(first: U32x4, last: U32x4) -> [u32; 8] {
    let mut key = [0; 8];
    let (halves, _) = key.as_chunks_mut::<4>();
    halves[0] = first.words();
    halves[1] = last.words();
    key
}

/// Four times `hchacha`, one in each lane.
pub fn hchacha4(keys: [&[u32; 8]; 4], inputs: &[[u8; 16]; 4], rounds: u32) -> [[u32; 8]; 4] {
    let rows = keys.map(halves);
    let mut s = [U32x4::splat(0); 16];
    for (word, constant) in s.iter_mut().zip(CONSTANTS) {
        *word = U32x4::splat(constant);
    }
    let parts = [
        rows.map(|[low, _]| low),
        rows.map(|[_, high]| high),
        core::array::from_fn(|i| U32x4::from_le(&inputs[i])),
    ];
    for (words, part) in s[4..].as_chunks_mut::<4>().0.iter_mut().zip(parts) {
        *words = U32x4::transpose(part);
    }
    permute(core::slice::from_mut(&mut s), rounds, false);
    let first = U32x4::transpose([s[0], s[1], s[2], s[3]]);
    let last = U32x4::transpose([s[12], s[13], s[14], s[15]]);
    core::array::from_fn(|i| joined(first[i], last[i]))
}

#[inline(always)]
fn quarter(turns: &Turns, mut a: U32x4, mut b: U32x4, mut c: U32x4, mut d: U32x4) -> (U32x4, U32x4, U32x4, U32x4) {
    a = a.plus(b);
    d = d.xor(a).turned(&turns.by16);
    c = c.plus(d);
    b = b.xor(c).rotate::<12>();
    a = a.plus(b);
    d = d.xor(a).turned(&turns.by8);
    c = c.plus(d);
    b = b.xor(c).rotate::<7>();
    (a, b, c, d)
}

#[inline(always)]
fn quarter_at(turns: &Turns, s: &mut State, a: usize, b: usize, c: usize, d: usize) {
    (s[a], s[b], s[c], s[d]) = quarter(turns, s[a], s[b], s[c], s[d]);
}

#[inline(always)]
fn columns(turns: &Turns, s: &mut State, from: usize) {
    for i in from..4 {
        quarter_at(turns, s, i, 4 + i, 8 + i, 12 + i);
    }
}

#[inline(always)]
fn diagonals(turns: &Turns, s: &mut State) {
    quarter_at(turns, s, 0, 5, 10, 15);
    quarter_at(turns, s, 1, 6, 11, 12);
    quarter_at(turns, s, 2, 7, 8, 13);
    quarter_at(turns, s, 3, 4, 9, 14);
}

/// XORs the keystream of (key, nonce 8 bytes), from block `counter` on, into `data`: at most 2^32 blocks.
#[inline(never)]
pub fn chacha_xor(key: &[u32; 8], nonce: [u32; 2], counter: u32, rounds: u32, data: &mut [u8]) {
    let [c0, c1, c2, c3] = CONSTANTS;
    let [k0, k1, k2, k3, k4, k5, k6, k7] = *key;
    let mut words = [
        c0, c1, c2, c3, k0, k1, k2, k3, k4, k5, k6, k7, counter, 0, nonce[0], nonce[1],
    ];
    for group in data.chunks_mut(GROUP) {
        let mut states = begun(&words);
        permute(&mut states, rounds, true);
        xor_group(&words, &states, group);
        wipe(states.as_flattened_mut());
        words[12] = words[12].wrapping_add(BLOCKS);
    }
    words.zeroize();
}

/// The first four states. Blocks differ in word 12 alone, which is in the first column: of the first round the other three
/// columns are done once for all.
#[inline(always)]
fn begun(words: &[u32; 16]) -> [State; ABREAST] {
    let mut first = words.map(U32x4::splat);
    columns(&Turns::new(), &mut first, 1);
    let mut states = [first; ABREAST];
    for (state, i) in states.iter_mut().zip(0..) {
        state[12] = counters(words, i);
    }
    states
}

/// Word 12 of the state of this number.
#[inline(always)]
fn counters(words: &[u32; 16], number: u32) -> U32x4 {
    U32x4::new([0, 1, 2, 3]).plus(U32x4::splat(words[12].wrapping_add(4 * number)))
}

/// States of four blocks, half a round of each after the other: they lie in memory, as no engine has registers for more
/// than one, and each is left alone for long enough that nothing waits for its own last result. `begun`: of the first
/// round all columns but the first are done already.
#[inline(never)]
fn permute(states: &mut [State], rounds: u32, begun: bool) {
    let turns = Turns::new();
    for round in 0..rounds / 2 {
        for s in states.iter_mut() {
            quarter_at(&turns, s, 0, 4, 8, 12);
            if round > 0 || !begun {
                columns(&turns, s, 1);
            }
        }
        for s in states.iter_mut() {
            diagonals(&turns, s);
        }
    }
}

/// Adds what the states began with, and XORs with at most sixteen blocks.
#[inline(always)]
fn xor_group(words: &[u32; 16], states: &[State; ABREAST], group: &mut [u8]) {
    for (number, (state, data)) in states.iter().zip(group.chunks_mut(256)).enumerate() {
        let counters = counters(words, number as u32);
        let (parts, rest) = data.as_chunks_mut::<16>();
        if let Some(parts) = parts.first_chunk_mut::<16>() {
            for quarter in 0..4 {
                for (block, row) in stream(words, state, counters, quarter).into_iter().enumerate() {
                    let part = &mut parts[4 * block + quarter];
                    U32x4::from_le(part).xor(row).write_le(part);
                }
            }
        } else {
            xor_part(words, state, counters, parts, rest);
        }
    }
}

/// Less than four blocks.
#[inline(never)]
fn xor_part(words: &[u32; 16], state: &State, counters: U32x4, parts: &mut [[u8; 16]], rest: &mut [u8]) {
    let mut last = [0; 16];
    for quarter in 0..4 {
        for (block, row) in stream(words, state, counters, quarter).into_iter().enumerate() {
            let at = 4 * block + quarter;
            if let Some(part) = parts.get_mut(at) {
                U32x4::from_le(part).xor(row).write_le(part);
            } else if at == parts.len() {
                row.write_le(&mut last);
            }
        }
    }
    xor_rest(rest, &last);
    erase(core::slice::from_mut(&mut last));
}

/// A quarter of each of four blocks of the keystream.
#[inline(always)]
fn stream(words: &[u32; 16], state: &State, counters: U32x4, quarter: usize) -> [U32x4; 4] {
    U32x4::transpose(core::array::from_fn(|i| {
        let word = 4 * quarter + i;
        let start = if word == 12 {
            counters
        } else {
            U32x4::splat(words[word])
        };
        state[word].plus(start)
    }))
}

#[inline(always)]
fn xor_rest(rest: &mut [u8], with: &[u8; 16]) {
    let (halves, bytes) = rest.as_chunks_mut::<8>();
    let (first, second) = with.split_at(8);
    let other = if let [half] = halves {
        let first = first.first_chunk().map_or(0, |with| u64::from_le_bytes(*with));
        *half = (u64::from_le_bytes(*half) ^ first).to_le_bytes();
        second
    } else {
        first
    };
    for (byte, with) in bytes.iter_mut().zip(other) {
        *byte ^= with;
    }
}

/// XORs the XChaCha keystream, from its first block on, into `data`.
pub fn xchacha_xor(key: &[u32; 8], nonce: &[u8; 24], rounds: u32, data: &mut [u8]) {
    let (parts, _) = nonce.as_chunks::<8>();
    let mut first = [0; 16];
    first[..8].copy_from_slice(&parts[0]);
    first[8..].copy_from_slice(&parts[1]);
    let mut subkey = hchacha(key, &first, rounds);
    let last = u64::from_le_bytes(parts[2]);
    chacha_xor(&subkey, [last as u32, (last >> 32) as u32], 0, rounds, data);
    subkey.zeroize();
}
