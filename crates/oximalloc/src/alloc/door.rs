//! The door: where a block leaves to the program, and where one comes back. What observes blocks or treats some in a way of its
//! own hangs here, and nowhere else; today that is guarded blocks.
//!
//! A theap for which such a mode is on has its stacks shut ([`Theap::is_shut`]), so that each allocation from it takes the
//! generic path and comes by [`leave`]. A block that a thread frees comes by [`come_back`], unless the fast path may push it. The
//! fast paths know of no mode.
//!
//! Blocks that go without this: those of a heap that is destroyed, at once with the heap.

use crate::heap::state::theap::Theap;
use crate::page::Page;
use crate::page::bins::Bin;
use crate::page::block::Block;

/// A block of `size` bytes at a multiple of `align`, zeroed if `zero`, is about to leave: the block of a mode, or None for an
/// ordinary one.
#[inline]
pub fn leave(theap: &Theap, size: usize, align: usize, zero: bool) -> Option<*mut u8> {
    theap.guarded(size, align, zero)
}

/// Where a block that comes back goes.
pub enum Way {
    /// On the thread's stack of that bin, in this theap.
    Stack(&'static Theap, Bin),
    /// To the thread that owns its page, as one of the smallest.
    Owner(&'static Theap, Bin),
    /// To its page at once: large blocks, and those of threads without a theap or of pages that are another thread's alone.
    Page(&'static Page),
}

/// A block comes back.
///
/// # Safety
/// - the block is out, and the caller's; the way is right for its page.
#[inline]
pub unsafe fn come_back(block: *mut Block, way: Way) {
    // SAFETY: by the contract.
    unsafe {
        match way {
            Way::Page(page) => Theap::current().return_block(page, block),
            Way::Stack(theap, bin) => {
                let _step = theap.step();
                if theap.push_overflow(bin, block) {
                    theap.free_tick();
                }
            }
            Way::Owner(theap, bin) => {
                let _step = theap.step();
                if theap.push_remote(bin, block) {
                    theap.free_tick();
                }
            }
        }
    }
}
