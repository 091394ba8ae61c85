//! The KEM and the hop handshake.

use super::{State, cleanly_with};
use crate::handshake::{CLIENT_RANDOM, Client, Hop, OnionKey, PARAMS};
use crate::kem;
use crate::suite::Suite;
use sotto_base::refusal::{Refusal, code};
use wasm_bindgen::prelude::wasm_bindgen;

impl State {
    /// Writes `bind 32 | params 16 | Kf 32 | Kb 32`; the other side hands the last two over to the cells' module.
    fn write_hop(&mut self, at: usize, hop: &Hop) {
        let at = self.io.write(at, hop.bind.as_slice());
        let at = self.io.write(at, &hop.params);
        let at = self.io.write(at, hop.forward.as_slice());
        self.io.write(at, hop.backward.as_slice());
    }

    fn create(&mut self, suite: u32) -> Result<(), Refusal> {
        let suite = Suite::from_number(suite).ok_or(Refusal::Suite)?;
        let (relay, key_id) = (self.io.read(0), self.io.read(32));
        let (params, random) = (self.io.take::<PARAMS>(40), self.io.take::<CLIENT_RANDOM>(56));
        let onion = self.io.bytes(152, suite.public() as u32)?;
        if self.clients.room() == 0 {
            return Err(Refusal::Full);
        }
        let client = Client::create(suite, &relay, &key_id, &onion, &params, &random)?;
        let at = self.io.write(0, client.message());
        let handle = self.clients.insert(client).ok_or(Refusal::Full)?;
        self.io.write(at, &handle.to_le_bytes());
        Ok(())
    }

    fn finish(&mut self, handle: u32, length: u32) -> Result<(), Refusal> {
        let created = self.io.bytes(0, length)?;
        let hop = self.clients.get(handle).ok_or(Refusal::Handle)?.finish(&created);
        self.clients.free(handle);
        self.write_hop(0, &hop?);
        Ok(())
    }

    fn accept(&mut self, handle: u32, length: u32) -> Result<(), Refusal> {
        let (params, random) = (self.io.take::<PARAMS>(0), self.io.take::<{ kem::RANDOM }>(PARAMS));
        let create = self.io.bytes(PARAMS + kem::RANDOM, length)?;
        let onion = self.onion.get(handle).ok_or(Refusal::Handle)?;
        let (hop, created) = onion.accept(&create, &params, &random)?;
        let at = self.io.write(0, &created);
        self.write_hop(at, &hop);
        Ok(())
    }

    fn encapsulate(&mut self, suite: u32) -> Result<(), Refusal> {
        let suite = Suite::from_number(suite).ok_or(Refusal::Suite)?;
        let random = self.io.take(0);
        let public = self.io.bytes(kem::RANDOM, suite.public() as u32)?;
        let (ciphertext, rest) = self.io.0.split_at_mut(suite.ciphertext());
        let secret = kem::encapsulate(suite, &public, &random, ciphertext).ok_or(Refusal::PublicKey)?;
        rest[..secret.len()].copy_from_slice(secret.as_slice());
        Ok(())
    }

    fn decapsulate(&mut self, handle: u32, length: u32) -> Result<(), Refusal> {
        let ciphertext = self.io.bytes(0, length)?;
        let key = self.kem.get(handle).ok_or(Refusal::Handle)?;
        let secret = key.decapsulate(&ciphertext).ok_or(Refusal::Ciphertext)?;
        self.io.write(0, secret.as_slice());
        Ok(())
    }
}

/// io in: seed 32; out: public key of the suite. A handle, or 0 when the table is full or the suite is not known.
#[wasm_bindgen]
pub fn kem_key_new(suite: u32) -> u32 {
    cleanly_with(|state| {
        let seed = state.io.take(0);
        let Some(suite) = Suite::from_number(suite) else {
            return 0;
        };
        let key = kem::SecretKey::from_seed(suite, &seed);
        state.io.write(0, key.public());
        state.kem.insert(key).unwrap_or(0)
    })
}

#[wasm_bindgen]
pub fn kem_key_free(handle: u32) {
    cleanly_with(|state| state.kem.free(handle));
}

/// io in: random 64 | public key of the suite; out: ciphertext of the suite | shared secret 32.
#[wasm_bindgen]
pub fn kem_encaps(suite: u32) -> u32 {
    cleanly_with(|state| code(state.encapsulate(suite)))
}

/// io in: ciphertext, of any length; out: shared secret 32.
#[wasm_bindgen]
pub fn kem_decaps(handle: u32, length: u32) -> u32 {
    cleanly_with(|state| code(state.decapsulate(handle, length)))
}

/// io in: relay 32 | key-id 8 | seed 32; out: public key of the suite. A handle, or 0 when the table is full or the suite is not known.
#[wasm_bindgen]
pub fn onion_key_new(suite: u32) -> u32 {
    cleanly_with(|state| {
        let (relay, key_id, seed) = (state.io.read(0), state.io.read(32), state.io.take(40));
        let Some(suite) = Suite::from_number(suite) else {
            return 0;
        };
        let key = OnionKey::new(suite, relay, key_id, &seed);
        state.io.write(0, key.public());
        state.onion.insert(key).unwrap_or(0)
    })
}

#[wasm_bindgen]
pub fn onion_key_free(handle: u32) {
    cleanly_with(|state| state.onion.free(handle));
}

/// io in: relay 32 | key-id 8 | params 16 | random 96 | onion key of the suite; out: CREATE of the suite | client u32.
#[wasm_bindgen]
pub fn client_create(suite: u32) -> u32 {
    const _: () = assert!(PARAMS == 16 && CLIENT_RANDOM == 96);
    cleanly_with(|state| code(state.create(suite)))
}

/// io in: CREATED, of any length; out: bind 32 | params 16 | Kf 32 | Kb 32. The client is freed in any case.
#[wasm_bindgen]
pub fn client_finish(handle: u32, length: u32) -> u32 {
    cleanly_with(|state| code(state.finish(handle, length)))
}

#[wasm_bindgen]
pub fn client_free(handle: u32) {
    cleanly_with(|state| state.clients.free(handle));
}

/// io in: params 16 | random 64 | CREATE, of any length; out: CREATED of the key's suite | bind 32 | params 16 | Kf 32 | Kb 32.
#[wasm_bindgen]
pub fn relay_accept(handle: u32, length: u32) -> u32 {
    cleanly_with(|state| code(state.accept(handle, length)))
}
