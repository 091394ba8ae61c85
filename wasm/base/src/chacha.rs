//! ChaCha and XChaCha with 12 or 20 rounds (RFC 8439 §2.3; draft-irtf-cfrg-xchacha §2.2; Adiantum §2 for 12 rounds).
//!
//! ```text
//! state  constants 4 | key 8 | counter u64 | nonce 2      words, little-endian; the upper half of the counter stays 0
//! ```
//! Four blocks at a time, one in each lane: a word of the state is one vector.

use crate::lanes::{Turns, U32x4, erase};
use zeroize::Zeroize;

const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];
const GROUP: usize = 512;

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
    let turns = Turns::new();
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
    for _ in 0..rounds / 2 {
        double_round(&turns, &mut s);
    }
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

#[inline(always)]
fn double_round(turns: &Turns, s: &mut State) {
    columns(turns, s, 0);
    diagonals(turns, s);
}

/// XORs the keystream of (key, nonce 8 bytes), from block `counter` on, into `data`: at most 2^32 blocks.
#[inline(never)]
pub fn chacha_xor(key: &[u32; 8], nonce: [u32; 2], mut counter: u32, rounds: u32, data: &mut [u8]) {
    let mut start = [U32x4::splat(0); 16];
    for (word, value) in start.iter_mut().zip(CONSTANTS.into_iter().chain(*key)) {
        *word = U32x4::splat(value);
    }
    start[14] = U32x4::splat(nonce[0]);
    start[15] = U32x4::splat(nonce[1]);
    // Blocks differ in word 12 alone, which is in the first column: of the first round the other three are done once for all.
    let mut first = start;
    columns(&Turns::new(), &mut first, 1);
    let mut stream = [[0; 16]; GROUP / 16];
    for group in data.chunks_mut(GROUP) {
        write_group(&start, &first, counter, rounds, &mut stream);
        let (parts, rest) = group.as_chunks_mut::<16>();
        for (part, with) in parts.iter_mut().zip(&stream) {
            U32x4::from_le(part).xor(U32x4::from_le(with)).write_le(part);
        }
        if let Some(with) = stream.get(parts.len()) {
            xor_rest(rest, with);
        }
        counter = counter.wrapping_add(8);
    }
    erase(&mut stream);
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

/// Eight blocks of the keystream. `first`: the state after the first round, but for the first column, which is as at the
/// start. Two states of four blocks take turns, so that neither has to wait for its own last result.
#[inline(never)]
fn write_group(start: &State, first: &State, counter: u32, rounds: u32, stream: &mut [[u8; 16]; GROUP / 16]) {
    let turns = Turns::new();
    let counters = [0, 4].map(|more| U32x4::new([0, 1, 2, 3]).plus(U32x4::splat(counter.wrapping_add(more))));
    let (mut s, mut t) = (*first, *first);
    s[12] = counters[0];
    t[12] = counters[1];
    both(&turns, &mut s, &mut t, 0, 4, 8, 12);
    both_diagonals(&turns, &mut s, &mut t);
    for _ in 1..rounds / 2 {
        both(&turns, &mut s, &mut t, 0, 4, 8, 12);
        both(&turns, &mut s, &mut t, 1, 5, 9, 13);
        both(&turns, &mut s, &mut t, 2, 6, 10, 14);
        both(&turns, &mut s, &mut t, 3, 7, 11, 15);
        both_diagonals(&turns, &mut s, &mut t);
    }
    let (halves, _) = stream.as_chunks_mut::<16>();
    let mut halves = halves.iter_mut();
    for (state, words) in [(&s, counters[0]), (&t, counters[1])] {
        if let Some(half) = halves.next() {
            write_blocks(start, state, words, half);
        }
    }
}

#[inline(always)]
fn both_diagonals(turns: &Turns, s: &mut State, t: &mut State) {
    both(turns, s, t, 0, 5, 10, 15);
    both(turns, s, t, 1, 6, 11, 12);
    both(turns, s, t, 2, 7, 8, 13);
    both(turns, s, t, 3, 4, 9, 14);
}

#[inline(always)]
fn both(turns: &Turns, s: &mut State, t: &mut State, a: usize, b: usize, c: usize, d: usize) {
    quarter_at(turns, s, a, b, c, d);
    quarter_at(turns, t, a, b, c, d);
}

#[inline(always)]
fn write_blocks(start: &State, s: &State, counters: U32x4, stream: &mut [[u8; 16]; 16]) {
    for quarter in 0..4 {
        let rows = core::array::from_fn(|i| {
            let at = 4 * quarter + i;
            s[at].plus(if at == 12 { counters } else { start[at] })
        });
        for (block, row) in U32x4::transpose(rows).into_iter().enumerate() {
            row.write_le(&mut stream[4 * block + quarter]);
        }
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
