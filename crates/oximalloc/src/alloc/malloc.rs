//! Allocation. The fast path pops a block from the bin's stack. An empty stack, a large size and a thread without a
//! theap lead to the generic path, through branches that the fast path has anyway.

use super::ready::{out_of_memory, ready, ready_for};
use super::{door, empty, secure};
use crate::base::config::SLICE;
use crate::heap::state::theap::Theap;
use crate::page::bins::{BLOCK_MAX, Bin, SMALL_MAX};
use core::ptr;

/// Allocate `size` bytes. If that cannot be done, the error is reported, and the result is null.
#[inline(always)]
pub fn malloc(size: usize) -> *mut u8 {
    malloc_or(size, generic)
}

/// As [`malloc`]; the caller passes the function for everything but the fast path. The C interface passes one that sets
/// errno.
#[inline(always)]
pub fn malloc_or(size: usize, generic: impl FnOnce(usize) -> *mut u8) -> *mut u8 {
    pop_or(|| Some(Theap::current()), size, || generic(size))
}

/// As [`malloc_or`], in a theap of the calling thread, if one is at hand.
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

/// As [`malloc_or`], for callers whose size is a constant. Then the bin is known at compile time, for medium sizes too.
#[inline(always)]
pub fn malloc_const_or(size: usize, generic: impl Fn(usize) -> *mut u8) -> *mut u8 {
    if size > BLOCK_MAX {
        return generic(size);
    }
    // SAFETY: at most BLOCK_MAX.
    malloc_of_or(unsafe { Bin::of_any(size) }, size, generic)
}

/// The same, for callers who know the bin of `size`, which is at most BLOCK_MAX.
#[inline(always)]
pub fn malloc_of_or(bin: Bin, size: usize, generic: impl FnOnce(usize) -> *mut u8) -> *mut u8 {
    // SAFETY: bins of sizes up to BLOCK_MAX are below BINS, and the theap is this thread's.
    let block = unsafe { Theap::current().pop(bin.index()) };
    if block.is_null() { generic(size) } else { block }
}

/// As [`generic`], for callers who assume that every block, a guarded one too, has the size of its bin and the
/// alignment of all blocks.
#[inline(never)]
pub fn generic_whole(size: usize) -> *mut u8 {
    malloc_in(Theap::current(), whole(size))
}

/// All bytes that a block of `size` bytes holds anyway. If the size has no bin, only what the alignment needs.
pub fn whole(size: usize) -> usize {
    if size <= BLOCK_MAX { Bin::of(size).block_size() } else { size.checked_next_multiple_of(16).unwrap_or(size) }
}

/// The generic path.
#[inline(never)]
pub fn generic(size: usize) -> *mut u8 {
    malloc_in(Theap::current(), size)
}

/// As [`malloc`], in a theap of the calling thread: [`Theap::current`], which may be the empty one of a thread that has
/// none, or the theap of a heap.
#[inline]
pub fn malloc_in(theap: &Theap, size: usize) -> *mut u8 {
    if theap.is_secured() {
        return secure::malloc(theap, size);
    }
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

/// A block of at most [`BLOCK_MAX`] bytes, when the stack of its bin is empty. This fills the stack, or with `one`
/// supplies only the block. The second value says whether the block is zeroed. With `zero`, a block that does not have
/// the size of its bin always is.
fn supply(theap: &Theap, size: usize, one: bool, zero: bool) -> (*mut u8, bool) {
    let bin = Bin::of(size);
    let Some(theap) = ready(theap) else {
        out_of_memory(size);
        return (ptr::null_mut(), false);
    };
    if theap.is_secured() {
        return (secure::supply(&theap, size, zero), zero);
    }
    theap.tick();
    if size == 0
        && theap.is_main()
        && let Some(block) = empty::claim()
    {
        return (block, true);
    }
    if let Some(block) = door::leave(&theap, size, 1, zero) {
        return (block, zero);
    }
    // SAFETY: bins are below BINS, and the theap is this thread's.
    let block = unsafe { theap.pop(bin.index()) };
    if !block.is_null() {
        // A function of the program's that was called meanwhile has freed something.
        return (block, false);
    }
    let got = theap.refill(bin, one);
    if got.0.is_null() {
        out_of_memory(size);
    }
    got
}

/// A block with a page of its own, at a multiple of `align` (a power of two). With `zero`, the block is zeroed.
#[cold]
pub fn large(theap: &Theap, size: usize, align: usize, zero: bool) -> *mut u8 {
    let Some(theap) = ready_for(theap, size) else { return ptr::null_mut() };
    if theap.is_secured() {
        return secure::aligned(&theap, size, align, 0, zero);
    }
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

/// Allocate `size` zeroed bytes. The whole block is zero, slack included, so that it can grow in place.
#[inline]
pub fn zalloc(size: usize) -> *mut u8 {
    zalloc_or(size, |size| zalloc_in(Theap::current(), size))
}

/// As [`zalloc`]; the caller passes the function for everything but the fast path.
#[inline(always)]
pub fn zalloc_or(size: usize, generic: impl FnOnce(usize) -> *mut u8) -> *mut u8 {
    if size <= SMALL_MAX {
        // SAFETY: bins of sizes up to SMALL_MAX are below BINS, and the theap is this thread's.
        let block = unsafe { Theap::current().pop(size.div_ceil(16)) };
        if !block.is_null() {
            // SAFETY: a small block, from the stack of its bin, which holds no other blocks.
            unsafe { ptr::write_bytes(block, 0, (size + 15) & !15) };
            return block;
        }
    }
    generic(size)
}

/// Blocks up to this size are always zeroed, even if they are fresh.
const ZERO_MAX: usize = 1024;

/// As [`zalloc`], in a theap of the calling thread. For blocks above `ZERO_MAX` it pays to know what is zero already:
/// fresh memory of a page, or fresh slices.
#[inline(never)]
pub fn zalloc_in(theap: &Theap, size: usize) -> *mut u8 {
    if theap.is_secured() {
        return secure::zalloc(theap, size);
    }
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
