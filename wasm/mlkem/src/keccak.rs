//! Keccak-f[1600] (FIPS 202 §3.3) on two states at once, one in each lane of a vector.
//!
//! ```text
//! word 5y + x of the state   lane 0: first state   lane 1: second state
//! ```
//! The two need not be about the same function: each lane absorbs and squeezes by itself, at a rate of its own, and only
//! `permute` is common.

use crate::lanes::U64x2;
use crate::wipe::{Zero, wipe};

pub const SHAKE128: Rate = Rate {
    bytes: 168,
    domain: 0x1f,
};
pub const SHAKE256: Rate = Rate {
    bytes: 136,
    domain: 0x1f,
};
pub const SHA3_256: Rate = Rate {
    bytes: 136,
    domain: 0x06,
};
pub const SHA3_512: Rate = Rate {
    bytes: 72,
    domain: 0x06,
};

/// A function of FIPS 202 §6: its rate, and its domain bits with the first bit of the padding.
#[derive(Clone, Copy)]
pub struct Rate {
    pub bytes: usize,
    pub domain: u8,
}

impl Rate {
    /// How many blocks a message of this length becomes.
    pub const fn blocks(self, length: usize) -> usize {
        length / self.bytes + 1
    }
}

/// FIPS 202 §3.2.5.
static ROUND_CONSTANTS: [u64; 24] = round_constants();

const fn round_constants() -> [u64; 24] {
    let mut constants = [0; 24];
    let mut register: u8 = 1;
    let mut round = 0;
    while round < 24 {
        let mut bit = 0;
        while bit < 7 {
            if register & 1 == 1 {
                constants[round] |= 1 << ((1 << bit) - 1);
            }
            // x^8 + x^6 + x^5 + x^4 + 1
            register = (register << 1) ^ if register & 0x80 == 0 { 0 } else { 0x71 };
            bit += 1;
        }
        round += 1;
    }
    constants
}

type State = [[u64; 2]; 25];

impl Zero for [u64; 2] {
    const ZERO: Self = [0; 2];
}

/// Two states, and room for what every other round makes of them. Erased when dropped.
pub struct Pair {
    state: State,
    other: State,
}

impl Drop for Pair {
    fn drop(&mut self) {
        wipe(&mut self.state);
        wipe(&mut self.other);
    }
}

impl Default for Pair {
    fn default() -> Self {
        Self::new()
    }
}

impl Pair {
    pub fn new() -> Self {
        Self {
            state: [[0; 2]; 25],
            other: [[0; 2]; 25],
        }
    }

    /// Empties one state and absorbs a message's first block.
    pub fn start(&mut self, lane: usize, rate: Rate, message: &[u8]) {
        for words in &mut self.state {
            words[lane] = 0;
        }
        self.absorb(lane, rate, message, 0);
    }

    /// Adds block `index` of a message, padded if it is the last one. `permute` comes next.
    pub fn absorb(&mut self, lane: usize, rate: Rate, message: &[u8], index: usize) {
        let start = index * rate.bytes;
        let Some(block) = message.get(start..start + rate.bytes) else {
            return self.absorb_last(lane, rate, &message[start..]);
        };
        for (words, bytes) in self.state.iter_mut().zip(block.as_chunks::<8>().0) {
            words[lane] ^= u64::from_le_bytes(*bytes);
        }
    }

    fn absorb_last(&mut self, lane: usize, rate: Rate, rest: &[u8]) {
        let (chunks, tail) = rest.as_chunks::<8>();
        for (words, bytes) in self.state.iter_mut().zip(chunks) {
            words[lane] ^= u64::from_le_bytes(*bytes);
        }
        let mut word = u64::from(rate.domain) << (8 * tail.len());
        for (i, byte) in tail.iter().enumerate() {
            word |= u64::from(*byte) << (8 * i);
        }
        self.state[chunks.len()][lane] ^= word;
        self.state[rate.bytes / 8 - 1][lane] ^= 1 << 63;
    }

    /// The first bytes of one state, whole words of them.
    pub fn squeeze(&self, lane: usize, out: &mut [u8]) {
        for (bytes, words) in out.as_chunks_mut::<8>().0.iter_mut().zip(&self.state) {
            *bytes = words[lane].to_le_bytes();
        }
    }

    /// Puts a state, such as `state` gave, in place of one, and absorbs the message's block `index`.
    pub fn resume(&mut self, lane: usize, state: &[u64; 25], rate: Rate, message: &[u8], index: usize) {
        for (words, word) in self.state.iter_mut().zip(state) {
            words[lane] = *word;
        }
        self.absorb(lane, rate, message, index);
    }

    /// One state.
    pub fn state(&self, lane: usize) -> [u64; 25] {
        self.state.map(|words| words[lane])
    }

    /// One word of one state.
    #[inline(always)]
    pub fn word(&self, lane: usize, index: usize) -> u64 {
        self.state[index][lane]
    }

    /// All 24 rounds on both states.
    #[inline(never)]
    pub fn permute(&mut self) {
        for [even, odd] in ROUND_CONSTANTS.as_chunks().0 {
            round(&self.state, &mut self.other, *even);
            round(&self.other, &mut self.state, *odd);
        }
    }
}

/// χ on one plane (FIPS 202 §3.2.4).
#[inline(always)]
fn chi(b: [U64x2; 5]) -> [U64x2; 5] {
    [
        b[0].xor(b[2].and_not(b[1])),
        b[1].xor(b[3].and_not(b[2])),
        b[2].xor(b[4].and_not(b[3])),
        b[3].xor(b[0].and_not(b[4])),
        b[4].xor(b[1].and_not(b[0])),
    ]
}

/// θ, ρ, π, χ and ι in one pass, a plane of the result at a time (FIPS 202 §3.2). From memory to memory: 25 words are more
/// than there are registers.
#[inline(always)]
fn round(from: &State, to: &mut State, constant: u64) {
    let a = |at: usize| U64x2::load(&from[at]);
    let sum = |x: usize| a(x).xor(a(x + 5)).xor(a(x + 10)).xor(a(x + 15)).xor(a(x + 20));
    let c = [sum(0), sum(1), sum(2), sum(3), sum(4)];
    let d = [
        c[4].xor(c[1].rotate(1)),
        c[0].xor(c[2].rotate(1)),
        c[1].xor(c[3].rotate(1)),
        c[2].xor(c[4].rotate(1)),
        c[3].xor(c[0].rotate(1)),
    ];
    let lane = |at: usize, bits: u32| a(at).xor(d[at % 5]).rotate(bits);
    let mut set = |y: usize, plane: [U64x2; 5]| {
        for (x, lanes) in plane.into_iter().enumerate() {
            lanes.store(&mut to[5 * y + x]);
        }
    };
    let mut first = chi([a(0).xor(d[0]), lane(6, 44), lane(12, 43), lane(18, 21), lane(24, 14)]);
    first[0] = first[0].xor(U64x2::splat(constant));
    set(0, first);
    set(
        1,
        chi([lane(3, 28), lane(9, 20), lane(10, 3), lane(16, 45), lane(22, 61)]),
    );
    set(
        2,
        chi([lane(1, 1), lane(7, 6), lane(13, 25), lane(19, 8), lane(20, 18)]),
    );
    set(
        3,
        chi([lane(4, 27), lane(5, 36), lane(11, 10), lane(17, 15), lane(23, 56)]),
    );
    set(
        4,
        chi([lane(2, 62), lane(8, 55), lane(14, 39), lane(15, 41), lane(21, 2)]),
    );
}

/// A whole hash or the first block of an extendable output; `out` is at most one block, whole words.
pub fn hash(rate: Rate, message: &[u8], out: &mut [u8]) {
    let mut pair = Pair::new();
    for index in 0..rate.blocks(message.len()) {
        pair.absorb(0, rate, message, index);
        pair.permute();
    }
    pair.squeeze(0, out);
}

/// SHAKE256 of any output length.
pub fn shake256(message: &[u8], out: &mut [u8]) {
    extend(SHAKE256, message, out);
}

/// Any of the functions, with an output of any length.
pub fn extend(rate: Rate, message: &[u8], out: &mut [u8]) {
    let mut pair = Pair::new();
    for index in 0..rate.blocks(message.len()) {
        pair.absorb(0, rate, message, index);
        pair.permute();
    }
    // The largest rate there is.
    let mut block = zeroize::Zeroizing::new([0; SHAKE128.bytes]);
    for (i, part) in out.chunks_mut(rate.bytes).enumerate() {
        if i > 0 {
            pair.permute();
        }
        pair.squeeze(0, &mut block[..rate.bytes]);
        part.copy_from_slice(&block[..part.len()]);
    }
}
