//! A range of addresses that the functions of a processor look into.

use crate::base::sync::AtomicUsize;

/// A range of addresses: `[base, base + (len << 16))`.
#[repr(C)]
pub struct Window {
    /// First address.
    pub base: AtomicUsize,
    /// Length in slices of 64 KiB; only grows.
    pub len: AtomicUsize,
}
