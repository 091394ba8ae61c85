//! The KEM, the hop handshake, and messages in cells.

use super::{State, code, with};
use crate::cell::{BODY, LayerKey};
use crate::handshake::{CLIENT_RANDOM, CREATE, CREATED, Client, Hop, OnionKey, PARAMS};
use crate::message::{self, Head};
use crate::refusal::Refusal;
use crate::xwing;
use wasm_bindgen::prelude::wasm_bindgen;

impl State {
    /// Puts a hop's keys into the table; writes `forward u32 | backward u32 | bind 32 | params 16`, handles little-endian.
    fn write_hop(&mut self, at: usize, hop: &Hop) -> Result<(), Refusal> {
        if self.layers.room() < 2 {
            return Err(Refusal::Full);
        }
        let mut at = at;
        for key in [&hop.forward, &hop.backward] {
            let handle = self.layers.insert(LayerKey::new(key)).ok_or(Refusal::Full)?;
            at = self.write(at, &handle.to_le_bytes());
        }
        let at = self.write(at, hop.bind.as_slice());
        self.write(at, &hop.params);
        Ok(())
    }

    fn create(&mut self) -> Result<(), Refusal> {
        let (relay, key_id, onion) = (self.read(0), self.read(32), self.read(40));
        let (params, random) = (self.take::<PARAMS>(1256), self.take::<CLIENT_RANDOM>(1272));
        if self.clients.room() == 0 {
            return Err(Refusal::Full);
        }
        let client = Client::create(&relay, &key_id, &onion, &params, &random)?;
        let at = self.write(0, client.message());
        let handle = self.clients.insert(client).ok_or(Refusal::Full)?;
        self.write(at, &handle.to_le_bytes());
        Ok(())
    }

    fn finish(&mut self, handle: u32, length: u32) -> Result<(), Refusal> {
        let created = self.bytes(0, length)?;
        let hop = self.clients.get(handle).ok_or(Refusal::Handle)?.finish(&created);
        self.clients.free(handle);
        self.write_hop(0, &hop?)
    }

    fn accept(&mut self, handle: u32, length: u32) -> Result<(), Refusal> {
        let (params, random) = (self.take::<PARAMS>(0), self.take::<{ xwing::RANDOM }>(PARAMS));
        let create = self.bytes(PARAMS + xwing::RANDOM, length)?;
        let (hop, created) = self
            .onion
            .get(handle)
            .ok_or(Refusal::Handle)?
            .accept(&create, &params, &random)?;
        self.write_hop(CREATED, &hop)?;
        self.write(0, &created);
        Ok(())
    }

    fn split(&mut self, head: Head, length: u32) -> Result<u32, Refusal> {
        let text = self.bytes(0, length)?;
        let parts = message::parts_for(text.len()).ok_or(Refusal::TooLong)?;
        let (bodies, _) = self.io.as_chunks_mut::<BODY>();
        for (part, body) in bodies.iter_mut().take(parts).enumerate() {
            message::write_part(head, &text, part, parts, body);
        }
        Ok(parts as u32)
    }

    fn join(&mut self, count: u32) -> Result<(), Refusal> {
        let (bodies, _) = self.io.as_chunks::<BODY>();
        let mut text = Vec::with_capacity(message::MAX_MESSAGE);
        message::join(bodies.get(..count as usize).ok_or(Refusal::Malformed)?, &mut text)?;
        let at = self.write(0, &(text.len() as u32).to_le_bytes());
        self.write(at, &text);
        Ok(())
    }
}

/// io in: seed 32; out: public key 1216. A handle, or 0 when the table is full.
#[wasm_bindgen]
pub fn kem_key_new() -> u32 {
    with(|state| {
        let key = xwing::SecretKey::from_seed(&state.take(0));
        state.write(0, key.public());
        state.kem.insert(key).unwrap_or(0)
    })
}

#[wasm_bindgen]
pub fn kem_key_free(handle: u32) {
    with(|state| state.kem.free(handle));
}

/// io in: public key 1216 | random 64; out: ciphertext 1120 | shared secret 32.
#[wasm_bindgen]
pub fn kem_encaps() -> u32 {
    with(|state| {
        let (public, random) = (state.read(0), state.take(xwing::PUBLIC));
        let Some((ciphertext, secret)) = xwing::encapsulate(&public, &random) else {
            return Refusal::PublicKey as u32;
        };
        let at = state.write(0, &ciphertext);
        state.write(at, secret.as_slice());
        0
    })
}

/// io in: ciphertext 1120; out: shared secret 32.
#[wasm_bindgen]
pub fn kem_decaps(handle: u32) -> u32 {
    with(|state| {
        let ciphertext = state.read(0);
        let Some(key) = state.kem.get(handle) else {
            return Refusal::Handle as u32;
        };
        let Some(secret) = key.decapsulate(&ciphertext) else {
            return Refusal::Ciphertext as u32;
        };
        state.write(0, secret.as_slice());
        0
    })
}

/// io in: relay 32 | key-id 8 | seed 32; out: public key 1216. A handle, or 0 when the table is full.
#[wasm_bindgen]
pub fn onion_key_new() -> u32 {
    with(|state| {
        let key = OnionKey::new(state.read(0), state.read(32), &state.take(40));
        state.write(0, key.public());
        state.onion.insert(key).unwrap_or(0)
    })
}

#[wasm_bindgen]
pub fn onion_key_free(handle: u32) {
    with(|state| state.onion.free(handle));
}

/// io in: relay 32 | key-id 8 | onion key 1216 | params 16 | random 96; out: CREATE 2410 | client u32.
#[wasm_bindgen]
pub fn client_create() -> u32 {
    const _: () = assert!(CREATE == 2410 && CLIENT_RANDOM == 96);
    with(|state| code(state.create()))
}

/// io in: CREATED, of any length; out: forward u32 | backward u32 | bind 32 | params 16. The client is freed in any case.
#[wasm_bindgen]
pub fn client_finish(handle: u32, length: u32) -> u32 {
    with(|state| code(state.finish(handle, length)))
}

#[wasm_bindgen]
pub fn client_free(handle: u32) {
    with(|state| state.clients.free(handle));
}

/// io in: params 16 | random 64 | CREATE, of any length; out: CREATED 1184 | forward u32 | backward u32 | bind 32 | params 16.
#[wasm_bindgen]
pub fn relay_accept(handle: u32, length: u32) -> u32 {
    with(|state| code(state.accept(handle, length)))
}

/// io in: message; out: bodies of 1016. The number of parts, or 0 when the message is too long.
#[wasm_bindgen]
pub fn message_split(kind: u8, flags: u8, message: u32, seen: u32, length: u32) -> u32 {
    with(|state| {
        state
            .split(
                Head {
                    kind,
                    flags,
                    message,
                    seen,
                },
                length,
            )
            .unwrap_or(0)
    })
}

/// io in: body 1016. Whether it opened to its zeros, and is a part that `message_split` writes.
#[wasm_bindgen]
pub fn message_check() -> u32 {
    with(|state| code(message::read_part(&state.read(0)).map(|_| ())))
}

/// io in: all bodies of a message in their order; out: length u32 | message.
#[wasm_bindgen]
pub fn message_join(count: u32) -> u32 {
    with(|state| code(state.join(count)))
}
