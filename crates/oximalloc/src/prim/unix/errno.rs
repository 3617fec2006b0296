//! The error numbers, and how a system call leaves `errno` alone.

use super::{Unix, system};
use crate::prim::contract::ErrorNumbers;

impl ErrorNumbers for Unix {
    const EAGAIN: i32 = libc::EAGAIN;
    const EFAULT: i32 = libc::EFAULT;
    const EINVAL: i32 = libc::EINVAL;
    const ENOMEM: i32 = libc::ENOMEM;
    const EOVERFLOW: i32 = libc::EOVERFLOW;
    const ETIMEDOUT: i32 = libc::ETIMEDOUT;
}

/// The calling thread's `errno`.
pub(super) fn get() -> i32 {
    // SAFETY: the C library returns the address of the calling thread's own variable, valid as long as it runs.
    unsafe { *system::errno_place() }
}

/// Set the calling thread's `errno`.
pub(super) fn set(code: i32) {
    // SAFETY: as in `get`; nobody else has a reference to this thread's variable.
    unsafe { *system::errno_place() = code }
}

/// Run a system call and put `errno` back.
pub(super) fn keep<T>(call: impl FnOnce() -> T) -> T {
    let before = get();
    let result = call();
    set(before);
    result
}
