//! What `mi` uses of the C library. A system without a C library of this kind has to supply it here.

#[cfg(not(windows))]
pub use common::*;
pub use libc::{getenv, strlen, strnlen, wchar_t, wcslen};
#[cfg(windows)]
pub use windows::*;

/// The address of the value of an environment variable, or null.
pub type WideGetenv = unsafe extern "C" fn(*const wchar_t) -> *const wchar_t;

#[cfg(not(windows))]
mod common {
    pub use libc::{PATH_MAX, realpath};

    /// `getenv` for wide strings. Only Windows has it.
    pub const WIDE_GETENV: Option<super::WideGetenv> = None;
}

#[cfg(windows)]
mod windows {
    use super::wchar_t;
    use core::ffi::{c_char, c_int};

    /// The most bytes of a path, including the zero: `_MAX_PATH`.
    pub const PATH_MAX: c_int = 260;

    unsafe extern "C" {
        fn _fullpath(to: *mut c_char, path: *const c_char, size: usize) -> *mut c_char;
        fn _wgetenv(name: *const wchar_t) -> *const wchar_t;
    }

    /// `getenv` for wide strings.
    pub const WIDE_GETENV: Option<super::WideGetenv> = Some(_wgetenv);

    /// The absolute path. Whether there is a file of that name does not matter here.
    ///
    /// # Safety
    /// - `path` is null or a string, and `to` has [`PATH_MAX`] bytes.
    pub unsafe fn realpath(path: *const c_char, to: *mut c_char) -> *mut c_char {
        // SAFETY: by the contract.
        unsafe { _fullpath(to, path, PATH_MAX as usize) }
    }
}
