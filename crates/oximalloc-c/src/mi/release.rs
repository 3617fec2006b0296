//! Giving blocks back, with or without their size, and collecting what was given back.
//!
//! A size or an alignment is what the caller believes of the block. The page knows both. A size is checked under
//! protection, and otherwise ignored. No function here changes `errno`.

use crate::outcome::tell_size;
use core::ffi::c_void;
use oximalloc::raw;

/// Frees `p`. Null does nothing. A pointer that is not ours is reported and left alone.
///
/// # Safety
/// `p` is null or a block of this library that is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_free(p: *mut c_void) {
    // SAFETY: the caller's promise about `p` is the same.
    unsafe { raw::free(p.cast()) }
}

/// Frees `p`, a block of at most `MI_SMALL_SIZE_MAX` bytes.
///
/// # Safety
/// As [`mi_free`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_free_small(p: *mut c_void) {
    // SAFETY: the caller's promise about `p` is the same.
    unsafe { raw::free(p.cast()) }
}

/// Frees `p`, allocated with `size` bytes.
///
/// # Safety
/// As [`mi_free`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_free_size(p: *mut c_void, size: usize) {
    // SAFETY: the caller's promise about `p` is the same.
    unsafe { raw::free_sized(p.cast(), size) }
}

/// Frees `p`, allocated with `size` bytes at `alignment`.
///
/// # Safety
/// As [`mi_free`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_free_size_aligned(p: *mut c_void, size: usize, _alignment: usize) {
    // SAFETY: the caller's promise about `p` is the same.
    unsafe { raw::free_sized(p.cast(), size) }
}

/// Frees `p`, allocated at `alignment`.
///
/// # Safety
/// As [`mi_free`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_free_aligned(p: *mut c_void, _alignment: usize) {
    // SAFETY: the caller's promise about `p` is the same.
    unsafe { raw::free(p.cast()) }
}

/// Frees `p` if it is a block of this library. Otherwise does nothing, silently.
///
/// # Safety
/// `p` is not used again if it is a block of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_cfree(p: *mut c_void) {
    if raw::owns(p.cast()) {
        // SAFETY: the block is ours, and the caller gives it up.
        unsafe { raw::free(p.cast()) }
    }
}

/// Frees `p` and stores the usable size that it had.
///
/// # Safety
/// As [`mi_free`]; `block_size` is null or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_ufree(p: *mut c_void, block_size: *mut usize) {
    // SAFETY: the caller's promises are the same, and `p` is asked before it is freed.
    unsafe {
        tell_size(p.cast(), block_size);
        raw::free(p.cast());
    }
}

/// Gives unused memory of this thread back. With `force`, also gives back what ended threads left and what shared
/// caches keep, and returns all free memory to the operating system at once.
#[unsafe(no_mangle)]
pub extern "C" fn mi_collect(force: bool) {
    raw::collect(force);
}

/// Brings the free blocks that this thread holds down to about `target_thread_owned` bytes by giving blocks back.
#[unsafe(no_mangle)]
pub extern "C" fn mi_collect_reduce(target_thread_owned: usize) {
    raw::collect_reduce(target_thread_owned);
}
