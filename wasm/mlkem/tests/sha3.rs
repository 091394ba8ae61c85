//! SHA-3 and SHAKE: NIST's known answers, Wycheproof's HMACs over them, every length beside libcrux.

use sotto_mlkem::keccak::{Pair, Rate, SHA3_256, SHA3_512, SHAKE128, SHAKE256, hash, shake256};
use sotto_vectors::{blobs, hex, is_valid, same, wycheproof};

fn digest(rate: Rate, size: usize, message: &[u8]) -> Vec<u8> {
    let mut out = vec![0; size];
    hash(rate, message, &mut out);
    out
}

/// Of any length, block by block.
fn extended(rate: Rate, size: usize, message: &[u8]) -> Vec<u8> {
    let mut pair = Pair::new();
    for index in 0..rate.blocks(message.len()) {
        pair.absorb(0, rate, message, index);
        pair.permute();
    }
    let mut out = vec![0; size.next_multiple_of(rate.bytes)];
    for block in out.chunks_mut(rate.bytes) {
        pair.squeeze(0, block);
        pair.permute();
    }
    out.truncate(size);
    out
}

/// Message, answer, message, answer …
fn known_answers(package: &str, file: &str, count: usize, answers: impl Fn(&[u8], usize) -> Vec<u8>) {
    let all = blobs(package, &format!("tests/data/{file}.blb"));
    let (cases, []) = all.as_chunks::<2>() else {
        panic!("{file}: a message without an answer");
    };
    for (index, [message, answer]) in cases.iter().enumerate() {
        assert!(answers(message, answer.len()) == *answer, "{file}, case {index}");
    }
    assert_eq!(cases.len(), count, "{file}: every case is run");
    println!("VECTORS {file}: {} run, 0 failed", cases.len());
}

#[test]
fn known_answers_of_sha3() {
    known_answers("sha3", "sha3_256_kat", 256, |message, size| {
        digest(SHA3_256, size, message)
    });
    known_answers("sha3", "sha3_512_kat", 255, |message, size| {
        digest(SHA3_512, size, message)
    });
}

#[test]
fn known_answers_of_shake() {
    known_answers("shake", "shake128_kat", 256, |message, size| {
        extended(SHAKE128, size, message)
    });
    known_answers("shake", "shake256_kat", 256, |message, size| {
        let mut out = vec![0; size];
        shake256(message, &mut out);
        assert!(extended(SHAKE256, size, message) == out, "in two ways");
        out
    });
}

/// RFC 2104 over a function of FIPS 202, whose rate is its block.
fn hmac(rate: Rate, size: usize, key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = if key.len() > rate.bytes {
        digest(rate, size, key)
    } else {
        key.to_vec()
    };
    block.resize(rate.bytes, 0);
    let with = |pad: u8, text: &[u8]| {
        digest(
            rate,
            size,
            &[&block.iter().map(|b| b ^ pad).collect::<Vec<_>>(), text].concat(),
        )
    };
    with(0x5c, &with(0x36, message))
}

fn hmac_file(file: &str, rate: Rate, size: usize) {
    wycheproof(file, |group, case| {
        let bits = group["tagSize"].as_u64().ok_or("a size of tags")? as usize;
        let mut tag = hmac(rate, size, &hex(&case["key"]), &hex(&case["msg"]));
        tag.truncate(bits / 8);
        let found = same("tag", &tag, &case["tag"]);
        if is_valid(case) == found.is_ok() {
            Ok(())
        } else {
            Err("tag".into())
        }
    });
}

#[test]
fn hmac_sha3_256() {
    hmac_file("hmac_sha3_256_test.json", SHA3_256, 32);
}

#[test]
fn hmac_sha3_512() {
    hmac_file("hmac_sha3_512_test.json", SHA3_512, 64);
}

/// Both lanes at once with unlike messages, beside libcrux.
#[test]
fn every_length_up_to_four_blocks() {
    let text: Vec<u8> = (0..700_u32).map(|i| (i * i / 7 + i) as u8).collect();
    for length in 0..text.len() {
        let message = &text[..length];
        assert_eq!(digest(SHA3_256, 32, message), libcrux_sha3::sha256(message));
        assert_eq!(digest(SHA3_512, 64, message), libcrux_sha3::sha512(message));
        let (mut out, mut want) = ([0; 333], [0; 333]);
        shake256(message, &mut out);
        libcrux_sha3::shake256_ema(&mut want, message);
        assert_eq!(out, want);
    }
    println!(
        "VECTORS SHA3-256, SHA3-512, SHAKE256 beside libcrux: {} lengths",
        text.len()
    );
}

#[test]
fn lanes_do_not_meet() {
    let mut pair = Pair::new();
    pair.start(0, SHAKE128, b"");
    pair.start(1, SHAKE256, b"");
    pair.permute();
    let (mut first, mut second) = ([0; 168], [0; 136]);
    pair.squeeze(0, &mut first);
    pair.squeeze(1, &mut second);
    // The start of SHAKE128 of nothing, as C2SP/CCTV, ML-KEM/README.md, has it.
    assert_eq!(hex(&"7f9c2ba4e88f827d616045507605853e".into()), first[..16]);
    assert_eq!(libcrux_sha3::shake128::<168>(b""), first);
    assert_eq!(libcrux_sha3::shake256::<136>(b""), second);
}
