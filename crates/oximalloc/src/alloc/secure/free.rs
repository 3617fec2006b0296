//! Freeing, and what a block holds.

use super::{large, report, strict};
use crate::alloc::door::{self, Way};
use crate::alloc::empty;
use crate::alloc::find::{find, invalid, page_way};
use crate::arena::slice_class;
use crate::diag::secure::{cleared, is_at_least};
use crate::heap::state::theap::Theap;
use crate::heap::state::theap::secured::At;
use crate::page::Page;
use crate::page::bins::Bin;
use crate::page::block::Block;
use crate::page::keys::keys;
use crate::page::tag::{Tagged, kind};

/// The size of a call that frees without one.
const ANY: usize = usize::MAX;
/// The size of a block that was moved: it may be of any kind.
const MOVED: usize = usize::MAX - 1;

/// Free a block. Null is fine.
///
/// # Safety
/// - as for `alloc::free::free`.
#[inline(never)]
pub unsafe fn free(p: *mut u8) {
    // SAFETY: forwarded.
    unsafe { free_as::<{ kind::PLAIN }, false>(p, ANY) }
}

/// As [`free`], for a block whose contents have moved, whatever allocated it.
///
/// # Safety
/// - as for [`free`].
pub unsafe fn free_moved(p: *mut u8) {
    // SAFETY: forwarded.
    unsafe { free_as::<{ kind::PLAIN }, false>(p, MOVED) }
}

/// As [`free`], with the bytes that were asked for.
///
/// # Safety
/// - as for [`free`].
#[inline(never)]
pub unsafe fn free_sized(p: *mut u8, size: usize) {
    // SAFETY: forwarded.
    unsafe { free_as::<{ kind::PLAIN }, true>(p, size) }
}

/// C++'s `delete`.
///
/// # Safety
/// - as for [`free`].
#[inline(never)]
pub unsafe fn delete(p: *mut u8) {
    // SAFETY: forwarded.
    unsafe { free_as::<{ kind::NEW }, false>(p, ANY) }
}

/// The same with the bytes that were asked for.
///
/// # Safety
/// - as for [`free`].
#[inline(never)]
pub unsafe fn delete_sized(p: *mut u8, size: usize) {
    // SAFETY: forwarded.
    unsafe { free_as::<{ kind::NEW }, true>(p, size) }
}

/// C++'s `delete[]`, which has the bytes that were asked for or [`usize::MAX`].
///
/// # Safety
/// - as for [`free`].
#[inline(never)]
pub unsafe fn delete_array(p: *mut u8, size: usize) {
    // SAFETY: forwarded.
    unsafe { free_as::<{ kind::ARRAY }, true>(p, size) }
}

/// # Safety
/// - as for [`free`].
#[inline(always)]
unsafe fn free_as<const KIND: u64, const SIZED: bool>(p: *mut u8, size: usize) {
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
                && let Some(said) = block.size_of(KIND, secured.keys())
                && (!SIZED || said == size)
            {
                block.take_back(said, secured.keys());
                if !theap.push_secured(secured, at, p) {
                    overflow(at.bin(), p);
                }
                return;
            }
        }
    }
    // SAFETY: by the contract.
    unsafe { slow(p, Believed { size, kind: KIND }) }
}

/// What a call that frees believes of the block.
#[derive(Clone, Copy)]
struct Believed {
    /// Bytes that were asked for, or [`ANY`].
    size: usize,
    /// What kind of call allocated it.
    kind: u64,
}

impl Believed {
    /// What to call the function in a message.
    fn function(self) -> &'static str {
        match (self.kind, self.size) {
            (kind::NEW, _) => "delete",
            (kind::ARRAY, _) => "delete[]",
            (_, ANY | MOVED) => "free",
            _ => "free_sized",
        }
    }

    /// Whether it is right for a block. If not, that is reported. `kind` is PLAIN for one that has none.
    fn is_right(self, p: *const u8, size: usize, kind: u64) -> bool {
        if self.size == MOVED {
            return true;
        }
        // What was allocated before `delete` told of itself is PLAIN. A program may have several `delete`s that come down
        // to `free`, so that is right up to level 2.
        let is_right_kind = match self.kind {
            _ if kind == kind::PLAIN || kind == self.kind => true,
            kind::PLAIN => !is_at_least(3),
            _ => false,
        };
        if !is_right_kind {
            report::wrong_kind(self.function(), p, size, kind);
        } else if self.size != ANY && self.size != size {
            report::wrong_size(self.function(), p, size, self.size);
        } else {
            return true;
        }
        false
    }
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
            door::come_back_seldom(p.cast(), Way::Page(page));
        }
    }
}

/// # Safety
/// - as for [`free`].
#[inline(never)]
unsafe fn slow(p: *mut u8, believed: Believed) {
    if p.is_null() || empty::free(p) {
        return;
    }
    let Some((block, way)) = page_way(p) else { return invalid(believed.function(), p) };
    let Some(page) = Page::at(p) else { return };
    // SAFETY: by the contract.
    unsafe {
        if page.bin() == Bin::SINGLE {
            if believed.is_right(p, large::size_of(page) - (p.addr() - page.start().addr()), kind::PLAIN) {
                large::free(page, block);
            }
            return;
        }
        if !take(believed, page, p, block) {
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
            way => door::come_back_seldom(block, way),
        }
    }
}

/// Check that the block may be freed, and mark it as free. Returns false, and changes nothing, if it may not.
///
/// # Safety
/// - the block is one of the page, which is in use.
unsafe fn take(believed: Believed, page: &Page, p: *const u8, block: *mut Block) -> bool {
    let (keys, block) = (keys(), Tagged { start: block.cast(), bytes: page.block_size() });
    // SAFETY: by the contract.
    unsafe {
        let Some(said) = block.said(&keys) else {
            report::not_live(believed.function(), block, &keys);
            return false;
        };
        let is_inside = said.kind == kind::INSIDE;
        if is_inside != (p != block.start.cast_const()) {
            report::not_handed_out(believed.function(), p);
            return false;
        }
        let size = said.size - (p.addr() - block.start.addr());
        if !believed.is_right(p, size, if is_inside { kind::PLAIN } else { said.kind }) {
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
