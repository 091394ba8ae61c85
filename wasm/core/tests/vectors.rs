//! Published vectors of the KEM, the curve and the AEAD.

use sotto_core::suite::Suite;
use sotto_core::{aead, kem, x25519};
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
