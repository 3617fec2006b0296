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

#[cfg(target_os = "wasi")]
unsafe extern "C" {
    /// The C library's variable. (Without threads it is an ordinary one.)
    #[link_name = "errno"]
    static mut ERRNO: i32;
}

/// `errno`.
#[cfg(target_os = "wasi")]
pub fn get() -> i32 {
    // SAFETY: there is one thread, and nobody has a reference to the variable.
    unsafe { ERRNO }
}

/// Set `errno`.
#[cfg(target_os = "wasi")]
pub fn set(code: i32) {
    // SAFETY: as in `get`.
    unsafe { ERRNO = code }
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
