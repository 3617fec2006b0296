//! The door: the place where a block leaves to the program, and where one comes back. Code that observes blocks, or
//! treats some blocks specially, hooks in here and nowhere else. Today that is guarded blocks.
//!
//! While such a mode is on in a theap, the theap's stacks are shut ([`Theap::is_shut`]). So each allocation from it
//! takes the generic path, which calls [`leave`]. A block that a thread frees goes through [`come_back`], unless the
//! fast path may push it. The fast paths know of no mode.
//!
//! One kind of block does not pass the door: the blocks of a destroyed heap go with the heap, all at once.

use super::sampled;
use crate::heap::pages::samples;
use crate::heap::state::theap::Theap;
use crate::page::Page;
use crate::page::bins::Bin;
use crate::page::block::Block;

/// A block of `size` bytes at a multiple of `align`, zeroed if `zero`, is about to leave. Returns the block if a mode
/// supplies it, and None if it is to be an ordinary one.
#[inline]
pub fn leave(theap: &Theap, size: usize, align: usize, zero: bool) -> Option<*mut u8> {
    theap.guarded(size, align, zero)
}

/// Where a block that comes back goes.
pub enum Way {
    /// On the thread's stack of that bin in this theap.
    Stack(&'static Theap, Bin),
    /// To the thread that owns its page. The block is one of the smallest.
    Owner(&'static Theap, Bin),
    /// To its page at once: large blocks, blocks that a thread without a theap frees, and blocks of pages that belong
    /// to another thread alone.
    Page(&'static Page),
}

/// As [`come_back`], for callers that are less frequent.
///
/// # Safety
/// - as there.
#[inline(never)]
pub unsafe fn come_back_seldom(block: *mut Block, way: Way) {
    // SAFETY: by the contract.
    unsafe { come_back(block, way) }
}

/// A block comes back.
///
/// # Safety
/// - the block is out, and it is the caller's;
/// - the way is right for its page.
#[inline(always)]
pub unsafe fn come_back(block: *mut Block, way: Way) {
    // SAFETY: by the contract.
    unsafe {
        match way {
            Way::Page(page) => match samples::number_of(page) {
                None => Theap::current().return_block(page, block),
                Some(number) => sampled::come_back(page, block, number),
            },
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
