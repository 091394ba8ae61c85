//! ChaCha and XChaCha with 12 or 20 rounds (RFC 8439 §2.3; draft-irtf-cfrg-xchacha §2.2; Adiantum §2 for 12 rounds).
//!
//! ```text
//! state  constants 4 | key 8 | counter u64 | nonce 2      words, little-endian
//! ```
//! Four blocks at a time, one in each lane.

use crate::lanes::U32x4;
use zeroize::Zeroize;

const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];
const GROUP: usize = 256;

/// The words of a key.
pub fn key_words(key: &[u8; 32]) -> [u32; 8] {
    let (words, _) = key.as_chunks::<4>();
    core::array::from_fn(|i| u32::from_le_bytes(words[i]))
}

/// HChaCha (draft-irtf-cfrg-xchacha §2.2): a new key from a key and 16 bytes.
pub fn hchacha(key: &[u32; 8], input: &[u8; 16], rounds: u32) -> [u32; 8] {
    let mut rows = [
        U32x4::new(CONSTANTS),
        U32x4::new([key[0], key[1], key[2], key[3]]),
        U32x4::new([key[4], key[5], key[6], key[7]]),
        U32x4::from_le(input),
    ];
    // One lane is one quarter-round: columns as they stand, diagonals after turning the rows.
    for _ in 0..rounds / 2 {
        quarter_rows(&mut rows);
        rows = [rows[0], turn(rows[1], 1), turn(rows[2], 2), turn(rows[3], 3)];
        quarter_rows(&mut rows);
        rows = [rows[0], turn(rows[1], 3), turn(rows[2], 2), turn(rows[3], 1)];
    }
    let (first, last) = (lanes(rows[0]), lanes(rows[3]));
    [
        first[0], first[1], first[2], first[3], last[0], last[1], last[2], last[3],
    ]
}

fn lanes(row: U32x4) -> [u32; 4] {
    let bytes = row.to_le();
    let (words, _) = bytes.as_chunks::<4>();
    core::array::from_fn(|i| u32::from_le_bytes(words[i]))
}

#[inline(always)]
fn turn(row: U32x4, by: usize) -> U32x4 {
    let words = lanes(row);
    U32x4::new(core::array::from_fn(|i| words[(i + by) % 4]))
}

#[inline(always)]
fn quarter_rows(rows: &mut [U32x4; 4]) {
    let [a, b, c, d] = *rows;
    let (a, b, c, d) = quarter(a, b, c, d);
    *rows = [a, b, c, d];
}

#[inline(always)]
fn quarter(mut a: U32x4, mut b: U32x4, mut c: U32x4, mut d: U32x4) -> (U32x4, U32x4, U32x4, U32x4) {
    a = a.plus(b);
    d = d.xor(a).rotate::<16>();
    c = c.plus(d);
    b = b.xor(c).rotate::<12>();
    a = a.plus(b);
    d = d.xor(a).rotate::<8>();
    c = c.plus(d);
    b = b.xor(c).rotate::<7>();
    (a, b, c, d)
}

#[inline(always)]
fn quarter_at(s: &mut [U32x4; 16], a: usize, b: usize, c: usize, d: usize) {
    (s[a], s[b], s[c], s[d]) = quarter(s[a], s[b], s[c], s[d]);
}

/// Four blocks, as 16 words of four lanes.
#[inline(always)]
fn four_blocks(key: &[u32; 8], counter: u64, nonce: [u32; 2], rounds: u32) -> [U32x4; 16] {
    let counters: [u64; 4] = core::array::from_fn(|i| counter.wrapping_add(i as u64));
    let mut start = [U32x4::splat(0); 16];
    for i in 0..4 {
        start[i] = U32x4::splat(CONSTANTS[i]);
    }
    for i in 0..8 {
        start[4 + i] = U32x4::splat(key[i]);
    }
    start[12] = U32x4::new(counters.map(|c| c as u32));
    start[13] = U32x4::new(counters.map(|c| (c >> 32) as u32));
    start[14] = U32x4::splat(nonce[0]);
    start[15] = U32x4::splat(nonce[1]);
    let mut s = start;
    for _ in 0..rounds / 2 {
        for i in 0..4 {
            quarter_at(&mut s, i, 4 + i, 8 + i, 12 + i);
        }
        quarter_at(&mut s, 0, 5, 10, 15);
        quarter_at(&mut s, 1, 6, 11, 12);
        quarter_at(&mut s, 2, 7, 8, 13);
        quarter_at(&mut s, 3, 4, 9, 14);
    }
    core::array::from_fn(|i| s[i].plus(start[i]))
}

#[inline(always)]
fn xor16(data: &mut [u8; 16], with: U32x4) {
    *data = U32x4::from_le(data).xor(with).to_le();
}

/// XORs the keystream of (key, nonce 8 bytes), from block `counter` on, into `data`.
pub fn chacha_xor(key: &[u32; 8], nonce: [u32; 2], mut counter: u64, rounds: u32, data: &mut [u8]) {
    let (groups, rest) = data.as_chunks_mut::<GROUP>();
    for group in groups {
        xor_group(&four_blocks(key, counter, nonce, rounds), group);
        counter = counter.wrapping_add(4);
    }
    if !rest.is_empty() {
        let mut last = [0; GROUP];
        last[..rest.len()].copy_from_slice(rest);
        xor_group(&four_blocks(key, counter, nonce, rounds), &mut last);
        rest.copy_from_slice(&last[..rest.len()]);
        last.zeroize();
    }
}

#[inline(always)]
fn xor_group(words: &[U32x4; 16], group: &mut [u8; GROUP]) {
    let (parts, _) = group.as_chunks_mut::<16>();
    for quarter in 0..4 {
        let at = 4 * quarter;
        let rows = U32x4::transpose([words[at], words[at + 1], words[at + 2], words[at + 3]]);
        for block in 0..4 {
            xor16(&mut parts[4 * block + quarter], rows[block]);
        }
    }
}

/// XORs the XChaCha keystream, from block `counter` on, into `data`.
pub fn xchacha_xor(key: &[u32; 8], nonce: &[u8; 24], counter: u64, rounds: u32, data: &mut [u8]) {
    let (parts, _) = nonce.as_chunks::<8>();
    let mut first = [0; 16];
    first[..8].copy_from_slice(&parts[0]);
    first[8..].copy_from_slice(&parts[1]);
    let mut subkey = hchacha(key, &first, rounds);
    let last = u64::from_le_bytes(parts[2]);
    chacha_xor(&subkey, [last as u32, (last >> 32) as u32], counter, rounds, data);
    subkey.zeroize();
}
