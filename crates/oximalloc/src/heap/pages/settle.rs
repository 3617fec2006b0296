//! What happens to a page after a block was given back to it, or after it was detached.

use super::large_cache;
use super::release::release;
use crate::heap::state::heap::Heap;
use crate::heap::state::theap::Theap;
use crate::page::Page;
use crate::page::bins::Bin;
use crate::page::word::Given;

impl Theap {
    /// Do what a give or a detach asks for.
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
                // A heap other than the main one may have ended by now, or may be destroyed. Whoever allocates from it
                // sweeps it (`reclaim`).
                if heap.is_main() && heap.is_sweep_due() {
                    self.sweep_abandoned(heap);
                }
            }
        }
    }

    /// The last block of a page was freed, and the page's word says that the page is ours alone. Returns whether the
    /// record is to be freed, too.
    fn retire(&self, page: &'static Page) -> bool {
        // SAFETY: the page is in use until its memory is released, which is this thread's right.
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

    /// Detach a page that is not in front of the bin any more. It joins the pages with room, or goes back to its arena
    /// if all of it is free.
    ///
    /// # Safety
    /// - it is attached to this theap.
    #[inline(never)]
    pub unsafe fn let_go(&self, page: &'static Page) {
        // SAFETY: by the contract.
        let then = unsafe { page.detach(true) };
        self.settle(page, then);
    }

    /// Let the bin's page go if all its blocks are free, or in any case with `force`. The next refill takes it back.
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
