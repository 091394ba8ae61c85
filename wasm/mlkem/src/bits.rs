//! Bytes and coefficients (FIPS 203 §4.2.1): ByteEncode, ByteDecode, Compress and Decompress, for D bits a coefficient.
//! Eight coefficients are D bytes.

use crate::field::{Q, canonical, reduce};
use crate::lanes::V128;
use crate::poly::Poly;
use crate::wipe::Zero;
use core::hint::black_box;

/// Compress_D of canonical lanes: ⌊2^D·x/q⌉ mod 2^D. An estimate that is off by at most one, put right by its remainder; no division.
#[inline(always)]
pub fn compress<const D: u32>(x: V128) -> V128 {
    let factor = const { ((1_i32 << (D + 15)) + Q as i32 / 2) / Q as i32 } as i16;
    let estimate = x.mul_q15(V128::splat16(factor));
    let rest = x.shl16(D).sub16(estimate.mul16(V128::splat16(Q)));
    let half = V128::splat16(Q / 2);
    let over = rest.gt16(half);
    let under = V128::splat16(-(Q / 2)).gt16(rest);
    estimate
        .sub16(over)
        .add16(under)
        .and(V128::splat16(((1_u32 << D) - 1) as i16))
}

/// Decompress_D: ⌊q·y/2^D⌉.
#[inline(always)]
pub fn decompress<const D: u32>(y: V128) -> V128 {
    y.shl16(15 - D).mul_q15(V128::splat16(Q))
}

/// Of eight lanes of D bits each: D bytes, in the low bytes.
#[inline(always)]
fn pack<const D: u32>(lanes: V128) -> u128 {
    let pairs = lanes.dot16(V128::splat32(1 | 1 << (16 + D)));
    let [low, high] = pairs
        .halves()
        .map(|half| (half & 0xffff_ffff) | (half >> 32) << (2 * D));
    u128::from(low) | u128::from(high) << (4 * D)
}

/// Where the bytes of each lane's bits are, and the factors that move them to the lane's top.
enum Places {
    /// Lanes of 16 bits.
    Narrow([u8; 16], [i16; 8]),
    /// Four lanes of 32 bits, twice: for bits that may lie across three bytes.
    Wide([[u8; 16]; 2], [[i16; 8]; 2]),
}

const fn places(bits: u32) -> Places {
    if bits == 11 { wide(bits) } else { narrow(bits) }
}

const fn narrow(bits: u32) -> Places {
    let (mut places, mut lift) = ([0; 16], [0; 8]);
    let mut lane = 0;
    while lane < 8 {
        let first = lane as u32 * bits;
        places[2 * lane] = (first / 8) as u8;
        // The last byte has none after it; what is taken instead is shifted out.
        places[2 * lane + 1] = if first / 8 + 1 < bits { first / 8 + 1 } else { first / 8 } as u8;
        lift[lane] = 1 << (16 - bits - first % 8);
        lane += 1;
    }
    Places::Narrow(places, lift)
}

const fn wide(bits: u32) -> Places {
    let (mut places, mut lift) = ([[0; 16]; 2], [[0; 8]; 2]);
    let mut lane = 0;
    while lane < 8 {
        let (vector, at, first) = (lane / 4, lane % 4, lane as u32 * bits);
        let mut i = 0;
        while i < 4 {
            let byte = first / 8 + i as u32;
            places[vector][4 * at + i] = if byte < 16 { byte } else { 15 } as u8;
            i += 1;
        }
        let factor = 1_u32 << (32 - bits - first % 8);
        lift[vector][2 * at] = factor as i16;
        lift[vector][2 * at + 1] = (factor >> 16) as i16;
        lane += 1;
    }
    Places::Wide(places, lift)
}

/// Eight lanes of D bits from D bytes (what lies after them is not looked at).
#[inline(always)]
fn unpack<const D: u32>(bytes: V128, places: &Places) -> V128 {
    match places {
        Places::Narrow(places, lift) => {
            let fields = bytes.swizzle(V128::load_bytes(places));
            fields.mul16(V128::load(lift)).shr_u16(16 - D)
        }
        Places::Wide(places, lift) => {
            let part = |i: usize| {
                let fields = bytes.swizzle(V128::load_bytes(&places[i]));
                fields.mul32(V128::load(&lift[i])).shr_u32(32 - D)
            };
            V128::narrow32(part(0), part(1))
        }
    }
}

/// ByteEncode_D of what `lanes` makes of each vector: 32·D bytes.
#[inline(always)]
fn encode_with<const D: u32>(poly: &Poly, out: &mut [u8], lanes: impl Fn(V128) -> V128) {
    for (i, bytes) in out.chunks_exact_mut(D as usize).enumerate() {
        bytes.copy_from_slice(&pack::<D>(lanes(poly.get(i))).to_le_bytes()[..D as usize]);
    }
}

/// ByteDecode_D with `lanes` upon each vector.
#[inline(always)]
fn decode_with<const D: u32>(bytes: &[u8], lanes: impl Fn(V128) -> V128) -> Poly {
    let mut poly = Poly::ZERO;
    // Were the factors known to the compiler, it would make scalar shifts of the products.
    let places = black_box(const { &places(D) });
    for i in 0..32 {
        let at = i * D as usize;
        let vector = match bytes.get(at..).and_then(<[u8]>::first_chunk) {
            Some(chunk) => V128::load_bytes(chunk),
            None => {
                let mut chunk = [0; 16];
                chunk[..D as usize].copy_from_slice(&bytes[at..at + D as usize]);
                V128::load_bytes(&chunk)
            }
        };
        poly.set(i, lanes(unpack::<D>(vector, places)));
    }
    poly
}

/// ByteEncode_12 of a polynomial within ±q: 384 bytes.
pub fn encode12(poly: &Poly, out: &mut [u8]) {
    encode_with::<12>(poly, out, canonical);
}

/// ByteDecode_12 without its reduction: the caller checks that there is nothing to reduce, or trusts the bytes.
pub fn decode12(bytes: &[u8]) -> Poly {
    decode_with::<12>(bytes, |lanes| lanes)
}

/// ByteEncode_D(Compress_D) of a polynomial within ±2 q: 32·D bytes, for D of 1, 4, 5, 10 or 11.
pub fn compress_encode(bits: usize, poly: &Poly, out: &mut [u8]) {
    fn run<const D: u32>(poly: &Poly, out: &mut [u8]) {
        encode_with::<D>(poly, out, |lanes| compress::<D>(canonical(reduce(lanes))));
    }
    match bits {
        1 => run::<1>(poly, out),
        4 => run::<4>(poly, out),
        5 => run::<5>(poly, out),
        10 => run::<10>(poly, out),
        _ => run::<11>(poly, out),
    }
}

/// Decompress_D(ByteDecode_D) of 32·D bytes.
pub fn decode_decompress(bits: usize, bytes: &[u8]) -> Poly {
    match bits {
        1 => decode_with::<1>(bytes, decompress::<1>),
        4 => decode_with::<4>(bytes, decompress::<4>),
        5 => decode_with::<5>(bytes, decompress::<5>),
        10 => decode_with::<10>(bytes, decompress::<10>),
        _ => decode_with::<11>(bytes, decompress::<11>),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<const D: u32>() {
        for x in 0..Q {
            let mut lanes = [0; 8];
            compress::<D>(V128::splat16(x)).store(&mut lanes);
            let exact = ((i64::from(x) << (D + 1)) + i64::from(Q)) / (2 * i64::from(Q)) % (1 << D);
            assert_eq!(i64::from(lanes[3]), exact, "Compress_{D}({x})");
        }
        for y in 0..1 << D {
            let mut lanes = [0; 8];
            decompress::<D>(V128::splat16(y)).store(&mut lanes);
            let exact = (2 * i64::from(Q) * i64::from(y) + (1 << D)) >> (D + 1);
            assert_eq!(i64::from(lanes[5]), exact, "Decompress_{D}({y})");
        }
        let bytes: Vec<u8> = (0..32 * D).map(|i| (i * i * 167 + i / 3) as u8).collect();
        let poly = decode_with::<D>(&bytes, |lanes| lanes);
        for (i, coefficient) in poly.0.iter().enumerate() {
            let bit = |at: usize| i16::from(bytes[at / 8] >> (at % 8) & 1);
            let exact = (0..D as usize).fold(0, |sum, j| sum | bit(i * D as usize + j) << j);
            assert_eq!(*coefficient, exact, "ByteDecode_{D}, coefficient {i}");
        }
        let mut out = vec![0; bytes.len()];
        encode_with::<D>(&poly, &mut out, |lanes| lanes);
        assert_eq!(out, bytes, "ByteEncode_{D}");
    }

    #[test]
    fn every_value_and_every_bit() {
        check::<1>();
        check::<4>();
        check::<5>();
        check::<10>();
        check::<11>();
        let bytes: Vec<u8> = (0..384_u32).map(|i| (i * 89) as u8).collect();
        let mut poly = decode12(&bytes);
        let mut out = vec![0; 384];
        encode12(&poly, &mut out);
        assert_eq!(out, bytes);
        poly.0[7] = -1;
        encode12(&poly, &mut out);
        assert_eq!(decode12(&out).0[7], Q - 1);
    }
}
