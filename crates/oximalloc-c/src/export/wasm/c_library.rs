//! What `mi` uses of the C library.

use core::ffi::c_int;
pub use libc::{getenv, realpath, strlen, strnlen, wchar_t};

/// The longest path.
pub const PATH_MAX: c_int = 4096;

/// `getenv` for wide strings. Only Windows has it.
pub const WIDE_GETENV: Option<unsafe extern "C" fn(*const wchar_t) -> *const wchar_t> = None;

unsafe extern "C" {
    /// The number of characters before the null.
    pub fn wcslen(text: *const wchar_t) -> usize;
}
