//! The boundary. Only numbers cross it: bytes are laid into linear memory by the other side before a call and taken out
//! after it, so nothing is copied twice or left behind in freed memory.
//!
//! ```text
//! ring   256 cells of 1024 bytes              cells on their way, worked on in place; bodies lie on 16-byte boundaries
//! jobs   1024 × (slot, key, counter, way)     u32 each, native order; way 0 enciphers, 1 deciphers
//! io     65,536 bytes                         what goes in and comes out of every other call, from its start
//! ```
//! Every call erases its secret inputs from `io`; the caller erases the outputs once it has them. A result of 0 is
//! success, any other number is a `Refusal`. No call panics, whatever the bytes.
//!
//! `reserve` is called once, first: memory never grows after it, so the other side's views of it hold for good.

use crate::adiantum::Key;
use crate::batch::{self, JOBS, Job, Ring, Schedule, way_of};
use crate::cell::{BODY, LayerKey};
use crate::message::{self, Head};
use core::cell::RefCell;
use sotto_base::io::Io;
use sotto_base::refusal::{Refusal, code};
use sotto_base::stack::cleanly;
use sotto_base::table::Table;
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroize;

/// `reserve` is all that asks for memory.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static MEMORY: sotto_base::once::Once = sotto_base::once::Once;

struct State {
    ring: Ring,
    jobs: [Job; JOBS],
    schedule: Schedule,
    io: Io,
    layers: Table<LayerKey>,
    /// A message while it is split or joined.
    text: [u8; message::MAX_MESSAGE],
}

thread_local! {
    static STATE: RefCell<State> = const {
        RefCell::new(State {
            ring: Ring::new(),
            jobs: [[0; 4]; JOBS],
            schedule: Schedule::new(),
            io: Io::new(),
            layers: Table::new(0),
            text: [0; message::MAX_MESSAGE],
        })
    };
}

fn with<T>(work: impl FnOnce(&mut State) -> T) -> T {
    STATE.with_borrow_mut(work)
}

/// More than any call takes of the stack.
const DEPTH: usize = 12 * 1024;

/// Leaves nothing of its work on the stack: keys are moved about whole, messages taken apart.
fn cleanly_with<T>(work: impl FnOnce(&mut State) -> T) -> T {
    cleanly::<DEPTH, T>(|| with(work))
}

impl State {
    /// The first `count` jobs.
    fn run(&mut self, count: u32) -> Result<(), Refusal> {
        let jobs = self.jobs.get(..count as usize).ok_or(Refusal::Range)?;
        batch::run(jobs, &mut self.schedule, &mut self.ring, &self.layers)
    }

    fn split(&mut self, head: Head, length: u32) -> Result<u32, Refusal> {
        let length = length as usize;
        let parts = message::parts_for(length).ok_or(Refusal::TooLong)?;
        let text = &mut self.text[..length];
        text.copy_from_slice(&self.io.0[..length]);
        let (bodies, _) = self.io.0.as_chunks_mut::<BODY>();
        for (part, body) in bodies.iter_mut().take(parts).enumerate() {
            message::write_part(head, text, part, parts, body);
        }
        text.zeroize();
        Ok(parts as u32)
    }

    fn join(&mut self, count: u32) -> Result<(), Refusal> {
        let (bodies, _) = self.io.0.as_chunks::<BODY>();
        let bodies = bodies.get(..count as usize).ok_or(Refusal::Malformed)?;
        let length = message::join(bodies, &mut self.text)?;
        let at = self.io.write(0, &(length as u32).to_le_bytes());
        self.io.write(at, &self.text[..length]);
        self.text[..length].zeroize();
        Ok(())
    }

    fn adiantum(&mut self, rounds: u32, way: u32, tweak: u32, length: u32) -> Result<(), Refusal> {
        let key = Key::new(&self.io.take(0), rounds);
        let (tweak, length) = (tweak as usize, length as usize);
        let (tweak, rest) = self.io.0[32..].split_at_mut_checked(tweak).ok_or(Refusal::Range)?;
        let message = rest.get_mut(..length).ok_or(Refusal::Range)?;
        if key.apply(way_of(way), tweak, message) {
            Ok(())
        } else {
            Err(Refusal::Length)
        }
    }
}

/// Takes memory for so many layer keys; before anything else, once.
#[wasm_bindgen]
pub fn reserve(layer_keys: u32) {
    with(|state| state.layers.reserve(layer_keys as usize));
}

/// Where the ring begins.
#[wasm_bindgen]
pub fn ring_offset() -> u32 {
    with(|state| state.ring.cells.as_ptr() as usize as u32)
}

/// Where the jobs begin.
#[wasm_bindgen]
pub fn jobs_offset() -> u32 {
    with(|state| state.jobs.as_ptr() as usize as u32)
}

/// Where `io` begins.
#[wasm_bindgen]
pub fn io_offset() -> u32 {
    with(|state| state.io.0.as_ptr() as usize as u32)
}

/// Runs the first `count` jobs.
#[wasm_bindgen]
pub fn run_jobs(count: u32) -> u32 {
    // Erases what it uses by itself, in less time than the stack would take.
    with(|state| code(state.run(count)))
}

/// io: key 32. A handle, or 0 when the table is full.
#[wasm_bindgen]
pub fn layer_key_new() -> u32 {
    cleanly_with(|state| {
        let key = state.io.take(0);
        if state.layers.room() == 0 {
            return 0;
        }
        state.layers.insert(LayerKey::new(&key)).unwrap_or(0)
    })
}

#[wasm_bindgen]
pub fn layer_key_free(handle: u32) {
    with(|state| state.layers.free(handle));
}

/// How many layer keys are held.
#[wasm_bindgen]
pub fn layer_keys_in_use() -> u32 {
    with(|state| state.layers.len() as u32)
}

/// io in: message; out: bodies of 1016. The number of parts, or 0 when the message is too long.
#[wasm_bindgen]
pub fn message_split(kind: u8, flags: u8, message: u32, seen: u32, length: u32) -> u32 {
    let head = Head {
        kind,
        flags,
        message,
        seen,
    };
    cleanly_with(|state| state.split(head, length).unwrap_or(0))
}

/// io in: body 1016. Whether it opened to its zeros, and is a part that `message_split` writes.
#[wasm_bindgen]
pub fn message_check() -> u32 {
    cleanly_with(|state| code(message::read_part(&state.io.read(0)).map(|_| ())))
}

/// io in: all bodies of a message in their order; out: length u32 | message.
#[wasm_bindgen]
pub fn message_join(count: u32) -> u32 {
    cleanly_with(|state| code(state.join(count)))
}

/// io: key 32 | tweak | message, worked on in place: the cipher by itself, for published vectors.
#[wasm_bindgen]
pub fn raw_adiantum(rounds: u32, way: u32, tweak: u32, length: u32) -> u32 {
    cleanly_with(|state| code(state.adiantum(rounds, way, tweak, length)))
}
