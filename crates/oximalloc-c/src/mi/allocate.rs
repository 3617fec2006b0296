//! Blocks of a size, zeroed or not, and their reallocation.
//!
//! Without memory for a block, the result is null with `errno` ENOMEM. A failed reallocation keeps the old block.

use crate::outcome::{block, moved_block, new_block, product, resized};
use core::ffi::c_void;
use core::ptr::null_mut;
use oximalloc::raw;

/// A block of `size` bytes.
#[unsafe(no_mangle)]
pub extern "C" fn mi_malloc(size: usize) -> *mut c_void {
    new_block(size)
}

/// A block of at most `MI_SMALL_SIZE_MAX` bytes.
#[unsafe(no_mangle)]
pub extern "C" fn mi_malloc_small(size: usize) -> *mut c_void {
    new_block(size)
}

/// A block of `size` zero bytes.
#[unsafe(no_mangle)]
pub extern "C" fn mi_zalloc(size: usize) -> *mut c_void {
    block(raw::zalloc(size))
}

/// A block of at most `MI_SMALL_SIZE_MAX` zero bytes.
#[unsafe(no_mangle)]
pub extern "C" fn mi_zalloc_small(size: usize) -> *mut c_void {
    block(raw::zalloc(size))
}

/// `count` zeroed elements of `size` bytes.
#[unsafe(no_mangle)]
pub extern "C" fn mi_calloc(count: usize, size: usize) -> *mut c_void {
    match product("calloc", count, size) {
        Some(bytes) => block(raw::zalloc(bytes)),
        None => null_mut(),
    }
}

/// `count` elements of `size` bytes.
#[unsafe(no_mangle)]
pub extern "C" fn mi_mallocn(count: usize, size: usize) -> *mut c_void {
    match product("mallocn", count, size) {
        Some(bytes) => new_block(bytes),
        None => null_mut(),
    }
}

/// The block `p` with `newsize` bytes, moved if need be. A null `p` allocates, and size 0 gives a minimal block.
///
/// # Safety
/// `p` is null or a block of this library, and not used again unless null is returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_realloc(p: *mut c_void, newsize: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `p` is the same.
    unsafe { resized(p, newsize) }
}

/// [`mi_realloc`] to `count` elements of `size` bytes.
///
/// # Safety
/// As [`mi_realloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_reallocn(p: *mut c_void, count: usize, size: usize) -> *mut c_void {
    match product("reallocn", count, size) {
        // SAFETY: the caller's promise about `p` is the same.
        Some(bytes) => unsafe { resized(p, bytes) },
        None => null_mut(),
    }
}

/// [`mi_realloc`] that frees `p` when it fails.
///
/// # Safety
/// `p` is null or a block of this library, and not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_reallocf(p: *mut c_void, newsize: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `p` is the same; it is freed only when it was kept.
    unsafe {
        let new = raw::realloc(p.cast(), newsize);
        if new.is_null() {
            raw::free(p.cast());
        }
        block(new)
    }
}

/// [`mi_realloc`] of a block that was zeroed: the bytes that it grows by are zero too.
///
/// # Safety
/// As [`mi_realloc`]; `p` came from a zeroing function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_rezalloc(p: *mut c_void, newsize: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `p` is the same.
    moved_block(unsafe { raw::rezalloc(p.cast(), newsize) }, p)
}

/// [`mi_rezalloc`] to `newcount` elements of `size` bytes.
///
/// # Safety
/// As [`mi_rezalloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_recalloc(p: *mut c_void, newcount: usize, size: usize) -> *mut c_void {
    match product("recalloc", newcount, size) {
        // SAFETY: the caller's promise about `p` is the same.
        Some(bytes) => moved_block(unsafe { raw::rezalloc(p.cast(), bytes) }, p),
        None => null_mut(),
    }
}

/// `p` itself if `newsize` bytes fit where it is, and null otherwise. The block is kept in either case.
///
/// # Safety
/// `p` is null or a block of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_expand(p: *mut c_void, newsize: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `p` is the same.
    unsafe { raw::expand(p.cast(), newsize) }.cast()
}

/// [`mi_expand`] by its older name.
///
/// # Safety
/// As [`mi_expand`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi__expand(p: *mut c_void, newsize: usize) -> *mut c_void {
    // SAFETY: the same contract; like the C runtime's function of that name, it sets errno.
    block(unsafe { raw::expand(p.cast(), newsize) })
}
