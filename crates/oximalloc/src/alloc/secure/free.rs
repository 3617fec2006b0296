//! Freeing, and what a block holds.

use super::{large, report, strict};
use crate::alloc::door::{self, Way};
use crate::alloc::empty;
use crate::alloc::find::{find, invalid, page_way};
use crate::arena::slice_class;
use crate::diag::secure::cleared;
use crate::heap::state::theap::Theap;
use crate::heap::state::theap::secured::At;
use crate::page::Page;
use crate::page::bins::Bin;
use crate::page::block::Block;
use crate::page::keys::keys;
use crate::page::tag::{Tagged, kind};

/// Free a block. Null is fine.
///
/// # Safety
/// - as for `alloc::free::free`.
#[inline(never)]
pub unsafe fn free(p: *mut u8) {
    let theap = Theap::current();
    // An empty theap has no keys, and what the program wrote might look like a mark without one.
    if let Some(entry) = slice_class::get_secured(p)
        && theap.is_secured()
    {
        // SAFETY: the theap is under protection. A block of an open slice may start here, so its memory is ours and
        // accessible. By its mark it is in use, and by the contract it is the caller's.
        unsafe {
            let (secured, at) = (theap.secured_unchecked(), At::of_entry(entry));
            let block = Tagged { start: p, bytes: at.info().bytes as usize };
            if at.is_block_start(p)
                && let Some(size) = block.size_of(kind::PLAIN, secured.keys())
            {
                block.take_back(size, secured.keys());
                if !theap.push_secured(secured, at, p) {
                    overflow(at.bin(), p);
                }
                return;
            }
        }
    }
    // SAFETY: by the contract.
    unsafe { slow(p) }
}

/// The stack takes no block. This one is free by its mark.
///
/// # Safety
/// - the block is the caller's, of that bin, and of the main heap.
#[inline(never)]
unsafe fn overflow(bin: Bin, p: *mut u8) {
    let Some((page, _)) = find(p) else { return };
    let theap = Theap::current().root();
    // SAFETY: by the contract.
    unsafe {
        if theap.is_strict() && theap.is_main() && strict::push(theap, bin, p) {
            return;
        }
        if theap.is_main() {
            let _step = theap.step();
            if theap.push_overflow_secured(bin, p.cast()) {
                theap.free_tick();
            }
        } else {
            door::come_back(p.cast(), Way::Page(page));
        }
    }
}

/// # Safety
/// - as for [`free`].
#[inline(never)]
unsafe fn slow(p: *mut u8) {
    if p.is_null() || empty::free(p) {
        return;
    }
    let Some((block, way)) = page_way(p) else { return invalid("free", p) };
    let Some(page) = Page::at(p) else { return };
    // SAFETY: by the contract.
    unsafe {
        if page.bin() == Bin::SINGLE {
            return large::free(page, block);
        }
        if !take("free", page, p, block) {
            return;
        }
        match way {
            Way::Stack(theap, bin) if theap.is_strict() && strict::push(theap, bin, block.cast()) => {}
            Way::Stack(theap, bin) => {
                let _step = theap.step();
                if theap.push_overflow_secured(bin, block) {
                    theap.free_tick();
                }
            }
            way => door::come_back(block, way),
        }
    }
}

/// Check that the block may be freed, and mark it as free. Returns false, and changes nothing, if it may not.
///
/// # Safety
/// - the block is one of the page, which is in use.
unsafe fn take(function: &str, page: &Page, p: *const u8, block: *mut Block) -> bool {
    let (keys, block) = (keys(), Tagged { start: block.cast(), bytes: page.block_size() });
    // SAFETY: by the contract.
    unsafe {
        let Some(said) = block.said(&keys) else {
            report::not_live(function, block, &keys);
            return false;
        };
        if (said.kind == kind::INSIDE) != (p != block.start.cast_const()) {
            report::not_handed_out(function, p);
            return false;
        }
        block.take_back(said.size, &keys);
        block.clear(cleared());
    }
    true
}

/// Bytes from `p` to the end of what was asked for. None for what is no block in use, which is reported.
pub fn usable_size(function: &str, p: *const u8) -> Option<usize> {
    if empty::is_block(p) {
        return Some(0);
    }
    let Some((page, block)) = find(p) else {
        invalid(function, p);
        return None;
    };
    if page.bin() == Bin::SINGLE {
        return Some(large::size_of(page) - (p.addr() - block.addr()));
    }
    let (keys, tagged) = (keys(), Tagged { start: block.cast(), bytes: page.block_size() });
    // SAFETY: a block of a page in use.
    unsafe {
        match tagged.said(&keys) {
            Some(said) => Some(said.size.saturating_sub(p.addr() - block.addr())),
            None => {
                report::not_live(function, tagged, &keys);
                None
            }
        }
    }
}
