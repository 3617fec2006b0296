//! How an empty stack is filled: from the transfer cache, else from the bin's page, else from the next page that has
//! room. The next page is, in this order: one that other threads returned or that this thread freed into, one whose
//! thread has ended, a new one.

use super::transfer_cache;
use crate::diag::options::{self, Opt};
use crate::heap::pages::queue::orphan_page;
use crate::heap::state::peak::note_peak;
use crate::heap::state::theap::Theap;
use crate::page::Page;
use crate::page::bins::Bin;
use crate::page::supply::From;
use core::ptr;

impl Theap {
    /// Fill the empty stack of `bin` and pop a block. Returns null if there is no memory. The second value tells
    /// whether the block is fresh, zeroed memory. With `one`, only the block asked for is supplied.
    pub fn refill(&self, bin: Bin, one: bool) -> (*mut u8, bool) {
        self.assert_in_step();
        let b = bin.index();
        self.open_if_new(bin);
        let again = self.note_empty(b);
        let many = (self.room(b).min(bin.stack_base()) / 2).max(1);
        let want = if one || self.sampling.is_on() { 1 } else { many };
        if !one && self.is_main() && !self.is_shut() {
            let base = self.empty_base(b);
            // SAFETY: the stack is empty, so there is room for `want` words above `base`. The blocks taken are in the
            // `n` words above `base`.
            unsafe {
                let n = transfer_cache::take(bin, base.add(1), want);
                if n > 0 {
                    return (self.pop_refilled(bin, n, again), false);
                }
            }
        }
        let pages = &self.cold(b).pages;
        loop {
            let depth = self.depth(b);
            if depth > 0 {
                // A callback of the program (for committing memory, or for errors) has run, and freed or allocated
                // such blocks itself.
                self.set_depth(b, depth - 1);
                // SAFETY: the topmost block.
                return (unsafe { *self.base(b).add(depth) }, false);
            }
            if let Some(page) = pages.front() {
                let base = self.empty_base(b);
                // The first block goes on top.
                // SAFETY: the page in front is attached to this theap, and there are `want` words above `base`.
                let Some((n, from)) = (unsafe { page.supply(want as u32, base.add(want)) }) else { continue };
                let n = n as usize;
                if n > 0 {
                    // SAFETY: the blocks are in the `n` words that end at `base + want`.
                    unsafe {
                        if n < want {
                            ptr::copy(base.add(want - n + 1), base.add(1), n);
                        }
                        if self.is_secured() {
                            self.prepare(bin, base.add(1), n, from);
                        }
                        return (self.pop_refilled(bin, n, again), from == From::Zero);
                    }
                }
                pages.take_front();
                if options::get(Opt::PageFullRetain) == 0 {
                    self.heap().stats.pages_reabandon_full.add(1);
                    orphan_page(page);
                }
                // SAFETY: attached to us until here.
                let then = unsafe { page.detach(false) };
                self.settle(page, then);
                continue;
            }
            let Some(page) = self.next_page(bin) else { return (ptr::null_mut(), false) };
            if pages.front().is_none() {
                pages.set_front(page);
            } else {
                // As above: a callback has run, and by now there is a page in front.
                // SAFETY: attached to us.
                unsafe { self.let_go(page) };
            }
        }
    }

    /// The empty stack was given `n` blocks, at least one: pop the last. If the stack ran empty `again`, it grows to
    /// its base.
    ///
    /// # Safety
    /// - the blocks are in the `n` words above the stack's base.
    #[inline(always)]
    unsafe fn pop_refilled(&self, bin: Bin, n: usize, again: bool) -> *mut u8 {
        let b = bin.index();
        self.cold(b).moved.count_taken(n);
        // SAFETY: by the contract.
        let block = unsafe { *self.base(b).add(n) };
        self.set_depth(b, n - 1);
        if again && self.room(b) < bin.stack_base() {
            self.grow(bin, bin.stack_base());
        }
        note_peak(self, b, false);
        block
    }

    fn next_page(&self, bin: Bin) -> Option<&'static Page> {
        self.drain_returned();
        self.take_available(bin).or_else(|| self.reclaim(bin)).or_else(|| {
            note_peak(self, bin.index(), true);
            self.fresh_page(bin)
        })
    }
}
