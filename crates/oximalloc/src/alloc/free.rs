//! Freeing. The fast path asks the slice class map for the bin of the pointer's slice, checks that the pointer is the
//! start of a block, and pushes it on this thread's stack of that bin, whichever thread owns the page. Everything else
//! takes the generic path: full stacks, blocks above 64 KiB, other heaps, pointers inside blocks, and pointers that are
//! not ours.

use super::door::{self, Way};
use super::find::{find, invalid, page_way};
use super::{empty, secure};
use crate::arena::slice_class;
use crate::diag::secure::is_on;
use crate::heap::life::thread_start::root_to_free;
use crate::heap::state::block_starts::size_at;
use crate::heap::state::theap::{Theap, lives};
use crate::os;
use crate::page::Page;
use crate::prim::processor;

/// Free a block. Null is fine. A pointer that is no block's is reported, and nothing changes.
///
/// # Safety
/// - `p` is null, a foreign pointer, or a block that was allocated here and not freed since.
#[inline(always)]
pub unsafe fn free(p: *mut u8) {
    // SAFETY: forwarded.
    unsafe { free_or::<true>(p, |p| free_generic(p)) }
}

/// As [`free`], with the bytes that were asked for, which are checked under protection.
///
/// # Safety
/// - as for [`free`].
#[inline(always)]
pub unsafe fn free_sized(p: *mut u8, size: usize) {
    // SAFETY: forwarded.
    unsafe { free_or::<true>(p, |p| free_sized_generic(p, size)) }
}

/// As [`free`], for C++'s `delete`.
///
/// # Safety
/// - as for [`free`].
#[inline(always)]
pub unsafe fn delete(p: *mut u8) {
    // SAFETY: forwarded.
    unsafe { free_or::<true>(p, |p| delete_generic(p)) }
}

/// As [`free`], for callers who know that `p` is the start of a block.
///
/// # Safety
/// - `p` was allocated here with an alignment and no offset, and not freed since.
#[inline(always)]
pub unsafe fn free_trusted(p: *mut u8) {
    // SAFETY: forwarded.
    unsafe { free_or::<false>(p, |p| free_generic(p)) }
}

/// The caller passes the function for everything but the fast path.
///
/// # Safety
/// - as for [`free`], or without `CHECK` as for [`free_trusted`].
#[inline(always)]
unsafe fn free_or<const CHECK: bool>(p: *mut u8, generic: impl FnOnce(*mut u8)) {
    if let Some(at) = slice_class::get(p) {
        let theap = Theap::current();
        // SAFETY: `at` is an entry of the map. The entry of slices that are not open names bin 0, whose stack has no
        // room.
        unsafe {
            if (!CHECK || theap.is_block_start(at, p as usize)) && theap.push_at(at, p) {
                processor::prefetch(p);
                return;
            }
        }
    }
    generic(p);
}

/// # Safety
/// - as for [`free`].
#[inline(never)]
unsafe fn free_generic(p: *mut u8) {
    // SAFETY: forwarded.
    unsafe { if is_on() { secure::free(p) } else { free_ordinary(p) } }
}

/// # Safety
/// - as for [`free`].
#[inline(never)]
unsafe fn free_sized_generic(p: *mut u8, size: usize) {
    // SAFETY: forwarded.
    unsafe { if is_on() { secure::free_sized(p, size) } else { free_ordinary(p) } }
}

/// # Safety
/// - as for [`free`].
#[inline(never)]
unsafe fn delete_generic(p: *mut u8) {
    // SAFETY: forwarded.
    unsafe { if is_on() { secure::delete(p) } else { free_ordinary(p) } }
}

/// # Safety
/// - as for [`free`].
#[inline(never)]
unsafe fn free_ordinary(p: *mut u8) {
    if p.is_null() {
        return;
    }
    let Some((block, way)) = open_way(p).map(|way| (p.cast(), way)).or_else(|| page_way(p)) else {
        if !empty::free(p) {
            invalid("free", p);
        }
        return;
    };
    // SAFETY: by the contract the block is out and the caller's, so that its page lives.
    unsafe { door::come_back(block, way) };
}

/// The way of a block whose slice is open, from the slice class map alone, because the page's record may be in another
/// processor's cache. None if no such block starts at `p`, or if the thread has no theap and gets none.
#[inline]
fn open_way(p: *mut u8) -> Option<Way> {
    let (number, bin) = slice_class::get(p).and_then(Theap::bin_at)?;
    // A thread that only frees gets a theap too, so that it gives blocks back through a stack.
    let theap = root_to_free().filter(|root| root.is_main())?;
    let _step = theap.step();
    theap.open_if_new(bin);
    if !theap.is_start_of(bin, p as usize) {
        return None;
    }
    if let Some(number) = number
        && number != theap.number()
    {
        if os::capabilities().threads && lives(number) {
            return Some(Way::Owner(theap, bin));
        }
        // The owner has ended. This makes this thread's next frees into the page fast.
        theap.open_slice(slice_class::slice_of(p), bin);
    }
    Some(Way::Stack(theap, bin))
}

/// Bytes that the block at `p` holds, counted from `p`. 0 for null. 0 for a foreign pointer, which is reported.
#[inline(always)]
pub fn usable_size(function: &str, p: *const u8) -> usize {
    size_at(p).map_or_else(|| usable_generic(function, p), |(size, _)| size)
}

/// The same, by the page alone. A program that has no use for the table of sizes is not linked with it.
#[inline(never)]
pub fn usable_generic(function: &str, p: *const u8) -> usize {
    if p.is_null() {
        return 0;
    }
    if is_on() {
        return secure::usable_size(function, p).unwrap_or(0);
    }
    match find(p) {
        Some((page, block)) => page.block_size() - (p as usize - block as usize),
        None if empty::is_block(p) => 0,
        None => {
            invalid(function, p);
            0
        }
    }
}

/// Whether `p` points into a page that this allocator has handed out, or to a block of no bytes.
pub fn owns(p: *const u8) -> bool {
    Page::at(p).is_some() || empty::is_block(p)
}
