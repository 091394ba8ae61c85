//! Keys and ciphertexts of the KEMs.

use crate::input::Input;
use sotto_core::kem::{RANDOM, SecretKey, encapsulate};
use sotto_core::suite::Suite;
use sotto_core::x25519;
use sotto_mlkem::{PublicKey, SETS, SecretKey as LatticeKey};
use std::sync::OnceLock;

/// Of the relay in docs/vectors.json.
pub const SEED: [u8; 32] = [
    0xbe, 0x8f, 0x2d, 0x74, 0xc6, 0xbf, 0x0f, 0xcd, 0x36, 0x31, 0xa8, 0xa6, 0xeb, 0x49, 0xd9, 0x10, 0xb2, 0x76, 0xbc,
    0xfe, 0xff, 0xe3, 0xc8, 0x3f, 0x83, 0x91, 0x7c, 0xde, 0x85, 0x9f, 0x57, 0xd1,
];
const CHANCE: [u8; RANDOM] = [7; RANDOM];

struct Kept {
    suite: Suite,
    key: SecretKey,
    ciphertext: Vec<u8>,
    secret: [u8; 32],
}

/// One key of each suite, with something sent to it.
fn kept(choice: u8) -> &'static Kept {
    static KEPT: OnceLock<Vec<Kept>> = OnceLock::new();
    let all = KEPT.get_or_init(|| {
        let of = |suite: Suite| {
            let key = SecretKey::from_seed(suite, &SEED);
            let mut ciphertext = vec![0; suite.ciphertext()];
            let secret = encapsulate(suite, key.public(), &CHANCE, &mut ciphertext).expect("a good key");
            Kept {
                suite,
                key,
                ciphertext,
                secret: *secret,
            }
        };
        Suite::ALL.map(of).into()
    });
    &all[usize::from(choice) % all.len()]
}

/// The bytes themselves, or those of something good with changes.
fn frame(input: &mut Input<'_>, good: &[u8]) -> Vec<u8> {
    if input.byte() & 1 == 0 {
        return input.rest().to_vec();
    }
    let mut frame = good.to_vec();
    input.edit(&mut frame);
    frame
}

/// Every coefficient of 12 bits is below q (FIPS 203 §7.2), written plainly.
fn is_reduced(coefficients: &[u8]) -> bool {
    coefficients.chunks_exact(3).all(|bytes| {
        let three = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]);
        three & 0xfff < 3329 && three >> 12 < 3329
    })
}

/// A public key of somebody else: taken exactly when it is one.
pub fn kem_public(data: &[u8]) {
    let mut input = Input::new(data);
    let Kept { suite, key, .. } = kept(input.byte());
    let public = frame(&mut input, key.public());
    let mut ciphertext = vec![0; suite.ciphertext()];
    let made = encapsulate(*suite, &public, &CHANCE, &mut ciphertext);
    let scalar = [7; 32];
    let good = public.len() == suite.public() && {
        let (lattice, point) = public.split_last_chunk::<32>().expect("it is longer");
        is_reduced(&lattice[..lattice.len() - 32]) && x25519::agree(&scalar, point).is_some()
    };
    assert_eq!(made.is_some(), good);
    for (_, set) in SETS {
        let lattice = PublicKey::new(set, &public);
        let good = public.len() == set.public() && is_reduced(&public[..set.public() - 32]);
        assert_eq!(lattice.is_some(), good);
        assert!(lattice.is_none_or(|key| key.bytes() == public));
    }
}

/// A ciphertext: one that was changed gives another secret, or none.
pub fn kem_ciphertext(data: &[u8]) {
    let mut input = Input::new(data);
    let kept = kept(input.byte());
    let ciphertext = frame(&mut input, &kept.ciphertext);
    let secret = kept.key.decapsulate(&ciphertext);
    if ciphertext.len() != kept.suite.ciphertext() {
        return assert!(secret.is_none());
    }
    let (_, point) = ciphertext.split_last_chunk::<32>().expect("it is longer");
    assert_eq!(secret.is_some(), x25519::agree(&[9; 32], point).is_some());
    let opened = secret.is_some_and(|secret| *secret == kept.secret);
    assert_eq!(opened, ciphertext == kept.ciphertext);
}

/// A secret key in the expanded form of FIPS 203, as vectors have it: what is taken has the hash of its public key in it.
pub fn expanded_key(data: &[u8]) {
    let mut input = Input::new(data);
    let (_, set) = SETS[usize::from(input.byte()) % SETS.len()];
    let good = LatticeKey::from_seed(set, &[3; 64]);
    let bytes = frame(&mut input, &good.expanded());
    let Some(key) = LatticeKey::from_expanded(set, &bytes) else {
        return assert!(bytes != *good.expanded());
    };
    let secret = set.expanded() - set.public() - 64;
    assert_eq!(key.public().bytes(), &bytes[secret..secret + set.public()]);
    assert!(!is_reduced(&bytes[..secret]) || *key.expanded() == bytes[..]);
    assert!(key.decapsulate(&vec![5; set.ciphertext()]).is_some());
    assert!(key.decapsulate(&bytes).is_none());
}
