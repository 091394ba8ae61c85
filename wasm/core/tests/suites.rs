//! The handshake at each suite, both sides, and what each refuses.

use sotto_base::refusal::Refusal;
use sotto_core::handshake::{Client, OnionKey, create_length, created_length};
use sotto_core::kem;
use sotto_core::suite::Suite;

const RELAY: [u8; 32] = [7; 32];
const KEY_ID: [u8; 8] = [8; 8];

fn pair(suite: Suite) -> (OnionKey, Client) {
    let key = OnionKey::new(suite, RELAY, KEY_ID, &[suite as u8; 32]);
    let random = core::array::from_fn(|i| i as u8);
    let client = taken(Client::create(suite, &RELAY, &KEY_ID, key.public(), &[1; 16], &random));
    (key, client)
}

fn taken<T>(result: Result<T, Refusal>) -> T {
    result.unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

fn refusal<T>(result: Result<T, Refusal>) -> Option<Refusal> {
    result.err()
}

#[test]
fn both_sides_agree_at_each_suite() {
    let lengths = Suite::ALL.map(|suite| {
        (
            create_length(suite),
            created_length(suite),
            suite.public(),
            suite.ciphertext(),
        )
    });
    assert_eq!(
        lengths,
        [
            (1706, 864, 832, 800),
            (2410, 1184, 1216, 1120),
            (3274, 1664, 1600, 1600)
        ]
    );
    for suite in Suite::ALL {
        let (key, client) = pair(suite);
        let (hop, created) = taken(key.accept(client.message(), &[2; 16], &[3; 64]));
        let mine = taken(client.finish(&created));
        assert_eq!((hop.params, mine.params), ([1; 16], [2; 16]));
        assert_eq!(
            (&*hop.forward, &*hop.backward, &*hop.bind),
            (&*mine.forward, &*mine.backward, &*mine.bind)
        );
    }
}

/// A key of one suite takes no CREATE that names, or is, another: neither a lower nor a higher one.
#[test]
fn no_suite_passes_for_another() {
    for suite in Suite::ALL {
        for other in Suite::ALL.into_iter().filter(|other| *other != suite) {
            let (key, _) = pair(suite);
            let (_, client) = pair(other);
            let mut create = client.message().to_vec();
            assert_eq!(refusal(key.accept(&create, &[0; 16], &[3; 64])), Some(Refusal::Suite));
            create[1] = suite as u8;
            assert_eq!(refusal(key.accept(&create, &[0; 16], &[3; 64])), Some(Refusal::Length));
            create.resize(create_length(suite), 0);
            assert!(refusal(key.accept(&create, &[0; 16], &[3; 64])).is_some());
            assert_eq!(
                refusal(Client::create(
                    suite,
                    &RELAY,
                    &KEY_ID,
                    pair(other).0.public(),
                    &[1; 16],
                    &[4; 96]
                )),
                Some(Refusal::PublicKey)
            );
        }
    }
}

#[test]
fn any_flipped_bit_is_refused() {
    for suite in Suite::ALL {
        let (key, client) = pair(suite);
        let (_, created) = taken(key.accept(client.message(), &[2; 16], &[3; 64]));
        for at in (0..client.message().len()).step_by(37) {
            let mut create = client.message().to_vec();
            create[at] ^= 1 << (at % 8);
            assert!(
                key.accept(&create, &[2; 16], &[3; 64]).is_err(),
                "suite {suite:?}, CREATE byte {at}"
            );
        }
        for at in (0..created.len()).step_by(19) {
            let mut changed = created.clone();
            changed[at] ^= 1 << (at % 8);
            assert!(client.finish(&changed).is_err(), "suite {suite:?}, CREATED byte {at}");
        }
    }
}

/// The same seed gives unlike keys at unlike suites: nothing of one tells of another.
#[test]
fn suites_share_no_keys() {
    let keys = Suite::ALL.map(|suite| kem::SecretKey::from_seed(suite, &[9; 32]));
    for (i, key) in keys.iter().enumerate() {
        for other in &keys[i + 1..] {
            assert_ne!(key.public()[..32], other.public()[..32]);
            assert_ne!(key.public().last_chunk::<32>(), other.public().last_chunk::<32>());
        }
    }
}
