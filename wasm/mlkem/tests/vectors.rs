//! Wycheproof's ML-KEM files, all three sizes.

use sotto_mlkem::{PublicKey, SecretKey, Set, encapsulate};
use sotto_vectors::{fixed, hex, is_valid, refused, same, wycheproof};

fn each(run: impl Fn(&str, Set)) {
    for (name, set) in sotto_mlkem::SETS {
        run(&name.replace("ML-KEM-", "mlkem_"), set);
    }
}

#[test]
fn keygen() {
    each(|name, set| {
        wycheproof(&format!("{name}_keygen_seed_test.json"), |_, case| {
            let key = SecretKey::from_seed(set, &fixed(&case["seed"]).ok_or("seed")?);
            same("ek", key.public().bytes(), &case["ek"])?;
            same("dk", &key.expanded(), &case["dk"])
        });
    });
}

#[test]
fn encaps() {
    each(|name, set| {
        wycheproof(&format!("{name}_encaps_test.json"), |_, case| {
            let (public, mut ct) = (hex(&case["ek"]), vec![0; set.ciphertext()]);
            let message = fixed(&case["m"]);
            let found = message.and_then(|message| encapsulate(set, &public, &message, &mut ct));
            let kept = message.and_then(|message| PublicKey::new(set, &public)?.encapsulate(&message, &mut ct));
            if !is_valid(case) {
                return refused(found).and(refused(kept));
            }
            same("c", &ct, &case["c"])?;
            same("K", found.ok_or("refused")?.as_slice(), &case["K"])?;
            same("K by a kept key", kept.ok_or("refused")?.as_slice(), &case["K"])
        });
    });
}

#[test]
fn decaps() {
    each(|name, set| {
        wycheproof(&format!("{name}_test.json"), |_, case| {
            let found = fixed(&case["seed"]).and_then(|seed| {
                let key = SecretKey::from_seed(set, &seed);
                Some((key.public().bytes().to_vec(), key.decapsulate(&hex(&case["c"]))?))
            });
            if !is_valid(case) {
                return refused(found);
            }
            let (public, shared) = found.ok_or("refused")?;
            same("ek", &public, &case["ek"])?;
            same("K", shared.as_slice(), &case["K"])
        });
    });
}

#[test]
fn semi_expanded_decaps() {
    each(|name, set| {
        wycheproof(&format!("{name}_semi_expanded_decaps_test.json"), |_, case| {
            let key = SecretKey::from_expanded(set, &hex(&case["dk"]));
            let found = key.and_then(|key| key.decapsulate(&hex(&case["c"])));
            if is_valid(case) {
                same("K", found.ok_or("refused")?.as_slice(), &case["K"])
            } else {
                refused(found)
            }
        });
    });
}
