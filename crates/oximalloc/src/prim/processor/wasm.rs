//! WebAssembly, which has no instructions for any of this.

pub use super::plain::{advance, divides, load_16, slice_in};

/// Does nothing.
#[inline(always)]
pub fn prefetch(_p: *const u8) {}

/// Does nothing.
#[inline(always)]
pub fn prefetch_to_read(_p: *const u8) {}
