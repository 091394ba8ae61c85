//! Four 32-bit lanes: WebAssembly's SIMD128 where it is there, the same operations on an array elsewhere (native tests).
//! Both forms are compared by running every vector natively and across the WebAssembly boundary.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub use simd128::{Exchange, F64x2, Sum64x2, Turns, U8x16, U32x4, erase, wipe};

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod portable;
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub use portable::{Exchange, F64x2, Sum64x2, Turns, U32x4, erase, wipe};
