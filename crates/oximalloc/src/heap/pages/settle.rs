//! What becomes of a page once a block was given back to it, or once it was detached.

use super::large_cache;
use super::release::release;
use crate::heap::state::heap::Heap;
use crate::heap::state::theap::Theap;
use crate::page::Page;
use crate::page::bins::Bin;
use crate::page::word::Given;

impl Theap {
    /// What a give or a detach asks for.
    #[inline]
    pub fn settle(&self, page: &'static Page, then: Given) {
        match then {
            Given::Done => {}
            Given::List => self.list(page),
            Given::Release => {
                if self.retire(page) {
                    self.root().free_record(page);
                }
            }
            // Nobody frees the record before it is buried.
            Given::ReleaseMemory => {
                // SAFETY: the page is in use; heaps' records are never unmapped.
                let heap = unsafe { Heap::of_page(page.heap()) };
                self.retire(page);
                if !page.word().bury() {
                    self.root().free_record(page);
                    return;
                }
                heap.note_dead();
                // Another heap may have ended by now, and may be destroyed: who allocates from it sweeps (`reclaim`).
                if heap.is_main() && heap.is_sweep_due() {
                    self.sweep_abandoned(heap);
                }
            }
        }
    }

    /// The last block of a page, which its word says is ours alone, was freed; says whether the record is to be freed, too.
    fn retire(&self, page: &'static Page) -> bool {
        // SAFETY: the page is in use until its memory is released, which is ours to do.
        unsafe {
            if page.bin() != Bin::SINGLE {
                Heap::of_page(page.heap()).stats.pages_retire.add(1);
            } else if large_cache::put(self, page) {
                return false;
            }
            release(page);
        }
        true
    }

    /// Detach a page that is not the bin's any more: to the pages with room, or, if all of it is free, to its arena.
    ///
    /// # Safety
    /// - it is attached to this theap.
    #[inline(never)]
    pub unsafe fn let_go(&self, page: &'static Page) {
        // SAFETY: by the contract.
        let then = unsafe { page.detach(true) };
        self.settle(page, then);
    }

    /// Let the bin's page go if all its blocks are free, or (forced) in any case: the next refill takes it back.
    #[inline]
    pub fn retire_front(&self, b: usize, force: bool) {
        let pages = &self.cold(b).pages;
        let Some(page) = pages.front() else { return };
        let (free, local) = page.held();
        let given = page.word().peek().1;
        if force || free + local + given == page.linked() {
            pages.take_front();
            // SAFETY: the page in front is attached to this theap.
            unsafe { self.let_go(page) };
        }
    }
}
