//! Freeing. The fast path asks the table of fast frees for the bin that a pointer's slice belongs to, sees that the
//! pointer is the start of a block, and pushes it on this thread's stack of that bin, whoever's the page is. All else
//! takes the generic path: full stacks, blocks above 64 KiB, other heaps, pointers inside blocks, and pointers not ours.

use crate::arena::{fast, map};
use crate::diag::error::error;
use crate::heap::empty;
use crate::heap::life::root_to_free;
use crate::heap::record::MAIN;
use crate::heap::theap::{INVERSE, Theap, lives, told};
use crate::page::Page;
use crate::page::bins::Bin;
use crate::page::block::Block;
use crate::prim::{Errno, processor};
use core::ptr;

/// Free a block. Null is fine; a pointer that is no block's is reported, and nothing changes.
///
/// # Safety
/// - `p` is null, or a block that was allocated here and not freed since; or it is a foreign pointer.
#[inline(always)]
pub unsafe fn free(p: *mut u8) {
    // SAFETY: forwarded.
    unsafe { free_checked::<true>(p) }
}

/// As [`free`], for callers who vouch for the pointer: it is a block's start.
///
/// # Safety
/// - `p` was allocated here with an alignment and no offset, and not freed since.
#[inline(always)]
pub unsafe fn free_trusted(p: *mut u8) {
    // SAFETY: forwarded.
    unsafe { free_checked::<false>(p) }
}

#[inline(always)]
unsafe fn free_checked<const CHECK: bool>(p: *mut u8) {
    if let Some(at) = fast::get(p) {
        let theap = Theap::current();
        // SAFETY: entries are offsets of hot parts from the start of a theap. Bin 0's, that of slices which are not open,
        // divides nothing and has no room.
        unsafe {
            if !CHECK || processor::divides::<INVERSE>(theap.bytes(), at, p as usize) {
                let hot = theap.hot_at(at);
                let top = hot.top.get();
                if top < hot.limit.get() {
                    *theap.word(top).add(1) = p;
                    processor::advance::<8>(theap.bytes(), at);
                    processor::prefetch(p);
                    return;
                }
            }
        }
    }
    // SAFETY: forwarded.
    unsafe { free_generic(p) }
}

/// # Safety
/// - as for [`free`].
#[inline(never)]
unsafe fn free_generic(p: *mut u8) {
    // SAFETY: forwarded.
    if p.is_null() || unsafe { free_open(p) } {
        return;
    }
    let Some((page, block)) = find(p) else {
        invalid("free", p);
        return;
    };
    // SAFETY: `block` is a block of `page`, and by the contract it is out and the caller's; so the page lives.
    unsafe {
        if page.bin() != Bin::SINGLE {
            let owner = Theap::of_owner(page.owner());
            if owner.is_empty_theap() {
                // A page that was left to whoever frees into it, of which little may be in use.
            } else if ptr::eq(page.heap(), MAIN.as_page_heap()) {
                // A thread that only frees gets a theap, so that it gives blocks back by the stack.
                if let Some(root) = root_to_free().filter(|root| root.is_main()) {
                    let _step = root.step();
                    root.push_slow(page.bin(), block);
                    return;
                }
                empty::count_free(Theap::current());
            } else if owner.is_ours() && ptr::eq(page.heap(), owner.heap().as_page_heap()) {
                // Of a heap that may be destroyed no other thread holds blocks. (A full page may name a theap that was its
                // heap's, and is another's now.)
                let _step = owner.step();
                owner.push_slow(page.bin(), block);
                return;
            }
        }
        Theap::current().give_now(&raw const *page as *mut Page, block);
    }
}

/// Free a block of a slice that is open, by the table of fast frees alone: the page's record may be in another processor's
/// cache. False, and nothing is done, if `p` is none, or the thread has no theap and gets none.
///
/// # Safety
/// - as for [`free`].
#[inline]
unsafe fn free_open(p: *mut u8) -> bool {
    let Some((number, bin)) = fast::get(p).and_then(Theap::bin_at) else { return false };
    // A thread that only frees gets a theap, so that it gives blocks back by the stack.
    let Some(theap) = root_to_free().filter(|root| root.is_main()) else { return false };
    let _step = theap.step();
    theap.open_if_new(bin);
    // SAFETY: by the contract `p` is a block of an open slice, whose entry says the bin, if it is a block's start.
    unsafe {
        if !processor::divides::<INVERSE>(theap.bytes(), theap.place_of(bin.index()), p as usize) {
            return false;
        }
        if let Some(number) = number
            && number != theap.number()
        {
            if lives(number) {
                theap.push_remote(bin, p.cast());
                return true;
            }
            // Its thread has ended: this one's next frees into it are fast.
            theap.open_fast(fast::slice_of(p), bin);
        }
        theap.push_slow(bin, p.cast());
    }
    true
}

/// The page and the block that `p` belongs to, if it is a pointer that was handed out.
#[inline]
pub fn find<'a>(p: *const u8) -> Option<(&'a Page, *mut Block)> {
    let page = map::get(p) as *const Page;
    // SAFETY: the map leads to records in use; records are never unmapped.
    let page = unsafe { page.as_ref() }?;
    Some((page, page.block_of(p)?))
}

/// Say that `p` is not a block of ours.
#[cold]
pub fn invalid(function: &str, p: *const u8) {
    let reason = match map::get(p).is_null() {
        true => "it does not point into memory of this allocator",
        false => "it points into this allocator's memory, but not to the start of a block in use",
    };
    error(Errno::EINVAL, format_args!("{function}: invalid pointer {p:p}: {reason}; nothing was changed"));
}

/// Bytes that the block at `p` holds, from `p` on; 0 for null, and for a foreign pointer, which is reported.
#[inline(always)]
pub fn usable_size(function: &str, p: *const u8) -> usize {
    told(p).map_or_else(|| usable_generic(function, p), |(size, _)| size)
}

/// The same by the page alone: what has no use for the table of sizes is not linked with it.
#[inline(never)]
pub fn usable_generic(function: &str, p: *const u8) -> usize {
    if p.is_null() {
        return 0;
    }
    match find(p) {
        Some((page, block)) => page.block_size() - (p as usize - block as usize),
        None => {
            invalid(function, p);
            0
        }
    }
}

/// Whether `p` points into memory that this allocator has handed out pages of.
pub fn owns(p: *const u8) -> bool {
    !ptr::eq(map::get(p), ptr::null())
}
