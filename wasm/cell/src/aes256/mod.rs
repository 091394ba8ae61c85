//! The one block of AES-256 in Adiantum: by vector permutation where there is SIMD, bit-sliced by the crate `aes` elsewhere.
//! Neither reads memory at an address that depends on a secret.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod field;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod permuted;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub use permuted::Aes256;

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod sliced;
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub use sliced::Aes256;
