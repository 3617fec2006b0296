//! Theaps: a thread's own parts of heaps. A program that keeps a theap saves looking it up. A null theap is the calling
//! thread's default.
//!
//! A theap serves the thread that asked for it, until that thread or the theap's heap ends.

use crate::outcome::{aligned_block, block, moved_block, product};
use core::ffi::c_void;
use core::ptr::null_mut;
use oximalloc::raw::heaps::{self, PLAIN, Theap, aligned_in, malloc_in, pop_or, realloc_in, zalloc_in};

/// # Safety
/// As [`mi_theap_malloc`].
#[inline(always)]
unsafe fn new_block(theap: *mut Theap, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `theap` is the same.
    unsafe { pop_or(|| theap.as_ref(), size, || generic(theap, size).cast()).cast() }
}

/// # Safety
/// As [`mi_theap_malloc`].
#[inline(never)]
unsafe extern "C" fn generic(theap: *mut Theap, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `theap` is the same.
    block(malloc_in(unsafe { heaps::theap_of_pointer(theap) }, size))
}

/// # Safety
/// As [`mi_theap_malloc`].
unsafe fn zero_block(theap: *mut Theap, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `theap` is the same.
    block(zalloc_in(unsafe { heaps::theap_of_pointer(theap) }, size))
}

/// The theap that serves this thread's plain allocations. Null without memory.
#[unsafe(no_mangle)]
pub extern "C" fn mi_theap_get_default() -> *mut Theap {
    heaps::default_theap().cast_mut()
}

/// Makes `theap` serve this thread's plain allocations, and returns the theap that did so before. Null, and an error
/// reported, if `theap` is not a theap of this thread. A null `theap` changes nothing.
///
/// # Safety
/// `theap` is null, or was given by a function of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_theap_set_default(theap: *mut Theap) -> *mut Theap {
    // SAFETY: by the caller's promise it is a theap, and theaps are never unmapped.
    match unsafe { theap.as_ref() } {
        Some(theap) => heaps::set_default(theap).map_or(null_mut(), |before| (&raw const *before).cast_mut()),
        None => mi_theap_get_default(),
    }
}

/// A block of `size` bytes.
///
/// # Safety
/// `theap` is null, or a theap of the calling thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_theap_malloc(theap: *mut Theap, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `theap` is the same.
    unsafe { new_block(theap, size) }
}

/// A block of at most `MI_SMALL_SIZE_MAX` bytes.
///
/// # Safety
/// As [`mi_theap_malloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_theap_malloc_small(theap: *mut Theap, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `theap` is the same.
    unsafe { new_block(theap, size) }
}

/// A block of `size` zero bytes.
///
/// # Safety
/// As [`mi_theap_malloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_theap_zalloc(theap: *mut Theap, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `theap` is the same.
    unsafe { zero_block(theap, size) }
}

/// A block of at most `MI_SMALL_SIZE_MAX` zero bytes.
///
/// # Safety
/// As [`mi_theap_malloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_theap_zalloc_small(theap: *mut Theap, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `theap` is the same.
    unsafe { zero_block(theap, size) }
}

/// `count` zeroed elements of `size` bytes.
///
/// # Safety
/// As [`mi_theap_malloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_theap_calloc(theap: *mut Theap, count: usize, size: usize) -> *mut c_void {
    match product("theap_calloc", count, size) {
        // SAFETY: the caller's promise about `theap` is the same.
        Some(bytes) => unsafe { zero_block(theap, bytes) },
        None => null_mut(),
    }
}

/// A block of `size` bytes at `alignment`, a power of two.
///
/// # Safety
/// As [`mi_theap_malloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_theap_malloc_aligned(theap: *mut Theap, size: usize, alignment: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `theap` is the same.
    aligned_block(aligned_in(unsafe { heaps::theap_of_pointer(theap) }, size, alignment, 0, false), alignment)
}

/// The block `p` with `newsize` bytes, moved to the theap if need be. A null `p` allocates.
///
/// # Safety
/// `theap` is null, or a theap of the calling thread; `p` is null or a block of this library, and not used again unless
/// null is returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_theap_realloc(theap: *mut Theap, p: *mut c_void, newsize: usize) -> *mut c_void {
    // SAFETY: the caller's promises are the same.
    moved_block(unsafe { realloc_in(heaps::theap_of_pointer(theap), p.cast(), newsize, PLAIN) }, p)
}

/// Gives back what the theap holds. With `force`, also gives back what ended threads left to its heap, and returns
/// memory to the operating system at once. Does nothing if it is not a theap of this thread.
///
/// # Safety
/// `theap` is null, or was given by a function of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_theap_collect(theap: *mut Theap, force: bool) {
    // SAFETY: the caller's promise about `theap` is the same.
    let theap = unsafe { heaps::theap_of_pointer(theap) };
    if theap.is_ours() {
        theap.collect(force);
    }
}
