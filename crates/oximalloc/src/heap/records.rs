//! Page records: taken from a theap's own list, else from the pool that all share, else made anew. They are never
//! returned to the OS; 128 bytes for each page of 64 KiB or more that the process had at its peak.

use super::theap::Theap;
use crate::arena::meta::meta_alloc;
use crate::page::Page;
use crate::page::stack::Stack;
use crate::page::word::Dropped;
use core::ptr;

/// Records beyond this many go to the pool.
const KEEP: u32 = 64;

static POOL: Stack<Page> = Stack::new();

impl Theap {
    /// A record that is in no use; null without memory.
    pub fn new_record(&self) -> *mut Page {
        if self.records.get().is_null() {
            self.records.set(POOL.take_all());
            self.record_count.set(0);
            if !self.records.get().is_null() {
                self.return_surplus();
            }
        }
        let page = self.records.get();
        if page.is_null() {
            return meta_alloc(size_of::<Page>(), align_of::<Page>()) as *mut Page;
        }
        // SAFETY: records on our list are valid and ours.
        self.records.set(unsafe { (*page).next() });
        self.record_count.set(self.record_count.get().saturating_sub(1));
        page
    }

    /// Count the list just taken from the pool and put what is more than half of [`KEEP`] back.
    fn return_surplus(&self) {
        let mut page = self.records.get();
        let mut n = 1;
        // SAFETY: all records on the list are valid and ours.
        unsafe {
            while n < KEEP / 2 && !(*page).next().is_null() {
                page = (*page).next();
                n += 1;
            }
            let rest = (*page).next();
            (*page).set_next(ptr::null_mut());
            if !rest.is_null() {
                let mut last = rest;
                while !(*last).next().is_null() {
                    last = (*last).next();
                }
                POOL.add_chain(rest, last);
            }
        }
        self.record_count.set(n);
    }

    /// Let go of a page that was taken off its list, if it is dead; says whether it is.
    ///
    /// # Safety
    /// - the page was LISTED, and is the caller's to take off.
    pub unsafe fn drop_dead(&self, page: *mut Page) -> bool {
        // SAFETY: records are never unmapped; one that is dead and ours nobody else refers to.
        unsafe {
            let dropped = (*page).word().drop_dead();
            if dropped == Dropped::Ours {
                self.free_record(page);
            }
            dropped != Dropped::Alive
        }
    }

    /// A record that nobody refers to any more.
    ///
    /// # Safety
    /// - the page is GONE, or DEAD and taken off its list.
    #[inline(never)]
    pub unsafe fn free_record(&self, page: *mut Page) {
        if self.is_empty_theap() || self.record_count.get() >= KEEP {
            // SAFETY: records are never unmapped, and it is on no list.
            unsafe { POOL.add(page) };
            return;
        }
        // SAFETY: the record is ours now.
        unsafe { (*page).set_next(self.records.get()) };
        self.records.set(page);
        self.record_count.set(self.record_count.get() + 1);
    }

    /// Give all records to the pool: the thread ends.
    pub fn free_records(&self) {
        let first = self.records.replace(ptr::null_mut());
        self.record_count.set(0);
        if first.is_null() {
            return;
        }
        let mut last = first;
        // SAFETY: records on our list are valid and ours.
        unsafe {
            while !(*last).next().is_null() {
                last = (*last).next();
            }
            POOL.add_chain(first, last);
        }
    }
}
