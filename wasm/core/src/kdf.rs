//! The protocol's one key derivation (docs/protocol.md §1):
//! `KDF(label, outlen, inputs…) = SHAKE256(u16 len ‖ "sotto/1/" + label ‖ u16 outlen ‖ Σ (u32 len ‖ input))`, integers big-endian.

use sotto_mlkem::Secrets;
use sotto_mlkem::keccak::shake256;

const DOMAIN: &[u8] = b"sotto/1/";

/// Fills `out`. Labels and outputs are short constants of the protocol: at most 65,535 bytes.
pub fn kdf(label: &str, inputs: &[&[u8]], out: &mut [u8]) {
    let (name, length) = (DOMAIN.len() + label.len(), out.len() as u16);
    let mut text = Secrets::zero(4 + name + inputs.iter().map(|input| 4 + input.len()).sum::<usize>());
    let mut rest = &mut text[..];
    put(&mut rest, &(name as u16).to_be_bytes());
    put(&mut rest, DOMAIN);
    put(&mut rest, label.as_bytes());
    put(&mut rest, &length.to_be_bytes());
    for input in inputs {
        put(&mut rest, &(input.len() as u32).to_be_bytes());
        put(&mut rest, input);
    }
    shake256(&text, out);
}

/// Writes to the start of `rest`, and leaves what is after it.
fn put(rest: &mut &mut [u8], bytes: &[u8]) {
    let (start, after) = core::mem::take(rest).split_at_mut(bytes.len());
    start.copy_from_slice(bytes);
    *rest = after;
}
