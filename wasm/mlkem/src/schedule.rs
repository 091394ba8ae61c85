//! Everything of an operation that Keccak computes, on two lanes that are never idle while there is work for both.
//!
//! ```text
//! H(ek) ──► G(m ‖ H(ek)) ──► noise of PRF(σ, 0), PRF(σ, 1), …       one after another, then side by side
//! J(z ‖ c)                                                          beside G and the noise
//! Â[i, j] = SampleNTT(ρ ‖ j ‖ i)                                    beside all of them
//! ```
//! What is run, and how often, depends on public bytes alone.

use crate::keccak::{Pair, SHA3_256, SHA3_512, SHAKE128, SHAKE256};
use crate::poly::Poly;
use crate::sample::{noise, uniform};
use crate::wipe::wipe;
use core::ops::Range;
use zeroize::Zeroizing;

/// Bytes that are erased when dropped.
pub type Secret<const N: usize> = Zeroizing<[u8; N]>;

/// Both blocks that noise of η = 3 may need.
const NOISE: usize = 2 * SHAKE256.bytes;

/// A polynomial wanted of PRF(σ, its index), with its η.
pub struct Noise<'a> {
    pub eta: usize,
    pub poly: &'a mut Poly,
}

/// What lies on the two lanes. Erased when dropped.
struct Work {
    pair: Pair,
    bytes: [[u8; NOISE]; 2],
}

impl Drop for Work {
    fn drop(&mut self) {
        wipe(self.bytes.as_flattened_mut());
    }
}

enum Job {
    /// With the number of the block that was absorbed.
    H(usize),
    G,
    J(usize),
    Noise {
        index: usize,
        block: usize,
    },
    /// With how many coefficients it has.
    Entry {
        index: usize,
        count: usize,
    },
}

/// A hash that is wanted once.
struct Wanted<T> {
    of: Option<T>,
    begun: bool,
    done: bool,
}

impl<T> Wanted<T> {
    const fn no() -> Self {
        Self {
            of: None,
            begun: false,
            done: false,
        }
    }

    fn of(message: T) -> Self {
        Self {
            of: Some(message),
            ..Self::no()
        }
    }

    /// The message, the first time.
    fn begin(&mut self) -> Option<&T> {
        let message = self.of.as_ref().filter(|_| !self.begun)?;
        self.begun = true;
        Some(message)
    }
}

/// What is wanted, and what became of it.
pub struct Schedule<'a> {
    h_of: Wanted<(&'a [u8], Range<usize>)>,
    h_state: [u64; 25],
    g_of: Wanted<Secret<64>>,
    j_of: Wanted<&'a [u8]>,
    noise: Vec<Noise<'a>>,
    next_noise: usize,
    matrix: &'a mut [Poly],
    k: usize,
    first_row: usize,
    next_entry: usize,
    /// ρ, and place for j and i.
    seed: [u8; 34],
    /// σ, and place for the index; once it is known.
    sigma: Option<Secret<33>>,
    /// The first half of G's output.
    pub g: Secret<32>,
    pub j: Secret<32>,
}

impl<'a> Schedule<'a> {
    pub fn new() -> Self {
        Self {
            h_of: Wanted::no(),
            h_state: [0; 25],
            g_of: Wanted::no(),
            j_of: Wanted::no(),
            noise: Vec::new(),
            next_noise: 0,
            matrix: &mut [],
            k: 0,
            first_row: 0,
            next_entry: 0,
            seed: [0; 34],
            sigma: None,
            g: Zeroizing::new([0; 32]),
            j: Zeroizing::new([0; 32]),
        }
    }

    /// H of a key.
    pub fn h(self, public: &'a [u8]) -> Self {
        self.h_part(public, 0..SHA3_256.blocks(public.len()), [0; 25])
    }

    /// Some blocks of H of a key whose later ones need not be known yet, upon the state that the blocks before them left.
    pub fn h_part(mut self, public: &'a [u8], blocks: Range<usize>, state: [u64; 25]) -> Self {
        self.h_of = Wanted::of((public, blocks));
        self.h_state = state;
        self
    }

    /// What the blocks of H left.
    pub fn h_state(&self) -> [u64; 25] {
        self.h_state
    }

    /// H, once all its blocks are done.
    pub fn h_done(&self) -> [u8; 32] {
        let mut h = [0; 32];
        for (bytes, word) in h.as_chunks_mut().0.iter_mut().zip(&self.h_state) {
            *bytes = word.to_le_bytes();
        }
        h
    }

    /// G of 32 bytes and a hash, for which that of `h` is taken where there is one. Its second half becomes σ.
    pub fn g(mut self, message: &[u8; 32], hash: &[u8; 32]) -> Self {
        let mut both = Zeroizing::new([0; 64]);
        both[..32].copy_from_slice(message);
        both[32..].copy_from_slice(hash);
        self.g_of = Wanted::of(both);
        self
    }

    /// J of z ‖ c.
    pub fn j(mut self, secret_and_ciphertext: &'a [u8]) -> Self {
        self.j_of = Wanted::of(secret_and_ciphertext);
        self
    }

    /// σ where `g` does not give it.
    pub fn sigma(mut self, sigma: &[u8]) -> Self {
        self.sigma = Some(with_index(sigma));
        self
    }

    pub fn noise(mut self, noise: impl Iterator<Item = Noise<'a>>) -> Self {
        self.noise = noise.collect();
        self
    }

    /// Rows of Â, k entries each, from row `first` on.
    pub fn rows(mut self, rho: &[u8], k: usize, first: usize, rows: &'a mut [Poly]) -> Self {
        self.seed[..32].copy_from_slice(rho);
        (self.k, self.first_row) = (k, first);
        self.matrix = rows;
        self
    }

    /// Does all of it.
    pub fn run(mut self) -> Self {
        let mut work = Work {
            pair: Pair::new(),
            bytes: [[0; NOISE]; 2],
        };
        let mut jobs = [None, None];
        loop {
            for (lane, job) in jobs.iter_mut().enumerate() {
                *job = job.take().and_then(|job| self.go_on(job, lane, &mut work));
            }
            for (lane, job) in jobs.iter_mut().enumerate() {
                *job = job.take().or_else(|| self.begin(lane, &mut work.pair));
            }
            if jobs.iter().all(Option::is_none) {
                return self;
            }
            work.pair.permute();
        }
    }

    /// Begins what can begin, long chains before what fits anywhere.
    fn begin(&mut self, lane: usize, pair: &mut Pair) -> Option<Job> {
        if let Some((public, blocks)) = self.h_of.begin() {
            pair.resume(lane, &self.h_state, SHA3_256, public, blocks.start);
            return Some(Job::H(blocks.start));
        }
        if (self.h_of.of.is_none() || self.h_of.done)
            && let Some(message) = self.g_of.begin()
        {
            pair.start(lane, SHA3_512, message.as_slice());
            return Some(Job::G);
        }
        if let Some(message) = self.j_of.begin() {
            pair.start(lane, SHAKE256, message);
            return Some(Job::J(0));
        }
        if let Some(sigma) = self.sigma.as_mut().filter(|_| self.next_noise < self.noise.len()) {
            let index = self.next_noise;
            self.next_noise += 1;
            sigma[32] = index as u8;
            pair.start(lane, SHAKE256, sigma.as_slice());
            return Some(Job::Noise { index, block: 0 });
        }
        if self.next_entry < self.matrix.len() {
            let index = self.next_entry;
            self.next_entry += 1;
            (self.seed[32], self.seed[33]) = ((index % self.k) as u8, (self.first_row + index / self.k) as u8);
            pair.start(lane, SHAKE128, &self.seed);
            return Some(Job::Entry { index, count: 0 });
        }
        None
    }

    /// Takes what a permutation gave. None when the job is done.
    fn go_on(&mut self, job: Job, lane: usize, work: &mut Work) -> Option<Job> {
        let pair = &mut work.pair;
        match job {
            Job::H(block) => {
                let (public, blocks) = self.h_of.of.as_ref()?;
                if block + 1 < blocks.end {
                    pair.absorb(lane, SHA3_256, public, block + 1);
                    return Some(Job::H(block + 1));
                }
                self.h_state = pair.state(lane);
                self.h_of.done = true;
                let hash = self.h_done();
                self.g_of.of.as_mut()?[32..].copy_from_slice(&hash);
                None
            }
            Job::J(block) => {
                let message = self.j_of.of?;
                if block + 1 < SHAKE256.blocks(message.len()) {
                    pair.absorb(lane, SHAKE256, message, block + 1);
                    return Some(Job::J(block + 1));
                }
                pair.squeeze(lane, self.j.as_mut_slice());
                None
            }
            Job::G => {
                let mut both = Zeroizing::new([0; 64]);
                pair.squeeze(lane, both.as_mut_slice());
                self.g.copy_from_slice(&both[..32]);
                self.sigma = Some(with_index(&both[32..]));
                None
            }
            Job::Noise { index, block } => self.go_on_noise(index, block, lane, work),
            Job::Entry { index, count } => {
                let count = uniform(&mut self.matrix[index], count, |i| pair.word(lane, i));
                (count < 256).then_some(Job::Entry { index, count })
            }
        }
    }

    fn go_on_noise(&mut self, index: usize, block: usize, lane: usize, work: &mut Work) -> Option<Job> {
        let Noise { eta, poly } = &mut self.noise[index];
        let at = block * SHAKE256.bytes;
        let bytes = &mut work.bytes[lane];
        work.pair.squeeze(lane, &mut bytes[at..at + SHAKE256.bytes]);
        if at + SHAKE256.bytes < 64 * *eta {
            return Some(Job::Noise {
                index,
                block: block + 1,
            });
        }
        **poly = noise(*eta, &bytes[..64 * *eta]);
        None
    }
}

fn with_index(sigma: &[u8]) -> Secret<33> {
    let mut seed = Zeroizing::new([0; 33]);
    seed[..32].copy_from_slice(sigma);
    seed
}
