//! The hop handshake at suites 1, 3 and 5. The relay is that of docs/vectors.json, so that its frames are good ones here.

use crate::input::Input;
use crate::keys::SEED;
use sotto_core::handshake::{CLIENT_RANDOM, Client, OnionKey, PARAMS};
use sotto_core::kem::RANDOM;
use sotto_core::suite::Suite;
use std::sync::OnceLock;

const RELAY: [u8; 32] = [
    0xc1, 0xd2, 0x1b, 0xe8, 0x83, 0xb0, 0x32, 0x7b, 0x03, 0xfa, 0xfa, 0xa9, 0x9f, 0xc8, 0x28, 0x14, 0x98, 0x38, 0xa2,
    0xeb, 0x9e, 0x03, 0xb3, 0x5d, 0xb4, 0xd0, 0x1f, 0x63, 0xb5, 0xdc, 0xc5, 0x89,
];
/// The first eight bytes of SHA-256 of its onion key at each suite.
const KEY_IDS: [[u8; 8]; 3] = [
    [0xd7, 0x93, 0x5e, 0xf6, 0x8d, 0xc2, 0x82, 0x29],
    [0x6e, 0xfa, 0xb8, 0xa5, 0xb3, 0x18, 0xcf, 0xdb],
    [0x32, 0x41, 0x6c, 0x33, 0x23, 0x51, 0xe9, 0xe0],
];
const PARAMS_OUT: [u8; PARAMS] = [1; PARAMS];
const PARAMS_BACK: [u8; PARAMS] = [2; PARAMS];
const CHANCE: [u8; RANDOM] = [7; RANDOM];

struct Relay {
    onion: OnionKey,
    key_id: [u8; 8],
    /// CREATE of an honest client, and the answer to it.
    create: Vec<u8>,
    created: Vec<u8>,
}

fn client(suite: Suite, key_id: &[u8; 8], onion: &[u8]) -> Client {
    Client::create(suite, &RELAY, key_id, onion, &PARAMS_OUT, &[9; CLIENT_RANDOM]).expect("a good key")
}

fn relay(choice: u8) -> &'static Relay {
    static KEPT: OnceLock<Vec<Relay>> = OnceLock::new();
    let all = KEPT.get_or_init(|| {
        let of = |(suite, key_id): (Suite, [u8; 8])| {
            let onion = OnionKey::new(suite, RELAY, key_id, &SEED);
            let create = client(suite, &key_id, onion.public()).message().to_vec();
            let (_, created) = onion.accept(&create, &PARAMS_BACK, &CHANCE).expect("a good CREATE");
            Relay {
                onion,
                key_id,
                create,
                created,
            }
        };
        Suite::ALL.into_iter().zip(KEY_IDS).map(of).collect()
    });
    &all[usize::from(choice) % all.len()]
}

/// CREATE: any bytes, or an honest client's with changes, of which none is taken.
pub fn create(data: &[u8]) {
    let mut input = Input::new(data);
    let relay = relay(input.byte());
    let changed = input.byte() & 1 == 1;
    let mut frame = relay.create.clone();
    if changed {
        input.edit(&mut frame);
    } else {
        frame = input.rest().to_vec();
    }
    let done = relay.onion.accept(&frame, &PARAMS_BACK, &CHANCE);
    if changed {
        assert_eq!(done.is_ok(), frame == relay.create);
    }
    if let Ok((_, created)) = done {
        assert_eq!(created.len(), relay.created.len());
        // Honest, or it would not open: the head is as the relay's own.
        assert_eq!(frame[..42], relay.create[..42]);
    }
}

/// CREATED, likewise; the two ends agree on their keys when it is taken.
pub fn created(data: &[u8]) {
    let mut input = Input::new(data);
    let relay = relay(input.byte());
    let client = client(relay.onion.suite(), &relay.key_id, relay.onion.public());
    let mut frame = relay.created.clone();
    if input.byte() & 1 == 1 {
        input.edit(&mut frame);
    } else {
        frame = input.rest().to_vec();
    }
    let done = client.finish(&frame);
    assert_eq!(done.is_ok(), frame == relay.created);
    if let Ok(hop) = done {
        let (theirs, _) = relay
            .onion
            .accept(client.message(), &PARAMS_BACK, &CHANCE)
            .expect("a good CREATE");
        assert!(*hop.forward == *theirs.forward && *hop.backward == *theirs.backward && *hop.bind == *theirs.bind);
        assert_eq!((hop.params, theirs.params), (PARAMS_BACK, PARAMS_OUT));
    }
}
