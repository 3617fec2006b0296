//! Pages with room, and how a theap finds one: among its own, among those that other threads returned to it, and among
//! those whose threads have ended.

use crate::arena::slice_class;
use crate::diag::options::{self, Opt};
use crate::heap::state::current;
use crate::heap::state::heap::Heap;
use crate::heap::state::theap::Theap;
use crate::page::Page;
use crate::page::bins::Bin;
use crate::page::chain::{Chain, Linked};
use crate::page::shared_list::SharedList;
use core::ptr;

impl Theap {
    /// Put the pages that other threads returned on their bins' lists.
    #[inline]
    pub fn drain_returned(&self) {
        self.put_available(self.returned.take_all());
    }

    /// Put the pages of a chain on their bins' lists. The chain was taken off the list of returned pages. A page of
    /// another heap was already on its way here before the theap became this heap's.
    #[inline(never)]
    pub fn put_available(&self, pages: Chain<Page>) {
        let heap = self.heap().as_page_heap();
        for page in pages {
            if ptr::eq(page.heap(), heap) {
                self.push_available(page);
            } else if !self.root().drop_dead(page) {
                Theap::abandon(page);
            }
        }
    }

    /// Put a page of this theap, LISTED or DEAD and on no list, on its bin's list.
    pub fn push_available(&self, page: &'static Page) {
        self.assert_in_step();
        self.cold(page.bin().index()).pages.push(page);
    }

    /// Take a page with room from those that the theap has.
    #[inline]
    pub fn take_available(&self, bin: Bin) -> Option<&'static Page> {
        let pages = &self.cold(bin.index()).pages;
        let candidates = options::get(Opt::PageMaxCandidates).max(1);
        loop {
            let (best, seen) = pages.take_fullest(candidates);
            self.heap().stats.page_searches.add(seen);
            self.heap().stats.page_searches_count.add(1);
            let page = best?;
            if self.attach(page, bin) {
                return best;
            }
            if !self.root().drop_dead(page) {
                // Another thread is purging parts of it. It was not doing so when the page was chosen, so this loop
                // ends.
                self.push_available(page);
            }
        }
    }

    /// Attach a page that was taken off its list. Returns false if the page is dead, or another thread is purging
    /// parts of it.
    #[inline(never)]
    fn attach(&self, page: &'static Page, bin: Bin) -> bool {
        let Some(chain) = page.word().attach() else { return false };
        page.adopt(chain);
        page.set_owner(self.as_owner());
        self.open_slice(page.start(), bin);
        true
    }

    /// A page of this bin whose thread has ended.
    #[inline]
    pub fn reclaim(&self, bin: Bin) -> Option<&'static Page> {
        let heap = self.heap();
        if heap.is_sweep_due() {
            self.sweep_abandoned(heap);
        }
        let list = &heap.bins[bin.index()].abandoned;
        let reclaims = &self.cold(bin.index()).reclaims;
        let most = options::get(Opt::PageMaxReclaim);
        if list.is_empty() || (most >= 0 && reclaims.counts().0 >= most) {
            return None;
        }
        reclaims.count(false);
        for page in list.take_all() {
            let rest = page.next_in_chain();
            if !ptr::eq(page.heap(), heap.as_page_heap()) {
                // Its heap was deleted while the page was on its way to a list, and the list's record is this heap's
                // now.
                self.relist(page, heap);
                continue;
            }
            heap.stats.pages_abandoned.sub(1);
            if self.attach(page, bin) {
                heap.stats.pages_reclaim_on_alloc.add(1);
                self.put_back(list, rest);
                return Some(page);
            }
            if !self.root().drop_dead(page) {
                // Another thread is purging parts of it.
                Theap::abandon(page);
            }
        }
        None
    }

    /// Put back the rest of the pages that were taken off a list of this theap's heap.
    fn put_back(&self, list: &SharedList<Page>, rest: Option<&'static Page>) {
        if let Some(first) = rest
            && !list.put_back(first)
        {
            // The list is closed: the heap is being deleted while in use, which breaks the rules.
            Chain::from(rest).for_each(|page| self.relist(page, self.heap()));
        }
    }

    /// A page was taken off one of the abandoned lists of `heap`, and this thread has no use for it. If it is dead,
    /// drop the record. Otherwise put it on the list of the heap that it has now, which is another one if `heap` was
    /// deleted meanwhile.
    pub fn relist(&self, page: &'static Page, heap: &Heap) {
        if self.root().drop_dead(page) {
            heap.stats.pages_abandoned.sub(1);
            return;
        }
        let to = Theap::push_abandoned(page);
        if !to.is_some_and(|to| ptr::eq(to, heap)) {
            heap.stats.pages_abandoned.sub(1);
            if let Some(to) = to {
                to.stats.pages_abandoned.add(1);
            }
        }
    }

    /// Only in a root: whether the thread may take a page over at a free.
    fn may_reclaim_on_free(&self, bin: Bin) -> bool {
        let reclaims = &self.cold(bin.index()).reclaims;
        let limits = [Opt::PageMaxReclaim, Opt::PageCrossThreadMaxReclaim].map(options::get);
        if self.is_in_threadpool()
            || options::get(Opt::PageReclaimOnFree) < 0
            || limits.iter().any(|&most| most >= 0 && reclaims.counts().1 >= most)
        {
            return false;
        }
        reclaims.count(true);
        true
    }

    /// Let the slice class map lead to this theap's stack of the bin, for the page that begins at `start`. The page is
    /// attached to this theap, or this thread has a block of it.
    #[inline(never)]
    pub fn open_slice(&self, start: *const u8, bin: Bin) {
        self.open_if_new(bin);
        if bin.slices() == 1 && self.is_main() {
            slice_class::set(start, self.entry(bin));
        }
    }

    /// The same for the attached pages of the smallest blocks. While nobody had the theap, other threads' frees may
    /// have pointed the entries of these pages to their own theaps.
    pub fn open_smallest(&self) {
        for page in self.cold_small().iter().filter_map(|cold| cold.pages.front()) {
            self.open_slice(page.start(), page.bin());
        }
    }

    /// This thread made a page LISTED: put it where somebody finds it.
    #[cold]
    pub(super) fn list(&self, page: &'static Page) {
        note_listed(page);
        // SAFETY: the owner of a page in use.
        let owner = unsafe { Theap::of_owner(page.owner()) };
        let root = self.root();
        // A theap of a deleted heap may belong to another heap now, while full pages of the heap in between still name
        // it.
        if owner.is_ours() && ptr::eq(page.heap(), owner.heap().as_page_heap()) {
            owner.push_available(page);
        } else if !owner.is_empty_theap() && owner.returned.push(page) {
            // Its owner takes it at its next slow path.
        } else if !root.is_empty_theap()
            && ptr::eq(page.heap(), root.heap().as_page_heap())
            && root.may_reclaim_on_free(page.bin())
        {
            // The slice class map is told only when the page is attached. Another thread may be releasing the page
            // right now, and its slice may already belong to a new page.
            page.set_owner(root.as_owner());
            root.open_if_new(page.bin());
            root.heap().stats.pages_reclaim_on_free.add(1);
            root.push_available(page);
        } else {
            Theap::abandon(page);
        }
    }

    /// Put a page that is LISTED or DEAD, and on no list, where other threads look for one.
    #[inline(never)]
    pub fn abandon(page: &'static Page) {
        // Theaps of the main heap stay with the main heap. Others may soon belong to another heap.
        // SAFETY: the owner of a page in use.
        if !unsafe { Theap::of_owner(page.owner()) }.is_main() {
            orphan_page(page);
        }
        if let Some(heap) = Theap::push_abandoned(page) {
            heap.stats.pages_abandoned.add(1);
        }
    }

    /// Put a page on its heap's list of abandoned pages. Another thread may be deleting that heap. Returns the heap
    /// whose list has the page now. None if the heap has ended: then the page is dead, or is released with the heap.
    fn push_abandoned(page: &'static Page) -> Option<&'static Heap> {
        let bin = page.bin().index();
        // SAFETY: a page's label; heaps' records are never unmapped.
        let heap_of = |heap| unsafe { Heap::of_page(heap) };
        let to = SharedList::push_by_label(page, || page.heap(), |heap| &heap_of(*heap).bins[bin].abandoned);
        if to.is_none() && page.label().has_left() {
            Theap::current().root().drop_dead(page);
        }
        to.map(heap_of)
    }

    /// Bytes of the free blocks of a bin that were handed out at least once: those on the stack and those in the
    /// theap's pages.
    pub fn free_bytes_of(&self, b: usize) -> usize {
        let pages = &self.cold(b).pages;
        let given = |page: &Page| page.word().peek().1 as usize;
        let front = pages.front().map_or(0, |page| {
            let (free, local) = page.held();
            (free + local) as usize + given(page)
        });
        let blocks = self.depth(b) + front + pages.available().map(given).sum::<usize>();
        blocks * Bin::at(b).block_size()
    }

    /// Drop the records of dead pages from a bin's list.
    #[inline]
    pub fn sweep_available(&self, b: usize) {
        for page in self.cold(b).pages.take_available() {
            if !self.root().drop_dead(page) {
                self.push_available(page);
            }
        }
    }

    /// Free the records of dead pages on a heap's abandoned lists. Nobody may destroy the heap meanwhile.
    pub fn sweep_abandoned(&self, heap: &Heap) {
        for bin in &heap.bins {
            bin.abandoned.take_all().for_each(|page| self.relist(page, heap));
        }
    }
}

/// Leave a page to whoever frees into it. The page is not attached to a theap that goes on using it.
pub fn orphan_page(page: &Page) {
    page.set_owner(current::owner());
}

/// The caller made a page LISTED, and puts it on a list next.
pub fn note_listed(page: &Page) {
    // SAFETY: the page is in use; heaps' records are never unmapped.
    unsafe { Heap::of_page(page.heap()) }.pages.note_listed(page.start());
}
