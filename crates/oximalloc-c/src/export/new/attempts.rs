//! Attempts of `new`, which return null if there is no memory.

use core::ffi::c_void;
use core::sync::atomic::{AtomicBool, Ordering};
use oximalloc::raw;

/// The operators tell what they know of a block: see `protected`.
static TELLS: AtomicBool = AtomicBool::new(false);

/// From now on, a block tells by which operator it was allocated.
#[cfg(frames)]
pub(super) fn begin_to_tell() {
    TELLS.store(true, Ordering::Relaxed);
}

/// One attempt of a `new` whose block any function frees.
pub(crate) extern "C" fn attempt(size: usize) -> *mut c_void {
    raw::malloc(size).cast()
}

/// One attempt of `new`.
pub(super) extern "C" fn attempt_new(size: usize) -> *mut c_void {
    raw::malloc_or(size, |size| generic::<false>(size).cast()).cast()
}

/// One attempt of `new[]`.
pub(super) extern "C" fn attempt_array(size: usize) -> *mut c_void {
    raw::malloc_or(size, |size| generic::<true>(size).cast()).cast()
}

#[inline(never)]
extern "C" fn generic<const ARRAY: bool>(size: usize) -> *mut c_void {
    if TELLS.load(Ordering::Relaxed) {
        return raw::new_secured::<ARRAY>(size).cast();
    }
    raw::malloc_generic(size).cast()
}

/// One attempt of `new` at an alignment.
pub(crate) extern "C" fn attempt_aligned(size: usize, alignment: usize) -> *mut c_void {
    raw::aligned(size, alignment, 0).cast()
}
