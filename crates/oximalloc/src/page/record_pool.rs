//! Page records in no use: a theap's own, else a batch of those that all share, else made anew. They are never returned to the
//! OS; 128 bytes for each page of 64 KiB or more that the process had at its peak.
//!
//! A theap has two batches: that which it takes from and puts to, and, after as many puts more, a full one. So records
//! go to the pool and come from it a batch at a time, by its first record, and nobody walks a list of them.
//!
//! Invariant: a batch has at most [`BATCH`] records.

use super::chain::Linked;
use super::pool::Pool;
use super::record::{Batch, Page};
use crate::arena::meta::meta_alloc;
use core::cell::Cell;

/// The most records of a batch.
const BATCH: u32 = 32;

static POOL: Pool<Batch> = Pool::new();

/// What a theap has of them; zero is nothing.
pub struct RecordCache {
    first: Cell<Option<&'static Page>>,
    /// So many may be on `first`: not less than there are.
    count: Cell<u32>,
    full: Cell<Option<&'static Page>>,
}

/// Put a chain of at most [`BATCH`] records, which are the caller's, into the pool.
#[inline(never)]
fn put_batch(first: &'static Page) {
    POOL.put(Batch::of(first));
}

/// In the child of a fork: nobody else is at the pool.
pub fn fork_child() {
    POOL.fork_child();
}

fn fresh() -> Option<&'static Page> {
    // SAFETY: fresh zeroed memory of that size, for ever; zero is a record in no use.
    unsafe { (meta_alloc(size_of::<Page>(), align_of::<Page>()) as *const Page).as_ref() }
}

impl RecordCache {
    /// A record that is in no use; None without memory. Threads that ask at the same time better have different numbers.
    pub fn take(&self, number: usize) -> Option<&'static Page> {
        let RecordCache { first, count, full } = self;
        if first.get().is_none() {
            first.set(full.take());
            if first.get().is_none() {
                first.set(POOL.take(number).map(Batch::first));
            }
            count.set(BATCH);
        }
        let Some(page) = first.get() else { return fresh() };
        count.set(count.get() - 1);
        first.set(page.next_in_chain());
        Some(page)
    }

    /// Put a record that nobody refers to any more.
    #[inline]
    pub fn put(&self, page: &'static Page) {
        let RecordCache { first, count, full } = self;
        if first.get().is_none() {
            count.set(0);
        } else if count.get() == BATCH {
            let older = full.replace(first.take());
            count.set(0);
            if let Some(older) = older {
                put_batch(older);
            }
        }
        page.set_next_in_chain(first.replace(Some(page)));
        count.set(count.get() + 1);
    }

    /// Give all records to the pool: the thread ends.
    pub fn give_all(&self) {
        for list in [&self.first, &self.full] {
            if let Some(first) = list.take() {
                put_batch(first);
            }
        }
    }
}

/// As [`RecordCache::put`], for a thread that has no cache.
pub fn put_alone(page: &'static Page) {
    page.set_next_in_chain(None);
    put_batch(page);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::chain::Chain;
    use std::collections::HashSet;

    fn cache() -> RecordCache {
        RecordCache { first: Cell::new(None), count: Cell::new(0), full: Cell::new(None) }
    }

    /// Records on both lists, each of which has a batch at most.
    fn held(cache: &RecordCache) -> usize {
        let counts = [&cache.first, &cache.full].map(|list| Chain::from(list.get()).count());
        assert!(counts.iter().all(|&n| n <= BATCH as usize));
        counts.iter().sum()
    }

    fn take(cache: &RecordCache, n: usize) -> Vec<&'static Page> {
        (0..n).map(|_| cache.take(0).expect("memory for a record")).collect()
    }

    #[test]
    fn records_move_in_batches() {
        let cache = cache();
        for page in take(&cache, 500) {
            cache.put(page);
            assert!(held(&cache) <= 2 * BATCH as usize);
        }
        cache.give_all();
        assert_eq!(held(&cache), 0);
        // Other tests may take and give at the same time.
        let again = take(&cache, 200);
        let addresses: HashSet<_> = again.iter().map(|page| core::ptr::from_ref(*page).addr()).collect();
        assert_eq!(addresses.len(), 200, "no record is given twice");
        again.into_iter().for_each(|page| cache.put(page));
        cache.give_all();
    }

    #[test]
    fn few_records_are_a_batch_too() {
        let cache = cache();
        for n in [1, 3, 40] {
            take(&cache, n).into_iter().for_each(|page| cache.put(page));
            cache.give_all();
        }
        // Batches of few are counted as full ones: no list grows beyond one.
        for (i, page) in take(&cache, 200).into_iter().enumerate() {
            cache.put(page);
            if i % 3 == 0 {
                take(&cache, 1).into_iter().for_each(|page| cache.put(page));
            }
            assert!(held(&cache) <= 2 * BATCH as usize);
        }
        cache.give_all();
    }
}
