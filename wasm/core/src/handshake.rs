//! The hop handshake at suite 3 (docs/protocol.md §4.1).
//!
//! ```text
//! client                                                                   relay, onion key B
//! CREATE  = ver 1 | suite 1 | relay 32 | key-id 8 | ct_B 1120 | E 1216 | box 32   ──►
//! ◄──  CREATED = ct_E 1120 | auth 32 | box 32
//! K1 = KDF("create", 32, ss_B, B, CREATE[0..2378])                boxes: AEAD of 16 bytes, nonce 0
//! K  = KDF("hop", 160, ss_B, ss_E, B, CREATE, ct_E) = Kf 32 | Kb 32 | Kbox 32 | auth 32 | bind 32
//! ```

use crate::aead;
use crate::kdf::kdf;
use crate::refusal::Refusal;
use crate::xwing::{self, SharedSecret};
use zeroize::{Zeroize, Zeroizing};

pub const VERSION: u8 = 1;
pub const SUITE: u8 = 3;
pub const CREATE: usize = 2410;
pub const CREATED: usize = 1184;
pub const PARAMS: usize = 16;
/// Randomness of a client: seed of E 32 | encapsulation to B 64.
pub const CLIENT_RANDOM: usize = 96;
const CREATE_AAD: &[u8] = b"sotto/1/create";
const CREATED_AAD: &[u8] = b"sotto/1/created";
const BOX: usize = PARAMS + aead::TAG;
const HEAD: usize = 42;
const UNBOXED: usize = CREATE - BOX;
const E_AT: usize = HEAD + xwing::CIPHERTEXT;
const NONCE: [u8; 24] = [0; 24];

/// A relay's onion key, with the names under which clients address it.
pub struct OnionKey {
    relay: [u8; 32],
    key_id: [u8; 8],
    secret: xwing::SecretKey,
}

/// What a client keeps between CREATE and CREATED.
pub struct Client {
    create: Box<[u8; CREATE]>,
    onion_public: Box<[u8; xwing::PUBLIC]>,
    shared: SharedSecret,
    ephemeral: xwing::SecretKey,
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
    pub fn new(relay: [u8; 32], key_id: [u8; 8], seed: &[u8; xwing::SEED]) -> Self {
        Self {
            relay,
            key_id,
            secret: xwing::SecretKey::from_seed(seed),
        }
    }

    pub fn public(&self) -> &[u8; xwing::PUBLIC] {
        self.secret.public()
    }

    /// The relay's whole part: CREATE in, CREATED and the hop's keys out.
    pub fn accept(
        &self,
        create: &[u8],
        params: &[u8; PARAMS],
        random: &[u8; xwing::RANDOM],
    ) -> Result<(Hop, [u8; CREATED]), Refusal> {
        let create: &[u8; CREATE] = create.try_into().map_err(|_| Refusal::Length)?;
        self.check_head(create)?;
        let onion = self.secret.public();
        let ss_b = self
            .secret
            .decapsulate(chunk(create, HEAD))
            .ok_or(Refusal::Ciphertext)?;
        let client_params = open_box(&create_key(&ss_b, onion, create), CREATE_AAD, chunk(create, UNBOXED))?;
        let (ct_e, ss_e) = xwing::encapsulate(chunk(create, E_AT), random).ok_or(Refusal::PublicKey)?;
        let keys = Keys::new(&ss_b, &ss_e, onion, create, &ct_e);
        let mut created = [0; CREATED];
        created[..xwing::CIPHERTEXT].copy_from_slice(&ct_e);
        created[xwing::CIPHERTEXT..CREATED - BOX].copy_from_slice(keys.part(3).as_slice());
        created[CREATED - BOX..].copy_from_slice(&seal_box(&keys.part(2), CREATED_AAD, params));
        Ok((keys.hop(client_params), created))
    }

    fn check_head(&self, create: &[u8; CREATE]) -> Result<(), Refusal> {
        let checks = [
            (create[0] == VERSION, Refusal::Version),
            (create[1] == SUITE, Refusal::Suite),
            (create[2..34] == self.relay, Refusal::Relay),
            (create[34..HEAD] == self.key_id, Refusal::KeyId),
        ];
        checks
            .into_iter()
            .find(|(right, _)| !right)
            .map_or(Ok(()), |(_, refusal)| Err(refusal))
    }
}

impl Client {
    /// Makes CREATE. Refused when the onion key is not a valid X-Wing key.
    pub fn create(
        relay: &[u8; 32],
        key_id: &[u8; 8],
        onion: &[u8; xwing::PUBLIC],
        params: &[u8; PARAMS],
        random: &[u8; CLIENT_RANDOM],
    ) -> Result<Self, Refusal> {
        let (ct_b, shared) = xwing::encapsulate(onion, chunk(random, 32)).ok_or(Refusal::PublicKey)?;
        let ephemeral = xwing::SecretKey::from_seed(chunk(random, 0));
        let mut create = Box::new([0; CREATE]);
        create[0] = VERSION;
        create[1] = SUITE;
        create[2..34].copy_from_slice(relay);
        create[34..HEAD].copy_from_slice(key_id);
        create[HEAD..E_AT].copy_from_slice(&ct_b);
        create[E_AT..UNBOXED].copy_from_slice(ephemeral.public());
        let boxed = seal_box(&create_key(&shared, onion, &create), CREATE_AAD, params);
        create[UNBOXED..].copy_from_slice(&boxed);
        Ok(Self {
            create,
            onion_public: Box::new(*onion),
            shared,
            ephemeral,
        })
    }

    pub fn message(&self) -> &[u8; CREATE] {
        &self.create
    }

    /// Checks CREATED and gives the hop's keys.
    pub fn finish(&self, created: &[u8]) -> Result<Hop, Refusal> {
        let created: &[u8; CREATED] = created.try_into().map_err(|_| Refusal::Length)?;
        let ct_e: &[u8; xwing::CIPHERTEXT] = chunk(created, 0);
        let ss_e = self.ephemeral.decapsulate(ct_e).ok_or(Refusal::Ciphertext)?;
        let keys = Keys::new(
            &self.shared,
            &ss_e,
            self.onion_public.as_slice(),
            self.create.as_slice(),
            ct_e,
        );
        if !aead::equal(&keys.part(3), chunk(created, xwing::CIPHERTEXT)) {
            return Err(Refusal::Auth);
        }
        let params = open_box(&keys.part(2), CREATED_AAD, chunk(created, CREATED - BOX))?;
        Ok(keys.hop(params))
    }
}

/// N bytes at a constant place of a fixed layout.
fn chunk<const N: usize, const ALL: usize>(bytes: &[u8; ALL], at: usize) -> &[u8; N] {
    bytes[at..].first_chunk().expect("a field lies within its fixed layout")
}

fn create_key(ss_b: &SharedSecret, onion: &[u8; xwing::PUBLIC], create: &[u8; CREATE]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    kdf(
        "create",
        &[ss_b.as_slice(), onion, &create[..UNBOXED]],
        key.as_mut_slice(),
    );
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
    let mut params: [u8; PARAMS] = *chunk(boxed, 0);
    let right = aead::open(key, &NONCE, aad, &mut params, chunk(boxed, PARAMS));
    if right {
        Ok(params)
    } else {
        params.zeroize();
        Err(Refusal::Box)
    }
}
