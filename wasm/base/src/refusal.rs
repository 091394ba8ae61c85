//! Why something was refused, as the numbers that cross the boundary. Zero means success there.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Refusal {
    /// The frame has another length than its layout.
    Length = 1,
    Version = 2,
    Suite = 3,
    /// Addressed to another relay.
    Relay = 4,
    /// Sealed to an onion key that is not this one.
    KeyId = 5,
    /// An encapsulation key that is not reduced, or of low order.
    PublicKey = 6,
    /// A ciphertext whose X25519 part is of low order.
    Ciphertext = 7,
    /// A box whose tag is not right.
    Box = 8,
    /// The relay did not prove that it holds the onion key.
    Auth = 9,
    /// A table is full.
    Full = 10,
    /// A handle that was never given out, or has been freed: the caller's mistake.
    Handle = 11,
    /// The 16 zero bytes are not there.
    Unrecognised = 12,
    /// A body, or a set of parts, that no message is split into.
    Malformed = 13,
    /// A message that does not fit 64 cells: the caller's mistake.
    TooLong = 14,
    /// A ring slot or an offset that is not there: the caller's mistake.
    Range = 15,
}

/// A call's result as it crosses: 0, or the refusal's number.
pub fn code(result: Result<(), Refusal>) -> u32 {
    result.map_or_else(|refusal| refusal as u32, |()| 0)
}
