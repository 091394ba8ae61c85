//! Cells: the layers, the ring, opened bodies, messages joined from them.

use crate::input::Input;
use sotto_base::chacha::Work;
use sotto_base::table::Table;
use sotto_cell::adiantum::{Key, Way};
use sotto_cell::batch::{self, JOBS, Job, RING, Ring, Schedule, way_of};
use sotto_cell::cell::{BODY, CELL, HEADER, LayerKey};
use sotto_cell::message::{DATA, Head, MAX_MESSAGE, Part, join, parts_for, read_part, write_part};
use std::sync::OnceLock;

/// One opened cell. What is taken is written again to the same bytes.
pub fn body(data: &[u8]) {
    let mut body = [0; BODY];
    let length = data.len().min(BODY);
    body[..length].copy_from_slice(&data[..length]);
    if let Ok(Part {
        head,
        part,
        parts,
        data,
    }) = read_part(&body)
    {
        let mut text = vec![0; usize::from(part) * DATA];
        text.extend_from_slice(data);
        let mut again = [0; BODY];
        write_part(head, &text, part.into(), parts.into(), &mut again);
        assert_eq!(again, body);
    }
}

/// A message that was split, and changed on its way. What is joined is split again to the same bytes, `seen` aside.
pub fn reassembly(data: &[u8]) {
    let mut input = Input::new(data);
    let head = Head {
        kind: input.byte(),
        flags: input.byte(),
        message: input.u32(),
        seen: input.u32(),
    };
    let mut text = vec![input.byte(); input.u16()];
    let Some(parts) = parts_for(text.len()) else {
        return assert!(text.len() > MAX_MESSAGE);
    };
    let mark = input.byte();
    text.iter_mut().step_by(61).for_each(|byte| *byte ^= mark);
    let mut bodies: Vec<[u8; BODY]> = (0..parts).map(|part| split(head, &text, part, parts)).collect();
    change(&mut input, &mut bodies);
    let mut out = Box::new([0; MAX_MESSAGE]);
    let Ok(length) = join(&bodies, &mut out) else { return };
    assert_eq!(parts_for(length), Some(bodies.len()));
    for (part, body) in bodies.iter().enumerate() {
        let head = read_part(body).expect("what was joined can be read").head;
        assert_eq!(split(head, &out[..length], part, bodies.len()), *body);
    }
}

fn split(head: Head, text: &[u8], part: usize, parts: usize) -> [u8; BODY] {
    let mut body = [0; BODY];
    write_part(head, text, part, parts, &mut body);
    body
}

/// Heads, lengths and padding are where it matters; bodies are also swapped, dropped and doubled.
fn change(input: &mut Input<'_>, bodies: &mut Vec<[u8; BODY]>) {
    while !input.is_empty() && !bodies.is_empty() {
        let (op, which) = (input.byte(), usize::from(input.byte()) % bodies.len());
        match op % 6 {
            0 => {
                bodies.remove(which);
            }
            1 if bodies.len() < 128 => bodies.push(bodies[which]),
            2 => {
                let other = usize::from(input.byte()) % bodies.len();
                bodies.swap(which, other);
            }
            3 => bodies[which][input.u16() % BODY] = input.byte(),
            _ => bodies[which][16 + usize::from(input.byte()) % 14] = input.byte(),
        }
    }
}

const KEYS: usize = 4;

fn keys() -> &'static (Table<LayerKey>, [u32; KEYS], u32) {
    static KEPT: OnceLock<(Table<LayerKey>, [u32; KEYS], u32)> = OnceLock::new();
    KEPT.get_or_init(|| {
        let mut keys = Table::new(KEYS + 1);
        let mut made = |byte: u8| keys.insert(LayerKey::new(&[byte; 32])).expect("there is room");
        let handles = [made(1), made(2), made(3), made(4)];
        let freed = made(5);
        keys.free(freed);
        (keys, handles, freed)
    })
}

/// A list of jobs. All are done, with the result of one after another, or none is.
pub fn ring(data: &[u8]) {
    let (keys, handles, freed) = keys();
    let mut input = Input::new(data);
    let mut jobs: Vec<Job> = Vec::new();
    while !input.is_empty() && jobs.len() < JOBS {
        let [slot, choice, low, high] = input.array();
        let slot = u32::from(slot)
            + if choice & 0x40 == 0 {
                0
            } else {
                RING as u32 * u32::from(high)
            };
        let key = match choice & 0x3f {
            0x3f => *freed,
            0x3e => input.u32(),
            which => handles[usize::from(which) % KEYS],
        };
        let counter = u32::from_be_bytes([high, low, high, low]);
        jobs.push([slot, key, counter, u32::from(choice >> 7)]);
    }
    let mut ring = Box::new(Ring::new());
    for (at, cell) in ring.cells.iter_mut().enumerate() {
        cell.fill(at as u8);
    }
    let mut expected: Vec<[u8; CELL]> = ring.cells.to_vec();
    let possible = |job: &Job| (job[0] as usize) < RING && keys.get(job[1]).is_some();
    let done = batch::run(&jobs, &mut Schedule::new(), &mut ring, keys);
    assert_eq!(done.is_ok(), jobs.iter().all(possible));
    if done.is_ok() {
        for [slot, key, counter, way] in &jobs {
            let body = expected[*slot as usize][HEADER..].first_chunk_mut().expect("a body");
            keys.get(*key)
                .expect("a key")
                .apply(&mut Work::new(), way_of(*way), *counter, body);
        }
    }
    assert!(ring.cells.as_slice() == expected.as_slice());
}

/// A message of any length, with any tweak: there and back.
pub fn adiantum(data: &[u8]) {
    let mut input = Input::new(data);
    let key = Key::new(&[input.byte(); 32], if input.byte() & 1 == 0 { 12 } else { 20 });
    let tweak_length = usize::from(input.byte());
    let tweak = input.up_to(tweak_length);
    let message = input.rest();
    let mut worked = message.to_vec();
    if !key.apply(Way::Encipher, tweak, &mut worked) {
        assert!(message.len() < 16 && worked == message);
        return;
    }
    assert!(message.len() >= 16 && worked != message);
    assert!(key.apply(Way::Decipher, tweak, &mut worked) && worked == message);
}
