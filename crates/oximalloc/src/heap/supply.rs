//! How a stack that ran empty is filled: from the bin's page, else from the next page that has room, which is, in
//! this order, one that other threads returned or that this thread freed into, one whose thread has ended, a new one.

use super::depot;
use super::holes;
use super::record::{Heap, MAIN_ID};
use super::spare;
use super::theap::{Moved, SMALL, Theap};
use super::totals::note_peak;
use crate::arena::{self, Span, fast, map};
use crate::base::config::SLICE;
use crate::base::sync::Ordering;
use crate::diag::options::{self, Opt};
use crate::page::Page;
use crate::page::bins::Bin;
use crate::page::stack::{Stack, last_of};
use crate::page::word::{Given, State};
use core::ptr;

impl Theap {
    /// Fill the empty stack of `bin` and pop a block; null without memory. The second says that the block is fresh,
    /// zeroed memory. `one` supplies just the block asked for.
    pub fn refill(&self, bin: Bin, one: bool) -> (*mut u8, bool) {
        self.assert_in_step();
        let b = bin.index();
        self.open_if_new(bin);
        let side = &self.side[b];
        let again = side.ran_empty.replace(true);
        side.scattered.set(0);
        let many = (side.room.get().min(bin.stack_base() as u32) / 2).max(1);
        let want = if one || self.sampling.is_on() { 1 } else { many };
        if !one && self.is_main() && !self.is_shut() {
            let base = self.empty_base(b);
            // SAFETY: there is room for `want` words above `base`, as the stack is empty.
            let n = unsafe { depot::take(bin, base.add(1), want as usize) };
            if n > 0 {
                Moved::add(&self.side[b].moved.taken, n as u32);
                // SAFETY: the blocks are in the `n` words above `base`.
                let block = unsafe { *base.add(n) };
                self.set_depth(b, n - 1);
                if again && (side.room.get() as usize) < bin.stack_base() {
                    self.grow(bin, bin.stack_base());
                }
                note_peak(self, b, false);
                return (block, false);
            }
        }
        loop {
            let depth = self.depth(b);
            if depth > 0 {
                // A function of the program's was called, which freed or allocated such blocks itself: that by which memory
                // comes and goes that the program manages, or that which hears of errors.
                self.set_depth(b, depth - 1);
                // SAFETY: the topmost block.
                return (unsafe { *self.base(b).add(depth) }, false);
            }
            let page = side.page.get();
            if !page.is_null() {
                let base = self.empty_base(b);
                // The first block goes on top.
                // SAFETY: `side.page` is attached to this theap, and there are `want` words above `base`.
                let Some((n, zero)) = (unsafe { (*page).supply(want, base.add(want as usize)) }) else { continue };
                if n > 0 {
                    // SAFETY: the blocks are in the `n` words that end at `base + want`.
                    unsafe {
                        if n < want {
                            ptr::copy(base.add((want - n) as usize + 1), base.add(1), n as usize);
                        }
                        Moved::add(&self.side[b].moved.taken, n);
                        let block = *base.add(n as usize);
                        self.set_depth(b, n as usize - 1);
                        if again && (side.room.get() as usize) < bin.stack_base() {
                            self.grow(bin, bin.stack_base());
                        }
                        note_peak(self, b, false);
                        return (block, zero);
                    }
                }
                side.page.set(ptr::null_mut());
                if options::get(Opt::PageFullRetain) == 0 {
                    self.heap().stats.pages_reabandon_full.add(1);
                    // SAFETY: attached to us.
                    unsafe { disown(page) };
                }
                // SAFETY: attached to us until here.
                let then = unsafe { (*page).detach(false) };
                self.settle(page, then);
                continue;
            }
            let page = self.next_page(bin);
            if page.is_null() {
                return (ptr::null_mut(), false);
            }
            if side.page.get().is_null() {
                side.page.set(page);
            } else {
                // As above: there is one by now.
                // SAFETY: attached to us.
                unsafe { self.let_go(page) };
            }
        }
    }

    fn next_page(&self, bin: Bin) -> *mut Page {
        self.drain_returned();
        let mut page = self.choose_avail(bin);
        if page.is_null() {
            page = self.reclaim(bin);
        }
        if page.is_null() {
            note_peak(self, bin.index(), true);
            page = self.fresh(bin);
        }
        page
    }

    /// Put the pages that other threads returned on their bins' lists.
    pub fn drain_returned(&self) {
        self.put_avail(self.returned.take_all());
    }

    /// Put the pages of a chain that was taken off the list of returned ones on their bins' lists. A page of another heap
    /// was on its way here since before the theap was this heap's.
    pub(super) fn put_avail(&self, mut page: *mut Page) {
        let heap = self.heap().as_page_heap();
        while !page.is_null() {
            // SAFETY: the list's records are ours to link, now that we took them.
            unsafe {
                let next = (*page).next();
                if ptr::eq((*page).heap(), heap) {
                    self.push_avail(page);
                } else if !self.root().drop_dead(page) {
                    Theap::abandon(page);
                }
                page = next;
            }
        }
    }

    /// Put a LISTED page on its bin's list.
    ///
    /// # Safety
    /// - the page is LISTED, or DEAD, owned by this theap, and on no list.
    pub unsafe fn push_avail(&self, page: *mut Page) {
        self.assert_in_step();
        // SAFETY: by the contract.
        unsafe {
            let side = &self.side[(*page).bin().index()];
            (*page).set_next(side.avail.get());
            side.avail.set(page);
        }
    }

    /// Of the first few pages with room take the fullest, so that the others may become empty.
    fn choose_avail(&self, bin: Bin) -> *mut Page {
        let side = &self.side[bin.index()];
        let candidates = options::get(Opt::PageMaxCandidates).max(1);
        loop {
            let (mut best, mut before_best, mut most) = (ptr::null_mut::<Page>(), ptr::null_mut::<Page>(), 0);
            let (mut page, mut before, mut seen) = (side.avail.get(), ptr::null_mut::<Page>(), 0);
            while !page.is_null() && seen < candidates {
                // SAFETY: pages on the list are ours to link, and records are never unmapped.
                let (state, _, out) = unsafe { (*page).word().peek() };
                if state != State::Purging && (best.is_null() || out > most) {
                    (best, before_best, most) = (page, before, out);
                }
                before = page;
                // SAFETY: as above.
                page = unsafe { (*page).next() };
                seen += 1;
            }
            self.heap().stats.page_searches.add(seen as usize);
            self.heap().stats.page_searches_count.add(1);
            if best.is_null() {
                return best;
            }
            // SAFETY: as above; `best` leaves the list here.
            unsafe {
                let next = (*best).next();
                if before_best.is_null() {
                    side.avail.set(next);
                } else {
                    (*before_best).set_next(next);
                }
                if let Some(chain) = (*best).word().attach() {
                    (*best).adopt(chain);
                    (*best).set_owner(self.as_owner());
                    self.open_fast((*best).start(), bin);
                    return best;
                }
                if !self.root().drop_dead(best) {
                    // Another thread purges parts of it. It was not at that when the page was chosen, so that this ends.
                    self.push_avail(best);
                }
            }
        }
    }

    /// A page of this bin whose thread has ended.
    fn reclaim(&self, bin: Bin) -> *mut Page {
        let heap = self.heap();
        if heap.is_sweep_due() {
            self.sweep_abandoned(heap);
        }
        let list = &heap.bins[bin.index()].abandoned;
        let count = &self.side[bin.index()].reclaimed;
        let (taken, on_free) = count.get();
        let most = options::get(Opt::PageMaxReclaim);
        if list.is_empty() || (most >= 0 && taken as i64 >= most) {
            return ptr::null_mut();
        }
        count.set((taken.saturating_add(1), on_free));
        let mut page = list.take_all();
        while !page.is_null() {
            // SAFETY: what we took off the list is ours to link.
            unsafe {
                let next = (*page).next();
                if !ptr::eq((*page).heap(), heap.as_page_heap()) {
                    // Its heap was deleted while it was on its way to a list, whose record is this heap's now.
                    self.relist(page, heap);
                    page = next;
                    continue;
                }
                heap.stats.pages_abandoned.sub(1);
                match (*page).word().attach() {
                    None => {
                        if !self.root().drop_dead(page) {
                            // Another thread purges parts of it.
                            Theap::abandon(page);
                        }
                    }
                    Some(chain) => {
                        (*page).adopt(chain);
                        (*page).set_owner(self.as_owner());
                        self.open_fast((*page).start(), bin);
                        heap.stats.pages_reclaim_on_alloc.add(1);
                        self.put_back(list, next);
                        return page;
                    }
                }
                page = next;
            }
        }
        ptr::null_mut()
    }

    /// Put the rest of a list of this theap's heap back.
    ///
    /// # Safety
    /// - the chain was taken off it.
    unsafe fn put_back(&self, list: &Stack<Page>, mut rest: *mut Page) {
        // SAFETY: by the contract the chain is ours to link.
        unsafe {
            // Empty since it was taken, mostly: then the way to the end of the rest is saved.
            if rest.is_null() || list.push_if_empty(rest) || list.push_chain(rest, last_of(rest)) {
                return;
            }
            // Closed: the heap, against the rules, is being deleted.
            while !rest.is_null() {
                let next = (*rest).next();
                self.relist(rest, self.heap());
                rest = next;
            }
        }
    }

    /// A page was taken off one of the lists of abandoned ones of `heap`, and this thread has no use for it: drop the record if it
    /// is dead, else put it on the list of its heap, which is another one if it was deleted meanwhile.
    ///
    /// # Safety
    /// - the page is LISTED or DEAD, and off every list.
    pub(super) unsafe fn relist(&self, page: *mut Page, heap: &Heap) {
        // SAFETY: by the contract.
        unsafe {
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
    }

    fn may_reclaim_on_free(&self, bin: Bin) -> bool {
        let count = &self.side[bin.index()].reclaimed;
        let (taken, on_free) = count.get();
        let limits = [Opt::PageMaxReclaim, Opt::PageCrossThreadMaxReclaim].map(options::get);
        if self.in_threadpool.get()
            || options::get(Opt::PageReclaimOnFree) < 0
            || limits.iter().any(|&most| most >= 0 && on_free as i64 >= most)
        {
            return false;
        }
        count.set((taken, on_free.saturating_add(1)));
        true
    }

    /// The stack of a bin whose pages this theap owns is open.
    #[inline]
    pub fn open_if_new(&self, bin: Bin) {
        if self.opened.get() & 1 << bin.index() == 0 {
            self.open(bin);
        }
    }

    /// Let the table of fast frees lead to this theap's stack of the bin, for the page that begins at `start`. It is attached
    /// to this theap, or this thread has a block of it.
    #[inline(never)]
    pub fn open_fast(&self, start: *const u8, bin: Bin) {
        self.open_if_new(bin);
        if bin.slices() == 1 && self.is_main() {
            fast::open(start, self.entry(bin));
        }
    }

    /// The same for the attached pages of the smallest blocks: while the theap was nobody's, frees of others may have led to
    /// theirs.
    pub(super) fn open_smallest(&self) {
        for side in self.side.iter().take(SMALL + 1) {
            // SAFETY: attached to this theap, or null.
            if let Some(page) = unsafe { side.page.get().as_ref() } {
                self.open_fast(page.start(), page.bin());
            }
        }
    }

    fn fresh(&self, bin: Bin) -> *mut Page {
        let Some((page, span)) = self.new_page(bin.slices(), 1) else {
            return ptr::null_mut();
        };
        // SAFETY: a record of our own.
        let page = unsafe { &*page };
        page.start_blocks(span, bin, self.as_owner(), self.heap().as_page_heap());
        if !self.enter(page, span) {
            return ptr::null_mut();
        }
        self.open_fast(page.start(), bin);
        &raw const *page as *mut Page
    }

    /// Memory and a record for a page.
    #[inline(never)]
    fn new_page(&self, slices: usize, align: usize) -> Option<(*mut Page, Span)> {
        spare::flush(self);
        let span = arena::claim(self.heap().source(), slices, align, true)?;
        let page = self.root().new_record();
        if page.is_null() {
            // SAFETY: just claimed.
            unsafe { arena::release(span) };
            return None;
        }
        Some((page, span))
    }

    /// Let frees find a new page, and its heap; false, and the page is undone, without memory for that.
    fn enter(&self, page: &Page, span: Span) -> bool {
        let heap = self.heap();
        if heap.pages.insert(span.start) && map::set(span.start, span.slices, &raw const *page as *mut u8) {
            heap.count_page(page.bin(), span.slices * SLICE);
            return true;
        }
        heap.pages.remove(span.start);
        // SAFETY: nobody has seen the page.
        unsafe {
            arena::release(span);
            self.root().free_record(&raw const *page as *mut Page);
        }
        false
    }

    /// A block with a page of its own, `slices` long, its start aligned to `align` slices. The second says that it is
    /// zeroed.
    pub fn single(&self, slices: usize, align: usize) -> (*mut u8, bool) {
        if align == 1
            && self.is_main()
            && let Some(page) = spare::take(self, slices)
        {
            // SAFETY: ours alone, from a row.
            let page = unsafe { &*page };
            page.wake_single(self.as_owner());
            return (page.start(), false);
        }
        match self.single_page(slices, align) {
            Some((page, zero)) => (page.start(), zero),
            None => (ptr::null_mut(), false),
        }
    }

    /// The page of such a block.
    pub(super) fn single_page(&self, slices: usize, align: usize) -> Option<(&Page, bool)> {
        let (page, span) = self.new_page(slices, align)?;
        // SAFETY: a record of our own.
        let page = unsafe { &*page };
        page.start_single(span, self.as_owner(), self.heap().as_page_heap());
        if !self.enter(page, span) {
            return None;
        }
        self.heap().stats.malloc_huge.add(span.slices * SLICE);
        Some((page, span.zero))
    }

    /// What a give or a detach asks for.
    #[inline]
    pub(crate) fn settle(&self, page: *mut Page, then: Given) {
        match then {
            Given::Done => {}
            Given::List => self.list(page),
            // SAFETY: the word says that the page is ours alone.
            Given::Release => unsafe {
                if self.retire(page) {
                    self.root().free_record(page);
                }
            },
            // SAFETY: as above; nobody frees the record before it is buried.
            Given::ReleaseMemory => unsafe {
                let heap = Heap::of_page((*page).heap());
                self.retire(page);
                if !(*page).word().bury() {
                    self.root().free_record(page);
                    return;
                }
                heap.note_dead();
                // Another heap may have ended by now, and may be destroyed: who allocates from it sweeps (`reclaim`).
                if heap.is_main() && heap.is_sweep_due() {
                    self.sweep_abandoned(heap);
                }
            },
        }
    }

    /// A page has become LISTED by us: put it where somebody finds it.
    #[cold]
    fn list(&self, page: *mut Page) {
        // SAFETY: until it is on a list nobody else links the page; records are never unmapped.
        unsafe {
            holes::note_listed(page);
            let owner = Theap::of_owner((*page).owner());
            let root = self.root();
            // A theap that was a deleted heap's may be another heap's now, while full pages of the heap in between name it.
            if owner.is_ours() && ptr::eq((*page).heap(), owner.heap().as_page_heap()) {
                owner.push_avail(page);
            } else if !owner.is_empty_theap() && owner.returned.push(page) {
                // Its owner takes it at its next slow path.
            } else if !root.is_empty_theap()
                && ptr::eq((*page).heap(), root.heap().as_page_heap())
                && root.may_reclaim_on_free((*page).bin())
            {
                // The table of fast frees learns of it when the page is attached: another thread may be ending the page
                // now, and its slice may be a new page's already.
                (*page).set_owner(root.as_owner());
                root.open_if_new((*page).bin());
                root.heap().stats.pages_reclaim_on_free.add(1);
                root.push_avail(page);
            } else {
                Theap::abandon(page);
            }
        }
    }

    /// Put a LISTED page where other threads look for one.
    ///
    /// # Safety
    /// - the page is LISTED or DEAD, and off every list.
    #[inline(never)]
    pub unsafe fn abandon(page: *mut Page) {
        // The main heap's theaps stay the main heap's; others may soon be another heap's.
        // SAFETY: by the contract; theaps are never unmapped.
        unsafe {
            if Theap::of_owner((*page).owner()).heap_id.load(Ordering::Relaxed) != MAIN_ID {
                disown(page);
            }
        }
        // SAFETY: by the contract.
        if let Some(heap) = unsafe { Theap::push_abandoned(page) } {
            heap.stats.pages_abandoned.add(1);
        }
    }

    /// Put a page on the list of abandoned ones of its heap, which another thread may be deleting; says which heap that is,
    /// or None: the heap has ended, and the page is dead, or is released with the heap.
    ///
    /// # Safety
    /// - as for [`Theap::abandon`].
    unsafe fn push_abandoned<'a>(page: *mut Page) -> Option<&'a Heap> {
        // SAFETY: by the contract; records are never unmapped, nor are those of heaps.
        unsafe {
            let bin = (*page).bin().index();
            let to = Stack::push_by_label(page, || (*page).heap(), |heap| &Heap::of_page(*heap).bins[bin].abandoned);
            if to.is_none() && (*page).label().has_left() {
                Theap::current().root().drop_dead(page);
            }
            to.map(|heap| Heap::of_page(heap))
        }
    }

    /// The last block of a page was freed; says whether the record is to be freed, too.
    ///
    /// # Safety
    /// - as for [`Theap::release`].
    unsafe fn retire(&self, page: *mut Page) -> bool {
        // SAFETY: by the contract.
        unsafe {
            if (*page).bin() != Bin::SINGLE {
                Heap::of_page((*page).heap()).stats.pages_retire.add(1);
            } else if spare::put(self, page) {
                return false;
            }
            self.release(page);
            true
        }
    }

    /// Give the memory of a page that is all free back to its arena.
    ///
    /// # Safety
    /// - the page is the caller's alone (GONE or DEAD).
    #[inline(never)]
    pub(super) unsafe fn release(&self, page: *mut Page) {
        // SAFETY: by the contract.
        unsafe {
            let span = (*page).span();
            let heap = Heap::of_page((*page).label().leave());
            if (*page).bin() == Bin::SINGLE {
                super::single::forget_end(&*page);
                heap.stats.malloc_huge.sub(span.slices * SLICE);
            } else {
                fast::close(span.start);
            }
            heap.pages.remove(span.start);
            map::clear(span.start, span.slices);
            heap.uncount_page((*page).bin(), span.slices * SLICE);
            // Without access to all of it nobody can use it again.
            if super::guarded::lift(&*page) {
                arena::release(span);
            }
        }
    }
}

/// Leave a page to whoever frees into it.
///
/// # Safety
/// - the record is in use, and the page is not attached to a theap that goes on to use it.
pub(super) unsafe fn disown(page: *mut Page) {
    // SAFETY: by the contract; records are never unmapped.
    unsafe {
        (*page).set_owner(super::empty::owner());
    }
}
