//! Page records in no use: a theap's own, else a batch of those that all share, else made anew. They are never returned to the
//! OS; 128 bytes for each page of 64 KiB or more that the process had at its peak.
//!
//! A theap has two batches: that which it takes from and puts to, and, after as many puts more, a full one. So records
//! go to the pool and come from it a batch at a time, by its first record, and nobody walks a list of them.
//!
//! Invariant: a batch has at most [`BATCH`] records.

use super::theap::Theap;
use crate::arena::meta::meta_alloc;
use crate::page::Page;
use crate::page::pool::Pool;
use crate::page::record::Batch;
use crate::page::word::Dropped;
use core::cell::Cell;
use core::ptr;

/// The most records of a batch.
const BATCH: u32 = 32;

static POOL: Pool<Batch> = Pool::new();

/// What a theap has of them; zero is nothing.
pub struct Records {
    first: Cell<*mut Page>,
    /// So many may be on `first`: not less than there are.
    count: Cell<u32>,
    full: Cell<*mut Page>,
}

/// Put a chain into the pool.
///
/// # Safety
/// - its records are the caller's, and at most [`BATCH`]; the first is not null.
#[inline(never)]
unsafe fn give(first: *mut Page) {
    // SAFETY: records are never unmapped.
    unsafe { POOL.put(first.cast()) };
}

/// In the child of a fork: nobody else is at the pool.
pub fn fork_child() {
    POOL.fork_child();
}

impl Theap {
    /// A record that is in no use; null without memory.
    pub fn new_record(&self) -> *mut Page {
        self.assert_in_step();
        let Records { first, count, full } = &self.records;
        if first.get().is_null() {
            first.set(full.replace(ptr::null_mut()));
            if first.get().is_null() {
                first.set(POOL.take(self.number()).cast());
            }
            count.set(BATCH);
        }
        // SAFETY: records on our list are valid and ours.
        let Some(page) = (unsafe { first.get().as_ref() }) else {
            return meta_alloc(size_of::<Page>(), align_of::<Page>()) as *mut Page;
        };
        count.set(count.get() - 1);
        first.replace(page.next())
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
        let Records { first, count, full } = &self.records;
        // SAFETY: the record is ours now, as are those on our lists; it is on none.
        unsafe {
            if self.is_empty_theap() {
                (*page).set_next(ptr::null_mut());
                return give(page);
            }
            self.assert_in_step();
            if first.get().is_null() {
                count.set(0);
            } else if count.get() == BATCH {
                let older = full.replace(first.replace(ptr::null_mut()));
                count.set(0);
                if !older.is_null() {
                    give(older);
                }
            }
            (*page).set_next(first.replace(page));
        }
        count.set(count.get() + 1);
    }

    /// Give all records to the pool: the thread ends.
    pub fn free_records(&self) {
        for list in [&self.records.first, &self.records.full] {
            let first = list.replace(ptr::null_mut());
            if !first.is_null() {
                // SAFETY: records on our lists are ours.
                unsafe { give(first) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn theap() -> &'static Theap {
        // SAFETY: fresh zeroed memory, for ever.
        let theap = unsafe { Theap::begin(std::alloc::alloc_zeroed(std::alloc::Layout::new::<Theap>()).cast()) };
        theap.steps.begin();
        theap
    }

    /// Records on a theap's lists, and those lists whose records are more than a batch.
    fn held(theap: &Theap) -> usize {
        [&theap.records.first, &theap.records.full]
            .map(|list| {
                // SAFETY: records on a list are valid.
                let n =
                    core::iter::successors(unsafe { list.get().as_ref() }, |p| unsafe { p.next().as_ref() }).count();
                assert!(n <= BATCH as usize);
                n
            })
            .iter()
            .sum()
    }

    #[test]
    fn records_move_in_batches() {
        let theap = theap();
        let pages: Vec<_> = (0..500).map(|_| theap.new_record()).collect();
        assert!(pages.iter().all(|page| !page.is_null()));
        for &page in &pages {
            // SAFETY: fresh, and in no use.
            unsafe { theap.free_record(page) };
            assert!(held(theap) <= 2 * BATCH as usize);
        }
        theap.free_records();
        assert_eq!(held(theap), 0);
        // Other tests may take and give at the same time.
        let again: std::collections::HashSet<_> = (0..200).map(|_| theap.new_record()).collect();
        assert_eq!(again.len(), 200, "no record is given twice");
        // SAFETY: as above.
        again.into_iter().for_each(|page| unsafe { theap.free_record(page) });
        theap.free_records();
    }

    #[test]
    fn few_records_are_a_batch_too() {
        let theap = theap();
        for n in [1, 3, 40] {
            let pages: Vec<_> = (0..n).map(|_| theap.new_record()).collect();
            // SAFETY: in no use.
            pages.iter().for_each(|&page| unsafe { theap.free_record(page) });
            theap.free_records();
        }
        // Batches of few are counted as full ones: no list grows beyond one.
        let pages: Vec<_> = (0..200).map(|_| theap.new_record()).collect();
        for (i, &page) in pages.iter().enumerate() {
            // SAFETY: in no use.
            unsafe { theap.free_record(page) };
            if i % 3 == 0 {
                let page = theap.new_record();
                // SAFETY: as above.
                unsafe { theap.free_record(page) };
            }
            assert!(held(theap) <= 2 * BATCH as usize);
        }
        theap.free_records();
    }
}
