//! The hop handshake (docs/protocol.md §4.1), at the suite of the relay's onion key.
//!
//! ```text
//! client                                                                   relay, onion key B
//! CREATE  = ver 1 | suite 1 | relay 32 | key-id 8 | ct_B | E | box 32             ──►
//! ◄──  CREATED = ct_E | auth 32 | box 32                  at suite 3: ct 1120, E 1216; CREATE 2410, CREATED 1184
//! K1 = KDF("create", 32, ss_B, B, CREATE without its box)         boxes: AEAD of 16 bytes, nonce 0
//! K  = KDF("hop", 160, ss_B, ss_E, B, CREATE, ct_E) = Kf 32 | Kb 32 | Kbox 32 | auth 32 | bind 32
//! ```

use crate::aead;
use crate::kdf::kdf;
use crate::kem::{self, SharedSecret};
use crate::suite::Suite;
use sotto_base::refusal::Refusal;
use zeroize::{Zeroize, Zeroizing};

pub const VERSION: u8 = 1;
pub const PARAMS: usize = 16;
/// Randomness of a client: seed of E 32 | encapsulation to B 64.
pub const CLIENT_RANDOM: usize = 96;
const CREATE_AAD: &[u8] = b"sotto/1/create";
const CREATED_AAD: &[u8] = b"sotto/1/created";
const BOX: usize = PARAMS + aead::TAG;
const HEAD: usize = 42;
const NONCE: [u8; 24] = [0; 24];

/// Bytes of CREATE at a suite: 1706, 2410, 3274.
pub const fn create_length(suite: Suite) -> usize {
    HEAD + suite.ciphertext() + suite.public() + BOX
}

/// Bytes of CREATED at a suite: 864, 1184, 1664.
pub const fn created_length(suite: Suite) -> usize {
    suite.ciphertext() + 32 + BOX
}

/// The fields of a CREATE whose head was checked.
struct Create<'a> {
    /// All but the box.
    unboxed: &'a [u8],
    ct_b: &'a [u8],
    e: &'a [u8],
    boxed: &'a [u8; BOX],
}

impl<'a> Create<'a> {
    fn read(suite: Suite, create: &'a [u8]) -> Option<Self> {
        let (unboxed, boxed) = create.split_last_chunk()?;
        let (ct_b, e) = unboxed.get(HEAD..)?.split_at_checked(suite.ciphertext())?;
        Some(Self {
            unboxed,
            ct_b,
            e,
            boxed,
        })
    }
}

/// A relay's onion key, with the names under which clients address it.
pub struct OnionKey {
    relay: [u8; 32],
    key_id: [u8; 8],
    secret: kem::SecretKey,
}

/// What a client keeps between CREATE and CREATED.
pub struct Client {
    create: Vec<u8>,
    onion_public: Vec<u8>,
    shared: SharedSecret,
    ephemeral: kem::SecretKey,
}

/// What both sides hold in the end.
pub struct Hop {
    pub forward: Zeroizing<[u8; 32]>,
    pub backward: Zeroizing<[u8; 32]>,
    pub bind: Zeroizing<[u8; 32]>,
    /// What the other side put into its box.
    pub params: [u8; PARAMS],
}

struct Keys(Zeroizing<[u8; 160]>);

impl Keys {
    fn new(ss_b: &SharedSecret, ss_e: &SharedSecret, onion: &[u8], create: &[u8], ct_e: &[u8]) -> Self {
        let mut out = Zeroizing::new([0; 160]);
        kdf(
            "hop",
            &[ss_b.as_slice(), ss_e.as_slice(), onion, create, ct_e],
            out.as_mut_slice(),
        );
        Self(out)
    }

    /// 0 Kf, 1 Kb, 2 Kbox, 3 auth, 4 bind.
    fn part(&self, index: usize) -> Zeroizing<[u8; 32]> {
        let (parts, _) = self.0.as_chunks::<32>();
        Zeroizing::new(parts[index])
    }

    fn hop(&self, params: [u8; PARAMS]) -> Hop {
        Hop {
            forward: self.part(0),
            backward: self.part(1),
            bind: self.part(4),
            params,
        }
    }
}

impl OnionKey {
    pub fn new(suite: Suite, relay: [u8; 32], key_id: [u8; 8], seed: &[u8; kem::SEED]) -> Self {
        Self {
            relay,
            key_id,
            secret: kem::SecretKey::from_seed(suite, seed),
        }
    }

    pub fn suite(&self) -> Suite {
        self.secret.suite()
    }

    pub fn public(&self) -> &[u8] {
        self.secret.public()
    }

    /// The relay's whole part: CREATE in, CREATED and the hop's keys out. No other suite than the key's is taken.
    pub fn accept(
        &self,
        create: &[u8],
        params: &[u8; PARAMS],
        random: &[u8; kem::RANDOM],
    ) -> Result<(Hop, Vec<u8>), Refusal> {
        let (suite, onion) = (self.suite(), self.secret.public());
        self.check_head(create)?;
        let fields = Create::read(suite, create).ok_or(Refusal::Length)?;
        let ss_b = self.secret.decapsulate(fields.ct_b).ok_or(Refusal::Ciphertext)?;
        let client_params = open_box(&create_key(&ss_b, onion, fields.unboxed), CREATE_AAD, fields.boxed)?;
        let mut created = vec![0; created_length(suite)];
        let (ct_e, rest) = created.split_at_mut(suite.ciphertext());
        let ss_e = kem::encapsulate(suite, fields.e, random, ct_e).ok_or(Refusal::PublicKey)?;
        let keys = Keys::new(&ss_b, &ss_e, onion, create, ct_e);
        rest[..32].copy_from_slice(keys.part(3).as_slice());
        rest[32..].copy_from_slice(&seal_box(&keys.part(2), CREATED_AAD, params));
        Ok((keys.hop(client_params), created))
    }

    /// The suite comes before the length, which follows from it.
    fn check_head(&self, create: &[u8]) -> Result<(), Refusal> {
        let Some(head) = create.first_chunk::<HEAD>() else {
            return Err(Refusal::Length);
        };
        let checks = [
            (head[0] == VERSION, Refusal::Version),
            (head[1] == self.suite() as u8, Refusal::Suite),
            (create.len() == create_length(self.suite()), Refusal::Length),
            (head[2..34] == self.relay, Refusal::Relay),
            (head[34..] == self.key_id, Refusal::KeyId),
        ];
        checks
            .into_iter()
            .find(|(right, _)| !right)
            .map_or(Ok(()), |(_, refusal)| Err(refusal))
    }
}

impl Client {
    /// Makes CREATE. Refused when the onion key is not a valid one of this suite.
    pub fn create(
        suite: Suite,
        relay: &[u8; 32],
        key_id: &[u8; 8],
        onion: &[u8],
        params: &[u8; PARAMS],
        random: &[u8; CLIENT_RANDOM],
    ) -> Result<Self, Refusal> {
        let (seed, encapsulation) = random.split_at(kem::SEED);
        let mut create = vec![0; create_length(suite)];
        create[0] = VERSION;
        create[1] = suite as u8;
        create[2..34].copy_from_slice(relay);
        create[34..HEAD].copy_from_slice(key_id);
        let (unboxed, boxed) = create.split_at_mut(create_length(suite) - BOX);
        let (ct_b, e) = unboxed[HEAD..].split_at_mut(suite.ciphertext());
        let shared = kem::encapsulate(suite, onion, chunk(encapsulation), ct_b).ok_or(Refusal::PublicKey)?;
        let ephemeral = kem::SecretKey::from_seed(suite, chunk(seed));
        e.copy_from_slice(ephemeral.public());
        boxed.copy_from_slice(&seal_box(&create_key(&shared, onion, unboxed), CREATE_AAD, params));
        Ok(Self {
            create,
            onion_public: onion.to_vec(),
            shared,
            ephemeral,
        })
    }

    pub fn message(&self) -> &[u8] {
        &self.create
    }

    /// Checks CREATED and gives the hop's keys.
    pub fn finish(&self, created: &[u8]) -> Result<Hop, Refusal> {
        if created.len() != created_length(self.ephemeral.suite()) {
            return Err(Refusal::Length);
        }
        let (ct_e, rest) = created.split_at(self.ephemeral.suite().ciphertext());
        let ss_e = self.ephemeral.decapsulate(ct_e).ok_or(Refusal::Ciphertext)?;
        let keys = Keys::new(&self.shared, &ss_e, &self.onion_public, &self.create, ct_e);
        let (auth, boxed) = rest.split_at(32);
        if !aead::equal(&keys.part(3), chunk(auth)) {
            return Err(Refusal::Auth);
        }
        let params = open_box(&keys.part(2), CREATED_AAD, chunk(boxed))?;
        Ok(keys.hop(params))
    }
}

/// Bytes whose number the layout fixes.
fn chunk<const N: usize>(bytes: &[u8]) -> &[u8; N] {
    bytes.first_chunk().expect("a field lies within its fixed layout")
}

fn create_key(ss_b: &SharedSecret, onion: &[u8], unboxed: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    kdf("create", &[ss_b.as_slice(), onion, unboxed], key.as_mut_slice());
    key
}

fn seal_box(key: &[u8; 32], aad: &[u8], params: &[u8; PARAMS]) -> [u8; BOX] {
    let mut boxed = [0; BOX];
    let (text, tag) = boxed.split_at_mut(PARAMS);
    text.copy_from_slice(params);
    tag.copy_from_slice(&aead::seal(key, &NONCE, aad, text));
    boxed
}

fn open_box(key: &[u8; 32], aad: &[u8], boxed: &[u8; BOX]) -> Result<[u8; PARAMS], Refusal> {
    let (text, tag) = boxed.split_at(PARAMS);
    let mut params: [u8; PARAMS] = *chunk(text);
    let right = aead::open(key, &NONCE, aad, &mut params, chunk(tag));
    if right {
        Ok(params)
    } else {
        params.zeroize();
        Err(Refusal::Box)
    }
}
