//! The whole-heap validator: it checks every invariant of a theap's stacks, pages and lists, one by one. Debug builds
//! run it now and then. The model tests run it after each operation.

use crate::heap::blocks::transfer_cache;
use crate::heap::pages::large_cache;
use crate::heap::state::theap::Theap;
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

/// Whether `block` is a block of a page of bin `b`.
fn is_block(b: usize, block: *const u8) -> bool {
    Page::at(block).is_some_and(|page| page.bin() == Bin::at(b) && page.block_of(block).is_some())
}

impl Theap {
    /// Check the calling thread's theap. Returns the number of blocks that it holds.
    pub fn validate(&self) -> usize {
        if self.is_empty_theap() {
            return 0;
        }
        let mut held = self.outboxes.iter().map(|out| out.blocks().count()).sum();
        for b in self.open_bins() {
            transfer_cache::for_each(b, |block| {
                if !is_block(b, block) {
                    broken("the transfer cache holds what is no block of its bin", block);
                }
            });
            held += self.validate_stack(b);
            let pages = &self.cold(b).pages;
            if let Some(page) = pages.front() {
                self.validate_attached(b, page);
            }
            for record in pages.available() {
                let (state, given, out) = record.word().peek();
                let linked = record.linked();
                // Another thread may purge parts of the page meanwhile.
                if state == State::Listed && given + out != linked && record.word().peek() == (state, given, out) {
                    broken("given + out != carved, but for holes, in a listed page", record.start());
                }
                if !matches!(state, State::Listed | State::Purging) && !state.is_dead() {
                    broken("a page on a list is neither listed nor dead", record.start());
                }
            }
        }
        if !large_cache::are_sound(self) {
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
                if !is_block(b, block) {
                    broken("a stack holds what is no block of its bin", block);
                }
                if !Page::at(block).is_some_and(|page| ptr::eq(page.heap(), self.heap().as_page_heap())) {
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
        if !Page::at(page.start()).is_some_and(|at| ptr::eq(at, page)) {
            broken("the page map does not lead to the page", page.start());
        }
    }
}
