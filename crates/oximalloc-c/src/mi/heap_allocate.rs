//! Blocks of a given heap: the functions of `allocate`, each with the heap as its first argument. A null heap is the
//! main heap of the calling thread's subprocess.
//!
//! A reallocated block that must move goes to that heap, whichever heap it came from.

use crate::outcome::{block, moved_block, product};
use core::ffi::c_void;
use core::ptr::null_mut;
use oximalloc::raw;
use oximalloc::raw::heaps::{self, Heap, PLAIN, Want, malloc_in, realloc_in, zalloc_in};

/// # Safety
/// `heap` is null, or a heap that has not ended.
#[inline(always)]
unsafe fn new_block(heap: *mut Heap, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `heap` is the same.
    unsafe { heaps::malloc_or(heap, size, || generic(heap, size).cast()).cast() }
}

/// # Safety
/// As `new_block`.
#[inline(never)]
unsafe extern "C" fn generic(heap: *mut Heap, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `heap` is the same.
    block(unsafe { heaps::within(heap, |theap| malloc_in(theap, size)) })
}

/// # Safety
/// As `new_block`.
unsafe fn zero_block(heap: *mut Heap, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `heap` is the same.
    block(unsafe { heaps::within(heap, |theap| zalloc_in(theap, size)) })
}

/// New bytes are zero.
const ZERO: Want = Want { zero: true, ..PLAIN };

/// # Safety
/// As `mi_heap_realloc`.
unsafe fn moved(heap: *mut Heap, p: *mut c_void, size: usize, want: Want) -> *mut c_void {
    // SAFETY: the caller's promises are the same.
    moved_block(unsafe { heaps::within(heap, |theap| realloc_in(theap, p.cast(), size, want)) }, p)
}

/// A block of `size` bytes.
///
/// # Safety
/// `heap` is null, or a heap that has not ended.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_malloc(heap: *mut Heap, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `heap` is the same.
    unsafe { new_block(heap, size) }
}

/// A block of at most `MI_SMALL_SIZE_MAX` bytes.
///
/// # Safety
/// As [`mi_heap_malloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_malloc_small(heap: *mut Heap, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `heap` is the same.
    unsafe { new_block(heap, size) }
}

/// A block of `size` zero bytes.
///
/// # Safety
/// As [`mi_heap_malloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_zalloc(heap: *mut Heap, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `heap` is the same.
    unsafe { zero_block(heap, size) }
}

/// A block of at most `MI_SMALL_SIZE_MAX` zero bytes.
///
/// # Safety
/// As [`mi_heap_malloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_zalloc_small(heap: *mut Heap, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `heap` is the same.
    unsafe { zero_block(heap, size) }
}

/// `count` zeroed elements of `size` bytes.
///
/// # Safety
/// As [`mi_heap_malloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_calloc(heap: *mut Heap, count: usize, size: usize) -> *mut c_void {
    match product("heap_calloc", count, size) {
        // SAFETY: the caller's promise about `heap` is the same.
        Some(bytes) => unsafe { zero_block(heap, bytes) },
        None => null_mut(),
    }
}

/// `count` elements of `size` bytes.
///
/// # Safety
/// As [`mi_heap_malloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_mallocn(heap: *mut Heap, count: usize, size: usize) -> *mut c_void {
    match product("heap_mallocn", count, size) {
        // SAFETY: the caller's promise about `heap` is the same.
        Some(bytes) => unsafe { new_block(heap, bytes) },
        None => null_mut(),
    }
}

/// The block `p` with `newsize` bytes, moved to the heap if need be. A null `p` allocates.
///
/// # Safety
/// `heap` is null, or a heap that has not ended; `p` is null or a block of this library, and not used again unless null
/// is returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_realloc(heap: *mut Heap, p: *mut c_void, newsize: usize) -> *mut c_void {
    // SAFETY: the caller's promises are the same.
    unsafe { moved(heap, p, newsize, PLAIN) }
}

/// [`mi_heap_realloc`] to `count` elements of `size` bytes.
///
/// # Safety
/// As [`mi_heap_realloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_reallocn(heap: *mut Heap, p: *mut c_void, count: usize, size: usize) -> *mut c_void {
    match product("heap_reallocn", count, size) {
        // SAFETY: the caller's promises are the same.
        Some(bytes) => unsafe { moved(heap, p, bytes, PLAIN) },
        None => null_mut(),
    }
}

/// [`mi_heap_realloc`] that frees `p` when it fails.
///
/// # Safety
/// As [`mi_heap_realloc`], and `p` is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_reallocf(heap: *mut Heap, p: *mut c_void, newsize: usize) -> *mut c_void {
    // SAFETY: the caller's promises are the same; `p` is freed only when it was kept.
    unsafe {
        let new = heaps::within(heap, |theap| realloc_in(theap, p.cast(), newsize, PLAIN));
        if new.is_null() {
            raw::free(p.cast());
        }
        block(new)
    }
}

/// [`mi_heap_realloc`] of a block that was zeroed: the bytes that it grows by are zero too.
///
/// # Safety
/// As [`mi_heap_realloc`]; `p` came from a zeroing function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_rezalloc(heap: *mut Heap, p: *mut c_void, newsize: usize) -> *mut c_void {
    // SAFETY: the caller's promises are the same.
    unsafe { moved(heap, p, newsize, ZERO) }
}

/// [`mi_heap_rezalloc`] to `newcount` elements of `size` bytes.
///
/// # Safety
/// As [`mi_heap_rezalloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_recalloc(
    heap: *mut Heap,
    p: *mut c_void,
    newcount: usize,
    size: usize,
) -> *mut c_void {
    match product("heap_recalloc", newcount, size) {
        // SAFETY: the caller's promises are the same.
        Some(bytes) => unsafe { moved(heap, p, bytes, ZERO) },
        None => null_mut(),
    }
}
