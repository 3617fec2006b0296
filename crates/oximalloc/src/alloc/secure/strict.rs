//! Blocks that share a page, from level 3 on: more of a free block is clear than its head, and that is checked before it
//! is handed out.
//! The fast path of the lower levels finds nothing then, and its slow path begins here.

use super::report;
use crate::diag::secure::cleared;
use crate::heap::state::theap::Theap;
use crate::heap::state::theap::secured::{Info, Secured, bin_for};
use crate::page::bins::Bin;
use crate::page::tag::Tagged;
use core::ptr::null_mut;

/// Whether nobody has written to a free block. If somebody has, that is reported.
///
/// # Safety
/// - the block is the caller's.
pub unsafe fn is_untouched(block: Tagged, strict: bool, secured: &Secured) -> bool {
    // SAFETY: by the contract.
    unsafe {
        let whole = block.is_free(secured.keys()) && block.is_head_clear();
        let written = if strict { block.first_written(cleared()) } else { None };
        if !whole || written.is_some() {
            report::written_after_free(block, written, secured.keys());
        }
        whole && written.is_none()
    }
}

/// A block that has `room`, for `size` bytes and a call of this kind, from the stack above the delay line. Null if there
/// is none.
///
/// # Safety
/// - the theap is the calling thread's, and strict.
pub unsafe fn pop(theap: &Theap, room: usize, size: usize, kind: u64) -> *mut u8 {
    let bin = bin_for(room);
    let b = bin.index();
    while theap.is_open(b) && theap.depth(b) > theap.delay_line(bin) {
        let depth = theap.depth(b);
        // SAFETY: words of the stack. Off the stack, the block is ours.
        unsafe {
            let block = Tagged { start: *theap.base(b).add(depth), bytes: bin.block_size() };
            theap.set_depth(b, depth - 1);
            let secured = theap.secured_unchecked();
            if is_untouched(block, true, secured) {
                block.hand_out(size, kind, secured.keys());
                return block.start;
            }
        }
    }
    null_mut()
}

/// Push a block that is free by its mark, by way of the delay line. Returns false if the stack takes no block.
///
/// # Safety
/// - the theap is the calling thread's, strict, and of the block's heap; the block is the caller's, and of that bin.
pub unsafe fn push(theap: &Theap, bin: Bin, start: *mut u8) -> bool {
    let b = bin.index();
    // The words of the stack may move, which a fork must not see half done.
    let _step = theap.step();
    // SAFETY: by the contract.
    unsafe {
        Tagged { start, bytes: bin.block_size() }.clear(cleared());
        let (depth, line) = (theap.depth(b), theap.delay_line(bin));
        if !theap.is_open(b) || theap.is_shut() || depth >= theap.room(b) {
            return false;
        }
        let mut leaves = start;
        // (The words of the line stay where they are, or move as a whole.)
        if depth >= line {
            leaves = theap.secured_unchecked().exchange(theap.base(b).add(line), Info::of(bin).delay as usize, start);
        }
        theap.lower_full(b);
        theap.push(b, leaves);
    }
    true
}
