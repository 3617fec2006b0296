//! The table by which the loader leads a program's calls to us (dyld's manual page: interposing). It has no effect on
//! calls from this library: these reach the C library's own functions.
//!
//! Blocks from before this library was loaded, and those of other zones, are the C library's. Whatever is given to us and
//! is not ours goes back to it.

use crate::mi::{allocate, posix};
use crate::outcome::{new_block, resized};
use core::ffi::{c_int, c_void};
use oximalloc::raw;

unsafe extern "C" {
    fn malloc_size(p: *const c_void) -> usize;
    fn malloc_good_size(size: usize) -> usize;
    fn valloc(size: usize) -> *mut c_void;
    fn reallocf(p: *mut c_void, size: usize) -> *mut c_void;
}

/// Our function, and the one in whose place it is called.
#[repr(C)]
struct Pair(*const (), *const ());

/// What the loader reads.
#[repr(transparent)]
struct Table([Pair; 9]);

// SAFETY: addresses of functions, which nobody changes.
unsafe impl Sync for Table {}

#[used]
#[unsafe(link_section = "__DATA,__interpose,interposing,no_dead_strip")]
static TABLE: Table = Table([
    Pair(our_malloc as *const (), libc::malloc as *const ()),
    Pair(our_calloc as *const (), libc::calloc as *const ()),
    Pair(our_realloc as *const (), libc::realloc as *const ()),
    Pair(our_reallocf as *const (), reallocf as *const ()),
    Pair(our_free as *const (), libc::free as *const ()),
    Pair(our_valloc as *const (), valloc as *const ()),
    Pair(our_posix_memalign as *const (), libc::posix_memalign as *const ()),
    Pair(our_malloc_size as *const (), malloc_size as *const ()),
    Pair(our_good_size as *const (), malloc_good_size as *const ()),
]);

fn is_ours(p: *const c_void) -> bool {
    p.is_null() || raw::owns(p.cast())
}

extern "C" fn our_malloc(size: usize) -> *mut c_void {
    new_block(size)
}

extern "C" fn our_calloc(count: usize, size: usize) -> *mut c_void {
    allocate::mi_calloc(count, size)
}

/// # Safety
/// `p` is null or a block, and not used again unless null is returned.
unsafe extern "C" fn our_realloc(p: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise; a block is given to the allocator that made it.
    unsafe { if is_ours(p) { resized(p, size) } else { libc::realloc(p, size) } }
}

/// # Safety
/// `p` is null or a block, and not used again.
unsafe extern "C" fn our_reallocf(p: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise; a block is given to the allocator that made it.
    unsafe { if is_ours(p) { allocate::mi_reallocf(p, size) } else { reallocf(p, size) } }
}

/// # Safety
/// `p` is null or a block, and not used again.
unsafe extern "C" fn our_free(p: *mut c_void) {
    // SAFETY: the caller's promise; a block is given to the allocator that made it.
    unsafe { if is_ours(p) { raw::free(p.cast()) } else { libc::free(p) } }
}

extern "C" fn our_valloc(size: usize) -> *mut c_void {
    posix::mi_valloc(size)
}

/// # Safety
/// `out` may be written.
unsafe extern "C" fn our_posix_memalign(out: *mut *mut c_void, alignment: usize, size: usize) -> c_int {
    // SAFETY: the caller's promise about `out` is the same.
    unsafe { posix::mi_posix_memalign(out, alignment, size) }
}

/// # Safety
/// `p` is null or a pointer, ours or not.
unsafe extern "C" fn our_malloc_size(p: *const c_void) -> usize {
    if is_ours(p) {
        return raw::usable_size(p.cast());
    }
    // SAFETY: the C library finds out whether it has such a block.
    unsafe { malloc_size(p) }
}

extern "C" fn our_good_size(size: usize) -> usize {
    raw::good_size(size)
}
