//! The global allocator of a Rust program.
//!
//! The layout is usually a constant at the call, so the size class is known at compile time. Then the fast path inlines
//! into the caller: a pop from an array, or a push to one. No C symbol is exported.

use crate::alloc::aligned::{aligned, zaligned};
use crate::alloc::free::free_trusted;
use crate::alloc::malloc::{malloc_const, malloc_of, whole, zalloc_const};
use crate::alloc::ready::{PLAIN, Want};
use crate::alloc::realloc::{realloc, realloc_in};
use crate::heap::state::theap::Theap;
use crate::page::bins::{BLOCK_MAX, Bin};
use core::alloc::{GlobalAlloc, Layout};
use core::ptr;

/// The allocator.
///
/// ```
/// use oximalloc::Oximalloc;
///
/// #[global_allocator]
/// static A: Oximalloc = Oximalloc;
///
/// assert_eq!(format!("{}-{}", 1, 2), "1-2");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Oximalloc;

/// All blocks have this alignment, because blocks lie at multiples of 16 from the start of their page.
const NATURAL: usize = 16;

// SAFETY: blocks are valid, have at least the layout's size and alignment, and do not overlap until they are freed;
// nothing here unwinds.
unsafe impl GlobalAlloc for Oximalloc {
    #[inline(always)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= NATURAL { malloc_const(layout.size()) } else { aligned(layout.size(), layout.align(), 0) }
    }

    #[inline(always)]
    unsafe fn dealloc(&self, p: *mut u8, _layout: Layout) {
        // SAFETY: by the trait's contract `p` was allocated here, and never at an offset.
        unsafe { free_trusted(p) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= NATURAL { zalloc_const(layout.size()) } else { zaligned(layout.size(), layout.align(), 0) }
    }

    #[inline]
    unsafe fn realloc(&self, p: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: by the trait's contract.
        unsafe {
            if layout.align() > NATURAL || layout.size() > BLOCK_MAX || size > BLOCK_MAX {
                return realloc_slow(p, layout, size);
            }
            // The block is of its size's bin or of a larger one. If it grows, a look-up tells no more than the layout
            // does. Both sizes have a bin.
            let (old, new) = (Bin::of_any(layout.size()), Bin::of_any(size));
            if old == new {
                return p;
            }
            if size < layout.size() {
                return shrink(p, size);
            }
            let fresh = malloc_of(new, size);
            if !fresh.is_null() {
                ptr::copy_nonoverlapping(p, fresh, layout.size().min(size));
                free_trusted(p);
            }
            fresh
        }
    }
}

/// Reallocate a block that shrinks. This goes by the size that the block has, which may be larger than its layout,
/// since it may have shrunk before.
///
/// # Safety
/// - as for `GlobalAlloc::realloc`; both sizes are at most BLOCK_MAX bytes.
#[inline(never)]
unsafe fn shrink(p: *mut u8, size: usize) -> *mut u8 {
    // SAFETY: by the contract.
    unsafe { realloc(p, whole(size)) }
}

/// Reallocate a block that is large or aligned, or becomes large. (Not inlined, so that the other blocks need few
/// registers.)
///
/// # Safety
/// - as for `GlobalAlloc::realloc`.
#[inline(never)]
unsafe fn realloc_slow(p: *mut u8, layout: Layout, size: usize) -> *mut u8 {
    let theap = Theap::current();
    // SAFETY: by the contract.
    unsafe {
        if layout.align() > NATURAL {
            realloc_in(theap, p, size, Want { align: layout.align(), ..PLAIN })
        } else {
            realloc_in(theap, p, whole(size), PLAIN)
        }
    }
}
