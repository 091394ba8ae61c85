//! The primitives under the protocol, so that published vectors reach them across the boundary too.

use super::{State, code, with};
use crate::adiantum::Key;
use crate::refusal::Refusal;
use crate::{mlkem768, x25519};
use wasm_bindgen::prelude::wasm_bindgen;

impl State {
    fn adiantum(&mut self, rounds: u32, way: u32, tweak: u32, length: u32) -> Result<(), Refusal> {
        let key = Key::new(&self.take(0), rounds);
        let tweak = self.bytes(32, tweak)?;
        let at = 32 + tweak.len();
        let mut message = self.bytes(at, length)?;
        let whole = if way == 0 {
            key.encipher(&tweak, &mut message)
        } else {
            key.decipher(&tweak, &mut message)
        };
        self.write(at, &message);
        if whole { Ok(()) } else { Err(Refusal::Length) }
    }
}

/// io: key 32 | tweak | message, worked on in place.
#[wasm_bindgen]
pub fn raw_adiantum(rounds: u32, way: u32, tweak: u32, length: u32) -> u32 {
    with(|state| code(state.adiantum(rounds, way, tweak, length)))
}

/// io in: scalar 32 | point 32; out: shared 32.
#[wasm_bindgen]
pub fn raw_x25519() -> u32 {
    with(|state| {
        let (scalar, point) = (state.take(0), state.read(32));
        let Some(shared) = x25519::agree(&scalar, &point) else {
            return Refusal::PublicKey as u32;
        };
        state.write(0, shared.as_slice());
        0
    })
}

/// io in: d ‖ z 64; out: encapsulation key 1184 | decapsulation key 2400.
#[wasm_bindgen]
pub fn raw_mlkem768_keygen() {
    with(|state| {
        let key = mlkem768::SecretKey::from_seed(&state.take(0));
        let at = state.write(0, &key.public());
        state.write(at, key.expanded().as_slice());
    });
}

/// io in: encapsulation key 1184 | m 32; out: ciphertext 1088 | shared 32.
#[wasm_bindgen]
pub fn raw_mlkem768_encaps() -> u32 {
    with(|state| {
        let (public, message) = (state.read(0), state.take(mlkem768::PUBLIC));
        let Some((ciphertext, secret)) = mlkem768::encapsulate(&public, &message) else {
            return Refusal::PublicKey as u32;
        };
        let at = state.write(0, &ciphertext);
        state.write(at, secret.as_slice());
        0
    })
}

/// io in: decapsulation key 2400 | ciphertext 1088; out: shared 32.
#[wasm_bindgen]
pub fn raw_mlkem768_decaps() -> u32 {
    with(|state| {
        let (key, ciphertext) = (state.take(0), state.read(mlkem768::EXPANDED));
        let Some(secret) = mlkem768::decapsulate_expanded(&key, &ciphertext) else {
            return Refusal::PublicKey as u32;
        };
        state.write(0, secret.as_slice());
        0
    })
}
