//! A range of addresses, in which the functions of a processor look up slices.

use crate::base::sync::AtomicUsize;

/// A range of addresses: `[base, base + (len << 16))`.
#[repr(C)]
pub struct Window {
    /// First address.
    pub base: AtomicUsize,
    /// Length in slices of 64 KiB. It only grows.
    pub len: AtomicUsize,
}
