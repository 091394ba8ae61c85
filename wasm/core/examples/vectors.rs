//! Answers questions about primitives, one a line, for `npm run vectors`:
//!
//! ```text
//! operation hex hex …   ──►   hex hex …  |  refused  |  unknown        "-" stands for no bytes
//! ```

use sotto_cell::adiantum::{self, Way};
use sotto_core::suite::Suite;
use sotto_core::{aead, kem, x25519};
use sotto_mlkem::{SETS, SecretKey, Set, encapsulate};
use std::io::{BufRead, Write};

type Bytes = Vec<u8>;

fn fixed<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

fn layer(rounds: u32, encipher: bool, inputs: &[Bytes]) -> Option<Vec<Bytes>> {
    let [key, tweak, text] = inputs else { return None };
    let key = adiantum::Key::new(&fixed(key)?, rounds);
    let mut text = text.clone();
    let way = if encipher { Way::Encipher } else { Way::Decipher };
    let done = key.apply(way, tweak, &mut text);
    done.then(|| vec![text])
}

fn seal(inputs: &[Bytes]) -> Option<Vec<Bytes>> {
    let [key, nonce, aad, plain] = inputs else { return None };
    let mut text = plain.clone();
    let tag = aead::seal(&fixed(key)?, &fixed(nonce)?, aad, &mut text);
    text.extend_from_slice(&tag);
    Some(vec![text])
}

fn open(inputs: &[Bytes]) -> Option<Vec<Bytes>> {
    let [key, nonce, aad, sealed] = inputs else { return None };
    let (text, tag) = sealed.split_at_checked(sealed.len().checked_sub(16)?)?;
    let mut text = text.to_vec();
    aead::open(&fixed(key)?, &fixed(nonce)?, aad, &mut text, &fixed(tag)?).then(|| vec![text])
}

/// `mlkem768-encaps` and its like: the set, and what to do.
fn lattice(operation: &str) -> Option<(Set, &str)> {
    let (name, what) = operation.strip_prefix("mlkem")?.split_once('-')?;
    let (_, set) = SETS
        .into_iter()
        .find(|(of, _)| of.strip_prefix("ML-KEM-") == Some(name))?;
    Some((set, what))
}

fn mlkem(set: Set, what: &str, inputs: &[Bytes]) -> Option<Vec<Bytes>> {
    match (what, inputs) {
        ("keygen", [seed]) => {
            let key = SecretKey::from_seed(set, &fixed(seed)?);
            Some(vec![key.public().bytes().to_vec(), key.expanded().to_vec()])
        }
        ("encaps", [public, message]) => {
            let mut ct = vec![0; set.ciphertext()];
            let ss = encapsulate(set, public, &fixed(message)?, &mut ct)?;
            Some(vec![ct, ss.to_vec()])
        }
        ("decaps", [key, ct]) => Some(vec![SecretKey::from_expanded(set, key)?.decapsulate(ct)?.to_vec()]),
        ("seed-decaps", [seed, ct]) => {
            let key = SecretKey::from_seed(set, &fixed(seed)?);
            Some(vec![key.public().bytes().to_vec(), key.decapsulate(ct)?.to_vec()])
        }
        _ => None,
    }
}

fn xwing(what: &str, inputs: &[Bytes]) -> Option<Vec<Bytes>> {
    match (what, inputs) {
        ("keygen", [seed]) => Some(vec![
            kem::SecretKey::from_seed(Suite::Three, &fixed(seed)?).public().to_vec(),
        ]),
        ("encaps", [public, seed]) => {
            let mut ct = vec![0; Suite::Three.ciphertext()];
            let ss = kem::encapsulate(Suite::Three, public, &fixed(seed)?, &mut ct)?;
            Some(vec![ct, ss.to_vec()])
        }
        ("decaps", [seed, ct]) => {
            let key = kem::SecretKey::from_seed(Suite::Three, &fixed(seed)?);
            Some(vec![key.decapsulate(ct)?.to_vec()])
        }
        _ => None,
    }
}

/// None for an operation that is not known; the inner None is a refusal.
fn answer(operation: &str, inputs: &[Bytes]) -> Option<Option<Vec<Bytes>>> {
    Some(match operation {
        "adiantum12-encipher" => layer(12, true, inputs),
        "adiantum12-decipher" => layer(12, false, inputs),
        "adiantum20-encipher" => layer(20, true, inputs),
        "adiantum20-decipher" => layer(20, false, inputs),
        "xchacha20poly1305-seal" => seal(inputs),
        "xchacha20poly1305-open" => open(inputs),
        "x25519" => match inputs {
            [scalar, point] => fixed(scalar)
                .zip(fixed(point))
                .and_then(|(scalar, point)| x25519::agree(&scalar, &point))
                .map(|shared| vec![shared.to_vec()]),
            _ => None,
        },
        "xwing-keygen" => xwing("keygen", inputs),
        "xwing-encaps" => xwing("encaps", inputs),
        "xwing-decaps" => xwing("decaps", inputs),
        _ => {
            let (set, what) = lattice(operation)?;
            match what {
                "keygen" | "encaps" | "decaps" | "seed-decaps" => mlkem(set, what, inputs),
                _ => return None,
            }
        }
    })
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
    if bytes.is_empty() {
        return "-".into();
    }
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
            Some(None) => "refused".into(),
            Some(Some(outputs)) => outputs.iter().map(hex).collect::<Vec<_>>().join(" "),
        };
        writeln!(out, "{said}").expect("somebody reads");
    }
}
