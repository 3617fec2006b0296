//! Finds a record by a number. It tells whether a heap or a subprocess lies at an address that a program names, or has
//! a given number. A search takes a few steps, however many records there are.
//!
//! The index is a list of tables of pointers, each twice as long as the one before. A record goes into the newest
//! table, at the first free place at or after the number's own. Nothing is ever moved or taken out. So a search may
//! end at a place that is null, and each table has one. Invariant: a table's `count` is at least the number of its
//! entries, and stays below its length.
//!
//! Orderings: storing an entry (Release) publishes the record; storing a table (Release) publishes its length. Both
//! pair with the Acquire of whoever reads them. Two threads that find the newest table half full may both publish a
//! longer one; both tables are searched.

use crate::arena::meta::meta_alloc;
use crate::base::sync::{AtomicPtr, AtomicUsize, Ordering};
use core::ptr;

/// Entries of the first table.
const FIRST: usize = 64;

/// The index.
pub struct Index<T>(AtomicPtr<Table<T>>);

struct Table<T> {
    len: usize,
    count: AtomicUsize,
    older: *mut Table<T>,
    /// They lie right after the table.
    entries: *const AtomicPtr<T>,
}

impl<T> Table<T> {
    /// All entries, from the place of `number` on.
    fn from(&self, number: usize) -> impl Iterator<Item = &AtomicPtr<T>> {
        // Addresses have zeros in their low bits; small numbers have zeros in their high bits. The middle bits of the
        // product depend on all of them.
        let place = number.wrapping_mul(0x9E37_79B9_7F4A_7C15u64 as usize) >> (usize::BITS / 2);
        // SAFETY: `grow` made room for `len` entries.
        let at = move |i: usize| unsafe { &*self.entries.add((place + i) & (self.len - 1)) };
        (0..self.len).map(at)
    }

    /// Enter a record. Returns false if the table would then have more than `most` entries.
    fn insert(&self, number: usize, record: *mut T, most: usize) -> bool {
        if self.count.fetch_add(1, Ordering::Relaxed) >= most {
            self.count.fetch_sub(1, Ordering::Relaxed);
            return false;
        }
        self.from(number).any(|entry| {
            // Release: the record, pairs with the Acquire in `find`.
            entry.load(Ordering::Relaxed).is_null()
                && entry.compare_exchange(ptr::null_mut(), record, Ordering::Release, Ordering::Relaxed).is_ok()
        })
    }
}

impl<T> Index<T> {
    /// An empty index.
    pub const fn new() -> Index<T> {
        Index(AtomicPtr::new(ptr::null_mut()))
    }

    fn newest(&self) -> Option<&Table<T>> {
        // Acquire: pairs with the Release in `grow`.
        // SAFETY: tables are never unmapped.
        unsafe { self.0.load(Ordering::Acquire).as_ref() }
    }

    /// The record that was entered with `number`, and for which `is` returns true.
    pub fn find(&self, number: usize, is: impl Fn(&T) -> bool) -> Option<&'static T> {
        let mut table = self.newest();
        while let Some(now) = table {
            // Acquire: pairs with the Release in `insert`.
            let entries = now.from(number).map(|entry| entry.load(Ordering::Acquire));
            // SAFETY: entries are null or records, which are never unmapped.
            let found = entries.take_while(|entry| !entry.is_null()).find(|entry| is(unsafe { &**entry }));
            if let Some(record) = found {
                // SAFETY: as above.
                return unsafe { record.as_ref() };
            }
            // SAFETY: as in `newest`.
            table = unsafe { now.older.as_ref() };
        }
        None
    }

    /// Enter a record. Returns false if there is no memory.
    pub fn insert(&self, number: usize, record: &'static T) -> bool {
        let record = (&raw const *record).cast_mut();
        let into = |table: &Table<T>, most| table.insert(number, record, most);
        // Filling the table further makes searches longer, but that is better than failing.
        self.newest().is_some_and(|table| into(table, table.len / 2))
            || self.grow().is_some_and(|table| into(table, table.len / 2))
            || self.newest().is_some_and(|table| into(table, table.len - 1))
    }

    /// A longer table.
    #[cold]
    fn grow(&self) -> Option<&Table<T>> {
        // Acquire: pairs with the Release below.
        let mut older = self.0.load(Ordering::Acquire);
        // SAFETY: as in `newest`.
        let len = unsafe { older.as_ref() }.map_or(FIRST, |table| table.len * 2);
        let room = size_of::<Table<T>>() + len * size_of::<*mut T>();
        let fresh = meta_alloc(room, align_of::<Table<T>>()).cast::<Table<T>>();
        if fresh.is_null() {
            return None;
        }
        loop {
            // SAFETY: fresh zeroed memory of ours, in which null entries follow.
            unsafe { fresh.write(Table { len, count: AtomicUsize::new(0), older, entries: fresh.add(1).cast() }) };
            // Release: publishes the table; pairs with the Acquires. Acquire: sees a table that another thread
            // published.
            match self.0.compare_exchange(older, fresh, Ordering::Release, Ordering::Acquire) {
                // SAFETY: as in `newest`.
                Ok(_) => return unsafe { fresh.as_ref() },
                Err(now) => older = now,
            }
        }
    }
}

impl<T> Default for Index<T> {
    fn default() -> Self {
        Index::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config::power;

    fn leak(n: usize) -> &'static usize {
        Box::leak(Box::new(n))
    }

    #[test]
    fn what_is_entered_is_found_and_nothing_else() {
        let index = Index::<usize>::new();
        assert!(index.find(5, |_| true).is_none());
        let all: Vec<_> = (0..1000).map(leak).collect();
        for record in &all {
            assert!(index.insert(ptr::from_ref(*record).addr(), record) && index.insert(**record, record));
        }
        for record in &all {
            let at = ptr::from_ref(*record).addr();
            assert_eq!(index.find(at, |one| ptr::eq(one, *record)), Some(*record));
            assert_eq!(index.find(**record, |one| one == *record), Some(*record));
            assert_eq!(index.find(at + 1, |one| ptr::from_ref(one).addr() == at + 1), None);
        }
    }

    #[test]
    fn searches_stay_short() {
        let index = Index::<usize>::new();
        // Records at regular distances, as they are made, and numbers.
        for (from, step) in [(0, 1), (power(45), 8256), (power(40), 1 << 16)] {
            let longest = |n: usize| {
                let mut longest = 0;
                for i in 0..n {
                    assert!(index.insert(from + i * step, leak(from + i * step)));
                }
                for i in 0..n {
                    let looks = core::cell::Cell::new(0);
                    let is = |one: &usize| {
                        looks.set(looks.get() + 1);
                        *one == from + i * step
                    };
                    assert!(index.find(from + i * step, is).is_some());
                    longest = longest.max(looks.get());
                }
                longest
            };
            let longest = longest(20_000);
            assert!(longest < 200, "{longest} looks, from {from:x} in steps of {step}");
        }
    }

    #[test]
    fn threads_enter_at_once() {
        let index = &Index::<usize>::new();
        std::thread::scope(|s| {
            for t in 0..3usize {
                s.spawn(move || {
                    for i in 0..2000 {
                        let record = leak(i * 3 + t);
                        assert!(index.insert(*record, record));
                        assert!(index.find(*record, |one| one == record).is_some());
                    }
                });
            }
        });
        assert!((0..6000).all(|n| index.find(n, |&one| one == n).is_some()));
    }
}
