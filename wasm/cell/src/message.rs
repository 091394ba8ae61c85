//! Messages over a circuit, padded and split into cells (docs/protocol.md §3, §4.3).
//!
//! ```text
//! body 1016 = zero 16 | kind u8 | part u8 | parts u8 | flags u8 | message u32 | seen u32 | length u16 | data 986
//! ```
//! A message of n bytes fills ⌈n / 986⌉ cells (one when empty) and is padded with empty ones to the next power of two.

use crate::cell::BODY;
use sotto_base::refusal::Refusal;

pub const DATA: usize = 986;
pub const MAX_PARTS: usize = 64;
pub const MAX_MESSAGE: usize = DATA * MAX_PARTS;
const ZERO: usize = 16;
const DATA_AT: usize = BODY - DATA;
/// Bit 0 marks a reply; the others are zero.
const FLAGS: u8 = 1;

/// What every part of a message has in common, and `seen`, which is the cell's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub kind: u8,
    pub flags: u8,
    pub message: u32,
    pub seen: u32,
}

/// One opened cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    pub head: Head,
    pub part: u8,
    pub parts: u8,
    pub data: &'a [u8],
}

/// How many cells a message of `length` bytes takes.
pub fn parts_for(length: usize) -> Option<usize> {
    (length <= MAX_MESSAGE).then(|| length.div_ceil(DATA).max(1).next_power_of_two())
}

/// Writes part number `part` of `parts` of the whole message into a body.
pub fn write_part(head: Head, message: &[u8], part: usize, parts: usize, body: &mut [u8; BODY]) {
    let data = message.chunks(DATA).nth(part).unwrap_or_default();
    body.fill(0);
    body[16] = head.kind;
    body[17] = part as u8;
    body[18] = parts as u8;
    body[19] = head.flags;
    body[20..24].copy_from_slice(&head.message.to_be_bytes());
    body[24..28].copy_from_slice(&head.seen.to_be_bytes());
    body[28..30].copy_from_slice(&(data.len() as u16).to_be_bytes());
    body[DATA_AT..][..data.len()].copy_from_slice(data);
}

/// True when the body opened to its 16 zeros. No branch on the content before all are read.
pub fn recognised(body: &[u8; BODY]) -> bool {
    body[..ZERO].iter().fold(0, |all, byte| all | byte) == 0
}

/// Reads one body, refusing what `write_part` does not write.
pub fn read_part(body: &[u8; BODY]) -> Result<Part<'_>, Refusal> {
    if !recognised(body) {
        return Err(Refusal::Unrecognised);
    }
    let (part, parts, flags) = (body[17], body[18], body[19]);
    let length = usize::from(u16::from_be_bytes([body[28], body[29]]));
    let counts = parts.is_power_of_two() && usize::from(parts) <= MAX_PARTS && part < parts;
    if !counts || flags & !FLAGS != 0 || length > DATA {
        return Err(Refusal::Malformed);
    }
    let (data, rest) = body[DATA_AT..].split_at(length);
    if rest.iter().any(|byte| *byte != 0) {
        return Err(Refusal::Malformed);
    }
    let word = |at: usize| u32::from_be_bytes([body[at], body[at + 1], body[at + 2], body[at + 3]]);
    Ok(Part {
        head: Head {
            kind: body[16],
            flags,
            message: word(20),
            seen: word(24),
        },
        part,
        parts,
        data,
    })
}

/// Joins all parts of one message, given in their order, into `out`; gives its length. Refuses what is not split as
/// `write_part` splits: parts of different messages, a gap after which data comes, needless padding.
pub fn join(bodies: &[[u8; BODY]], out: &mut [u8; MAX_MESSAGE]) -> Result<usize, Refusal> {
    let mut head = None;
    let mut length = 0;
    for (index, body) in bodies.iter().enumerate() {
        let part = read_part(body)?;
        let same = head.is_none_or(|first: Head| {
            Head {
                seen: part.head.seen,
                ..first
            } == part.head
        });
        let whole = length == index * DATA || part.data.is_empty();
        if !same || !whole || usize::from(part.part) != index || usize::from(part.parts) != bodies.len() {
            return Err(Refusal::Malformed);
        }
        let end = length + part.data.len();
        out.get_mut(length..end)
            .ok_or(Refusal::Malformed)?
            .copy_from_slice(part.data);
        length = end;
        head = Some(part.head);
    }
    if head.is_none() || parts_for(length) != Some(bodies.len()) {
        return Err(Refusal::Malformed);
    }
    Ok(length)
}
