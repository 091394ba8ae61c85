//! Signatures and hashes.

use super::{State, cleanly_with, with};
use crate::ed25519::{self, PUBLIC, SEED, SIGNATURE};
use crate::erase;
use sotto_base::refusal::{Refusal, code};
use sotto_mlkem::keccak;
use wasm_bindgen::prelude::wasm_bindgen;

impl State {
    fn sign(&mut self, length: u32) -> Result<(), Refusal> {
        let seed = self.io.take(0);
        let signature = ed25519::sign(&seed, self.io.view(SEED, length)?);
        self.io.write(0, &signature);
        Ok(())
    }

    fn satisfies(&self, length: u32) -> Result<bool, Refusal> {
        let message = self.io.view(PUBLIC + SIGNATURE, length)?;
        Ok(ed25519::satisfies(&self.io.read(0), message, &self.io.read(PUBLIC)))
    }

    fn sha256(&mut self, length: u32, last: bool) -> Result<(), Refusal> {
        self.sha256.update(self.io.view(0, length)?);
        if last {
            let digest = core::mem::take(&mut self.sha256).finish();
            self.io.write(0, &digest);
        }
        Ok(())
    }

    /// What comes out is made behind what went in, and does not stay there.
    pub(super) fn extend(&mut self, rate: keccak::Rate, length: u32, output: u32) -> Result<(), Refusal> {
        let (length, output) = (length as usize, output as usize);
        let (text, rest) = self.io.0.split_at_mut_checked(length).ok_or(Refusal::Range)?;
        let out = rest.get_mut(..output).ok_or(Refusal::Range)?;
        keccak::extend(rate, text, out);
        self.io.0.copy_within(length..length + output, 0);
        erase(&mut self.io.0[length.max(output)..length + output]);
        Ok(())
    }
}

/// io in: seed 32; out: public key 32.
#[wasm_bindgen]
pub fn ed25519_public() -> u32 {
    cleanly_with(|state| {
        let seed = state.io.take(0);
        state.io.write(0, &ed25519::public(&seed));
        0
    })
}

/// io in: seed 32 | message; out: signature 64.
#[wasm_bindgen]
pub fn ed25519_sign(length: u32) -> u32 {
    cleanly_with(|state| code(state.sign(length)))
}

/// io in: public key 32 | signature 64 | message. 1 when S·B = R + k·A, else 0.
#[wasm_bindgen]
pub fn ed25519_satisfies(length: u32) -> u32 {
    with(|state| u32::from(state.satisfies(length) == Ok(true)))
}

/// io in: the next piece of a message; out, with the last one: digest 32.
#[wasm_bindgen]
pub fn sha256(length: u32, last: bool) -> u32 {
    with(|state| code(state.sha256(length, last)))
}

/// io in: text; out: `output` bytes of SHAKE256.
#[wasm_bindgen]
pub fn shake256(length: u32, output: u32) -> u32 {
    with(|state| code(state.extend(keccak::SHAKE256, length, output)))
}
