//! The error numbers of the C library, and how a call of the system leaves the thread's last error alone.

use super::Windows;
use crate::prim::contract::ErrorNumbers;
use core::ffi::c_int;
use windows_sys::Win32::Foundation::{GetLastError, SetLastError};

impl ErrorNumbers for Windows {
    const EAGAIN: i32 = libc::EAGAIN;
    const EFAULT: i32 = libc::EFAULT;
    const EINVAL: i32 = libc::EINVAL;
    const ENOMEM: i32 = libc::ENOMEM;
    const EOVERFLOW: i32 = libc::EOVERFLOW;
    const ETIMEDOUT: i32 = libc::ETIMEDOUT;
}

unsafe extern "C" {
    /// The address of the calling thread's `errno`, in the C library that this code is linked with.
    fn _errno() -> *mut c_int;
}

/// The calling thread's `errno`.
pub(super) fn get() -> i32 {
    // SAFETY: the C library returns the address of the calling thread's own variable, valid as long as it runs.
    unsafe { *_errno() }
}

/// Set the calling thread's `errno`.
pub(super) fn set(code: i32) {
    // SAFETY: as in `get`; nobody else has a reference to this thread's variable.
    unsafe { *_errno() = code }
}

/// Run calls of the system and put the thread's last error back.
pub(super) fn keep<T>(call: impl FnOnce() -> T) -> T {
    // SAFETY: no memory is passed.
    let before = unsafe { GetLastError() };
    let result = call();
    // SAFETY: no memory is passed.
    unsafe { SetLastError(before) };
    result
}
