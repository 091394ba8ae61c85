//! The ring, and the order in which jobs on it are done: four cells abreast where they can be.
//!
//! ```text
//! job      (slot, key, counter, way)          u32 each; way 0 enciphers, 1 deciphers
//! queues   slots whose next job enciphers │ deciphers         jobs of one slot keep their order, slots among them do not
//! ```

use crate::adiantum::Way;
use crate::cell::{BODY, CELL, HEADER, LayerKey};
use sotto_base::chacha::Work;
use sotto_base::refusal::Refusal;
use sotto_base::table::Table;

pub const RING: usize = 256;
pub const JOBS: usize = 1024;
pub type Job = [u32; 4];

/// Shifted so that what lies behind the headers is aligned.
#[repr(C, align(16))]
pub struct Ring {
    shift: [u8; 16 - HEADER],
    pub cells: [[u8; CELL]; RING],
}

/// No job; the others are counted from 1, so that what is new is all zeros.
const NONE: u16 = 0;
const ABREAST: usize = 4;

/// Slots, first in first out; each is in it once at most.
struct Queue {
    slots: [u16; RING],
    from: usize,
    length: usize,
}

/// What a run is ordered and worked with; kept, so that a run takes no memory.
pub struct Schedule {
    work: Work,
    /// By job: the next one on the same slot.
    next: [u16; JOBS],
    /// By slot: the first and the last job that are left on it. None is left when a run is over.
    first: [u16; RING],
    last: [u16; RING],
    queues: [Queue; 2],
}

impl Ring {
    pub const fn new() -> Self {
        Self {
            shift: [0; 16 - HEADER],
            cells: [[0; CELL]; RING],
        }
    }
}

impl Queue {
    const fn new() -> Self {
        Self {
            slots: [0; RING],
            from: 0,
            length: 0,
        }
    }

    fn push(&mut self, slot: u16) {
        self.slots[(self.from + self.length) % RING] = slot;
        self.length += 1;
    }

    fn pop(&mut self) -> u16 {
        let slot = self.slots[self.from % RING];
        self.from = (self.from + 1) % RING;
        self.length -= 1;
        slot
    }
}

impl Schedule {
    pub const fn new() -> Self {
        Self {
            work: Work::new(),
            next: [0; JOBS],
            first: [0; RING],
            last: [0; RING],
            queues: [Queue::new(), Queue::new()],
        }
    }

    fn fill(&mut self, jobs: &[Job]) {
        for (index, [slot, _, _, way]) in jobs.iter().take(JOBS).enumerate() {
            let (slot, number) = (*slot as usize % RING, index as u16 + 1);
            self.next[index] = NONE;
            if self.first[slot] == NONE {
                self.first[slot] = number;
                self.queues[usize::from(*way != 0)].push(slot as u16);
            } else {
                self.next[usize::from(self.last[slot] - 1)] = number;
            }
            self.last[slot] = number;
        }
    }

    /// The queue with the most slots.
    fn longer(&self) -> usize {
        usize::from(self.queues[1].length > self.queues[0].length)
    }

    /// The next job of a queue that is not empty. `follow` is told once it is done.
    fn take(&mut self, queue: usize) -> usize {
        let slot = self.queues[queue].pop();
        usize::from(self.first[usize::from(slot)] - 1)
    }

    /// Puts a slot back for the job after this one, if there is one.
    fn follow(&mut self, done: usize, jobs: &[Job]) {
        let (slot, next) = (jobs[done][0] as usize % RING, self.next[done]);
        self.first[slot] = next;
        if next != NONE {
            self.queues[usize::from(jobs[usize::from(next - 1)][3] != 0)].push(slot as u16);
        }
    }
}

pub const fn way_of(number: u32) -> Way {
    if number == 0 { Way::Encipher } else { Way::Decipher }
}

fn body(cell: &mut [u8; CELL]) -> &mut [u8; BODY] {
    cell[HEADER..].first_chunk_mut().expect("a body is the rest of a cell")
}

fn check(job: &Job, keys: &Table<LayerKey>) -> Result<(), Refusal> {
    if job[0] as usize >= RING {
        return Err(Refusal::Range);
    }
    keys.get(job[1]).map(|_| ()).ok_or(Refusal::Handle)
}

/// All jobs; or none, when one of them names what is not there.
pub fn run(jobs: &[Job], schedule: &mut Schedule, ring: &mut Ring, keys: &Table<LayerKey>) -> Result<(), Refusal> {
    jobs.iter().try_for_each(|job| check(job, keys))?;
    if jobs.len() < ABREAST || jobs.iter().all(|job| job[0] == jobs[0][0]) {
        jobs.iter().for_each(|job| one(&mut schedule.work, job, ring, keys));
        return Ok(());
    }
    schedule.fill(jobs);
    loop {
        let queue = schedule.longer();
        match schedule.queues[queue].length {
            0 => return Ok(()),
            1..ABREAST => {
                let job = schedule.take(queue);
                one(&mut schedule.work, &jobs[job], ring, keys);
                schedule.follow(job, jobs);
            }
            _ => {
                let taken: [usize; ABREAST] = core::array::from_fn(|_| schedule.take(queue));
                abreast(&mut schedule.work, taken.map(|job| &jobs[job]), ring, keys);
                taken.into_iter().for_each(|job| schedule.follow(job, jobs));
            }
        }
    }
}

fn one(work: &mut Work, [slot, key, counter, way]: &Job, ring: &mut Ring, keys: &Table<LayerKey>) {
    if let (Some(cell), Some(key)) = (ring.cells.get_mut(*slot as usize), keys.get(*key)) {
        key.apply(work, way_of(*way), *counter, body(cell));
    }
}

/// Jobs of one way on as many slots.
fn abreast(work: &mut Work, jobs: [&Job; ABREAST], ring: &mut Ring, keys: &Table<LayerKey>) {
    let [Some(a), Some(b), Some(c), Some(d)] = jobs.map(|job| keys.get(job[1])) else {
        return;
    };
    if let Ok(cells) = ring.cells.get_disjoint_mut(jobs.map(|job| job[0] as usize)) {
        LayerKey::apply4(
            work,
            [a, b, c, d],
            way_of(jobs[0][3]),
            jobs.map(|job| job[2]),
            cells.map(body),
        );
    }
}

impl Default for Ring {
    fn default() -> Self {
        Self::new()
    }
}

impl Default for Schedule {
    fn default() -> Self {
        Self::new()
    }
}
