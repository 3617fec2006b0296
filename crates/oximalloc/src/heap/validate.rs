//! The whole-heap validator: every invariant of a theap's stacks, pages and lists, checked one by one. Debug builds
//! run it now and then, the model tests after each operation.

use super::depot;
use super::spare;
use super::theap::Theap;
use crate::arena::map;
use crate::page::Page;
use crate::page::bins::Bin;
use crate::page::word::State;
use crate::prim::{Os, Process};
use core::ptr;

/// Print what is broken and end the process: the heap cannot be trusted.
#[cold]
fn broken(what: &str, at: *const u8) -> ! {
    let line = format_args!("mimalloc: validator: {what} ({at:p})\n");
    crate::diag::output::print(line);
    Os::abort()
}

/// Whether `block` is one of a page of bin `b`.
fn is_block(b: usize, block: *const u8) -> bool {
    // SAFETY: the map leads to records, which are never unmapped.
    let page = unsafe { (map::get(block) as *const Page).as_ref() };
    page.is_some_and(|page| page.bin() == Bin::at(b) && page.block_of(block).is_some())
}

impl Theap {
    /// Check the calling thread's theap; returns the number of blocks that it holds.
    pub fn validate(&self) -> usize {
        if self.is_empty_theap() {
            return 0;
        }
        let mut held = self.outs.iter().map(|out| out.blocks().count()).sum();
        for b in self.open_bins() {
            depot::for_each(b, |block| {
                if !is_block(b, block) {
                    broken("the depot holds what is no block of its bin", block);
                }
            });
            held += self.validate_stack(b);
            let page = self.side[b].page.get();
            // SAFETY: attached to this theap.
            if let Some(page) = unsafe { page.as_ref() } {
                self.validate_attached(b, page);
            }
            let mut page = self.side[b].avail.get();
            // SAFETY: pages on the list are valid records.
            while let Some(record) = unsafe { page.as_ref() } {
                let (state, given, out) = record.word().peek();
                let linked = record.linked();
                // Another thread may purge parts of it meanwhile.
                if state == State::Listed && given + out != linked && record.word().peek() == (state, given, out) {
                    broken("given + out != carved, but for holes, in a listed page", record.start());
                }
                if !matches!(state, State::Listed | State::Purging) && !state.is_dead() {
                    broken("a page on a list is neither listed nor dead", record.start());
                }
                page = record.next();
            }
        }
        if !spare::are_sound(self) {
            broken("a spare page is in use, another heap's, or not where it was", ptr::null());
        }
        held
    }

    fn validate_stack(&self, b: usize) -> usize {
        let base = self.base(b);
        let depth = self.depth(b);
        if depth != 0 && self.sampling.is_on() {
            broken("a theap that samples has blocks on a stack", base as *const u8);
        }
        // SAFETY: the stack's words.
        unsafe {
            if !(*base).is_null() {
                broken("the bottom of a stack is not null", base as *const u8);
            }
            if depth > Bin::at(b).stack_max() {
                broken("a stack is deeper than its bin allows", base as *const u8);
            }
            for i in 1..=depth {
                let block = *base.add(i);
                let page = map::get(block) as *const Page;
                if !is_block(b, block) {
                    broken("a stack holds what is no block of its bin", block);
                }
                if !ptr::eq((*page).heap(), self.heap().as_page_heap()) {
                    broken("a stack holds a block of another heap", block);
                }
                for j in 1..i {
                    if *base.add(j) == block {
                        broken("a block is twice on a stack: a double free", block);
                    }
                }
            }
        }
        depth
    }

    fn validate_attached(&self, b: usize, page: &Page) {
        let (state, given, _) = page.word().peek();
        let (free, local) = page.held();
        if state != State::Attached {
            broken("a bin's page is not attached", page.start());
        }
        if page.bin() != Bin::at(b) || page.owner() != self.as_owner() {
            broken("a bin's page is another's", page.start());
        }
        if free + local + given > page.linked() || page.carved() > page.capacity() {
            broken("more free blocks than the page has", page.start());
        }
        if !page.lists_are_sound() {
            broken("a free list leaves its page or has another length", page.start());
        }
        if map::get(page.start()) as *const Page != &raw const *page {
            broken("the page map does not lead to the page", page.start());
        }
    }
}
