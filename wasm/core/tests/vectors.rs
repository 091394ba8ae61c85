//! Published vectors of the KEM, the curve and the AEAD.

use sotto_core::sha2::{Sha256, Sha512};
use sotto_core::suite::Suite;
use sotto_core::{aead, ed25519, kem, x25519};
use sotto_vectors::{fixed, hex, is_valid, refused, same, vectors, wycheproof};

#[test]
fn x_wing() {
    let all = vectors("x-wing", "tests/test-vectors.json");
    let cases = all.as_array().expect("a list");
    for case in cases {
        let key = kem::SecretKey::from_seed(Suite::Three, &fixed(&case["seed"]).expect("32 bytes"));
        assert_eq!(key.public(), hex(&case["pk"]));
        let (mut ct, random) = (
            vec![0; Suite::Three.ciphertext()],
            fixed(&case["eseed"]).expect("64 bytes"),
        );
        let ss = kem::encapsulate(Suite::Three, key.public(), &random, &mut ct).expect("a good key");
        assert_eq!(ct, hex(&case["ct"]));
        assert_eq!(ss.as_slice(), hex(&case["ss"]));
        assert_eq!(key.decapsulate(&ct).expect("a good point").as_slice(), hex(&case["ss"]));
    }
    assert!(!cases.is_empty());
    println!("VECTORS x-wing test-vectors.json: {} run, 0 failed", cases.len());
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

/// The equation alone answers the whole file; keys and signatures of a kind that is not in it are for src/crypto/ed25519.test.ts.
#[test]
fn ed25519() {
    wycheproof("ed25519_test.json", |group, case| {
        let public = fixed(&group["publicKey"]["pk"]).ok_or("public key")?;
        let signature: Option<[u8; 64]> = fixed(&case["sig"]);
        let taken = signature.is_some_and(|signature| ed25519::satisfies(&public, &hex(&case["msg"]), &signature));
        if taken == is_valid(case) {
            Ok(())
        } else {
            Err(format!("taken: {taken}"))
        }
    });
}

/// RFC 8032 §7.1, test 3.
#[test]
fn ed25519_signs() {
    let known = serde_json::json!({
        "seed": "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "public": "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "signature": concat!(
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac",
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    });
    let seed = fixed(&known["seed"]).expect("32 bytes");
    assert_eq!(same("public", &ed25519::public(&seed), &known["public"]), Ok(()));
    assert_eq!(
        same("signature", &ed25519::sign(&seed, &[0xaf, 0x82]), &known["signature"]),
        Ok(())
    );
}

/// RFC 2104, with a hash of blocks of `BLOCK` bytes.
fn hmac<const BLOCK: usize>(hash: impl Fn(&[&[u8]]) -> Vec<u8>, key: &[u8], message: &[u8]) -> Vec<u8> {
    let key = if key.len() > BLOCK { hash(&[key]) } else { key.to_vec() };
    let padded = |with: u8| {
        let mut block = [with; BLOCK];
        for (byte, key) in block.iter_mut().zip(&key) {
            *byte ^= key;
        }
        block
    };
    // The message in two parts, so that what is left of one block is filled by the next.
    let (start, end) = message.split_at(message.len() / 3);
    hash(&[&padded(0x5c), &hash(&[&padded(0x36), start, end])])
}

fn sha2<const BLOCK: usize>(file: &str, hash: impl Fn(&[&[u8]]) -> Vec<u8>) {
    wycheproof(file, |_, case| {
        let (mac, tag) = (
            hmac::<BLOCK>(&hash, &hex(&case["key"]), &hex(&case["msg"])),
            hex(&case["tag"]),
        );
        if (mac[..tag.len()] == tag) == is_valid(case) {
            Ok(())
        } else {
            Err("tag".into())
        }
    });
}

#[test]
fn sha_256() {
    sha2::<64>("hmac_sha256_test.json", |parts| Sha256::of(parts).to_vec());
}

#[test]
fn sha_512() {
    sha2::<128>("hmac_sha512_test.json", |parts| Sha512::of(parts).to_vec());
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
