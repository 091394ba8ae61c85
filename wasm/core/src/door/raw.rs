//! The primitives under the protocol, so that published vectors reach them across the boundary too.

use super::{State, cleanly_with, with};
use crate::x25519;
use sotto_base::refusal::{Refusal, code};
use sotto_mlkem::keccak::{Rate, SHA3_256, SHA3_512, SHAKE128, SHAKE256};
use sotto_mlkem::{self as mlkem, SETS, Set};
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroize;

/// io in: scalar 32 | point 32; out: shared 32.
#[wasm_bindgen]
pub fn raw_x25519() -> u32 {
    cleanly_with(|state| {
        let (scalar, point) = (state.io.take(0), state.io.read(32));
        let Some(shared) = x25519::agree(&scalar, &point) else {
            return Refusal::PublicKey as u32;
        };
        state.io.write(0, shared.as_slice());
        0
    })
}

/// By the number in its name: 512, 768, 1024.
fn set_of(name: u32) -> Result<Set, Refusal> {
    let sets = SETS.into_iter().map(|(_, set)| set);
    let mut named = sets.zip([512, 768, 1024]).filter(|(_, number)| *number == name);
    named.next().map(|(set, _)| set).ok_or(Refusal::Suite)
}

impl State {
    fn mlkem_keygen(&mut self, set: u32) -> Result<(), Refusal> {
        let key = mlkem::SecretKey::from_seed(set_of(set)?, &self.io.take(0));
        let at = self.io.write(0, key.public().bytes());
        self.io.write(at, &key.expanded());
        Ok(())
    }

    fn mlkem_encaps(&mut self, set: u32) -> Result<(), Refusal> {
        let set = set_of(set)?;
        let message = self.io.take(0);
        let public = self.io.bytes(32, set.public() as u32)?;
        let (ciphertext, rest) = self.io.0.split_at_mut(set.ciphertext());
        let secret = mlkem::encapsulate(set, &public, &message, ciphertext).ok_or(Refusal::PublicKey)?;
        rest[..32].copy_from_slice(secret.as_slice());
        Ok(())
    }

    fn mlkem_decaps(&mut self, set: u32) -> Result<(), Refusal> {
        let set = set_of(set)?;
        let (key, rest) = self.io.0.split_at_mut(set.expanded());
        let expanded = mlkem::SecretKey::from_expanded(set, key);
        key.zeroize();
        let secret = expanded.and_then(|key| key.decapsulate(&rest[..set.ciphertext()]));
        self.io.write(0, secret.ok_or(Refusal::PublicKey)?.as_slice());
        Ok(())
    }
}

/// io in: d ‖ z 64; out: encapsulation key | expanded decapsulation key. Sets: 512, 768, 1024.
#[wasm_bindgen]
pub fn raw_mlkem_keygen(set: u32) -> u32 {
    cleanly_with(|state| code(state.mlkem_keygen(set)))
}

/// io in: m 32 | encapsulation key; out: ciphertext | shared 32.
#[wasm_bindgen]
pub fn raw_mlkem_encaps(set: u32) -> u32 {
    cleanly_with(|state| code(state.mlkem_encaps(set)))
}

/// io in: expanded decapsulation key | ciphertext; out: shared 32.
#[wasm_bindgen]
pub fn raw_mlkem_decaps(set: u32) -> u32 {
    cleanly_with(|state| code(state.mlkem_decaps(set)))
}

/// Those of FIPS 202 that ML-KEM is made of, by number.
const RATES: [Rate; 4] = [SHA3_256, SHA3_512, SHAKE128, SHAKE256];

/// io in: text; out: `output` bytes of the function with that number.
#[wasm_bindgen]
pub fn raw_keccak(number: u32, length: u32, output: u32) -> u32 {
    let Some(&rate) = RATES.get(number as usize) else {
        return Refusal::Range as u32;
    };
    with(|state| code(state.extend(rate, length, output)))
}
