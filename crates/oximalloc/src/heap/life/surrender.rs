//! Surrender: a theap gives away everything that it has, and its record goes where the next thread finds it.

use crate::heap::pages::queue::{note_listed, orphan_page};
use crate::heap::state::outbox::Outbox;
use crate::heap::state::registry::to_pool;
use crate::heap::state::theap::Theap;
use crate::page::word::Given;

impl Theap {
    /// The thread ends: give all blocks to their pages, and all pages to whoever wants them. Some bins stay as they
    /// are, in the order of their size, smallest first: those that together have less than `keep` bytes of free blocks
    /// that were ever handed out. The list of returned pages is closed, so nobody returns a page from now on.
    pub fn surrender_beyond(&self, mut keep: usize) {
        self.flush_outboxes();
        self.put_available(self.returned.close());
        for b in self.open_bins() {
            let bytes = if keep == 0 { 0 } else { self.free_bytes_of(b) };
            if bytes < keep {
                keep -= bytes;
            } else {
                self.surrender_bin(b);
            }
        }
    }

    /// Whether the theap holds no block and no page.
    fn is_bare(&self) -> bool {
        let bin_is_bare = |b| {
            let pages = &self.cold(b).pages;
            self.depth(b) == 0 && pages.front().is_none() && pages.available().next().is_none()
        };
        self.outboxes.iter().all(|out| out.count() == 0) && self.open_bins().all(bin_is_bare)
    }

    fn surrender_bin(&self, b: usize) {
        // SAFETY: the stack is this thread's.
        unsafe { self.flush_newest(b, self.depth(b)) };
        if let Some(page) = self.cold(b).pages.take_front() {
            // Another thread may be deleting the heap at this moment. It leaves the pages that it finds attached to
            // their theap. This theap may then become another heap's, so none of its pages may name it. (The main
            // heap's theaps stay the main heap's.)
            if !self.is_main() {
                orphan_page(page);
            }
            // SAFETY: the page was in front, so it is attached to this theap.
            match unsafe { page.detach(true) } {
                Given::List => {
                    note_listed(page);
                    Theap::abandon(page);
                }
                then => self.settle(page, then),
            }
        }
        for page in self.cold(b).pages.take_available() {
            if !self.root().drop_dead(page) {
                Theap::abandon(page);
            }
        }
    }

    /// Give all blocks and pages to whoever wants them. Then nothing belongs to the theap any more.
    pub fn surrender(&self) {
        // The loop runs once, unless it calls a function of the program's that uses the theap again.
        loop {
            self.surrender_beyond(0);
            if self.is_bare() {
                break;
            }
        }
        // Only a root has records.
        self.records.give_all();
        self.hand_over_counts();
        self.set_tag(0);
    }

    /// Leave the theap's counts with its heap.
    #[inline(never)]
    pub fn hand_over_counts(&self) {
        let heap = self.heap();
        for b in self.open_bins() {
            self.cold(b).moved.hand_over(&heap.bins[b].moved);
        }
    }

    /// Forget everything in another thread's theap, whose heap was destroyed. Nothing in the theap is looked at.
    pub fn forget_all(&self) {
        self.forget_lists();
        self.hand_over_counts();
        self.set_tag(0);
    }

    /// Forget what the theap's stacks and lists hold.
    #[inline(never)]
    pub fn forget_lists(&self) {
        self.outboxes.iter().for_each(Outbox::forget);
        for b in self.open_bins() {
            self.forget_stack(b);
            let pages = &self.cold(b).pages;
            pages.take_front();
            pages.take_available();
        }
    }

    /// Leave a theap that was entered and holds nothing any more. Then the next thread may have it.
    pub fn leave_theap(&'static self) {
        let (orphan, heap) = (self.is_orphan(), self.heap());
        if !self.ownership.leave(true) {
            finish_teardown(self);
            return;
        }
        // Full pages of the heap still name the theap, so only the heap's next thread may have it. If the heap has
        // ended meanwhile, its list is closed.
        if orphan || !heap.vacant.push(self) {
            to_pool(self);
        }
    }
}

/// The heap was destroyed while this thread was at work in its theap. The theap has given everything away.
pub fn finish_teardown(theap: &'static Theap) {
    let heap = theap.heap();
    to_pool(theap);
    heap.finish_teardown();
}
