//! Bytes as a source of choices. What is behind their end reads as zeros, so that any prefix of an input is one.

pub struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        let taken = self.up_to(N);
        out[..taken.len()].copy_from_slice(taken);
        out
    }

    pub fn byte(&mut self) -> u8 {
        let [byte] = self.array();
        byte
    }

    pub fn u16(&mut self) -> usize {
        usize::from(u16::from_be_bytes(self.array()))
    }

    pub fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.array())
    }

    /// So many bytes, or what is left.
    pub fn up_to(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }

    pub fn rest(&mut self) -> &'a [u8] {
        self.up_to(usize::MAX)
    }

    /// Changes a frame as the bytes say, up to their end: `op | place u16 | …`.
    pub fn edit(&mut self, frame: &mut Vec<u8>) {
        while !self.is_empty() {
            let (op, at) = (self.byte(), self.u16());
            let place = at % frame.len().max(1);
            match op % 6 {
                0 => frame.truncate(at),
                1 => frame.extend_from_slice(self.up_to(at % 64)),
                2 => {
                    let value = self.byte();
                    if let Some(byte) = frame.get_mut(place) {
                        *byte = value;
                    }
                }
                3 => {
                    let length = usize::from(self.byte());
                    let run = self.up_to(length);
                    for (byte, new) in frame[place..].iter_mut().zip(run) {
                        *byte = *new;
                    }
                }
                _ => {
                    let bit = self.byte();
                    if let Some(byte) = frame.get_mut(place) {
                        *byte ^= 1 << (bit % 8);
                    }
                }
            }
        }
    }
}
