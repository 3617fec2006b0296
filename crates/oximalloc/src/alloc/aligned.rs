//! Aligned allocation. A request is rounded up to a multiple of its alignment. That size falls into a bin whose blocks
//! all have the alignment, because each bin's size is a multiple of its step and pages start at slices. So up to 64 KiB
//! an aligned block is a block like any other; above that it is a span of aligned slices. Only an alignment at an
//! offset hands out pointers into blocks, from pages that are marked for it.

use super::find::find;
use super::malloc::{large, malloc_in, zalloc_in};
use super::ready::may_align;
use super::secure;
use crate::diag::error::error;
use crate::diag::secure::is_on;
use crate::heap::life::process::process_start;
use crate::heap::state::theap::Theap;
use crate::page::bins::BLOCK_MAX;
use crate::prim::Errno;
use core::ptr;

/// Allocate `size` bytes. The address plus `offset` is a multiple of `align` (a power of two).
#[inline(always)]
pub fn aligned(size: usize, align: usize, offset: usize) -> *mut u8 {
    aligned_or(size, align, offset, generic)
}

/// As [`aligned`]; the caller passes the function for everything but the fast path.
#[inline(always)]
pub fn aligned_or(
    size: usize,
    align: usize,
    offset: usize,
    generic: impl FnOnce(usize, usize, usize) -> *mut u8,
) -> *mut u8 {
    let below = align.wrapping_sub(1);
    // 0 if the sum overflows, and 0 for a size or an alignment of 0.
    let rounded = size.wrapping_add(below) & !below;
    if rounded.wrapping_sub(1) < BLOCK_MAX && align & below == 0 && offset & below == 0 {
        // SAFETY: at most BLOCK_MAX, and the theap is this thread's.
        let block = unsafe { Theap::current().pop_size(rounded) };
        if !block.is_null() {
            return block;
        }
    }
    generic(size, align, offset)
}

/// The generic path.
#[inline(never)]
pub fn generic(size: usize, align: usize, offset: usize) -> *mut u8 {
    aligned_in(Theap::current(), size, align, offset, false)
}

/// As [`aligned`], zeroed.
pub fn zaligned(size: usize, align: usize, offset: usize) -> *mut u8 {
    aligned_in(Theap::current(), size, align, offset, true)
}

/// As [`aligned`] or, with `zero`, [`zaligned`], in a theap of the calling thread (as in `malloc_in`).
pub fn aligned_in(theap: &Theap, size: usize, align: usize, offset: usize, zero: bool) -> *mut u8 {
    if !align.is_power_of_two() {
        error(Errno::EINVAL, format_args!("aligned allocation: an alignment of {align} is not a power of two"));
        return ptr::null_mut();
    }
    if theap.is_empty_theap() {
        // The level of protection, which decides how blocks are aligned, may not be known yet.
        process_start();
    }
    if is_on() {
        return secure::aligned(theap, size, align, offset, zero);
    }
    if !may_align(size, align) {
        return ptr::null_mut();
    }
    if !offset.is_multiple_of(align) {
        return at_offset(theap, size, align, offset, zero);
    }
    let rounded = size.max(1).next_multiple_of(align.max(1));
    if rounded <= BLOCK_MAX {
        return if zero { zalloc_in(theap, rounded) } else { malloc_in(theap, rounded) };
    }
    // Ask for `size`, not `rounded`: the span gives the alignment.
    large(theap, size, align, zero)
}

fn at_offset(theap: &Theap, size: usize, align: usize, offset: usize, zero: bool) -> *mut u8 {
    let total = size + align - 1;
    let block = if zero { zalloc_in(theap, total) } else { malloc_in(theap, total) };
    if block.is_null() {
        return block;
    }
    let shift = (block as usize).wrapping_add(offset).wrapping_neg() & (align - 1);
    if shift != 0
        && let Some((page, _)) = find(block)
    {
        page.set_interior();
    }
    // SAFETY: `shift` is below `align`, and the block is `size + align - 1` bytes.
    unsafe { block.add(shift) }
}
