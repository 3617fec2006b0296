//! A list that only grows: all heaps, all theaps or all subprocesses that ever existed.
//!
//! Protocol: a compare-and-swap puts a new record at the front, and no record is ever removed. So a reader needs no
//! lock, and a record that it has read stays on the list.
//!
//! Orderings: *add* is Release and [`GrowList::iter`] is Acquire, so a reader sees a record as it was when it was
//! added.

use super::sync::{AtomicPtr, Ordering};
use core::ptr;

/// A record that can be put on a [`GrowList`], once in its life.
///
/// # Safety
/// - only the list writes the link.
pub unsafe trait Listed: Sized + 'static {
    /// The link to the record that was added before.
    fn older(&self) -> &AtomicPtr<Self>;
}

/// The list.
pub struct GrowList<T: 'static>(AtomicPtr<T>);

impl<T: Listed> GrowList<T> {
    /// An empty list.
    #[cfg(not(loom))]
    pub const fn new() -> GrowList<T> {
        GrowList(AtomicPtr::new(ptr::null_mut()))
    }
    /// An empty list.
    #[cfg(loom)]
    pub fn new() -> GrowList<T> {
        GrowList(AtomicPtr::new(ptr::null_mut()))
    }

    /// A list with one record, whose link is null.
    #[cfg(not(loom))]
    pub const fn of(first: &'static T) -> GrowList<T> {
        GrowList(AtomicPtr::new(ptr::from_ref(first).cast_mut()))
    }

    /// Add a record that is on no list yet.
    pub fn add(&self, record: &'static T) {
        self.add_unless(record, || None);
    }

    /// Add a record, unless `found` returns another one for the list as it is at that moment. Returns the record that
    /// is on the list: this one or the one found.
    pub fn add_unless(&self, record: &'static T, found: impl Fn() -> Option<&'static T>) -> &'static T {
        let mut first = self.0.load(Ordering::Relaxed);
        loop {
            if let Some(other) = found() {
                return other;
            }
            record.older().store(first, Ordering::Relaxed);
            let this = ptr::from_ref(record).cast_mut();
            // Release: as in the file's head.
            match self.0.compare_exchange(first, this, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return record,
                Err(now) => first = now,
            }
        }
    }

    /// The record that was added last.
    pub fn newest(&self) -> Option<&'static T> {
        // Acquire: as in the file's head.
        // SAFETY: the pointer is null, or `add` or `of` put it there.
        unsafe { self.0.load(Ordering::Acquire).as_ref() }
    }

    /// The record that was added before this one.
    pub fn older(record: &T) -> Option<&'static T> {
        // SAFETY: the link is null, or names the record that was the newest before. The Acquire that showed us this
        // record showed us that one too.
        unsafe { record.older().load(Ordering::Relaxed).as_ref() }
    }

    /// All records, the newest first.
    pub fn iter(&self) -> impl Iterator<Item = &'static T> + use<T> {
        core::iter::successors(self.newest(), |record| Self::older(record))
    }
}

impl<T: Listed> Default for GrowList<T> {
    fn default() -> Self {
        GrowList::new()
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use loom::sync::Arc;
    use loom::thread;

    struct Item {
        value: crate::base::sync::AtomicUsize,
        link: AtomicPtr<Item>,
    }
    // SAFETY: the list alone writes the link.
    unsafe impl Listed for Item {
        fn older(&self) -> &AtomicPtr<Item> {
            &self.link
        }
    }

    /// Two threads add a record each while a third reads. The reader sees each record at most once, and as it was
    /// added. In the end both are there.
    #[test]
    fn loom_a_record_is_seen_as_it_was_added() {
        loom::model(|| {
            let list = Arc::new(GrowList::<Item>::new());
            let adders: Vec<_> = (1..3)
                .map(|n| {
                    let list = list.clone();
                    thread::spawn(move || {
                        let zero = crate::base::sync::AtomicUsize::new(0);
                        let item = Box::leak(Box::new(Item { value: zero, link: AtomicPtr::new(ptr::null_mut()) }));
                        item.value.store(n, Ordering::Relaxed);
                        list.add(item);
                    })
                })
                .collect();
            let seen: Vec<_> = list.iter().map(|item| item.value.load(Ordering::Relaxed)).collect();
            assert!(seen.iter().all(|&n| n != 0) && seen.len() <= 2);
            adders.into_iter().for_each(|adder| adder.join().unwrap());
            let sum: usize = list.iter().map(|item| item.value.load(Ordering::Relaxed)).sum();
            assert_eq!(sum, 3);
        });
    }
}
