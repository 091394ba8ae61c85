//! 10,000 cases of each size in one digest (C2SP/CCTV, ML-KEM/README.md, "Accumulated pq-crystals vectors"), twice: of FIPS 203, and
//! of its draft of 2023, whose key generation starts with G(d) where the standard has G(d ‖ k), and is otherwise the same; that
//! line is put in place here. For ML-KEM-768 there is a third (Go, crypto/mlkem, TestAccumulated), which leaves out dk.

use sotto_mlkem::keccak::{Pair, SHA3_512, SHAKE128, hash};
use sotto_mlkem::{ML_KEM_768, SecretKey, Set, encapsulate};

/// SHAKE128 of nothing, without end.
struct Stream(Pair, Vec<u8>);

impl Stream {
    fn new() -> Self {
        let mut pair = Pair::new();
        pair.start(0, SHAKE128, b"");
        Self(pair, Vec::new())
    }

    fn read(&mut self, length: usize) -> Vec<u8> {
        while self.1.len() < length {
            let mut block = [0; SHAKE128.bytes];
            self.0.permute();
            self.0.squeeze(0, &mut block);
            self.1.extend_from_slice(&block);
        }
        self.1.drain(..length).collect()
    }
}

/// SHAKE128 of all that is written.
struct Digest(Pair, Vec<u8>);

impl Digest {
    fn write(&mut self, bytes: &[u8]) {
        self.1.extend_from_slice(bytes);
        let whole = self.1.len() / SHAKE128.bytes * SHAKE128.bytes;
        for block in self.1[..whole].chunks(SHAKE128.bytes) {
            self.0.absorb(0, SHAKE128, block, 0);
            self.0.permute();
        }
        self.1.drain(..whole);
    }

    fn end(mut self) -> String {
        let mut out = [0; 32];
        self.0.absorb(0, SHAKE128, &self.1, 0);
        self.0.permute();
        self.0.squeeze(0, &mut out);
        out.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn accumulated(set: Set, count: usize, keygen: impl Fn(&[u8; 64]) -> SecretKey, with_dk: bool) -> String {
    let (mut stream, mut digest) = (Stream::new(), Digest(Pair::new(), Vec::new()));
    for case in 0..count {
        let seed: Vec<u8> = stream.read(64);
        let key = keygen(seed.first_chunk().expect("64 bytes"));
        let message: Vec<u8> = stream.read(32);
        let mut ciphertext = vec![0; set.ciphertext()];
        let public = key.public().bytes();
        let shared = encapsulate(set, public, message.first_chunk().expect("32 bytes"), &mut ciphertext);
        let shared = shared.expect("a key of one's own");
        assert_eq!(key.decapsulate(&ciphertext).as_deref(), Some(&*shared), "case {case}");
        let rejected = key.decapsulate(&stream.read(set.ciphertext())).expect("its length");
        digest.write(public);
        if with_dk {
            digest.write(&key.expanded());
        }
        digest.write(&ciphertext);
        digest.write(shared.as_slice());
        digest.write(rejected.as_slice());
    }
    digest.end()
}

#[test]
fn cctv_of_the_standard() {
    let published = [
        "705dcffc87f4e67e35a09dcaa31772e86f3341bd3ccf1e78a5fef99ae6a35a13",
        "f959d18d3d1180121433bf0e05f11e7908cf9d03edc150b2b07cb90bef5bc1c1",
        "e3bf82b013307b2e9d47dde791ff6dfc82e694e6382404abdb948b908b75bad5",
    ];
    for ((name, set), published) in sotto_mlkem::SETS.into_iter().zip(published) {
        let keygen = |seed: &[u8; 64]| SecretKey::from_seed(set, seed);
        assert_eq!(accumulated(set, 10_000, keygen, true), published, "{name}");
        println!("VECTORS C2SP/CCTV accumulated {name} (FIPS 203): 10000 run, 0 failed");
    }
}

#[test]
fn cctv_of_the_draft() {
    let published = [
        "845913ea5a308b803c764a9ed8e9d814ca1fd9c82ba43c7b1e64b79c7a6ec8e4",
        "f7db260e1137a742e05fe0db9525012812b004d29040a5b606aad3d134b548d3",
        "47ac888fe61544efc0518f46094b4f8a600965fc89822acb06dc7169d24f3543",
    ];
    for ((name, set), published) in sotto_mlkem::SETS.into_iter().zip(published) {
        let draft = |seed: &[u8; 64]| {
            let mut rho_sigma = [0; 64];
            hash(SHA3_512, &seed[..32], &mut rho_sigma);
            SecretKey::from_rho_sigma(set, &rho_sigma, &seed[32..])
        };
        assert_eq!(accumulated(set, 10_000, draft, true), published, "{name}");
        println!("VECTORS C2SP/CCTV accumulated {name} (draft): 10000 run, 0 failed");
    }
}

#[test]
fn of_the_standard_at_768() {
    let keygen = |seed: &[u8; 64]| SecretKey::from_seed(ML_KEM_768, seed);
    let digest = accumulated(ML_KEM_768, 10_000, keygen, false);
    assert_eq!(
        digest,
        "8a518cc63da366322a8e7a818c7a0d63483cb3528d34a4cf42f35d5ad73f22fc"
    );
    println!("VECTORS accumulated ML-KEM-768 (FIPS 203): 10000 run, 0 failed");
}
