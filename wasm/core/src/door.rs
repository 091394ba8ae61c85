//! The boundary. Only numbers cross it: bytes are laid into linear memory by the other side before a call and taken out
//! after it, so nothing is allocated, copied twice, or left behind in freed memory.
//!
//! ```text
//! ring   256 cells of 1024 bytes              cells on their way, worked on in place
//! jobs   1024 × (slot, key, counter, way)     u32 each, native order; way 0 enciphers, 1 deciphers
//! io     65,536 bytes                         what goes in and comes out of every other call, from its start
//! ```
//! Every call erases its secret inputs from `io`; the caller erases the outputs once it has them. A result of 0 is
//! success, any other number is a `Refusal`. No call panics, whatever the bytes.

mod circuit;
mod raw;

use crate::cell::{BODY, CELL, HEADER, LayerKey};
use crate::handshake::{Client, OnionKey};
use crate::refusal::Refusal;
use crate::table::Table;
use crate::xwing;
use core::cell::RefCell;
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroize;

const RING: usize = 256;
const JOBS: usize = 1024;
const IO: usize = 65_536;

// Bounds on what may be held at once, so that linear memory stays below its limit whatever happens: about 3 kB a layer
// key (two for each hop or relayed circuit), 14 kB a client, 11 kB a KEM or onion key.
const LAYER_KEYS: usize = 131_072;
const CLIENTS: usize = 2_048;
const KEM_KEYS: usize = 1_024;
const ONION_KEYS: usize = 1_024;

struct State {
    ring: Vec<[u8; CELL]>,
    jobs: Vec<[u32; 4]>,
    io: Vec<u8>,
    layers: Table<LayerKey>,
    clients: Table<Client>,
    kem: Table<xwing::SecretKey>,
    onion: Table<OnionKey>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::new(State {
        ring: vec![[0; CELL]; RING],
        jobs: vec![[0; 4]; JOBS],
        io: vec![0; IO],
        layers: Table::new(LAYER_KEYS),
        clients: Table::new(CLIENTS),
        kem: Table::new(KEM_KEYS),
        onion: Table::new(ONION_KEYS),
    });
}

fn with<T>(work: impl FnOnce(&mut State) -> T) -> T {
    STATE.with_borrow_mut(work)
}

/// A call's result as it crosses: 0, or the refusal's number.
fn code(result: Result<(), Refusal>) -> u32 {
    result.map_or_else(|refusal| refusal as u32, |()| 0)
}

impl State {
    /// N bytes of `io` at a constant place.
    fn read<const N: usize>(&self, at: usize) -> [u8; N] {
        *self.io[at..].first_chunk().expect("constant places lie within io")
    }

    /// Writes at a constant place and gives the place after it.
    fn write(&mut self, at: usize, bytes: &[u8]) -> usize {
        self.io[at..at + bytes.len()].copy_from_slice(bytes);
        at + bytes.len()
    }

    /// As `read`, erasing what was read.
    fn take<const N: usize>(&mut self, at: usize) -> zeroize::Zeroizing<[u8; N]> {
        let bytes = zeroize::Zeroizing::new(self.read(at));
        self.io[at..at + N].zeroize();
        bytes
    }

    /// A copy of `io[at..at + length]`, whose length the other side names.
    fn bytes(&self, at: usize, length: u32) -> Result<Vec<u8>, Refusal> {
        let end = at.checked_add(length as usize).ok_or(Refusal::Range)?;
        self.io.get(at..end).map(<[u8]>::to_vec).ok_or(Refusal::Range)
    }

    fn check_job(&self, [slot, key, ..]: [u32; 4]) -> Result<(), Refusal> {
        if slot as usize >= RING {
            return Err(Refusal::Range);
        }
        self.layers.get(key).map(|_| ()).ok_or(Refusal::Handle)
    }

    /// All of the first `count` jobs, in their order; or none, when one of them names what is not there.
    fn run(&mut self, count: u32) -> Result<(), Refusal> {
        let jobs = self.jobs.get(..count as usize).ok_or(Refusal::Range)?;
        jobs.iter().try_for_each(|job| self.check_job(*job))?;
        for [slot, key, counter, way] in jobs {
            let (Some(cell), Some(layer)) = (self.ring.get_mut(*slot as usize), self.layers.get(*key)) else {
                continue;
            };
            let Some(body) = cell[HEADER..].first_chunk_mut::<BODY>() else {
                continue;
            };
            if *way == 0 {
                layer.encipher(*counter, body)
            } else {
                layer.decipher(*counter, body)
            }
        }
        Ok(())
    }
}

/// Where the ring begins.
#[wasm_bindgen]
pub fn ring_offset() -> u32 {
    with(|state| state.ring.as_ptr() as usize as u32)
}

/// Where the jobs begin.
#[wasm_bindgen]
pub fn jobs_offset() -> u32 {
    with(|state| state.jobs.as_ptr() as usize as u32)
}

/// Where `io` begins.
#[wasm_bindgen]
pub fn io_offset() -> u32 {
    with(|state| state.io.as_ptr() as usize as u32)
}

/// Runs the first `count` jobs.
#[wasm_bindgen]
pub fn run_jobs(count: u32) -> u32 {
    with(|state| code(state.run(count)))
}

/// io: key 32. A handle, or 0 when the table is full.
#[wasm_bindgen]
pub fn layer_key_new() -> u32 {
    with(|state| {
        let key = state.take(0);
        state.layers.insert(LayerKey::new(&key)).unwrap_or(0)
    })
}

#[wasm_bindgen]
pub fn layer_key_free(handle: u32) {
    with(|state| state.layers.free(handle));
}

/// How many entries are in use: 0 layer keys, 1 clients, 2 KEM keys, 3 onion keys.
#[wasm_bindgen]
pub fn in_use(table: u32) -> u32 {
    with(|state| match table {
        0 => state.layers.len() as u32,
        1 => state.clients.len() as u32,
        2 => state.kem.len() as u32,
        _ => state.onion.len() as u32,
    })
}
