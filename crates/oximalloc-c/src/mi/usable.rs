//! Allocation that also tells the usable size of the block, in the same call. A pointer to store the size at may be
//! null.

use crate::mi::{aligned, allocate};
use crate::outcome::tell_size;
use core::ffi::c_void;

/// Stores the usable size of a new block, and passes the block on.
///
/// # Safety
/// `block_size` is null or may be written.
unsafe fn told(p: *mut c_void, block_size: *mut usize) -> *mut c_void {
    // SAFETY: the caller's promise about `block_size` is the same.
    unsafe { tell_size(p.cast(), block_size) };
    p
}

/// `mi_malloc`, and the size.
///
/// # Safety
/// `block_size` is null or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_umalloc(size: usize, block_size: *mut usize) -> *mut c_void {
    // SAFETY: the caller's promise about `block_size` is the same.
    unsafe { told(allocate::mi_malloc(size), block_size) }
}

/// `mi_malloc_small`, and the size.
///
/// # Safety
/// `block_size` is null or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_umalloc_small(size: usize, block_size: *mut usize) -> *mut c_void {
    // SAFETY: the caller's promise about `block_size` is the same.
    unsafe { told(allocate::mi_malloc_small(size), block_size) }
}

/// `mi_zalloc_small`, and the size.
///
/// # Safety
/// `block_size` is null or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_uzalloc_small(size: usize, block_size: *mut usize) -> *mut c_void {
    // SAFETY: the caller's promise about `block_size` is the same.
    unsafe { told(allocate::mi_zalloc_small(size), block_size) }
}

/// `mi_calloc`, and the size.
///
/// # Safety
/// `block_size` is null or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_ucalloc(count: usize, size: usize, block_size: *mut usize) -> *mut c_void {
    // SAFETY: the caller's promise about `block_size` is the same.
    unsafe { told(allocate::mi_calloc(count, size), block_size) }
}

/// `mi_malloc_aligned`, and the size.
///
/// # Safety
/// `block_size` is null or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_umalloc_aligned(size: usize, alignment: usize, block_size: *mut usize) -> *mut c_void {
    // SAFETY: the caller's promise about `block_size` is the same.
    unsafe { told(aligned::mi_malloc_aligned(size, alignment), block_size) }
}

/// `mi_zalloc_aligned`, and the size.
///
/// # Safety
/// `block_size` is null or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_uzalloc_aligned(size: usize, alignment: usize, block_size: *mut usize) -> *mut c_void {
    // SAFETY: the caller's promise about `block_size` is the same.
    unsafe { told(aligned::mi_zalloc_aligned(size, alignment), block_size) }
}

/// `mi_realloc`, and the sizes before and after.
///
/// # Safety
/// `p` is null or a block of this library, and not used again unless null is returned; the pointers to sizes are null
/// or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_urealloc(
    p: *mut c_void,
    newsize: usize,
    block_size_pre: *mut usize,
    block_size_post: *mut usize,
) -> *mut c_void {
    // SAFETY: the caller's promises are the same, and `p` is asked before it may move.
    unsafe {
        tell_size(p.cast(), block_size_pre);
        told(allocate::mi_realloc(p, newsize), block_size_post)
    }
}
