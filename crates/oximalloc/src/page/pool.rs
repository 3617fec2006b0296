//! A pool of records in no use: any thread puts one in and takes one out, in a few steps however many there are.
//!
//! Protocol: some lists, each with a lock that nobody waits for. *Put* links a record before the first of a list by
//! compare-and-swap, without the lock. *Take* takes the first of a list by compare-and-swap, inside the list's lock: so
//! what it has read of the first record stays true while that is the first, as no other thread takes it away and puts it
//! back (ABA). Who finds a lock taken goes on to the next list.
//!
//! A thread that is stopped inside a lock keeps what its list has from the others until it goes on, and no more than
//! that: what is put meanwhile goes to other lists. In the child of a fork nobody is inside, and all lists are whole: a
//! thread that is not there has taken the first record, or has not.
//!
//! A take finds nothing where there is something when all lists that have some are taken; then a record more is made.
//! Records are spread over the lists by their addresses, so that this ends once there are some more than are used.

use super::chain::Linked;
use crate::base::sync::{AtomicPtr, Ordering};
use crate::base::try_lock::TryLock;
use core::ptr;

/// How many lists there are: one cache line of them.
const LISTS: usize = if cfg!(loom) { 2 } else { 4 };

/// The pool.
#[repr(align(64))]
pub struct Pool<T: 'static>([List<T>; LISTS]);

struct List<T: 'static> {
    first: AtomicPtr<T>,
    lock: TryLock,
}

/// The list that a record goes to.
fn place<T>(item: &'static T) -> usize {
    if cfg!(loom) {
        // The same in each run of a model.
        return 0;
    }
    // Records lie in rows, of sizes that are multiples of 64: the bits above decide, too.
    (ptr::from_ref(item).addr() >> 6).wrapping_mul(0x9E37_79B9) >> 16
}

impl<T: Linked> Pool<T> {
    /// Nothing in it.
    #[cfg(not(loom))]
    pub const fn new() -> Pool<T> {
        Pool([const { List { first: AtomicPtr::new(ptr::null_mut()), lock: TryLock::unlocked() } }; LISTS])
    }
    /// Nothing in it.
    #[cfg(loom)]
    pub fn new() -> Pool<T> {
        let list = |_| List { first: AtomicPtr::new(ptr::null_mut()), lock: TryLock::unlocked() };
        Pool(core::array::from_fn(list))
    }

    /// All lists, from one on.
    fn from(&self, first: usize) -> impl Iterator<Item = &List<T>> {
        (0..LISTS).map(move |i| &self.0[(first % LISTS + i) % LISTS])
    }

    /// Put a record in, which is in no use and on no list.
    #[inline(always)]
    pub fn put(&self, item: &'static T) {
        let first = place(item);
        let list = self.from(first).find(|list| !list.lock.is_taken()).unwrap_or(&self.0[first % LISTS]);
        let mut head = list.first.load(Ordering::Relaxed);
        loop {
            item.link().store(head, Ordering::Relaxed);
            let this = ptr::from_ref(item).cast_mut();
            // Release: the link, and what was done with the record, pairs with the Acquire in `take`.
            match list.first.compare_exchange_weak(head, this, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    /// Take a record out, which is the caller's from then on; None when none was found. Threads that take at the same time
    /// better begin `at` different lists.
    #[inline]
    pub fn take(&self, at: usize) -> Option<&'static T> {
        self.from(at).find_map(List::take)
    }

    /// In the child of a fork: whoever was inside is not there.
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
        // that becomes the first again by a take is seen as it was put.)
        let mut first = self.first.load(Ordering::Acquire);
        // SAFETY: records live for ever; this one is on the list until the exchange below, as we alone take.
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
    // SAFETY: the pool alone writes the link.
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
        // What was on its list before can be taken in the child of a fork, which the thread is not in.
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
    // SAFETY: the pool alone writes the link.
    unsafe impl Linked for Item {
        fn link(&self) -> &AtomicPtr<Item> {
            &self.link
        }
    }

    /// One thread takes a record and puts it back, while another takes two and puts back the first before the second, and
    /// then a third: no record is two threads', and none is lost.
    #[test]
    fn loom_a_record_of_a_pool_is_one_threads() {
        let mut builder = loom::model::Builder::new();
        // With three it takes minutes.
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
