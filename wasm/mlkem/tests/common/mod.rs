//! Chance for tests, and the oracle's three sizes behind one face.

use sotto_mlkem::keccak::shake256;
use sotto_mlkem::{PublicKey, SecretKey, Set, encapsulate};

/// N bytes that a seed, a name and a number determine.
pub fn chance<const N: usize>(seed: u64, name: &str, index: u64) -> [u8; N] {
    let mut out = [0; N];
    let text = format!("{seed} {name} {index}");
    shake256(text.as_bytes(), &mut out);
    out
}

/// libcrux's answers, by the set's name.
pub trait Oracle {
    /// From d ‖ z: encapsulation key, expanded decapsulation key.
    fn keygen(&self, seed: [u8; 64]) -> (Vec<u8>, Vec<u8>);
    /// Ciphertext, shared secret; None for a key that is not reduced.
    fn encaps(&self, public: &[u8], message: [u8; 32]) -> Option<(Vec<u8>, [u8; 32])>;
    /// Whether the key in an expanded decapsulation key has the hash that is in it (FIPS 203 §7.3).
    fn is_sound(&self, secret: &[u8], ciphertext: &[u8]) -> bool;
    fn decaps(&self, secret: &[u8], ciphertext: &[u8]) -> [u8; 32];
}

macro_rules! oracle {
    ($name:ident, $module:ident) => {
        pub struct $name;
        impl Oracle for $name {
            fn keygen(&self, seed: [u8; 64]) -> (Vec<u8>, Vec<u8>) {
                let pair = libcrux_ml_kem::$module::generate_key_pair(seed);
                (pair.pk().to_vec(), pair.sk().to_vec())
            }
            fn encaps(&self, public: &[u8], message: [u8; 32]) -> Option<(Vec<u8>, [u8; 32])> {
                let key = public.try_into().expect("a key's length");
                if !libcrux_ml_kem::$module::validate_public_key(&key) {
                    return None;
                }
                let (ciphertext, secret) = libcrux_ml_kem::$module::encapsulate(&key, message);
                Some((ciphertext.as_slice().to_vec(), secret))
            }
            fn is_sound(&self, secret: &[u8], ciphertext: &[u8]) -> bool {
                let key = secret.try_into().expect("a key's length");
                let ciphertext = ciphertext.try_into().expect("a ciphertext's length");
                libcrux_ml_kem::$module::validate_private_key(&key, &ciphertext)
            }
            fn decaps(&self, secret: &[u8], ciphertext: &[u8]) -> [u8; 32] {
                let key = secret.try_into().expect("a key's length");
                let ciphertext = ciphertext.try_into().expect("a ciphertext's length");
                libcrux_ml_kem::$module::decapsulate(&key, &ciphertext)
            }
        }
    };
}

oracle!(Oracle512, mlkem512);
oracle!(Oracle768, mlkem768);
oracle!(Oracle1024, mlkem1024);

pub fn oracle(name: &str) -> &'static dyn Oracle {
    match name {
        "ML-KEM-512" => &Oracle512,
        "ML-KEM-768" => &Oracle768,
        _ => &Oracle1024,
    }
}

/// One random case of everything: keys, both ways to encapsulate, both ways to decapsulate, a changed ciphertext, a key that
/// may not be reduced. Says what differs.
pub fn differential(name: &str, set: Set, seed: u64, index: u64) -> Result<(), String> {
    let oracle = oracle(name);
    let same = |what: &str, right: bool| if right { Ok(()) } else { Err(what.to_string()) };
    let key_seed: [u8; 64] = chance(seed, "key", index);
    let message: [u8; 32] = chance(seed, "message", index);
    let key = SecretKey::from_seed(set, &key_seed);
    let (public, expanded) = oracle.keygen(key_seed);
    same("ek", key.public().bytes() == public)?;
    same("dk", key.expanded()[..] == expanded)?;
    let (ciphertext, secret) = oracle
        .encaps(&public, message)
        .ok_or("the oracle refuses its own key")?;
    let mut ours = vec![0; set.ciphertext()];
    let shared = encapsulate(set, &public, &message, &mut ours).ok_or("a good key is refused")?;
    same("c", ours == ciphertext)?;
    same("K of encaps", *shared == secret)?;
    let cached = PublicKey::new(set, &public).ok_or("a good key is refused when kept")?;
    let shared = cached.encapsulate(&message, &mut ours).ok_or("no room")?;
    same("c by a kept key", ours == ciphertext && *shared == secret)?;
    let imported = SecretKey::from_expanded(set, &expanded).ok_or("a good expanded key is refused")?;
    let mut changed = ciphertext.clone();
    let [at0, at1, bit, ..]: [u8; 8] = chance(seed, "flip", index);
    let at = usize::from(u16::from_be_bytes([at0, at1])) % changed.len();
    changed[at] ^= 1 << (bit % 8);
    for ct in [&ciphertext, &changed] {
        let theirs = oracle.decaps(&expanded, ct);
        same("K of decaps", key.decapsulate(ct).is_some_and(|k| *k == theirs))?;
        same(
            "K of an imported key",
            imported.decapsulate(ct).is_some_and(|k| *k == theirs),
        )?;
    }
    let mut unsure = public.clone();
    let at = usize::from(u16::from_be_bytes([at1, bit])) % (public.len() - 32);
    unsure[at] = 0xff;
    let theirs = oracle.encaps(&unsure, message);
    let found = encapsulate(set, &unsure, &message, &mut ours);
    match (theirs, found) {
        (None, None) => {}
        (Some((c, k)), Some(shared)) => same("another key", c == ours && k == *shared)?,
        _ => return Err("one refuses a key that the other takes".into()),
    }
    let mut damaged = expanded;
    let [at0, at1, at2, bit, ..]: [u8; 8] = chance(seed, "damage", index);
    let at = u32::from_be_bytes([0, at0, at1, at2]) as usize % damaged.len();
    damaged[at] ^= 1 << (bit % 8);
    match SecretKey::from_expanded(set, &damaged) {
        Some(key) => {
            same("a damaged key is taken", oracle.is_sound(&damaged, &ciphertext))?;
            let theirs = oracle.decaps(&damaged, &ciphertext);
            same(
                "K of a damaged key",
                key.decapsulate(&ciphertext).is_some_and(|k| *k == theirs),
            )?;
        }
        None => same("a sound key is refused", !oracle.is_sound(&damaged, &ciphertext))?,
    }
    wrong_lengths(set, seed, index, &key, &message)
}

/// The oracle's types have no other lengths; ours refuses them.
fn wrong_lengths(set: Set, seed: u64, index: u64, key: &SecretKey, message: &[u8; 32]) -> Result<(), String> {
    let length = usize::from(u16::from_be_bytes(chance(seed, "length", index))) % 4000;
    let bytes = vec![0; length];
    let mut room = vec![0; set.ciphertext()];
    let taken = [
        length != set.public() && encapsulate(set, &bytes, message, &mut room).is_some(),
        length != set.public() && PublicKey::new(set, &bytes).is_some(),
        length != set.ciphertext() && key.decapsulate(&bytes).is_some(),
        length != set.ciphertext() && key.public().encapsulate(message, &mut vec![0; length]).is_some(),
        length != set.expanded() && SecretKey::from_expanded(set, &bytes).is_some(),
    ];
    match taken.iter().position(|taken| *taken) {
        Some(which) => Err(format!("{length} bytes are taken (check {which})")),
        None => Ok(()),
    }
}
