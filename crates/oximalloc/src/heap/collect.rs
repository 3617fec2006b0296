//! What a thread does now and then: give held blocks back, let empty pages go, and let the arenas purge.

use super::depot;
use super::holes;
use super::parts::make_current;
use super::record::MAIN_ID;
use super::spare;
use super::supply::disown;
use super::theap::{Side, Theap};
use super::warm;
use crate::arena;
use crate::base::sync::Ordering;
use crate::diag::options::{self, Opt};
use crate::page::word::Given;
use crate::page::{Bin, Page};
use crate::prim::{Os, Process};
use core::ptr;

impl Theap {
    /// Called on each slow path of an allocation.
    #[inline]
    pub fn tick(&self) {
        super::deferred::call(self, false);
        let slow = self.slow.get() + 1;
        self.slow.set(slow);
        if slow.is_multiple_of(16) {
            self.tick_16(slow);
        }
    }

    #[cold]
    fn tick_16(&self, slow: u32) {
        let root = self.root();
        root.give_outs();
        self.tick_timed();
        if cfg!(debug_assertions) && slow.is_multiple_of(256) {
            self.validate();
        }
        if slow as i64 >= options::get(Opt::GenericCollect).max(16) {
            self.slow.set(0);
            self.collect(false);
        }
    }

    /// Called when half a stack was given back, for threads that only free.
    pub fn free_tick(&self) {
        let slow = self.slow.get() + 1;
        self.slow.set(slow);
        if slow.is_multiple_of(64) {
            self.tick_timed();
        }
    }

    /// What is due by the clock.
    fn tick_timed(&self) {
        let (root, now) = (self.root(), Os::now_ms());
        warm::tick();
        root.tick_idle(now);
        depot::tick(root);
        holes::tick(self, now);
        arena::tick();
    }

    /// Give chains and the newer half of each stack back (all of it when forced), let go of pages that are empty,
    /// and purge what is due (forced: all that is free, in all arenas).
    pub fn collect(&self, force: bool) {
        let _step = self.step();
        if force {
            super::deferred::call(self, true);
        }
        self.collect_own(force, force);
        if force {
            warm::cool_all();
            depot::sweep(self.root(), true);
            holes::purge_all(self);
            arena::purge_all();
        } else {
            self.tick_timed();
        }
    }

    /// `force`: give all of each stack back, not half of it. `retire`: let go of pages that are not empty too, and drop
    /// the records that ended threads left, which nobody may do while another thread destroys the heap.
    fn collect_own(&self, force: bool, retire: bool) {
        self.give_outs();
        self.drain_returned();
        for b in self.open_bins() {
            self.side[b].reclaimed.set((0, 0));
            let depth = self.depth(b);
            let n = if force { depth } else { depth.div_ceil(2) };
            // SAFETY: the stack is this thread's and `n` at most its depth.
            unsafe { self.give_stack(b, n) };
            self.retire_page(b, retire);
            self.sweep_avail(b);
        }
        if retire {
            self.sweep_abandoned(self.heap());
        }
    }

    /// Of a root: [`Theap::collect`] it, and the thread's other theaps.
    #[cold]
    pub fn collect_thread(&'static self, force: bool) {
        let _step = self.step();
        // Their heaps may be ended by other threads meanwhile.
        self.for_each_part(|part| {
            part.collect_own(force, false);
            if force {
                holes::purge_all(part);
            }
        });
        self.collect(force);
    }

    /// Of a root: bytes of free blocks that the thread holds, in all its theaps. Blocks that were never handed out are
    /// not counted, for their memory was not touched; large ones are, whichever thread of its number freed them.
    pub fn thread_free_bytes(&self) -> usize {
        let mut bytes = self.free_bytes() + spare::bytes(self);
        self.for_each_part(|part| bytes += part.free_bytes());
        bytes
    }

    fn free_bytes(&self) -> usize {
        self.open_bins().map(|b| self.free_bytes_of(b)).sum()
    }

    fn free_bytes_of(&self, b: usize) -> usize {
        let side = &self.side[b];
        let mut blocks = self.depth(b);
        // SAFETY: attached to this theap, or null.
        if let Some(page) = unsafe { side.page.get().as_ref() } {
            let (free, local) = page.held();
            blocks += (free + local + page.word().peek().1) as usize;
        }
        let mut page = side.avail.get();
        // SAFETY: pages on the list are ours to link, and records are never unmapped.
        while let Some(at) = unsafe { page.as_ref() } {
            blocks += at.word().peek().1 as usize;
            page = at.next();
        }
        blocks * Bin::at(b).block_size()
    }

    /// Of a root: do something with each other theap of the thread. One whose heap is destroyed meanwhile by another
    /// thread ends here.
    pub(super) fn for_each_part(&self, mut work: impl FnMut(&'static Theap)) {
        for part in self.parts().filter(|part| part.hold.enter(|| part.is_ours())) {
            work(part);
            if !part.hold.leave(false) {
                if ptr::eq(part, Theap::current()) {
                    make_current(part.root());
                }
                part.give_up();
                super::end::doomed(part);
            }
        }
    }

    /// Let the bin's page go if all its blocks are free, or (forced) in any case: the next refill takes it back.
    pub(super) fn retire_page(&self, b: usize, force: bool) {
        let side = &self.side[b];
        let page = side.page.get();
        if page.is_null() {
            return;
        }
        // SAFETY: attached to this theap.
        unsafe {
            let (free, local) = (*page).held();
            let given = (*page).word().peek().1;
            if force || free + local + given == (*page).linked() {
                side.page.set(ptr::null_mut());
                self.let_go(page);
            }
        }
    }

    /// Detach a page that is not the bin's any more: to the pages with room, or, if all of it is free, to its arena.
    ///
    /// # Safety
    /// - it is attached to this theap.
    pub(super) unsafe fn let_go(&self, page: *mut Page) {
        // SAFETY: by the contract.
        let then = unsafe { (*page).detach(true) };
        self.settle(page, then);
    }

    /// Drop the records of dead pages from a list.
    fn sweep_avail(&self, b: usize) {
        let mut page = self.side[b].avail.replace(ptr::null_mut());
        while !page.is_null() {
            // SAFETY: pages on the list are ours to link.
            unsafe {
                let next = (*page).next();
                if !self.root().drop_dead(page) {
                    self.push_avail(page);
                }
                page = next;
            }
        }
    }

    /// Free the records of dead pages on a heap's lists of abandoned ones. Nobody destroys the heap meanwhile.
    pub(super) fn sweep_abandoned(&self, heap: &super::record::Heap) {
        for list in heap.bins.iter().map(|bin| &bin.abandoned) {
            let mut page = list.take_all();
            while !page.is_null() {
                // SAFETY: what we took off the list is ours to link.
                unsafe {
                    let next = (*page).next();
                    self.relist(page, heap);
                    page = next;
                }
            }
        }
    }

    /// All blocks to their pages and all pages to whoever wants them: the thread ends. But bins with, together, less than
    /// `keep` bytes of free blocks that were ever handed out stay as they are, those of small blocks first. From now on
    /// nobody returns a page.
    pub(super) fn give_beyond(&self, mut keep: usize) {
        self.give_outs();
        self.put_avail(self.returned.close());
        for b in self.open_bins() {
            let bytes = if keep == 0 { 0 } else { self.free_bytes_of(b) };
            if bytes < keep {
                keep -= bytes;
            } else {
                self.give_bin(b);
            }
        }
    }

    /// Whether it holds no block and no page.
    pub(super) fn is_bare(&self) -> bool {
        let bin_is_bare = |b| {
            let side: &Side = &self.side[b];
            self.depth(b) == 0 && side.page.get().is_null() && side.avail.get().is_null()
        };
        self.outs.iter().all(|out| out.blocks().next().is_none()) && self.open_bins().all(bin_is_bare)
    }

    fn give_bin(&self, b: usize) {
        // SAFETY: the stack is this thread's.
        unsafe { self.give_stack(b, self.depth(b)) };
        let page = self.side[b].page.replace(ptr::null_mut());
        // SAFETY: attached pages are this theap's, and pages on `avail` are ours to link.
        unsafe {
            if !page.is_null() {
                // Another thread may be deleting the heap at this moment, and leaves what it finds attached to its
                // theap. This one may then become another heap's, so none of its pages must name it. (The main
                // heap's theaps stay the main heap's.)
                if self.heap_id.load(Ordering::Relaxed) != MAIN_ID {
                    disown(page);
                }
                match (*page).detach(true) {
                    Given::List => {
                        holes::note_listed(page);
                        Theap::abandon(page);
                    }
                    then => self.settle(page, then),
                }
            }
            let mut page = self.side[b].avail.replace(ptr::null_mut());
            while !page.is_null() {
                let next = (*page).next();
                if !self.root().drop_dead(page) {
                    Theap::abandon(page);
                }
                page = next;
            }
        }
    }
}
