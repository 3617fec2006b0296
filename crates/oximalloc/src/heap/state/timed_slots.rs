//! Slots for a few records that wait to be taken, each until its own time: the parked theaps.
//!
//! Protocol: a slot is null or holds a record. A record is put there by compare-and-swap and taken by a swap, so only
//! one thread gets it. A record in a slot is nobody's. `due` is at most the earliest time at which a record is due.
//!
//! Orderings: whoever takes a record (Acquire) sees all that was done with it before it was put (Release). A thread
//! fills the slot before it enters the time (Release). That pairs with the Acquire of the thread that finds the time
//! has come: either its scan finds the slot filled, or the time is entered after it. All changes of `due` are
//! read-modify-writes, so that an entry is seen through later ones.

use crate::base::sync::{AtomicPtr, AtomicU64, Ordering};
use core::ptr;

/// How many records may wait.
pub const SLOTS: usize = 8;
const NEVER: u64 = u64::MAX;

/// The slots.
pub struct TimedSlots<T: 'static> {
    slots: [Slot<T>; SLOTS],
    /// When the first record is due, or earlier, in milliseconds. NEVER: none waits.
    due: AtomicU64,
}

struct Slot<T: 'static> {
    item: AtomicPtr<T>,
    /// When the item is due. (Two threads that put at the same time may both have written it; their times differ by a
    /// moment.)
    due: AtomicU64,
}

impl<T> Slot<T> {
    fn take(&self) -> Option<&'static T> {
        if self.item.load(Ordering::Relaxed).is_null() {
            return None;
        }
        // Acquire: pairs with the Release in `put`.
        // SAFETY: null, or put there by `put`, which takes what lives for ever.
        unsafe { self.item.swap(ptr::null_mut(), Ordering::Acquire).as_ref() }
    }
}

impl<T> TimedSlots<T> {
    /// None waits.
    #[cfg(not(loom))]
    pub const fn new() -> TimedSlots<T> {
        TimedSlots {
            slots: [const { Slot { item: AtomicPtr::new(ptr::null_mut()), due: AtomicU64::new(0) } }; SLOTS],
            due: AtomicU64::new(NEVER),
        }
    }
    /// None waits.
    #[cfg(loom)]
    pub fn new() -> TimedSlots<T> {
        let slot = || Slot { item: AtomicPtr::new(ptr::null_mut()), due: AtomicU64::new(0) };
        TimedSlots { slots: core::array::from_fn(|_| slot()), due: AtomicU64::new(NEVER) }
    }

    /// Whether any may wait.
    pub fn any(&self) -> bool {
        self.due.load(Ordering::Relaxed) != NEVER
    }

    /// Whether there was room for another a moment ago.
    pub fn has_room(&self) -> bool {
        self.slots.iter().any(|slot| slot.item.load(Ordering::Relaxed).is_null())
    }

    /// Keep the caller's `item` until `due`. Returns false, and the item stays the caller's, if all slots are taken.
    pub fn put(&self, item: &'static T, due: u64) -> bool {
        let this = ptr::from_ref(item).cast_mut();
        for slot in self.slots.iter().filter(|slot| slot.item.load(Ordering::Relaxed).is_null()) {
            slot.due.store(due, Ordering::Relaxed);
            // Release: pairs with the Acquire in `take` and `take_due`.
            if slot.item.compare_exchange(ptr::null_mut(), this, Ordering::Release, Ordering::Relaxed).is_ok() {
                // Release: as in the file's head.
                self.due.fetch_min(due, Ordering::Release);
                return true;
            }
        }
        false
    }

    /// Take one record. It is the caller's from then on.
    pub fn take(&self) -> Option<&'static T> {
        self.slots.iter().find_map(Slot::take)
    }

    /// Call `then` with all records that are due at `now`. They are the caller's.
    pub fn take_due(&self, now: u64, mut then: impl FnMut(&'static T)) {
        let due = self.due.load(Ordering::Relaxed);
        // Acquire: as in the file's head.
        if now < due || self.due.compare_exchange(due, NEVER, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return;
        }
        for slot in &self.slots {
            if slot.item.load(Ordering::Relaxed).is_null() {
                continue;
            }
            let due = slot.due.load(Ordering::Relaxed);
            if now < due {
                // Relaxed: the entry by the thread that put the item is seen through this one.
                self.due.fetch_min(due, Ordering::Relaxed);
                continue;
            }
            if let Some(item) = slot.take() {
                then(item);
            }
        }
    }

    /// In the child of a fork: a thread that had cleared the time, and was about to scan the slots, does not exist
    /// here.
    pub fn fork_child(&self) {
        if self.slots.iter().any(|slot| !slot.item.load(Ordering::Relaxed).is_null()) {
            self.due.store(0, Ordering::Relaxed);
        }
    }
}

impl<T> Default for TimedSlots<T> {
    fn default() -> Self {
        TimedSlots::new()
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use loom::sync::Arc;
    use loom::thread;

    /// One thread puts, one takes, one scans when the time has come. Each record belongs to one thread, and a record
    /// that is left has its time entered.
    #[test]
    fn loom_a_record_is_one_threads_or_its_time_is_entered() {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(|| {
            let slots = Arc::new(TimedSlots::<AtomicU64>::new());
            let items: [&'static AtomicU64; 2] = [(); 2].map(|()| &*Box::leak(Box::new(AtomicU64::new(0))));
            let owned = |item: &AtomicU64| {
                item.fetch_add(1, Ordering::Relaxed);
            };
            assert!(slots.put(items[0], 1));
            let putter = {
                let slots = slots.clone();
                thread::spawn(move || assert!(slots.put(items[1], 1)))
            };
            let taker = {
                let slots = slots.clone();
                thread::spawn(move || {
                    if let Some(item) = slots.take() {
                        owned(item);
                    }
                })
            };
            slots.take_due(1, owned);
            putter.join().unwrap();
            taker.join().unwrap();
            slots.take_due(1, owned);
            for item in items {
                assert_eq!(item.load(Ordering::Relaxed), 1);
            }
        });
    }
}
