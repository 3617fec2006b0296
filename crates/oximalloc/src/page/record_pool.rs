//! Unused page records. A theap takes a record from its own cache; if that is empty, a batch from the shared pool; if
//! that is empty too, it makes a new one. Records are never returned to the OS. They take 128 bytes for each page of 64
//! KiB or more that the process had at its peak.
//!
//! A theap has two batches: one that it takes from and puts to, and a full one, once the first has overflowed. So
//! records move to and from the pool a batch at a time, by the batch's first record. Nobody walks a list of them.
//!
//! Invariant: a batch has at most [`BATCH`] records.

use super::chain::Linked;
use super::pool::Pool;
use super::record::{Batch, Page};
use crate::arena::meta::meta_alloc;
use core::cell::Cell;

/// The largest number of records in a batch.
const BATCH: u32 = 32;

static POOL: Pool<Batch> = Pool::new();

/// The unused records of a theap. All zero means none.
pub struct RecordCache {
    first: Cell<Option<&'static Page>>,
    /// At least the number of records on `first`.
    count: Cell<u32>,
    full: Cell<Option<&'static Page>>,
}

/// Put a chain into the pool. It has at most [`BATCH`] records and is the caller's.
#[inline(never)]
fn put_batch(first: &'static Page) {
    POOL.put(Batch::of(first));
}

/// In the child of a fork: no other thread uses the pool.
pub fn fork_child() {
    POOL.fork_child();
}

fn fresh() -> Option<&'static Page> {
    // SAFETY: fresh zeroed memory of that size, which is never freed. All zero is a valid unused record.
    unsafe { (meta_alloc(size_of::<Page>(), align_of::<Page>()) as *const Page).as_ref() }
}

impl RecordCache {
    /// Take an unused record. None if there is no memory. Threads that call this at the same time should pass different
    /// numbers.
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

    /// Put back a record that nobody refers to any more.
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

    /// Give all records to the pool, at the thread's end.
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

    /// How many records are on both lists. Each list has at most a batch.
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
        // A batch with few records is counted as full, so no list grows beyond one batch.
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
