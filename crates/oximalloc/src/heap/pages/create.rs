//! New pages: they get memory from an arena and a record, and are entered where frees look for them.

use super::large_cache;
use crate::arena::{self, Span, map};
use crate::base::config::SLICE;
use crate::heap::state::theap::Theap;
use crate::page::Page;
use crate::page::bins::Bin;

impl Theap {
    /// A new page of a bin, attached to this theap.
    #[inline]
    pub fn fresh_page(&self, bin: Bin) -> Option<&'static Page> {
        let (page, span) = self.new_page(bin.slices(), 1)?;
        page.start_blocks(span, bin, self.as_owner(), self.heap().as_page_heap());
        if !self.enter(page, span) {
            return None;
        }
        self.open_slice(page.start(), bin);
        Some(page)
    }

    /// A block with a page of its own, `slices` long. Its start is aligned to `align` slices. The second value tells
    /// whether it is zeroed.
    pub fn single(&self, slices: usize, align: usize) -> Option<(*mut u8, bool)> {
        if align == 1
            && self.is_main()
            && let Some(page) = large_cache::take(self, slices)
        {
            page.reuse_single(self.as_owner());
            return Some((page.start(), false));
        }
        self.single_page(slices, align).map(|(page, zero)| (page.start(), zero))
    }

    /// A page for a block under protection, with a wall if the system allows one. The second value tells whether its
    /// memory is zero.
    pub fn walled_page(&self, slices: usize) -> Option<(&'static Page, bool)> {
        if self.is_main()
            && let Some(page) = large_cache::take(self, slices)
        {
            page.reuse_single(self.as_owner());
            return Some((page, false));
        }
        self.single_page(slices, 1)
    }

    /// The page of such a block.
    pub fn single_page(&self, slices: usize, align: usize) -> Option<(&'static Page, bool)> {
        let (page, span) = self.new_page(slices, align)?;
        page.start_single(span, self.as_owner(), self.heap().as_page_heap());
        if !self.enter(page, span) {
            return None;
        }
        self.heap().stats.malloc_huge.add(span.slices * SLICE);
        Some((page, span.zero))
    }

    /// Memory and a record for a page.
    #[inline(never)]
    fn new_page(&self, slices: usize, align: usize) -> Option<(&'static Page, Span)> {
        large_cache::flush(self);
        let span = arena::claim(self.heap().source(), slices, align, true)?;
        let Some(page) = self.root().new_record() else {
            // SAFETY: just claimed.
            unsafe { arena::release(span) };
            return None;
        };
        Some((page, span))
    }

    /// Enter a new page where frees look for it, and in its heap's page set. Without memory for that, undo the page
    /// and return false.
    fn enter(&self, page: &'static Page, span: Span) -> bool {
        let heap = self.heap();
        if heap.pages.insert(span.start) && map::set(span.start, span.slices, page.as_map_entry()) {
            heap.count_page(page.bin(), span.slices * SLICE);
            return true;
        }
        heap.pages.remove(span.start);
        // SAFETY: nobody has seen the page.
        unsafe { arena::release(span) };
        self.root().free_record(page);
        false
    }
}
