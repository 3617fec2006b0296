//! Allocation. The fast path pops the bin's stack of free blocks; an empty stack, a large size and a thread that has
//! no theap yet lead to the generic path, by branches that the fast path has anyway.

use super::door;
use crate::base::config::SLICE;
use crate::diag::error::error;
use crate::heap::life::lease::Lease;
use crate::heap::life::thread_start::thread_start;
use crate::heap::state::theap::Theap;
use crate::page::bins::{BLOCK_MAX, Bin, SMALL_MAX};
use crate::prim::Errno;
use core::ptr;

/// The largest request: pointer differences inside a block fit `ptrdiff_t`.
pub const SIZE_MAX: usize = isize::MAX as usize;

/// Allocate `size` bytes; null, and an error reported, when that cannot be done.
#[inline(always)]
pub fn malloc(size: usize) -> *mut u8 {
    malloc_or(size, generic)
}

/// As [`malloc`], with the function for all that is not the fast path given: the C interface has one that sets errno.
#[inline(always)]
pub fn malloc_or(size: usize, generic: impl FnOnce(usize) -> *mut u8) -> *mut u8 {
    pop_or(|| Some(Theap::current()), size, || generic(size))
}

/// As [`malloc_or`], in a theap of the calling thread, if there is one at hand.
#[inline(always)]
pub fn pop_or<'a>(
    theap: impl FnOnce() -> Option<&'a Theap>,
    size: usize,
    generic: impl FnOnce() -> *mut u8,
) -> *mut u8 {
    if size <= BLOCK_MAX
        && let Some(theap) = theap()
    {
        // SAFETY: the theap is this thread's.
        let block = unsafe { theap.pop_size(size) };
        if !block.is_null() {
            return block;
        }
    }
    generic()
}

/// As [`malloc`], for callers whose size is a constant: the bin is known when compiling, for middle sizes too.
#[inline(always)]
pub fn malloc_const(size: usize) -> *mut u8 {
    if size > BLOCK_MAX {
        return generic_whole(size);
    }
    // SAFETY: at most BLOCK_MAX.
    malloc_of(unsafe { Bin::of_any(size) }, size)
}

/// The same, where the bin of such a size, up to BLOCK_MAX, is known.
#[inline(always)]
pub fn malloc_of(bin: Bin, size: usize) -> *mut u8 {
    // SAFETY: bins of sizes up to BLOCK_MAX are below BINS, and the theap is this thread's.
    let block = unsafe { Theap::current().pop(bin.index()) };
    if block.is_null() { generic_whole(size) } else { block }
}

/// As [`generic`], for callers who take it that a block has the size of its bin, and all blocks their alignment: guarded
/// blocks too.
#[inline(never)]
fn generic_whole(size: usize) -> *mut u8 {
    malloc_in(Theap::current(), whole(size))
}

/// All that a block of `size` bytes holds anyway (of sizes that have no bin, no more than their alignment asks for).
pub fn whole(size: usize) -> usize {
    if size <= BLOCK_MAX { Bin::of(size).block_size() } else { size.checked_next_multiple_of(16).unwrap_or(size) }
}

/// The generic path.
#[inline(never)]
pub fn generic(size: usize) -> *mut u8 {
    malloc_in(Theap::current(), size)
}

/// As [`malloc`], in a theap of the calling thread: [`Theap::current`], which may be that of a thread without one, or
/// that of a heap.
#[inline]
pub fn malloc_in(theap: &Theap, size: usize) -> *mut u8 {
    if size <= BLOCK_MAX {
        // SAFETY: the theap is this thread's.
        let block = unsafe { theap.pop_size(size) };
        if !block.is_null() {
            return block;
        }
        return refill(theap, size);
    }
    large(theap, size, 1, false)
}

#[inline(never)]
fn refill(theap: &Theap, size: usize) -> *mut u8 {
    supply(theap, size, false, false).0
}

/// A block of at most [`BLOCK_MAX`] bytes, when its bin's stack is empty: the stack is filled, or with `one` only the
/// block supplied. The second says that the block is zeroed; with `zero` a block that does not have the size of its bin
/// always is.
fn supply(theap: &Theap, size: usize, one: bool, zero: bool) -> (*mut u8, bool) {
    let bin = Bin::of(size);
    let Some(theap) = ready(theap) else {
        out_of_memory(size);
        return (ptr::null_mut(), false);
    };
    theap.tick();
    if let Some(block) = door::leave(&theap, size, 1, zero) {
        return (block, zero);
    }
    // SAFETY: bins are below BINS, and the theap is this thread's.
    let block = unsafe { theap.pop(bin.index()) };
    if !block.is_null() {
        // A function of the program's that was called meanwhile freed something.
        return (block, false);
    }
    let got = theap.refill(bin, one);
    if got.0.is_null() {
        out_of_memory(size);
    }
    got
}

/// A block with a page of its own, at a multiple of `align` (a power of two), zeroed if `zero`.
#[cold]
pub fn large(theap: &Theap, size: usize, align: usize, zero: bool) -> *mut u8 {
    if size > SIZE_MAX {
        too_large(size);
        return ptr::null_mut();
    }
    let Some(theap) = ready(theap) else {
        out_of_memory(size);
        return ptr::null_mut();
    };
    theap.tick();
    if let Some(block) = door::leave(&theap, size, align, zero) {
        return block;
    }
    let slices = size.div_ceil(SLICE).max(1);
    let Some((block, clear)) = theap.single(slices, align.div_ceil(SLICE)) else {
        out_of_memory(size);
        return ptr::null_mut();
    };
    if zero && !clear {
        // SAFETY: a block of that many slices.
        unsafe { ptr::write_bytes(block, 0, slices * SLICE) };
    }
    block
}

/// Allocate `size` zeroed bytes. All of the block is zero, its slack too, so that it can grow in place.
#[inline]
pub fn zalloc(size: usize) -> *mut u8 {
    zalloc_or(size, |size| zalloc_in(Theap::current(), size))
}

/// As [`malloc_const`], zeroed.
#[inline]
pub fn zalloc_const(size: usize) -> *mut u8 {
    zalloc_or(size, |size| zalloc_in(Theap::current(), whole(size)))
}

/// As [`zalloc`], with the function for all that is not the fast path given.
#[inline(always)]
fn zalloc_or(size: usize, generic: impl FnOnce(usize) -> *mut u8) -> *mut u8 {
    if size <= SMALL_MAX {
        // SAFETY: bins of sizes up to SMALL_MAX are below BINS, and the theap is this thread's.
        let block = unsafe { Theap::current().pop(size.div_ceil(16)) };
        if !block.is_null() {
            // SAFETY: a small block, from the stack of its bin, which has no others.
            unsafe { ptr::write_bytes(block, 0, (size + 15) & !15) };
            return block;
        }
    }
    generic(size)
}

/// Blocks up to this size are zeroed whether they are fresh or not.
const ZERO_MAX: usize = 1024;

/// For larger blocks it pays to know what is zero already: fresh memory of a page, or of slices.
#[inline(never)]
pub fn zalloc_in(theap: &Theap, size: usize) -> *mut u8 {
    if size > BLOCK_MAX {
        return large(theap, size, 1, true);
    }
    let mut zero = false;
    // SAFETY: as in `malloc_in`.
    let mut block = unsafe { theap.pop_size(size) };
    if block.is_null() {
        (block, zero) = supply(theap, size, size > ZERO_MAX, true);
        if block.is_null() {
            return block;
        }
    }
    if !zero {
        // SAFETY: a block of that bin.
        unsafe { ptr::write_bytes(block, 0, Bin::of(size).block_size()) };
    }
    block
}

/// The theap to allocate from: the calling thread's own when it has none yet, or when its default was taken away (its
/// heap was destroyed by another thread).
#[inline(always)]
fn ready(theap: &Theap) -> Option<Lease> {
    match Lease::of(theap) {
        None => thread_start(),
        lease => lease,
    }
}

/// Say that there is no memory for a block.
#[cold]
pub fn out_of_memory(size: usize) {
    error(Errno::ENOMEM, format_args!("malloc: out of memory: the system gives no more for a block of {size} bytes"));
}

#[cold]
fn too_large(size: usize) {
    error(Errno::ENOMEM, format_args!("malloc: a size of {size} bytes is over the limit of {SIZE_MAX} (PTRDIFF_MAX)"));
}
