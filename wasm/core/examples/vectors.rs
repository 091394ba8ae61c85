//! Answers questions about primitives, one a line, for `npm run vectors`:
//!
//! ```text
//! operation hex hex …   ──►   hex hex …  |  refused  |  unknown        "-" stands for no bytes
//! ```

use sotto_core::{adiantum, aead, mlkem768, x25519, xwing};
use std::io::{BufRead, Write};

type Bytes = Vec<u8>;

fn fixed<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

fn layer(rounds: u32, encipher: bool, inputs: &[Bytes]) -> Option<Vec<Bytes>> {
    let [key, tweak, text] = inputs else { return None };
    let key = adiantum::Key::new(&fixed(key)?, rounds);
    let mut text = text.clone();
    let done = if encipher {
        key.encipher(tweak, &mut text)
    } else {
        key.decipher(tweak, &mut text)
    };
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

fn kem(operation: &str, inputs: &[Bytes]) -> Option<Vec<Bytes>> {
    let first = inputs.first()?;
    match (operation, inputs.get(1)) {
        ("mlkem768-keygen", None) => {
            let key = mlkem768::SecretKey::from_seed(&fixed(first)?);
            Some(vec![key.public().to_vec(), key.expanded().to_vec()])
        }
        ("mlkem768-encaps", Some(message)) => {
            let (ct, ss) = mlkem768::encapsulate(&fixed(first)?, &fixed(message)?)?;
            Some(vec![ct.to_vec(), ss.to_vec()])
        }
        ("mlkem768-decaps", Some(ct)) => Some(vec![
            mlkem768::decapsulate_expanded(&fixed(first)?, &fixed(ct)?)?.to_vec(),
        ]),
        ("mlkem768-seed-decaps", Some(ct)) => {
            let key = mlkem768::SecretKey::from_seed(&fixed(first)?);
            Some(vec![key.public().to_vec(), key.decapsulate(&fixed(ct)?).to_vec()])
        }
        ("xwing-keygen", None) => Some(vec![xwing::SecretKey::from_seed(&fixed(first)?).public().to_vec()]),
        ("xwing-encaps", Some(seed)) => {
            let (ct, ss) = xwing::encapsulate(&fixed(first)?, &fixed(seed)?)?;
            Some(vec![ct.to_vec(), ss.to_vec()])
        }
        ("xwing-decaps", Some(ct)) => Some(vec![
            xwing::SecretKey::from_seed(&fixed(first)?)
                .decapsulate(&fixed(ct)?)?
                .to_vec(),
        ]),
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
        "mlkem768-keygen"
        | "mlkem768-encaps"
        | "mlkem768-decaps"
        | "mlkem768-seed-decaps"
        | "xwing-keygen"
        | "xwing-encaps"
        | "xwing-decaps" => kem(operation, inputs),
        _ => return None,
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
