//! Blocks at an alignment. The `_at` forms align `p + offset`.
//!
//! The alignment is any power of two. Any other alignment is reported, and gives null with `errno` EINVAL.

use crate::outcome::{aligned_block, product};
use core::ffi::c_void;
use core::ptr::null_mut;
use oximalloc::raw;

/// A block of `size` bytes at `alignment`.
#[unsafe(no_mangle)]
pub extern "C" fn mi_malloc_aligned(size: usize, alignment: usize) -> *mut c_void {
    aligned_block(raw::aligned(size, alignment, 0), alignment)
}

/// A block of `size` bytes, aligned at `offset`.
#[unsafe(no_mangle)]
pub extern "C" fn mi_malloc_aligned_at(size: usize, alignment: usize, offset: usize) -> *mut c_void {
    aligned_block(raw::aligned(size, alignment, offset), alignment)
}

/// A block of `size` zero bytes at `alignment`.
#[unsafe(no_mangle)]
pub extern "C" fn mi_zalloc_aligned(size: usize, alignment: usize) -> *mut c_void {
    aligned_block(raw::zaligned(size, alignment, 0), alignment)
}

/// A block of `size` zero bytes, aligned at `offset`.
#[unsafe(no_mangle)]
pub extern "C" fn mi_zalloc_aligned_at(size: usize, alignment: usize, offset: usize) -> *mut c_void {
    aligned_block(raw::zaligned(size, alignment, offset), alignment)
}

/// `count` zeroed elements of `size` bytes at `alignment`.
#[unsafe(no_mangle)]
pub extern "C" fn mi_calloc_aligned(count: usize, size: usize, alignment: usize) -> *mut c_void {
    mi_calloc_aligned_at(count, size, alignment, 0)
}

/// `count` zeroed elements of `size` bytes, aligned at `offset`.
#[unsafe(no_mangle)]
pub extern "C" fn mi_calloc_aligned_at(count: usize, size: usize, alignment: usize, offset: usize) -> *mut c_void {
    match product("calloc_aligned", count, size) {
        Some(bytes) => aligned_block(raw::zaligned(bytes, alignment, offset), alignment),
        None => null_mut(),
    }
}

/// The block `p` with `newsize` bytes at `alignment`, moved if need be.
///
/// # Safety
/// `p` is null or a block of this library, and not used again unless null is returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_realloc_aligned(p: *mut c_void, newsize: usize, alignment: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `p` is the same.
    unsafe { mi_realloc_aligned_at(p, newsize, alignment, 0) }
}

/// The block `p` with `newsize` bytes, aligned at `offset`.
///
/// # Safety
/// As [`mi_realloc_aligned`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_realloc_aligned_at(
    p: *mut c_void,
    newsize: usize,
    alignment: usize,
    offset: usize,
) -> *mut c_void {
    // SAFETY: the caller's promise about `p` is the same.
    aligned_block(unsafe { raw::realloc_aligned(p.cast(), newsize, alignment, offset) }, alignment)
}

/// [`mi_realloc_aligned`] of a block that was zeroed: the bytes that it grows by are zero too.
///
/// # Safety
/// As [`mi_realloc_aligned`]; `p` came from a zeroing function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_rezalloc_aligned(p: *mut c_void, newsize: usize, alignment: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `p` is the same.
    unsafe { mi_rezalloc_aligned_at(p, newsize, alignment, 0) }
}

/// [`mi_rezalloc_aligned`], aligned at `offset`.
///
/// # Safety
/// As [`mi_rezalloc_aligned`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_rezalloc_aligned_at(
    p: *mut c_void,
    newsize: usize,
    alignment: usize,
    offset: usize,
) -> *mut c_void {
    // SAFETY: the caller's promise about `p` is the same.
    aligned_block(unsafe { raw::rezalloc_aligned(p.cast(), newsize, alignment, offset) }, alignment)
}

/// [`mi_rezalloc_aligned`] to `newcount` elements of `size` bytes.
///
/// # Safety
/// As [`mi_rezalloc_aligned`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_recalloc_aligned(
    p: *mut c_void,
    newcount: usize,
    size: usize,
    alignment: usize,
) -> *mut c_void {
    // SAFETY: the caller's promise about `p` is the same.
    unsafe { mi_recalloc_aligned_at(p, newcount, size, alignment, 0) }
}

/// [`mi_recalloc_aligned`], aligned at `offset`.
///
/// # Safety
/// As [`mi_rezalloc_aligned`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_recalloc_aligned_at(
    p: *mut c_void,
    newcount: usize,
    size: usize,
    alignment: usize,
    offset: usize,
) -> *mut c_void {
    match product("recalloc_aligned", newcount, size) {
        // SAFETY: the caller's promise about `p` is the same.
        Some(bytes) => unsafe { mi_rezalloc_aligned_at(p, bytes, alignment, offset) },
        None => null_mut(),
    }
}

/// [`mi_recalloc_aligned`], as the Windows runtime names it.
///
/// # Safety
/// As [`mi_rezalloc_aligned`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_aligned_recalloc(
    p: *mut c_void,
    newcount: usize,
    size: usize,
    alignment: usize,
) -> *mut c_void {
    // SAFETY: the caller's promise about `p` is the same.
    unsafe { mi_recalloc_aligned_at(p, newcount, size, alignment, 0) }
}

/// [`mi_recalloc_aligned_at`], as the Windows runtime names it.
///
/// # Safety
/// As [`mi_rezalloc_aligned`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_aligned_offset_recalloc(
    p: *mut c_void,
    newcount: usize,
    size: usize,
    alignment: usize,
    offset: usize,
) -> *mut c_void {
    // SAFETY: the caller's promise about `p` is the same.
    unsafe { mi_recalloc_aligned_at(p, newcount, size, alignment, offset) }
}
