//! The protocol's one key derivation (docs/protocol.md §1):
//! `KDF(label, outlen, inputs…) = SHAKE256(u16 len ‖ "sotto/1/" + label ‖ u16 outlen ‖ Σ (u32 len ‖ input))`, integers big-endian.

use zeroize::Zeroizing;

const DOMAIN: &[u8] = b"sotto/1/";

/// Fills `out`. Labels and outputs are short constants of the protocol: at most 65,535 bytes.
pub fn kdf(label: &str, inputs: &[&[u8]], out: &mut [u8]) {
    let total: usize = inputs.iter().map(|input| 4 + input.len()).sum();
    // The full size at once: a vector that grew would leave copies of secrets behind.
    let mut text = Zeroizing::new(Vec::with_capacity(4 + DOMAIN.len() + label.len() + total));
    text.extend_from_slice(&((DOMAIN.len() + label.len()) as u16).to_be_bytes());
    text.extend_from_slice(DOMAIN);
    text.extend_from_slice(label.as_bytes());
    text.extend_from_slice(&(out.len() as u16).to_be_bytes());
    for input in inputs {
        text.extend_from_slice(&(input.len() as u32).to_be_bytes());
        text.extend_from_slice(input);
    }
    libcrux_sha3::shake256_ema(out, &text);
}
