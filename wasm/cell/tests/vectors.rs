//! Published vectors of Adiantum.

use sotto_cell::adiantum::{self, Way};
use sotto_vectors::{fixed, hex, vectors};

fn adiantum_file(file: &str, rounds: u32) {
    let all = vectors("adiantum", &format!("src/test_data/{file}"));
    let cases = all.as_array().expect("a list");
    for case in cases {
        let key = adiantum::Key::new(&fixed(&case["input"]["key_hex"]).expect("32 bytes"), rounds);
        let (plain, cipher) = (hex(&case["plaintext_hex"]), hex(&case["ciphertext_hex"]));
        let tweak = hex(&case["input"]["tweak_hex"]);
        let mut message = plain.clone();
        assert!(key.apply(Way::Encipher, &tweak, &mut message));
        assert_eq!(message, cipher, "{}", case["description"]);
        assert!(key.apply(Way::Decipher, &tweak, &mut message));
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
