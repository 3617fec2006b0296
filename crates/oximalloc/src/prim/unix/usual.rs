//! What most of these systems do in the same way.

#[cfg(not(target_os = "haiku"))]
use super::Unix;
#[cfg(not(target_os = "haiku"))]
use crate::prim::contract::Memory;
use core::ffi::{c_char, c_int};

pub const CANCEL_DISABLE: c_int = 1;

pub fn no_file() -> c_int {
    -1
}

/// The system has no tags.
pub fn set_tag(_tag: u8) {}

/// The list in the C library's own variable.
pub fn environment() -> *const *const c_char {
    unsafe extern "C" {
        static environ: *const *const c_char;
    }
    // SAFETY: a variable of the C library, read once as a whole word.
    unsafe { (&raw const environ).read_volatile() }
}

pub fn is_secure() -> bool {
    unsafe extern "C" {
        fn issetugid() -> c_int;
    }
    // SAFETY: no memory is passed.
    unsafe { issetugid() != 0 }
}

/// See [`reset`] of the contract.
///
/// [`reset`]: crate::prim::contract::Memory::reset
///
/// # Safety
/// - as there.
pub unsafe fn reset(p: *mut u8, size: usize) -> bool {
    // SAFETY: drops contents that nobody needs.
    unsafe { libc::madvise(p.cast(), size, libc::MADV_FREE) == 0 }
}

/// Bytes of that many OS pages.
#[cfg(not(target_os = "haiku"))]
pub fn pages(count: u64) -> usize {
    usize::try_from(count).unwrap_or(0).saturating_mul(Unix::page_size())
}
