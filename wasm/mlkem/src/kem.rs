//! ML-KEM (FIPS 203 §6 and §7) with keys kept expanded: Â, t̂, ŝ and H(ek) are computed once a key.

use crate::bits::{compress_encode, decode_decompress, decode12, encode12};
use crate::keccak::{SHA3_256, SHA3_512, hash};
use crate::ntt::{Factors, add_product, inverse_ntt, ntt, product};
use crate::poly::Poly;
use crate::schedule::{Noise, Schedule, Secret};
use crate::set::Set;
use crate::wipe::{Secrets, Zero, wipe};
use core::hint::black_box;
use zeroize::Zeroizing;

/// 32 bytes of shared secret.
pub type Shared = Secret<32>;

/// An encapsulation key, expanded.
pub struct PublicKey {
    set: Set,
    bytes: Vec<u8>,
    hash: [u8; 32],
    matrix: Vec<Poly>,
    t: Vec<Poly>,
}

/// A decapsulation key, expanded.
pub struct SecretKey {
    public: PublicKey,
    s: Secrets<Factors>,
    z: Secret<32>,
}

fn polys(count: usize) -> Vec<Poly> {
    vec![Poly::ZERO; count]
}

/// t̂ of an encapsulation key, whether or not it is reduced.
fn decode_t(set: Set, public: &[u8]) -> Vec<Poly> {
    public.chunks_exact(384).take(set.k).map(decode12).collect()
}

/// t̂, when the key has its length and is reduced (§7.2).
fn checked_t(set: Set, public: &[u8]) -> Option<Vec<Poly>> {
    let t = (public.len() == set.public()).then(|| decode_t(set, public))?;
    t.iter().all(Poly::is_reduced).then_some(t)
}

/// ŷ's noise, e₁ and e₂ of an encryption, as `Schedule` is to fill them.
fn encryption_noise(set: Set, polys: &mut [Poly]) -> impl Iterator<Item = Noise<'_>> {
    polys.iter_mut().enumerate().map(move |(i, poly)| Noise {
        eta: if i < set.k { set.eta1 } else { 2 },
        poly,
    })
}

/// K-PKE.Encrypt (Algorithm 14) with the noise that was drawn: 2k + 1 polynomials.
fn encrypt(set: Set, matrix: &[Poly], t: &[Poly], noise: &mut [Poly], message: &[u8; 32], out: &mut [u8]) {
    let (y, errors) = noise.split_at_mut(set.k);
    let y = transformed(y);
    let (first, second) = out.split_at_mut(32 * set.du * set.k);
    for (i, bytes) in first.chunks_exact_mut(32 * set.du).enumerate() {
        // Row i of the transpose.
        let mut u = product(&matrix[i..], set.k, &y);
        inverse_ntt(&mut u);
        u.add(&errors[i]);
        compress_encode(set.du, &u, bytes);
    }
    let mut v = product(t, 1, &y);
    inverse_ntt(&mut v);
    v.add(&errors[set.k]);
    let mut mu = decode_decompress(1, message);
    v.add(&mu);
    compress_encode(set.dv, &v, second);
    wipe(core::slice::from_mut(&mut mu));
    wipe(core::slice::from_mut(&mut v));
}

fn transformed(polys: &mut [Poly]) -> Secrets<Factors> {
    let mut factors = Secrets::zero(polys.len());
    for (poly, factors) in polys.iter_mut().zip(factors.iter_mut()) {
        ntt(poly);
        *factors = Factors::new(poly);
    }
    factors
}

/// Writes a ciphertext for a key that is used once. None when the key is not reduced (§7.2), or a length is not the set's.
pub fn encapsulate(set: Set, public: &[u8], message: &[u8; 32], ciphertext: &mut [u8]) -> Option<Shared> {
    let t = checked_t(set, public)?;
    if ciphertext.len() != set.ciphertext() {
        return None;
    }
    let mut matrix = polys(set.k * set.k);
    let mut noise = Secrets::zero(2 * set.k + 1);
    let done = Schedule::new()
        .h(public)
        .g(message, &[0; 32])
        .noise(encryption_noise(set, &mut noise))
        .rows(&public[384 * set.k..], set.k, 0, &mut matrix)
        .run();
    let shared = done.g.clone();
    drop(done);
    encrypt(set, &matrix, &t, &mut noise, message, ciphertext);
    Some(shared)
}

impl PublicKey {
    /// None when the key is not reduced (§7.2), or its length is not the set's.
    pub fn new(set: Set, public: &[u8]) -> Option<Self> {
        Some(Self::expand(set, public, checked_t(set, public)?))
    }

    fn expand(set: Set, public: &[u8], t: Vec<Poly>) -> Self {
        let mut matrix = polys(set.k * set.k);
        let hash = Schedule::new()
            .h(public)
            .rows(&public[384 * set.k..], set.k, 0, &mut matrix)
            .run()
            .h_done();
        Self {
            set,
            bytes: public.to_vec(),
            hash,
            matrix,
            t,
        }
    }

    /// As it travels.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Writes a ciphertext; None when there is not the set's room for it.
    pub fn encapsulate(&self, message: &[u8; 32], ciphertext: &mut [u8]) -> Option<Shared> {
        if ciphertext.len() != self.set.ciphertext() {
            return None;
        }
        let mut noise = Secrets::zero(2 * self.set.k + 1);
        let done = Schedule::new()
            .g(message, &self.hash)
            .noise(encryption_noise(self.set, &mut noise))
            .run();
        let shared = done.g.clone();
        drop(done);
        encrypt(self.set, &self.matrix, &self.t, &mut noise, message, ciphertext);
        Some(shared)
    }
}

impl SecretKey {
    /// From d ‖ z (Algorithms 13 and 16).
    pub fn from_seed(set: Set, seed: &[u8; 64]) -> Self {
        let mut d = Zeroizing::new([0; 33]);
        d[..32].copy_from_slice(&seed[..32]);
        d[32] = set.k as u8;
        let mut seeds = Zeroizing::new([0; 64]);
        hash(SHA3_512, d.as_slice(), seeds.as_mut_slice());
        Self::from_rho_sigma(set, &seeds, &seed[32..])
    }

    /// From ρ ‖ σ and z, 32 bytes: Algorithm 13 after its first line, which the draft of 2023 had otherwise.
    pub fn from_rho_sigma(set: Set, rho_sigma: &[u8; 64], z: &[u8]) -> Self {
        let (rho, sigma) = rho_sigma.split_at(32);
        let (k, last) = (set.k, set.k - 1);
        let mut matrix = polys(k * k);
        let mut noise = Secrets::<Poly>::zero(2 * k);
        let (first_rows, last_row) = matrix.split_at_mut(k * last);
        let wanted = noise.iter_mut().map(|poly| Noise { eta: set.eta1, poly });
        drop(
            Schedule::new()
                .sigma(sigma)
                .noise(wanted)
                .rows(rho, k, 0, first_rows)
                .run(),
        );
        let (s, t) = noise.split_at_mut(k);
        let s = transformed(s);
        let mut bytes = vec![0; set.public()];
        bytes[384 * k..].copy_from_slice(rho);
        let row = |i: usize, row: &[Poly], t: &mut Poly, bytes: &mut [u8]| {
            ntt(t);
            add_product(t, &product(row, 1, &s));
            encode12(t, &mut bytes[384 * i..][..384]);
        };
        for (i, (entries, t)) in first_rows.chunks_exact(k).zip(t.iter_mut()).enumerate() {
            row(i, entries, t, &mut bytes);
        }
        // While the last row is sampled, the other lane hashes the key as far as it is known.
        let (known, blocks) = (384 * last / SHA3_256.bytes, SHA3_256.blocks(bytes.len()));
        let begun = Schedule::new()
            .h_part(&bytes, 0..known, [0; 25])
            .rows(rho, k, last, last_row)
            .run();
        let state = begun.h_state();
        row(last, last_row, &mut t[last], &mut bytes);
        let hash = Schedule::new().h_part(&bytes, known..blocks, state).run().h_done();
        let t = t.to_vec();
        let mut kept = Zeroizing::new([0; 32]);
        kept.copy_from_slice(z);
        let public = PublicKey {
            set,
            bytes,
            hash,
            matrix,
            t,
        };
        Self { public, s, z: kept }
    }

    /// From the expanded form of FIPS 203: None when the hash in it is not that of the key in it (§7.3), or for another length.
    pub fn from_expanded(set: Set, expanded: &[u8]) -> Option<Self> {
        if expanded.len() != set.expanded() {
            return None;
        }
        let (s, rest) = expanded.split_at(384 * set.k);
        let (public, rest) = rest.split_at(set.public());
        let (hash, z) = rest.split_at(32);
        let public = PublicKey::expand(set, public, decode_t(set, public));
        if public.hash != hash {
            return None;
        }
        let mut secret = Self {
            public,
            s: Secrets::zero(set.k),
            z: Zeroizing::new([0; 32]),
        };
        for (factors, bytes) in secret.s.iter_mut().zip(s.chunks_exact(384)) {
            let mut poly = decode12(bytes);
            *factors = Factors::new(&poly);
            wipe(core::slice::from_mut(&mut poly));
        }
        secret.z.copy_from_slice(z);
        Some(secret)
    }

    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The expanded form of FIPS 203.
    pub fn expanded(&self) -> Secrets<u8> {
        let set = self.public.set;
        let mut bytes = Secrets::zero(set.expanded());
        for (out, factors) in bytes.chunks_exact_mut(384).zip(self.s.iter()) {
            let mut poly = factors.poly();
            encode12(&poly, out);
            wipe(core::slice::from_mut(&mut poly));
        }
        let mut at = 384 * set.k;
        for part in [&self.public.bytes, self.public.hash.as_slice(), self.z.as_slice()] {
            bytes[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        }
        bytes
    }

    /// None for another length than the set's. A ciphertext that was changed gives another secret (Algorithm 18), in the same time.
    pub fn decapsulate(&self, ciphertext: &[u8]) -> Option<Shared> {
        let PublicKey {
            set, hash, matrix, t, ..
        } = &self.public;
        if ciphertext.len() != set.ciphertext() {
            return None;
        }
        let message = self.decrypt(ciphertext);
        let mut z_and_c = Secrets::zero(32 + ciphertext.len());
        z_and_c[..32].copy_from_slice(self.z.as_slice());
        z_and_c[32..].copy_from_slice(ciphertext);
        let mut noise = Secrets::zero(2 * set.k + 1);
        let done = Schedule::new()
            .g(&message, hash)
            .j(&z_and_c)
            .noise(encryption_noise(*set, &mut noise))
            .run();
        let (shared, rejected) = (done.g.clone(), done.j.clone());
        drop(done);
        let mut again = Secrets::zero(ciphertext.len());
        encrypt(*set, matrix, t, &mut noise, &message, &mut again);
        Some(select(&shared, &rejected, differs(ciphertext, &again)))
    }

    /// K-PKE.Decrypt (Algorithm 15).
    fn decrypt(&self, ciphertext: &[u8]) -> Secret<32> {
        let Set { k, du, dv, .. } = self.public.set;
        let (first, second) = ciphertext.split_at(32 * du * k);
        let mut u: Vec<Poly> = first
            .chunks_exact(32 * du)
            .map(|bytes| decode_decompress(du, bytes))
            .collect();
        u.iter_mut().for_each(ntt);
        let mut w = product(&u, 1, &self.s);
        inverse_ntt(&mut w);
        w.subtract_from(&decode_decompress(dv, second));
        let mut message = Zeroizing::new([0; 32]);
        compress_encode(1, &w, message.as_mut_slice());
        wipe(core::slice::from_mut(&mut w));
        message
    }
}

/// 0xff when the two differ anywhere, else 0, without a branch on what they are.
fn differs(a: &[u8], b: &[u8]) -> u8 {
    let different = a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b));
    let nonzero = (u32::from(black_box(different)) + 0xff) >> 8;
    0_u8.wrapping_sub(nonzero as u8)
}

/// The first where the mask is 0, the second where it is 0xff.
fn select(first: &Shared, second: &Shared, mask: u8) -> Shared {
    let mask = black_box(mask);
    let mut out = Zeroizing::new([0; 32]);
    for ((out, first), second) in out.iter_mut().zip(first.iter()).zip(second.iter()) {
        *out = first ^ (mask & (first ^ second));
    }
    out
}
