//! 128-bit lanes under the names of WebAssembly's SIMD128, and the same operations on plain arrays where there is none
//! (native tests, engines without SIMD). The only module that may use `unsafe`, and only for loads and stores.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[allow(unsafe_code)]
mod simd128;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub use simd128::{U64x2, V128};

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod portable;
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub use portable::{U64x2, V128};
