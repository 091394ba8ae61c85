//! Sotto's cells: their layers, the ring that they pass, and messages split into them. See README.md of the workspace.

#![forbid(unsafe_code)]

pub mod adiantum;
mod aes256;
pub mod batch;
pub mod cell;
pub mod door;
pub mod message;
mod nh;
