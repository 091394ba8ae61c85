//! Answers questions about SHA-3 and SHAKE, one a line, for `npm run vectors`; numbers are of eight bytes:
//!
//! ```text
//! sha3-256            message | bits of it                        ──►   digest
//! shake128            message | bits of it | bits of output       ──►   output
//! sha3-256-repeated   text | bytes of the message that repeats it ──►   digest
//! sha3-256-chain      seed                                        ──►   a hundred digests, each after a thousand
//! shake128-chain      seed | least | most bytes of output         ──►   likewise (ACVP, draft-celi-acvp-sha3, §6.2)
//! ```
//!
//! Bits of a message that are no whole byte are the upper ones of its last byte, in ACVP's order.

use sotto_mlkem::keccak::{Pair, Rate, SHA3_256, SHA3_512, SHAKE128, SHAKE256};
use std::io::{BufRead, Write};

type Bytes = Vec<u8>;

const CHAIN: usize = 100;
const LINKS: usize = 1000;

fn squeezed(mut pair: Pair, rate: Rate, bytes: usize) -> Bytes {
    let mut out = vec![0; bytes.next_multiple_of(rate.bytes)];
    for block in out.chunks_mut(rate.bytes) {
        pair.permute();
        pair.squeeze(0, block);
    }
    out.truncate(bytes);
    out
}

fn hash(rate: Rate, message: &[u8], bytes: usize) -> Bytes {
    let mut pair = Pair::new();
    for index in 0..rate.blocks(message.len()) {
        if index > 0 {
            pair.permute();
        }
        pair.absorb(0, rate, message, index);
    }
    squeezed(pair, rate, bytes)
}

/// A message that ends within a byte: its last bits come before those of the function, of which some may fill that byte.
fn hash_bits(rate: Rate, message: &[u8], bits: usize, output: usize) -> Option<Bytes> {
    if message.len() != bits.div_ceil(8) {
        return None;
    }
    let mut out = match bits % 8 {
        0 => hash(rate, message, output.div_ceil(8)),
        rest => {
            let (last, whole) = message.split_last()?;
            let joined = u16::from(*last >> (8 - rest)) | u16::from(rate.domain) << rest;
            let (mut whole, mut domain) = (whole.to_vec(), joined);
            if joined >= 0x80 {
                whole.push(joined as u8);
                domain = joined >> 8;
            }
            let domain = domain as u8;
            hash(Rate { domain, ..rate }, &whole, output.div_ceil(8))
        }
    };
    if let (rest @ 1.., Some(last)) = (output % 8, out.last_mut()) {
        *last &= (1 << rest) - 1;
    }
    Some(out)
}

/// A text again and again, up to so many bytes.
fn hash_repeated(rate: Rate, text: &[u8], bytes: usize, output: usize) -> Bytes {
    let turn = text.repeat(rate.bytes);
    let mut pair = Pair::new();
    for index in 0..bytes / rate.bytes {
        if index > 0 {
            pair.permute();
        }
        pair.absorb(0, rate, &turn, index % text.len());
    }
    let done = bytes / rate.bytes * rate.bytes;
    let rest: Bytes = (done..bytes).map(|at| turn[at % turn.len()]).collect();
    if done > 0 {
        pair.permute();
    }
    pair.absorb(0, rate, &rest, 0);
    squeezed(pair, rate, output)
}

fn chain(rate: Rate, seed: &[u8], output: usize) -> Vec<Bytes> {
    let mut message = seed.to_vec();
    (0..CHAIN)
        .map(|_| {
            for _ in 0..LINKS {
                message = hash(rate, &message, output);
            }
            message.clone()
        })
        .collect()
}

fn chain_extended(rate: Rate, seed: &[u8], least: usize, most: usize) -> Vec<Bytes> {
    let (mut out, mut length) = (seed.to_vec(), most);
    (0..CHAIN)
        .map(|_| {
            for _ in 0..LINKS {
                let mut message = out.clone();
                message.resize(16, 0);
                out = hash(rate, &message, length);
                let [.., high, low] = out[..] else { panic!("two bytes") };
                length = least + usize::from(u16::from_be_bytes([high, low])) % (most - least + 1);
            }
            out.clone()
        })
        .collect()
}

fn number(bytes: &Bytes) -> Option<usize> {
    Some(u64::from_be_bytes(bytes[..].try_into().ok()?) as usize)
}

/// None for an operation that is not known.
fn answer(operation: &str, inputs: &[Bytes]) -> Option<Vec<Bytes>> {
    let (name, what) = match operation.strip_suffix("-chain") {
        Some(name) => (name, "chain"),
        None => match operation.strip_suffix("-repeated") {
            Some(name) => (name, "repeated"),
            None => (operation, "once"),
        },
    };
    let (rate, output) = match name {
        "sha3-256" => (SHA3_256, Some(32)),
        "sha3-512" => (SHA3_512, Some(64)),
        "shake128" => (SHAKE128, None),
        "shake256" => (SHAKE256, None),
        _ => return None,
    };
    match (what, output, inputs) {
        ("once", Some(output), [message, bits]) => Some(vec![hash_bits(rate, message, number(bits)?, 8 * output)?]),
        ("once", None, [message, bits, output]) => {
            Some(vec![hash_bits(rate, message, number(bits)?, number(output)?)?])
        }
        ("repeated", Some(output), [text, bytes]) => Some(vec![hash_repeated(rate, text, number(bytes)?, output)]),
        ("chain", Some(output), [seed]) => Some(chain(rate, seed, output)),
        ("chain", None, [seed, least, most]) => Some(chain_extended(rate, seed, number(least)?, number(most)?)),
        _ => None,
    }
}

fn unhex(text: &str) -> Bytes {
    if text == "-" {
        return Vec::new();
    }
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).expect("hex"))
        .collect()
}

fn hex(bytes: &Bytes) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn main() {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line of text");
        let mut words = line.split(' ');
        let operation = words.next().unwrap_or_default();
        let inputs: Vec<Bytes> = words.map(unhex).collect();
        let said = match answer(operation, &inputs) {
            None => "unknown".into(),
            Some(outputs) => outputs.iter().map(hex).collect::<Vec<_>>().join(" "),
        };
        writeln!(out, "{said}").expect("somebody reads");
    }
}
