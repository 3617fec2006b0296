//! A page's memory goes back to its arena.

use super::guard;
use super::resize;
use super::samples;
use crate::arena::{self, map, slice_class};
use crate::base::config::SLICE;
use crate::heap::state::heap::Heap;
use crate::heap::state::theap::Theap;
use crate::page::Page;
use crate::page::bins::Bin;
use crate::page::record_pool;
use crate::page::word::Dropped;

/// Give the memory of an empty page back to its arena.
///
/// # Safety
/// - the page is the caller's alone (GONE or DEAD).
#[inline(never)]
pub unsafe fn release(page: &'static Page) {
    // SAFETY: by the contract.
    unsafe {
        let span = page.span();
        let heap = Heap::of_page(page.label().leave());
        if page.bin() == Bin::SINGLE {
            resize::forget_end(page);
            samples::forget(page);
            heap.stats.malloc_huge.sub(span.slices * SLICE);
        } else {
            slice_class::clear(span.start);
        }
        heap.pages.remove(span.start);
        map::clear(span.start, span.slices);
        heap.uncount_page(page.bin(), span.slices * SLICE);
        // If part of the span is inaccessible, nobody can use it again.
        if guard::lift(page) {
            arena::release(span);
        }
    }
}

impl Theap {
    /// An unused record for a page. None if there is no memory.
    pub fn new_record(&self) -> Option<&'static Page> {
        self.assert_in_step();
        self.records.take(self.number())
    }

    /// Drop a page that was taken off its list, if it is dead. Returns whether it was. The page was LISTED, and it was
    /// the caller's to take off.
    #[inline(never)]
    pub fn drop_dead(&self, page: &'static Page) -> bool {
        let dropped = page.word().drop_dead();
        if dropped == Dropped::Ours {
            self.free_record(page);
        }
        dropped != Dropped::Alive
    }

    /// Free a record that nobody refers to any more: the page is GONE, or DEAD and taken off its list.
    #[inline(never)]
    pub fn free_record(&self, page: &'static Page) {
        if self.is_empty_theap() {
            return record_pool::put_alone(page);
        }
        self.assert_in_step();
        self.records.put(page);
    }
}
