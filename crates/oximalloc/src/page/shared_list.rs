//! A list of records. Any thread may push to it, or take all of it. Pages are handed to a theap, or to a heap's
//! abandoned pages, with a list like this.
//!
//! ```text
//! OPEN(head)  head is null if there are no records
//!     push:      -> OPEN(first)  the chain's last record links to the old head
//!     take all:  -> OPEN(null)   the records belong to the taker; nothing happens if there are none
//!     close:     -> CLOSED       done by the thread that ends what the list belongs to; the records are the closer's
//! CLOSED
//!     push:      refused: the record stays with the caller, who has to find another place for it
//!     take all:  finds nothing, and leaves the list closed
//!     open:      -> OPEN(null)   done by the only thread that has what the list belongs to from then on
//! ```
//!
//! Records are only pushed or taken all at once, so a head that comes back (ABA) is harmless. A push is right because
//! its link is right for any list with that head. A taker has not looked at what follows the head. There may be several
//! takers, also while one closes: each record is on the list or belongs to one taker. A taker that puts records back
//! must check whether each push succeeded, because the list may be closed by then. A thread that is stopped between its
//! link and its compare-and-swap holds one record or chain and delays nobody.

use super::chain::{Chain, Linked};
use crate::base::sync::{AtomicPtr, Ordering};
use core::ptr;

/// The list.
pub struct SharedList<T: 'static>(AtomicPtr<T>);

/// The head of a closed list; never dereferenced.
fn closed<T>() -> *mut T {
    ptr::without_provenance_mut(1)
}

fn address<T>(record: &'static T) -> *mut T {
    ptr::from_ref(record).cast_mut()
}

impl<T: Linked> SharedList<T> {
    /// An empty, open list.
    #[cfg(not(loom))]
    pub const fn new() -> Self {
        SharedList(AtomicPtr::new(ptr::null_mut()))
    }
    /// An empty, open list.
    #[cfg(loom)]
    pub fn new() -> Self {
        SharedList(AtomicPtr::new(ptr::null_mut()))
    }

    /// The records that begin with a head that was read.
    fn records(head: *mut T) -> Option<&'static T> {
        if head == closed() {
            return None;
        }
        // SAFETY: the head is null, or a push put it there. Pushes take records that live for ever.
        unsafe { head.as_ref() }
    }

    /// True if the list was empty a moment ago.
    pub fn is_empty(&self) -> bool {
        let head = self.0.load(Ordering::Relaxed);
        head.is_null() || head == closed()
    }

    /// The first record. It stays on the list.
    pub fn first(&self) -> Option<&'static T> {
        // Acquire: pairs with the Release of each push.
        Self::records(self.0.load(Ordering::Acquire))
    }

    /// Push one record, which is the caller's and on no list. False if the list is closed.
    #[must_use = "a record that was refused is on no list"]
    pub fn push(&self, record: &'static T) -> bool {
        self.push_chain(record, record)
    }

    /// Push a chain of the caller's records, linked from `first` to `last`. False if the list is closed.
    #[must_use = "records that were refused are on no list"]
    pub fn push_chain(&self, first: &'static T, last: &'static T) -> bool {
        // Acquire, here and below: a thread that finds the list closed sees what its closer did before (Release in
        // `close`).
        let mut head = self.0.load(Ordering::Acquire);
        loop {
            if head == closed() {
                return false;
            }
            last.link().store(head, Ordering::Relaxed);
            // Release: pairs with the Acquire in `take_all`. It publishes the link and what the pusher did with the
            // record.
            match self.0.compare_exchange_weak(head, address(first), Ordering::Release, Ordering::Acquire) {
                Ok(_) => return true,
                Err(now) => head = now,
            }
        }
    }

    /// Push a record to a list that is never closed, or that nobody can close now.
    pub fn add(&self, record: &'static T) {
        let added = self.push(record);
        debug_assert!(added, "a list is closed that never should be");
    }

    /// Put a chain back on a list if that is empty. False if it is not.
    #[must_use = "records that were refused are on no list"]
    pub fn push_if_empty(&self, first: &'static T) -> bool {
        // Release: as in `push_chain`.
        self.0.compare_exchange(ptr::null_mut(), address(first), Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// Put a chain back on the list that it was taken from. False if the list is closed by now.
    #[must_use = "records that were refused are on no list"]
    pub fn put_back(&self, first: &'static T) -> bool {
        // Usually the list is still empty. Then there is no need to walk to the end of the chain.
        self.push_if_empty(first) || self.push_chain(first, Chain::last_of(first))
    }

    /// Take all records. An open list stays open, and a closed one stays closed.
    pub fn take_all(&self) -> Chain<T> {
        let mut head = self.0.load(Ordering::Relaxed);
        while !head.is_null() && head != closed() {
            // Acquire: pairs with the Release of each push.
            match self.0.compare_exchange_weak(head, ptr::null_mut(), Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Chain::from(Self::records(head)),
                Err(now) => head = now,
            }
        }
        Chain::from(None)
    }

    /// Push one record to the list that belongs to its label. Another thread may change the label and then close that
    /// list; the record then goes to the new label's list. Returns the label whose list has the record. None, with
    /// nothing done, if a list is closed and the label still names it.
    pub fn push_by_label<'a, L: PartialEq>(
        record: &'static T,
        label: impl Fn() -> L,
        list: impl Fn(&L) -> &'a SharedList<T>,
    ) -> Option<L> {
        loop {
            let now = label();
            if list(&now).push(record) {
                return Some(now);
            }
            // The push that found the list closed sees what its closer did before, including a new label.
            if label() == now {
                return None;
            }
        }
    }

    /// Take one record and put the others back. None if there are none. Nobody may close the list meanwhile.
    pub fn take_one(&self) -> Option<&'static T> {
        let mut all = self.take_all();
        let one = all.next()?;
        if let Some(rest) = all.next() {
            let back = self.put_back(rest);
            debug_assert!(back, "a list is closed that never should be");
        }
        Some(one)
    }

    /// Take all records and close the list.
    pub fn close(&self) -> Chain<T> {
        // Acquire: pairs with the Release of each push. Release: pairs with the Acquire of a push that finds it closed.
        Chain::from(Self::records(self.0.swap(closed(), Ordering::AcqRel)))
    }

    /// Open a closed list. Only the thread that has what the list belongs to may do so.
    pub fn open(&self) {
        self.0.store(ptr::null_mut(), Ordering::Relaxed);
    }
}

impl<T: Linked> Default for SharedList<T> {
    fn default() -> Self {
        SharedList::new()
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use loom::sync::Arc;
    use loom::thread;

    struct Item {
        link: AtomicPtr<Item>,
    }
    // SAFETY: only lists write the link.
    unsafe impl Linked for Item {
        fn link(&self) -> &AtomicPtr<Item> {
            &self.link
        }
    }
    fn item() -> &'static Item {
        Box::leak(Box::new(Item { link: AtomicPtr::new(ptr::null_mut()) }))
    }

    /// Two pushers against a consumer that takes all and then closes. Each record is taken once or refused.
    #[test]
    fn loom_nothing_is_lost_when_a_list_closes() {
        loom::model(|| {
            let list = Arc::new(SharedList::<Item>::new());
            let pushers: Vec<_> = (0..2)
                .map(|_| {
                    let list = list.clone();
                    thread::spawn(move || list.push(item()) as usize)
                })
                .collect();
            let got = list.take_all().count() + list.close().count();
            let pushed: usize = pushers.into_iter().map(|t| t.join().unwrap()).sum();
            assert_eq!(got, pushed);
        });
    }

    /// Two threads sweep a list: each takes all and puts each record on the list of its present label. A third thread
    /// gives the records a new label and closes the list. The list stays closed, and all records end up on the new
    /// label's list.
    #[test]
    fn loom_who_sweeps_a_list_that_closes_loses_nothing() {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(|| {
            let lists = Arc::new([SharedList::<Item>::new(), SharedList::new()]);
            let label = Arc::new(crate::base::sync::AtomicUsize::new(0));
            for _ in 0..2 {
                lists[0].add(item());
            }
            let relist = |lists: &[SharedList<Item>; 2], label: &crate::base::sync::AtomicUsize, taken: Chain<Item>| {
                for one in taken {
                    let to = SharedList::push_by_label(one, || label.load(Ordering::Relaxed), |l| &lists[*l]);
                    assert!(to.is_some(), "a record is on no list");
                }
            };
            let sweepers: Vec<_> = (0..2)
                .map(|_| {
                    let (lists, label) = (lists.clone(), label.clone());
                    thread::spawn(move || relist(&lists, &label, lists[0].take_all()))
                })
                .collect();
            label.store(1, Ordering::Relaxed);
            relist(&lists, &label, lists[0].close());
            for sweeper in sweepers {
                sweeper.join().unwrap();
            }
            assert_eq!(lists[0].0.load(Ordering::Relaxed), closed(), "a closed list was opened");
            assert_eq!(lists[1].take_all().count(), 2);
        });
    }

    /// A thread pushes a record. Another thread gives it a new label, closes the old label's list, and moves what it
    /// finds there. The record is on the new list, once.
    #[test]
    fn loom_a_record_follows_its_label() {
        loom::model(|| {
            let lists = Arc::new([SharedList::<Item>::new(), SharedList::new()]);
            let label = Arc::new(crate::base::sync::AtomicUsize::new(0));
            let pusher = {
                let (lists, label) = (lists.clone(), label.clone());
                thread::spawn(move || {
                    let now = || label.load(Ordering::Relaxed);
                    let to = SharedList::push_by_label(item(), now, |l| &lists[*l]);
                    assert!(to.is_some(), "the label changed before the list was closed");
                })
            };
            label.store(1, Ordering::Relaxed);
            for found in lists[0].close() {
                assert!(lists[1].push(found));
            }
            pusher.join().unwrap();
            assert_eq!(lists[1].take_all().count(), 1);
        });
    }
}
