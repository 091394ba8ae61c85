//! By vector permutation: every table has 16 bytes and is looked up by an instruction, sixteen bytes at a time, so no address
//! and no time depends on the key or the block.
//!
//! ```text
//! enciphering   A = linear part of S(x)      X' = 2A + turn¹(3A) + turn²(A) + turn³(A) + key
//! deciphering   y = inverse of x             X' = 14y + turn¹(11y) + turn²(13y) + turn³(9y) + key      keys mixed beforehand
//! ```
//! Both are one kernel under two sets of tables.
//! ShiftRows is never done: after round r the state lies as if r of them were still to come, and the turns of that round and
//! its key are arranged so; four are none. The S-box's constant is part of the keys. Tables are read from memory, behind
//! `black_box`: constants in the code are built anew by the engine at each use.

use super::field::{
    A_BY, AFFINE, Map, ONE_BY, Order, Out, after, after_inversion, back, into_pairs, pair, shifted, turned,
    unlinear_pair,
};
use core::hint::black_box;
use sotto_base::lanes::{U8x16, erase};
use zeroize::ZeroizeOnDrop;

const ROUNDS: usize = 14;
type RoundKeys = [[u8; 16]; ROUNDS + 1];

/// One direction.
#[repr(C, align(16))]
struct Way {
    into: Map,
    /// After the inversion, by the factor that MixColumns has for the row itself and for those one, two and three below.
    mixed: [Map; 4],
    last: Map,
    /// By the round modulo 4: down by one row, by two, by three.
    turns: [[Order; 3]; 4],
    end: Order,
}

#[repr(C, align(16))]
struct Tables {
    one_by: [u8; 16],
    a_by: [u8; 16],
    encipher: Way,
    decipher: Way,
}

static TABLES: Tables = Tables {
    one_by: ONE_BY,
    a_by: A_BY,
    encipher: way(true, [2, 3, 1, 1]),
    decipher: way(false, [14, 11, 13, 9]),
};

const fn way(enciphering: bool, factors: [u8; 4]) -> Way {
    let mut mixed = [[[0; 16]; 2]; 4];
    let mut turns = [[[0; 16]; 3]; 4];
    let mut n = 0;
    while n < 4 {
        mixed[n] = after_inversion(Out::Pair(factors[n], enciphering));
        let lies = shifted(enciphering, n);
        let mut by = 1;
        while by < 4 {
            turns[n][by - 1] = after(after(lies, turned(by)), back(lies));
            by += 1;
        }
        n += 1;
    }
    Way {
        into: into_pairs(enciphering),
        mixed,
        last: after_inversion(Out::Byte(enciphering)),
        turns,
        end: shifted(enciphering, ROUNDS),
    }
}

#[inline(always)]
fn pick(map: &Map, low: U8x16, high: U8x16) -> U8x16 {
    U8x16::load(&map[0]).at(low).xor(U8x16::load(&map[1]).at(high))
}

/// p and q before their last reciprocal (field.rs).
#[inline(always)]
fn inverted(tables: &Tables, state: U8x16) -> (U8x16, U8x16) {
    let (one_by, a_by) = (U8x16::load(&tables.one_by), U8x16::load(&tables.a_by));
    let (k, i) = state.nibbles(U8x16::splat(15));
    let j = i.xor(k);
    let ak = a_by.at(k);
    let first = one_by.at(one_by.at(i).xor(ak)).xor(j);
    let second = one_by.at(one_by.at(j).xor(ak)).xor(i);
    (first, second)
}

#[inline(always)]
fn entered(map: &Map, block: U8x16, key: &[u8; 16]) -> U8x16 {
    let (low, high) = block.nibbles(U8x16::splat(15));
    pick(map, low, high).xor(U8x16::load(key))
}

/// One of the rounds between. What follows upon what is kept short: each step of it waits for the last.
#[inline(always)]
fn round(tables: &Tables, way: &Way, key: &[u8; 16], number: usize, state: U8x16) -> U8x16 {
    let [one, two, three] = way.turns[number % 4].each_ref().map(U8x16::load);
    let (p, q) = inverted(tables, state);
    let [own, first, second, third] = way.mixed.each_ref().map(|map| pick(map, p, q));
    let near = own.xor(U8x16::load(key)).xor(first.at(one));
    near.xor(second.at(two).xor(third.at(three)))
}

#[inline(always)]
fn left(tables: &Tables, way: &Way, key: &[u8; 16], state: U8x16) -> u128 {
    let (p, q) = inverted(tables, state);
    let last = pick(&way.last, p, q).xor(U8x16::load(key));
    last.at(U8x16::load(&way.end)).number()
}

/// N blocks abreast, each with a key of its own.
#[inline(always)]
fn crypt<const N: usize>(way: &Way, keys: [&RoundKeys; N], blocks: &mut [u128; N]) {
    let tables = black_box(&TABLES);
    let mut states: [U8x16; N] =
        core::array::from_fn(|n| entered(&way.into, U8x16::from_number(blocks[n]), &keys[n][0]));
    for number in 1..ROUNDS {
        for (state, key) in states.iter_mut().zip(keys) {
            *state = round(tables, way, &key[number], number, *state);
        }
    }
    for ((block, state), key) in blocks.iter_mut().zip(states).zip(keys) {
        *block = left(tables, way, &key[ROUNDS], state);
    }
}

#[inline(never)]
fn four(way: &Way, keys: [&RoundKeys; 4], blocks: &mut [u128; 4]) {
    crypt(way, keys, blocks);
}

/// A block being deciphered, a round at a time.
pub struct Deciphering<'a> {
    tables: &'static Tables,
    keys: &'a RoundKeys,
    done: usize,
    state: U8x16,
}

impl Deciphering<'_> {
    /// One round, if there is one left but for the last.
    #[inline(always)]
    pub fn step(&mut self) {
        let number = self.done + 1;
        if let (1..ROUNDS, Some(key)) = (number, self.keys.get(number)) {
            self.state = round(self.tables, &self.tables.decipher, key, number, self.state);
            self.done = number;
        }
    }

    /// What is left to do.
    #[inline(always)]
    pub fn end(mut self) -> u128 {
        while self.done + 1 < ROUNDS {
            self.step();
        }
        left(self.tables, &self.tables.decipher, &self.keys[ROUNDS], self.state)
    }
}

/// S(x) but for the constant.
fn substituted(tables: &Tables, block: &[u8; 16]) -> [u8; 16] {
    let (p, q) = inverted(tables, entered(&tables.encipher.into, U8x16::load(block), &[0; 16]));
    let mut bytes = [0; 16];
    pick(&tables.encipher.last, p, q).store(&mut bytes);
    bytes
}

/// FIPS 197 §5.2, two round keys of four words a step.
fn schedule(key: &[u8; 32]) -> RoundKeys {
    let tables = black_box(&TABLES);
    let mut keys = [[0; 16]; ROUNDS + 1];
    let (halves, _) = key.as_chunks::<16>();
    keys[..2].copy_from_slice(halves);
    let mut constant = 1u8;
    for i in 2..=ROUNDS {
        let substituted = substituted(tables, &keys[i - 1]);
        let mut word = u32::from_le_bytes([substituted[12], substituted[13], substituted[14], substituted[15]]);
        word ^= u32::from_le_bytes([AFFINE; 4]);
        if i % 2 == 0 {
            word = word.rotate_right(8) ^ u32::from(constant);
            constant <<= 1;
        }
        let before = keys[i - 2];
        for (out, old) in keys[i].as_chunks_mut::<4>().0.iter_mut().zip(before.as_chunks::<4>().0) {
            word ^= u32::from_le_bytes(*old);
            *out = word.to_le_bytes();
        }
    }
    keys
}

/// InvMixColumns (FIPS 197 §5.3.3), four bytes at a time.
fn unmixed(key: [u8; 16]) -> [u8; 16] {
    let double = |x: u32| ((x & 0x7f7f_7f7f) << 1) ^ ((x >> 7 & 0x0101_0101) * 0x1b);
    let mut out = [0; 16];
    for (to, from) in out.as_chunks_mut::<4>().0.iter_mut().zip(key.as_chunks::<4>().0) {
        let one = u32::from_le_bytes(*from);
        let two = double(one);
        let four = double(two);
        let eight = double(four);
        let word = (eight ^ four ^ two)
            ^ (eight ^ two ^ one).rotate_right(8)
            ^ (eight ^ four ^ one).rotate_right(16)
            ^ (eight ^ one).rotate_right(24);
        *to = word.to_le_bytes();
    }
    out
}

/// A key as the state lies before round `round`, through a map.
fn laid(map: &Map, key: &[u8; 16], lies: Order, constant: u8) -> [u8; 16] {
    let mut out = [0; 16];
    let (low, high) = U8x16::load(key).nibbles(U8x16::splat(15));
    pick(map, low, high)
        .at(U8x16::load(&back(lies)))
        .xor(U8x16::splat(constant))
        .store(&mut out);
    out
}

/// As `laid`, of a key that is added to bytes and not to pairs.
fn laid_plain(key: &[u8; 16], lies: Order, constant: u8) -> [u8; 16] {
    let mut out = [0; 16];
    U8x16::load(key)
        .at(U8x16::load(&back(lies)))
        .xor(U8x16::splat(constant))
        .store(&mut out);
    out
}

/// The keys of each direction, as its rounds take them. Erased when dropped.
pub struct Aes256 {
    encipher: RoundKeys,
    decipher: RoundKeys,
}

impl Drop for Aes256 {
    fn drop(&mut self) {
        erase(&mut self.encipher);
        erase(&mut self.decipher);
    }
}

impl ZeroizeOnDrop for Aes256 {}

impl Aes256 {
    pub fn new(key: &[u8; 32]) -> Self {
        let tables = black_box(&TABLES);
        let mut keys = schedule(key);
        let expanded = Self {
            encipher: core::array::from_fn(|round| match round {
                0 => laid(&tables.encipher.into, &keys[0], shifted(true, 0), 0),
                1..ROUNDS => laid(
                    &tables.encipher.into,
                    &keys[round],
                    shifted(true, round),
                    const { pair(AFFINE) },
                ),
                _ => laid_plain(&keys[round], shifted(true, round), AFFINE),
            }),
            decipher: core::array::from_fn(|round| {
                let key = keys[ROUNDS - round];
                let constant = const { unlinear_pair(AFFINE) };
                match round {
                    0 => laid(&tables.decipher.into, &key, shifted(false, 0), constant),
                    1..ROUNDS => laid(&tables.decipher.into, &unmixed(key), shifted(false, round), constant),
                    _ => laid_plain(&key, shifted(false, round), 0),
                }
            }),
        };
        erase(&mut keys);
        expanded
    }

    /// A block as its number, little-endian; and so with the others.
    #[inline(never)]
    pub fn encrypt(&self, block: &mut u128) {
        crypt(
            &black_box(&TABLES).encipher,
            [&self.encipher],
            core::array::from_mut(block),
        );
    }

    #[inline(always)]
    pub fn begin_decrypt(&self, block: u128) -> Deciphering<'_> {
        let tables = black_box(&TABLES);
        let state = entered(&tables.decipher.into, U8x16::from_number(block), &self.decipher[0]);
        Deciphering {
            tables,
            keys: &self.decipher,
            done: 0,
            state,
        }
    }

    pub fn encrypt4(keys: [&Self; 4], blocks: &mut [u128; 4]) {
        four(&black_box(&TABLES).encipher, keys.map(|key| &key.encipher), blocks);
    }

    pub fn decrypt4(keys: [&Self; 4], blocks: &mut [u128; 4]) {
        four(&black_box(&TABLES).decipher, keys.map(|key| &key.decipher), blocks);
    }
}
