//! What `mi` uses of the C library.

use core::ffi::c_int;
pub use libc::{getenv, realpath, strlen, strnlen, wchar_t};

/// The longest path.
pub const PATH_MAX: c_int = 4096;

unsafe extern "C" {
    /// The number of characters before the null.
    pub fn wcslen(text: *const wchar_t) -> usize;
}
