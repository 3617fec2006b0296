//! The error numbers, which are WASI's, and `errno`. Where there is no C library, `errno` is a variable of our own.

use super::Wasm;
use crate::prim::contract::ErrorNumbers;

impl ErrorNumbers for Wasm {
    const EAGAIN: i32 = 6;
    const EFAULT: i32 = 21;
    const EINVAL: i32 = 28;
    const ENOMEM: i32 = 48;
    const EOVERFLOW: i32 = 61;
    const ETIMEDOUT: i32 = 73;
}

#[cfg(target_os = "wasi")]
const _: () = assert!(
    Wasm::EAGAIN == libc::EAGAIN
        && Wasm::EFAULT == libc::EFAULT
        && Wasm::EINVAL == libc::EINVAL
        && Wasm::ENOMEM == libc::ENOMEM
        && Wasm::EOVERFLOW == libc::EOVERFLOW
        && Wasm::ETIMEDOUT == libc::ETIMEDOUT
);

/// `errno`.
#[cfg(target_os = "wasi")]
pub fn get() -> i32 {
    // SAFETY: the C library returns the address of its variable.
    unsafe { *libc::__errno_location() }
}

/// Set `errno`.
#[cfg(target_os = "wasi")]
pub fn set(code: i32) {
    // SAFETY: as in `get`; nobody has a reference to the variable.
    unsafe { *libc::__errno_location() = code }
}

#[cfg(not(target_os = "wasi"))]
static ERRNO: super::Single<i32> = super::Single::new(0);

/// `errno`.
#[cfg(not(target_os = "wasi"))]
pub fn get() -> i32 {
    ERRNO.get()
}

/// Set `errno`.
#[cfg(not(target_os = "wasi"))]
pub fn set(code: i32) {
    ERRNO.set(code);
}
