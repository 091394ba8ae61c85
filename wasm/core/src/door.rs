//! The boundary. Only numbers cross it: bytes are laid into `io` (65,536 bytes of linear memory) by the other side before a
//! call and taken out after it, so nothing is copied twice or left behind in freed memory.
//!
//! Every call erases its secret inputs from `io`; the caller erases the outputs once it has them. A result of 0 is
//! success, any other number is a `Refusal`. No call panics, whatever the bytes.

mod circuit;
mod raw;
mod sign;

use crate::handshake::{Client, OnionKey};
use crate::kem;
use crate::sha2::Sha256;
use core::cell::RefCell;
use sotto_base::io::Io;
use sotto_base::stack::cleanly;
use sotto_base::table::Table;
use wasm_bindgen::prelude::wasm_bindgen;

// Bounds on what may be held at once, so that linear memory stays below its limit whatever happens: 24 kB a client, 22 kB a
// KEM or onion key, at suite 5.
const CLIENTS: usize = 2_048;
const KEM_KEYS: usize = 1_024;
const ONION_KEYS: usize = 1_024;

struct State {
    io: Io,
    clients: Table<Client>,
    kem: Table<kem::SecretKey>,
    onion: Table<OnionKey>,
    /// Between the pieces of a message.
    sha256: Sha256,
}

thread_local! {
    static STATE: RefCell<State> = const {
        RefCell::new(State {
            io: Io::new(),
            clients: Table::new(CLIENTS),
            kem: Table::new(KEM_KEYS),
            onion: Table::new(ONION_KEYS),
            sha256: Sha256::new(),
        })
    };
}

fn with<T>(work: impl FnOnce(&mut State) -> T) -> T {
    STATE.with_borrow_mut(work)
}

/// More than any call takes of the stack.
const DEPTH: usize = 16 * 1024;

/// Leaves nothing of its work on the stack, where keys are moved about whole.
fn cleanly_with<T>(work: impl FnOnce(&mut State) -> T) -> T {
    cleanly::<DEPTH, T>(|| with(work))
}

/// Where `io` begins.
#[wasm_bindgen]
pub fn io_offset() -> u32 {
    with(|state| state.io.0.as_ptr() as usize as u32)
}

/// How many entries are in use: 0 clients, 1 KEM keys, 2 onion keys.
#[wasm_bindgen]
pub fn in_use(table: u32) -> u32 {
    with(|state| match table {
        0 => state.clients.len() as u32,
        1 => state.kem.len() as u32,
        _ => state.onion.len() as u32,
    })
}
