//! Sampling (FIPS 203 §4.2.2): uniform from public bytes by rejection, noise from secret bytes without a branch.

use crate::field::Q;
use crate::keccak::SHAKE128;
use crate::lanes::V128;
use crate::poly::Poly;
use crate::wipe::Zero;
use core::hint::black_box;

/// For a mask of four lanes: the places of the bytes of those whose bit is set, moved to the front.
static KEPT: [u64; 16] = kept();
/// Of twelve bytes, the two that each of eight 12-bit numbers lies in, and what moves the number to the top of 16 bits.
static TWELVE: ([u8; 16], [i16; 8]) = (
    [0, 1, 1, 2, 3, 4, 4, 5, 6, 7, 7, 8, 9, 10, 10, 11],
    [16, 1, 16, 1, 16, 1, 16, 1],
);

const fn kept() -> [u64; 16] {
    let mut table = [0; 16];
    let mut mask = 0;
    while mask < 16 {
        let (mut lane, mut at) = (0, 0);
        while lane < 4 {
            if mask >> lane & 1 == 1 {
                table[mask] |= ((2 * lane) | ((2 * lane + 1) << 8)) << at;
                at += 16;
            }
            lane += 1;
        }
        mask += 1;
    }
    table
}

/// Algorithm 7 for one block of SHAKE128: fills the polynomial from its first `count` coefficients on, and gives how many there are
/// then; 256 is all. The bytes are public, and so are the branches.
pub fn uniform(poly: &mut Poly, mut count: usize, word: impl Fn(usize) -> u64) -> usize {
    // Were these known to the compiler, it would make eight scalar shifts of the product.
    let (places, lift) = black_box(&TWELVE);
    let twelve = (V128::load_bytes(places), V128::load(lift));
    for triple in 0..SHAKE128.bytes / 24 {
        let [first, second, third] = core::array::from_fn(|i| word(3 * triple + i));
        for halves in [[first, second], [second >> 32 | third << 32, third >> 32]] {
            let numbers = V128::from_halves(halves).swizzle(twelve.0).mul16(twelve.1).shr_u16(4);
            if let Some(room) = poly.0.get_mut(count..).and_then(<[i16]>::first_chunk_mut) {
                count += accept(numbers, room);
            } else {
                let mut last = [0; 8];
                let taken = accept(numbers, &mut last).min(256 - count);
                poly.0[count..count + taken].copy_from_slice(&last[..taken]);
                count += taken;
            }
        }
    }
    count
}

/// Of eight numbers, those below q. What lies after them is overwritten too.
#[inline(always)]
fn accept(numbers: V128, out: &mut [i16; 8]) -> usize {
    let mask = V128::splat16(Q).gt16(numbers).bitmask16();
    let (low, high) = (usize::from(mask & 15), usize::from(mask >> 4));
    let places = V128::from_halves([KEPT[low], KEPT[high] + 0x0808_0808_0808_0808]);
    let kept = numbers.swizzle(places);
    let count = low.count_ones() as usize;
    if let Some(room) = out.first_chunk_mut() {
        kept.store_low(room);
    }
    if let Some(room) = out[count..].first_chunk_mut() {
        kept.store_high(room);
    }
    count + high.count_ones() as usize
}

/// Algorithm 8: noise of `eta` 2 or 3 from 64·eta bytes.
pub fn noise(eta: usize, bytes: &[u8]) -> Poly {
    if eta == 2 { noise2(bytes) } else { noise3(bytes) }
}

fn noise2(bytes: &[u8]) -> Poly {
    let mut poly = Poly::ZERO;
    let (ones, threes) = (V128::splat16(0x5555), V128::splat16(0x0303));
    for (i, chunk) in bytes.as_chunks().0.iter().take(8).enumerate() {
        let bits = V128::load_bytes(chunk);
        let sums = bits.and(ones).add16(bits.shr_u16(1).and(ones));
        let field = |at: u32| sums.shr_u16(at).and(threes);
        let (even, odd) = (field(0).sub8(field(2)), field(4).sub8(field(6)));
        for (j, lanes) in even.interleave8_widened(odd).into_iter().enumerate() {
            poly.set(4 * i + j, lanes);
        }
    }
    poly
}

/// Each three bytes of twelve in a lane of 32 bits.
static THREES: [u8; 16] = [0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11, 11];

fn noise3(bytes: &[u8]) -> Poly {
    let mut poly = Poly::ZERO;
    let (ones, sevens) = (V128::splat32(0x24_9249), V128::splat32(7));
    for i in 0..16 {
        let mut chunk = [0; 16];
        chunk[..12].copy_from_slice(&bytes[12 * i..12 * i + 12]);
        let bits = V128::load_bytes(&chunk).swizzle(V128::load_bytes(&THREES));
        let bit = |at: u32| bits.shr_u32(at).and(ones);
        let sums = bit(0).add32(bit(1)).add32(bit(2));
        let field = |at: u32| sums.shr_u32(at).and(sevens);
        let number = |at: u32| field(6 * at).sub32(field(6 * at + 3));
        let pair = |at: u32| number(at).and(V128::splat32(0xffff)).or(number(at + 1).shl32(16));
        let (first, second) = pair(0).zip32(pair(2));
        poly.set(2 * i, first);
        poly.set(2 * i + 1, second);
    }
    poly
}
