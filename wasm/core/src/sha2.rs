//! SHA-256 and SHA-512 (FIPS 180-4), of a message that comes in pieces.
//!
//! Both are one construction over words of 32 and of 64 bits. The constants of SHA-256 are the upper halves of those of SHA-512, as both
//! are the first bits of the same roots (§4.2.2, §4.2.3, §5.3.3, §5.3.5).

use crate::erase;
use core::ops::{BitAnd, BitOr, BitXor};
use zeroize::{DefaultIsZeroes, Zeroize};

/// What differs: §4.1.2 and §4.1.3, and the number of rounds.
pub trait Word:
    DefaultIsZeroes + BitAnd<Output = Self> + BitOr<Output = Self> + BitXor<Output = Self> + 'static
{
    const START: [Self; 8];
    const CONSTANTS: &[[Self; 8]];
    fn read(bytes: &[u8]) -> Self;
    fn write(self, bytes: &mut [u8]);
    fn plus(self, other: Self) -> Self;
    fn sum_a(self) -> Self;
    fn sum_e(self) -> Self;
    fn early(self) -> Self;
    fn late(self) -> Self;
}

/// `BLOCK` bytes are 16 words, `DIGEST` bytes are 8.
pub struct Hash<W: Word, const BLOCK: usize, const DIGEST: usize> {
    state: [W; 8],
    /// Sixteen words of the schedule, each replaced by its successor (§6.1.3).
    window: [W; 16],
    /// What does not fill a block yet.
    rest: [u8; BLOCK],
    length: u64,
}

pub type Sha256 = Hash<u32, 64, 32>;
pub type Sha512 = Hash<u64, 128, 64>;

impl<W: Word, const BLOCK: usize, const DIGEST: usize> Hash<W, BLOCK, DIGEST> {
    pub const fn new() -> Self {
        Self {
            state: W::START,
            window: [W::START[0]; 16],
            rest: [0; BLOCK],
            length: 0,
        }
    }

    pub fn update(&mut self, mut bytes: &[u8]) {
        let held = (self.length % BLOCK as u64) as usize;
        self.length += bytes.len() as u64;
        if held > 0 {
            let (start, after) = bytes.split_at(bytes.len().min(BLOCK - held));
            self.rest[held..held + start.len()].copy_from_slice(start);
            if held + start.len() < BLOCK {
                return;
            }
            compress(&mut self.state, &mut self.window, &self.rest);
            bytes = after;
        }
        let (blocks, after) = bytes.as_chunks::<BLOCK>();
        for block in blocks {
            compress(&mut self.state, &mut self.window, block);
        }
        self.rest[..after.len()].copy_from_slice(after);
    }

    /// §5.1. The length is below 2⁶¹ bytes, so that the upper half of SHA-512's stays zero.
    pub fn finish(mut self) -> [u8; DIGEST] {
        let held = (self.length % BLOCK as u64) as usize;
        self.rest[held] = 0x80;
        self.rest[held + 1..].fill(0);
        if held >= BLOCK - BLOCK / 8 {
            compress(&mut self.state, &mut self.window, &self.rest);
            self.rest.fill(0);
        }
        self.rest[BLOCK - 8..].copy_from_slice(&(self.length * 8).to_be_bytes());
        compress(&mut self.state, &mut self.window, &self.rest);
        let mut digest = [0; DIGEST];
        for (out, word) in digest.chunks_exact_mut(DIGEST / 8).zip(self.state) {
            word.write(out);
        }
        digest
    }

    /// Over the parts, joined.
    pub fn of(parts: &[&[u8]]) -> [u8; DIGEST] {
        let mut hash = Self::new();
        for part in parts {
            hash.update(part);
        }
        hash.finish()
    }
}

impl<W: Word, const BLOCK: usize, const DIGEST: usize> Default for Hash<W, BLOCK, DIGEST> {
    fn default() -> Self {
        Self::new()
    }
}

impl<W: Word, const BLOCK: usize, const DIGEST: usize> Drop for Hash<W, BLOCK, DIGEST> {
    fn drop(&mut self) {
        self.state.as_mut_slice().zeroize();
        self.window.as_mut_slice().zeroize();
        erase(&mut self.rest);
    }
}

/// §6.2.2 and §6.4.2. Eight rounds in one go, so that no word has to change its place.
fn compress<W: Word>(state: &mut [W; 8], window: &mut [W; 16], block: &[u8]) {
    for (word, bytes) in window.iter_mut().zip(block.chunks_exact(size_of::<W>())) {
        *word = W::read(bytes);
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for (eight, constants) in W::CONSTANTS.iter().enumerate() {
        let half = eight % 2 * 8;
        if eight > 1 {
            advance(window, half);
        }
        macro_rules! round {
            ($i:literal $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident) => {
                let choice = $g ^ ($e & ($f ^ $g));
                let majority = ($a & $b) | ($c & ($a | $b));
                $h = $h
                    .plus($e.sum_e())
                    .plus(choice)
                    .plus(window[half + $i].plus(constants[$i]));
                $d = $d.plus($h);
                $h = $h.plus($a.sum_a()).plus(majority);
            };
        }
        round!(0 a b c d e f g h);
        round!(1 h a b c d e f g);
        round!(2 g h a b c d e f);
        round!(3 f g h a b c d e);
        round!(4 e f g h a b c d);
        round!(5 d e f g h a b c);
        round!(6 c d e f g h a b);
        round!(7 b c d e f g h a);
    }
    for (sum, word) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *sum = sum.plus(word);
    }
}

/// The next eight words of the schedule, over those of sixteen before: `half` is 0 or 8.
#[inline(always)]
fn advance<W: Word>(window: &mut [W; 16], half: usize) {
    for i in half..half + 8 {
        let at = |ahead: usize| window[(i + ahead) % 16];
        window[i] = at(0).plus(at(1).early()).plus(at(9)).plus(at(14).late());
    }
}

impl Word for u32 {
    const START: [Self; 8] = upper(&START);
    const CONSTANTS: &[[Self; 8]] = upper::<64>(&K).as_chunks().0;

    fn read(bytes: &[u8]) -> Self {
        bytes.first_chunk().map_or(0, |bytes| Self::from_be_bytes(*bytes))
    }

    fn write(self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.to_be_bytes());
    }

    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    fn sum_a(self) -> Self {
        self.rotate_right(2) ^ self.rotate_right(13) ^ self.rotate_right(22)
    }

    fn sum_e(self) -> Self {
        self.rotate_right(6) ^ self.rotate_right(11) ^ self.rotate_right(25)
    }

    fn early(self) -> Self {
        self.rotate_right(7) ^ self.rotate_right(18) ^ (self >> 3)
    }

    fn late(self) -> Self {
        self.rotate_right(17) ^ self.rotate_right(19) ^ (self >> 10)
    }
}

impl Word for u64 {
    const START: [Self; 8] = START;
    const CONSTANTS: &[[Self; 8]] = K.as_chunks().0;

    fn read(bytes: &[u8]) -> Self {
        bytes.first_chunk().map_or(0, |bytes| Self::from_be_bytes(*bytes))
    }

    fn write(self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.to_be_bytes());
    }

    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    fn sum_a(self) -> Self {
        self.rotate_right(28) ^ self.rotate_right(34) ^ self.rotate_right(39)
    }

    fn sum_e(self) -> Self {
        self.rotate_right(14) ^ self.rotate_right(18) ^ self.rotate_right(41)
    }

    fn early(self) -> Self {
        self.rotate_right(1) ^ self.rotate_right(8) ^ (self >> 7)
    }

    fn late(self) -> Self {
        self.rotate_right(19) ^ self.rotate_right(61) ^ (self >> 6)
    }
}

/// The upper halves of the first N.
const fn upper<const N: usize>(words: &[u64]) -> [u32; N] {
    let mut halves = [0; N];
    let mut i = 0;
    while i < N {
        halves[i] = (words[i] >> 32) as u32;
        i += 1;
    }
    halves
}

/// Of the square roots of the first 8 primes, and of the cube roots of the first 80.
const START: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];
const K: [u64; 80] = [
    0x428a_2f98_d728_ae22,
    0x7137_4491_23ef_65cd,
    0xb5c0_fbcf_ec4d_3b2f,
    0xe9b5_dba5_8189_dbbc,
    0x3956_c25b_f348_b538,
    0x59f1_11f1_b605_d019,
    0x923f_82a4_af19_4f9b,
    0xab1c_5ed5_da6d_8118,
    0xd807_aa98_a303_0242,
    0x1283_5b01_4570_6fbe,
    0x2431_85be_4ee4_b28c,
    0x550c_7dc3_d5ff_b4e2,
    0x72be_5d74_f27b_896f,
    0x80de_b1fe_3b16_96b1,
    0x9bdc_06a7_25c7_1235,
    0xc19b_f174_cf69_2694,
    0xe49b_69c1_9ef1_4ad2,
    0xefbe_4786_384f_25e3,
    0x0fc1_9dc6_8b8c_d5b5,
    0x240c_a1cc_77ac_9c65,
    0x2de9_2c6f_592b_0275,
    0x4a74_84aa_6ea6_e483,
    0x5cb0_a9dc_bd41_fbd4,
    0x76f9_88da_8311_53b5,
    0x983e_5152_ee66_dfab,
    0xa831_c66d_2db4_3210,
    0xb003_27c8_98fb_213f,
    0xbf59_7fc7_beef_0ee4,
    0xc6e0_0bf3_3da8_8fc2,
    0xd5a7_9147_930a_a725,
    0x06ca_6351_e003_826f,
    0x1429_2967_0a0e_6e70,
    0x27b7_0a85_46d2_2ffc,
    0x2e1b_2138_5c26_c926,
    0x4d2c_6dfc_5ac4_2aed,
    0x5338_0d13_9d95_b3df,
    0x650a_7354_8baf_63de,
    0x766a_0abb_3c77_b2a8,
    0x81c2_c92e_47ed_aee6,
    0x9272_2c85_1482_353b,
    0xa2bf_e8a1_4cf1_0364,
    0xa81a_664b_bc42_3001,
    0xc24b_8b70_d0f8_9791,
    0xc76c_51a3_0654_be30,
    0xd192_e819_d6ef_5218,
    0xd699_0624_5565_a910,
    0xf40e_3585_5771_202a,
    0x106a_a070_32bb_d1b8,
    0x19a4_c116_b8d2_d0c8,
    0x1e37_6c08_5141_ab53,
    0x2748_774c_df8e_eb99,
    0x34b0_bcb5_e19b_48a8,
    0x391c_0cb3_c5c9_5a63,
    0x4ed8_aa4a_e341_8acb,
    0x5b9c_ca4f_7763_e373,
    0x682e_6ff3_d6b2_b8a3,
    0x748f_82ee_5def_b2fc,
    0x78a5_636f_4317_2f60,
    0x84c8_7814_a1f0_ab72,
    0x8cc7_0208_1a64_39ec,
    0x90be_fffa_2363_1e28,
    0xa450_6ceb_de82_bde9,
    0xbef9_a3f7_b2c6_7915,
    0xc671_78f2_e372_532b,
    0xca27_3ece_ea26_619c,
    0xd186_b8c7_21c0_c207,
    0xeada_7dd6_cde0_eb1e,
    0xf57d_4f7f_ee6e_d178,
    0x06f0_67aa_7217_6fba,
    0x0a63_7dc5_a2c8_98a6,
    0x113f_9804_bef9_0dae,
    0x1b71_0b35_131c_471b,
    0x28db_77f5_2304_7d84,
    0x32ca_ab7b_40c7_2493,
    0x3c9e_be0a_15c9_bebc,
    0x431d_67c4_9c10_0d4c,
    0x4cc5_d4be_cb3e_42b6,
    0x597f_299c_fc65_7e2a,
    0x5fcb_6fab_3ad6_faec,
    0x6c44_198c_4a47_5817,
];
