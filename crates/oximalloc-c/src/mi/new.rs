//! `operator new` for C callers and for other languages' runtimes. It calls the new-handler, and throws
//! `std::bad_alloc`.
//!
//! The frames are those of `export::new`. Only the attempts that differ are here.

use crate::export::new::{again, again_nothrow, attempt, attempt_aligned, throwing};
use core::ffi::c_void;
use oximalloc::raw;
use oximalloc::raw::heaps::{self, Heap, malloc_in};

/// `count * size`, or on overflow more bytes than anybody can ever get.
fn saturated(count: usize, size: usize) -> usize {
    count.saturating_mul(size)
}

extern "C" fn attempt_n(count: usize, size: usize) -> *mut c_void {
    raw::malloc(saturated(count, size)).cast()
}

unsafe extern "C" fn attempt_in(heap: *mut Heap, size: usize) -> *mut c_void {
    // SAFETY: `heap` is what the caller of the exported function promised.
    unsafe { heaps::within(heap, |theap| malloc_in(theap, size)) }.cast()
}

unsafe extern "C" fn attempt_n_in(heap: *mut Heap, count: usize, size: usize) -> *mut c_void {
    // SAFETY: `heap` is what the caller of the exported function promised.
    unsafe { attempt_in(heap, saturated(count, size)) }
}

unsafe extern "C" fn attempt_realloc(p: *mut c_void, newsize: usize) -> *mut c_void {
    // SAFETY: `p` is what the caller of the exported function promised; a failed attempt keeps it.
    unsafe { raw::realloc(p.cast(), newsize) }.cast()
}

unsafe extern "C" fn attempt_reallocn(p: *mut c_void, newcount: usize, size: usize) -> *mut c_void {
    // SAFETY: `p` is what the caller of the exported function promised; a failed attempt keeps it.
    unsafe { raw::realloc(p.cast(), saturated(newcount, size)) }.cast()
}

throwing! {
    /// `new` of `size` bytes.
    mi_new(size: usize), attempt, again, keep 1
}
throwing! {
    /// `new` at an alignment.
    mi_new_aligned(size: usize, alignment: usize), attempt_aligned, again, keep 3
}
throwing! {
    /// `new` of `count` elements of `size` bytes.
    mi_new_n(count: usize, size: usize), attempt_n, again, keep 3
}
throwing! {
    /// `realloc` that fails as `new` does. Then `p` is kept.
    mi_new_realloc(p: *mut c_void, newsize: usize), attempt_realloc, again, keep 3
}
throwing! {
    /// `reallocarray` that fails as `new` does. Then `p` is kept.
    mi_new_reallocn(p: *mut c_void, newcount: usize, size: usize), attempt_reallocn, again, keep 3
}
throwing! {
    /// `new(nothrow)` of `size` bytes.
    mi_new_nothrow(size: usize), attempt, again_nothrow, keep 1
}
throwing! {
    /// `new(nothrow)` at an alignment.
    mi_new_aligned_nothrow(size: usize, alignment: usize), attempt_aligned, again_nothrow, keep 3
}
throwing! {
    /// `new` of `size` bytes in a heap that has not ended. Null stands for the main heap.
    mi_heap_alloc_new(heap: *mut Heap, size: usize), attempt_in, again, keep 3
}
throwing! {
    /// `new` of `count` elements of `size` bytes in a heap that has not ended. Null stands for the main heap.
    mi_heap_alloc_new_n(heap: *mut Heap, count: usize, size: usize), attempt_n_in, again, keep 3
}
