//! Blocks of a given heap at an alignment: the functions of `aligned`, each with the heap as its first argument. A null
//! heap is the main heap of the calling thread's subprocess.
//!
//! The alignment is any power of two. Any other alignment is reported, and gives null with `errno` EINVAL.

use crate::outcome::{aligned_block, product};
use core::ffi::c_void;
use core::ptr::null_mut;
use oximalloc::raw::heaps::{self, Heap, Want, aligned_in, realloc_in};

/// A new block, aligned and zeroed as `want` says.
///
/// # Safety
/// `heap` is null, or a heap that has not ended.
unsafe fn new_block(heap: *mut Heap, size: usize, want: Want) -> *mut c_void {
    let Want { align, offset, zero } = want;
    // SAFETY: the caller's promise about `heap` is the same.
    aligned_block(unsafe { heaps::within(heap, |theap| aligned_in(theap, size, align, offset, zero)) }, align)
}

/// The block that `p` becomes.
///
/// # Safety
/// As [`mi_heap_realloc_aligned`].
unsafe fn moved(heap: *mut Heap, p: *mut c_void, size: usize, want: Want) -> *mut c_void {
    // SAFETY: the caller's promises are the same.
    aligned_block(unsafe { heaps::within(heap, |theap| realloc_in(theap, p.cast(), size, want)) }, want.align)
}

/// What is asked for beyond the size.
const fn want(align: usize, offset: usize, zero: bool) -> Want {
    Want { align, offset, zero }
}

/// A block of `size` bytes at `alignment`.
///
/// # Safety
/// `heap` is null, or a heap that has not ended.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_malloc_aligned(heap: *mut Heap, size: usize, alignment: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `heap` is the same.
    unsafe { new_block(heap, size, want(alignment, 0, false)) }
}

/// A block of `size` bytes, aligned at `offset`.
///
/// # Safety
/// As [`mi_heap_malloc_aligned`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_malloc_aligned_at(
    heap: *mut Heap,
    size: usize,
    alignment: usize,
    offset: usize,
) -> *mut c_void {
    // SAFETY: the caller's promise about `heap` is the same.
    unsafe { new_block(heap, size, want(alignment, offset, false)) }
}

/// A block of `size` zero bytes at `alignment`.
///
/// # Safety
/// As [`mi_heap_malloc_aligned`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_zalloc_aligned(heap: *mut Heap, size: usize, alignment: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `heap` is the same.
    unsafe { new_block(heap, size, want(alignment, 0, true)) }
}

/// A block of `size` zero bytes, aligned at `offset`.
///
/// # Safety
/// As [`mi_heap_malloc_aligned`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_zalloc_aligned_at(
    heap: *mut Heap,
    size: usize,
    alignment: usize,
    offset: usize,
) -> *mut c_void {
    // SAFETY: the caller's promise about `heap` is the same.
    unsafe { new_block(heap, size, want(alignment, offset, true)) }
}

/// `count` zeroed elements of `size` bytes at `alignment`.
///
/// # Safety
/// As [`mi_heap_malloc_aligned`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_calloc_aligned(
    heap: *mut Heap,
    count: usize,
    size: usize,
    alignment: usize,
) -> *mut c_void {
    // SAFETY: the caller's promise about `heap` is the same.
    unsafe { mi_heap_calloc_aligned_at(heap, count, size, alignment, 0) }
}

/// `count` zeroed elements of `size` bytes, aligned at `offset`.
///
/// # Safety
/// As [`mi_heap_malloc_aligned`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_calloc_aligned_at(
    heap: *mut Heap,
    count: usize,
    size: usize,
    alignment: usize,
    offset: usize,
) -> *mut c_void {
    match product("heap_calloc_aligned", count, size) {
        // SAFETY: the caller's promise about `heap` is the same.
        Some(bytes) => unsafe { new_block(heap, bytes, want(alignment, offset, true)) },
        None => null_mut(),
    }
}

/// The block `p` with `newsize` bytes at `alignment`, moved to the heap if need be. A null `p` allocates.
///
/// # Safety
/// `heap` is null, or a heap that has not ended; `p` is null or a block of this library, and not used again unless null
/// is returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_realloc_aligned(
    heap: *mut Heap,
    p: *mut c_void,
    newsize: usize,
    alignment: usize,
) -> *mut c_void {
    // SAFETY: the caller's promises are the same.
    unsafe { moved(heap, p, newsize, want(alignment, 0, false)) }
}

/// The block `p` with `newsize` bytes, aligned at `offset`.
///
/// # Safety
/// As [`mi_heap_realloc_aligned`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_realloc_aligned_at(
    heap: *mut Heap,
    p: *mut c_void,
    newsize: usize,
    alignment: usize,
    offset: usize,
) -> *mut c_void {
    // SAFETY: the caller's promises are the same.
    unsafe { moved(heap, p, newsize, want(alignment, offset, false)) }
}

/// [`mi_heap_realloc_aligned`] of a block that was zeroed: the bytes that it grows by are zero too.
///
/// # Safety
/// As [`mi_heap_realloc_aligned`]; `p` came from a zeroing function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_rezalloc_aligned(
    heap: *mut Heap,
    p: *mut c_void,
    newsize: usize,
    alignment: usize,
) -> *mut c_void {
    // SAFETY: the caller's promises are the same.
    unsafe { moved(heap, p, newsize, want(alignment, 0, true)) }
}

/// [`mi_heap_rezalloc_aligned`], aligned at `offset`.
///
/// # Safety
/// As [`mi_heap_rezalloc_aligned`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_rezalloc_aligned_at(
    heap: *mut Heap,
    p: *mut c_void,
    newsize: usize,
    alignment: usize,
    offset: usize,
) -> *mut c_void {
    // SAFETY: the caller's promises are the same.
    unsafe { moved(heap, p, newsize, want(alignment, offset, true)) }
}

/// [`mi_heap_rezalloc_aligned`] to `newcount` elements of `size` bytes.
///
/// # Safety
/// As [`mi_heap_rezalloc_aligned`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_recalloc_aligned(
    heap: *mut Heap,
    p: *mut c_void,
    newcount: usize,
    size: usize,
    alignment: usize,
) -> *mut c_void {
    // SAFETY: the caller's promises are the same.
    unsafe { mi_heap_recalloc_aligned_at(heap, p, newcount, size, alignment, 0) }
}

/// [`mi_heap_recalloc_aligned`], aligned at `offset`.
///
/// # Safety
/// As [`mi_heap_rezalloc_aligned`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_recalloc_aligned_at(
    heap: *mut Heap,
    p: *mut c_void,
    newcount: usize,
    size: usize,
    alignment: usize,
    offset: usize,
) -> *mut c_void {
    match product("heap_recalloc_aligned", newcount, size) {
        // SAFETY: the caller's promises are the same.
        Some(bytes) => unsafe { moved(heap, p, bytes, want(alignment, offset, true)) },
        None => null_mut(),
    }
}
