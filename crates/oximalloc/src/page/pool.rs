//! A pool of unused records. Any thread puts records in and takes them out, in a few steps regardless of how many there
//! are.
//!
//! Protocol: the pool has a few lists, each with a lock that nobody waits for. *Put* links a record before the first of
//! a list by compare-and-swap, without the lock. *Take* removes the first of a list by compare-and-swap, inside the
//! list's lock. While it is inside, no other thread can take the first record away and put it back (ABA). So the link
//! that it has read from the first record stays true as long as that record is the first. A thread that finds a lock
//! taken goes on to the next list.
//!
//! If a thread is stopped inside a lock, the others cannot take what is on that list until it goes on. Nothing else is
//! withheld: later puts go to other lists. In the child of a fork nobody is inside, and all lists are whole: a thread
//! that does not exist there either has taken the first record or has not.
//!
//! A take may find nothing although the pool has records: if the locks of all nonempty lists are taken. The caller then
//! makes a new record. Records are spread over the lists by their addresses, so this stops once there are a few more
//! records than are in use.

use super::chain::Linked;
use crate::base::sync::{AtomicPtr, Ordering};
use crate::base::try_lock::TryLock;
use core::ptr;

/// How many lists there are. Together they fill one cache line.
const LISTS: usize = if cfg!(loom) { 2 } else { 4 };

/// The pool.
#[repr(align(64))]
pub struct Pool<T: 'static>([List<T>; LISTS]);

struct List<T: 'static> {
    first: AtomicPtr<T>,
    lock: TryLock,
}

/// The list that a record goes to first.
fn place<T>(item: &'static T) -> usize {
    if cfg!(loom) {
        // The same list in each run of a model.
        return 0;
    }
    // Records lie in rows, and their sizes are multiples of 64, so the higher bits have to count too.
    (ptr::from_ref(item).addr() >> 6).wrapping_mul(0x9E37_79B9) >> 16
}

impl<T: Linked> Pool<T> {
    /// An empty pool.
    #[cfg(not(loom))]
    pub const fn new() -> Pool<T> {
        Pool([const { List { first: AtomicPtr::new(ptr::null_mut()), lock: TryLock::unlocked() } }; LISTS])
    }
    /// An empty pool.
    #[cfg(loom)]
    pub fn new() -> Pool<T> {
        let list = |_| List { first: AtomicPtr::new(ptr::null_mut()), lock: TryLock::unlocked() };
        Pool(core::array::from_fn(list))
    }

    /// All lists, beginning with list `first`.
    fn from(&self, first: usize) -> impl Iterator<Item = &List<T>> {
        (0..LISTS).map(move |i| &self.0[(first % LISTS + i) % LISTS])
    }

    /// Put in a record that is unused and on no list.
    #[inline(always)]
    pub fn put(&self, item: &'static T) {
        let first = place(item);
        let list = self.from(first).find(|list| !list.lock.is_taken()).unwrap_or(&self.0[first % LISTS]);
        let mut head = list.first.load(Ordering::Relaxed);
        loop {
            item.link().store(head, Ordering::Relaxed);
            let this = ptr::from_ref(item).cast_mut();
            // Release: pairs with the Acquire in `take`. It publishes the link and what was done with the record.
            match list.first.compare_exchange_weak(head, this, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    /// Take out a record, which then belongs to the caller. None if none was found. Threads that take at the same time
    /// should begin `at` different lists.
    #[inline]
    pub fn take(&self, at: usize) -> Option<&'static T> {
        self.from(at).find_map(List::take)
    }

    /// In the child of a fork: free the locks, because the threads inside do not exist here.
    #[inline(never)]
    pub fn fork_child(&self) {
        self.0.iter().for_each(|list| list.lock.fork_child());
    }
}

impl<T: Linked> List<T> {
    fn take(&self) -> Option<&'static T> {
        if self.first.load(Ordering::Relaxed).is_null() {
            return None;
        }
        let _inside = self.lock.enter()?;
        // Acquire, here and below: pairs with the Release of the put. (All changes are read-modify-writes, so a record
        // that becomes the first again because of a take is also seen as it was put.)
        let mut first = self.first.load(Ordering::Acquire);
        // SAFETY: records live for ever. This one is on the list until the exchange below, because only we take.
        while let Some(item) = unsafe { first.as_ref() } {
            let next = item.link().load(Ordering::Relaxed);
            match self.first.compare_exchange_weak(first, next, Ordering::Acquire, Ordering::Acquire) {
                Ok(_) => return Some(item),
                Err(now) => first = now,
            }
        }
        None
    }
}

impl<T: Linked> Default for Pool<T> {
    fn default() -> Self {
        Pool::new()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[repr(align(64))]
    struct Item {
        link: AtomicPtr<Item>,
        owned: AtomicPtr<Item>,
    }
    // SAFETY: only the pool writes the link.
    unsafe impl Linked for Item {
        fn link(&self) -> &AtomicPtr<Item> {
            &self.link
        }
    }
    impl Item {
        fn address(&'static self) -> usize {
            ptr::from_ref(self).addr()
        }
    }
    fn item() -> &'static Item {
        let null = || AtomicPtr::new(ptr::null_mut());
        Box::leak(Box::new(Item { link: null(), owned: null() }))
    }

    #[test]
    fn all_that_was_put_is_taken_once() {
        let pool = Pool::<Item>::new();
        assert!(pool.take(3).is_none());
        let items: Vec<_> = (0..100).map(|_| item()).collect();
        items.iter().for_each(|item| pool.put(item));
        let spread = pool.0.iter().filter(|list| !list.first.load(Ordering::Relaxed).is_null()).count();
        assert_eq!(spread, LISTS, "records are on all lists");
        let taken: HashSet<_> = (0..100).filter_map(|i| pool.take(i)).map(Item::address).collect();
        assert_eq!(taken, items.into_iter().map(Item::address).collect());
        assert!(pool.take(0).is_none());
    }

    #[test]
    fn who_is_stopped_inside_keeps_one_list_from_the_others() {
        let pool = Pool::new();
        let inside = pool.0[0].lock.enter();
        (0..100).for_each(|_| pool.put(item()));
        assert!((0..100).all(|i| pool.take(i).is_some()));
        // In the child of a fork, what was on that list before can be taken, because the thread inside does not exist
        // there.
        pool.0[0].first.store(ptr::from_ref(item()).cast_mut(), Ordering::Relaxed);
        assert!(pool.take(0).is_none());
        core::mem::forget(inside);
        pool.fork_child();
        assert!(pool.take(0).is_some());
    }

    #[test]
    fn threads_share_without_a_record_lost_or_shared() {
        let pool = Pool::new();
        for _ in 0..8 {
            pool.put(item());
        }
        std::thread::scope(|s| {
            for t in 1..=3usize {
                let pool = &pool;
                s.spawn(move || {
                    let me = ptr::without_provenance_mut(t);
                    for i in 0..20_000 {
                        let Some(item) = pool.take(i + t) else { continue };
                        assert!(item.owned.swap(me, Ordering::Relaxed).is_null());
                        assert_eq!(item.owned.swap(ptr::null_mut(), Ordering::Relaxed), me);
                        pool.put(item);
                    }
                });
            }
        });
        assert_eq!((0..9).filter_map(|i| pool.take(i)).count(), 8);
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use crate::base::sync::AtomicUsize;
    use loom::sync::Arc;
    use loom::thread;

    struct Item {
        link: AtomicPtr<Item>,
        owners: AtomicUsize,
    }
    // SAFETY: only the pool writes the link.
    unsafe impl Linked for Item {
        fn link(&self) -> &AtomicPtr<Item> {
            &self.link
        }
    }

    /// One thread takes a record and puts it back. Another takes two, puts back the first before the second, and then
    /// puts a third. No record belongs to two threads, and none is lost.
    #[test]
    fn loom_a_record_of_a_pool_is_one_threads() {
        let mut builder = loom::model::Builder::new();
        // With a bound of three this takes minutes.
        builder.preemption_bound = Some(2);
        builder.check(|| {
            let pool = Arc::new(Pool::<Item>::new());
            let items: [&'static Item; 3] = [(); 3].map(|()| {
                let link = AtomicPtr::new(ptr::null_mut());
                &*Box::leak(Box::new(Item { link, owners: AtomicUsize::new(1) }))
            });
            let put = |pool: &Pool<Item>, item: Option<&'static Item>| {
                if let Some(item) = item {
                    assert_eq!(item.owners.swap(0, Ordering::Relaxed), 1);
                    pool.put(item);
                }
            };
            let take = |pool: &Pool<Item>| {
                let item = pool.take(0);
                if let Some(item) = item {
                    assert_eq!(item.owners.swap(1, Ordering::Relaxed), 0, "it is another thread's");
                }
                item
            };
            put(&pool, Some(items[0]));
            put(&pool, Some(items[1]));
            let other = {
                let pool = pool.clone();
                thread::spawn(move || {
                    let two = [take(&pool), take(&pool)];
                    put(&pool, two[0]);
                    put(&pool, two[1]);
                    put(&pool, Some(items[2]));
                })
            };
            let mine = take(&pool);
            put(&pool, mine);
            other.join().unwrap();
            let address = |item: &'static Item| ptr::from_ref(item).addr();
            let mut left: Vec<_> = (0..4).filter_map(|i| pool.take(i)).map(address).collect();
            let mut all = items.map(address);
            left.sort();
            all.sort();
            assert_eq!(left, all);
        });
    }
}
