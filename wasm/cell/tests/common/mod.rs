//! Chance for tests, and random runs of the ring beside an oracle: the crate `adiantum` over RustCrypto's ciphers, which
//! shares nothing with this one.

use adiantum::Cipher;
use adiantum::cipher::{Array, KeyInit};
use chacha20::{XChaCha12, XChaCha20};
use sotto_base::table::Table;
use sotto_cell::adiantum::{Key, Way};
use sotto_cell::batch::{self, Job, Ring, Schedule};
use sotto_cell::cell::{HEADER, LayerKey};

/// Xorshift64* (Vigna, 2014): what a seed determines, and nothing more is asked of it.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn word(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// 0 … end − 1
    pub fn below(&mut self, end: usize) -> usize {
        (self.word() >> 33) as usize % end
    }

    pub fn fill(&mut self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(8) {
            part.copy_from_slice(&self.word().to_le_bytes()[..part.len()]);
        }
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}

type Oracle12 = Cipher<XChaCha12, aes::Aes256>;
type Oracle20 = Cipher<XChaCha20, aes::Aes256>;

fn oracle12(key: &[u8; 32], way: Way, tweak: &[u8], message: &mut [u8]) {
    let oracle = Oracle12::new(&Array(*key));
    match way {
        Way::Encipher => oracle.encrypt(message, tweak),
        Way::Decipher => oracle.decrypt(message, tweak),
    }
}

fn oracle20(key: &[u8; 32], way: Way, tweak: &[u8], message: &mut [u8]) {
    let oracle = Oracle20::new(&Array(*key));
    match way {
        Way::Encipher => oracle.encrypt(message, tweak),
        Way::Decipher => oracle.decrypt(message, tweak),
    }
}

const SLOTS: usize = 12;
const KEYS: usize = 6;
const MOST: usize = 40;

/// A run of random jobs on a few cells, with few keys, so that there is all of it: a slot with many jobs, a key with many,
/// both ways side by side. Gives the number of layers.
pub fn ring(chance: &mut Chance) -> Result<usize, String> {
    let raw: [[u8; 32]; KEYS] = core::array::from_fn(|_| chance.bytes());
    let mut keys = Table::new(KEYS);
    let handles = raw.map(|key| keys.insert(LayerKey::new(&key)).expect("there is room"));
    let mut ring = Box::new(Ring::new());
    let slots = 1 + chance.below(SLOTS);
    ring.cells[..slots].iter_mut().for_each(|cell| chance.fill(cell));
    let mut expected = ring.cells;
    let picks: Vec<(usize, usize, u32, u32)> = (0..1 + chance.below(MOST))
        .map(|_| {
            let (slot, key) = (chance.below(slots), chance.below(KEYS));
            (slot, key, chance.word() as u32, chance.below(2) as u32)
        })
        .collect();
    let jobs: Vec<Job> = picks
        .iter()
        .map(|(slot, key, counter, way)| [*slot as u32, handles[*key], *counter, *way])
        .collect();
    batch::run(&jobs, &mut Schedule::new(), &mut ring, &keys).map_err(|refusal| format!("refused: {refusal:?}"))?;
    for (slot, key, counter, way) in &picks {
        let body = &mut expected[*slot][HEADER..];
        oracle12(&raw[*key], batch::way_of(*way), &counter.to_be_bytes(), body);
    }
    match (0..batch::RING).find(|slot| ring.cells[*slot] != expected[*slot]) {
        Some(slot) => Err(format!("cell {slot} differs after {} jobs", jobs.len())),
        None => Ok(jobs.len()),
    }
}

/// Two jobs, of which the second names a slot that is not there or a key that was freed: refused, and the first is not done.
pub fn impossible(chance: &mut Chance) -> Result<(), String> {
    let mut keys = Table::new(2);
    let handles = [0, 1].map(|_| keys.insert(LayerKey::new(&chance.bytes())).expect("there is room"));
    keys.free(handles[1]);
    let mut ring = Box::new(Ring::new());
    chance.fill(&mut ring.cells[0]);
    let before = ring.cells[0];
    let wrong = match chance.below(3) {
        0 => [(batch::RING + chance.below(1 << 20)) as u32, handles[0], 0, 1],
        1 => [1, handles[1], chance.word() as u32, 0],
        _ => [1, chance.word() as u32 & !1, 0, 1],
    };
    let jobs = [[0, handles[0], chance.word() as u32, 0], wrong];
    match batch::run(&jobs, &mut Schedule::new(), &mut ring, &keys) {
        Err(_) if ring.cells[0] == before => Ok(()),
        Err(refusal) => Err(format!("{refusal:?}, but a job was done")),
        Ok(()) => Err(format!("{wrong:?} was done")),
    }
}

/// Messages and tweaks of any length, with both numbers of rounds; one shorter than a block is refused.
pub fn any_length(chance: &mut Chance) -> Result<(), String> {
    let key = chance.bytes();
    let way = batch::way_of(chance.below(2) as u32);
    let mut message = vec![0; 16 + chance.below(3000)];
    chance.fill(&mut message);
    let mut tweak = vec![0; chance.below(33)];
    chance.fill(&mut tweak);
    for (rounds, oracle) in [(12, oracle12 as fn(&[u8; 32], Way, &[u8], &mut [u8])), (20, oracle20)] {
        let (mut ours, mut theirs) = (message.clone(), message.clone());
        let whole = Key::new(&key, rounds).apply(way, &tweak, &mut ours);
        oracle(&key, way, &tweak, &mut theirs);
        let (mut short, mut none) = (vec![7; chance.below(16)], Vec::new());
        none.clone_from(&short);
        if Key::new(&key, rounds).apply(way, &tweak, &mut short) || short != none {
            return Err(format!("{} bytes are worked on", short.len()));
        }
        if !whole || ours != theirs {
            return Err(format!(
                "{} bytes, tweak {}, {rounds} rounds",
                message.len(),
                tweak.len()
            ));
        }
    }
    Ok(())
}
