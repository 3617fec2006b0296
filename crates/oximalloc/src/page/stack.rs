//! A list of records that any thread may push to, and take whole: how a page is handed to a theap, to a heap's abandoned
//! pages, or a record to the pool.
//!
//! ```text
//! OPEN(head)  null without records
//!     push:      -> OPEN(first)  the chain's last record links to the head
//!     take all:  -> OPEN(null)   the records are the taker's; nothing happens if there are none
//!     close:     -> CLOSED       by whoever ends what the list belongs to: the records are the closer's
//! CLOSED
//!     push:      refused: the record stays the caller's, who has to look for another place
//!     take all:  finds nothing, and leaves the list closed
//!     open:      -> OPEN(null)   by whoever has what the list belongs to from then on, alone
//! ```
//!
//! Push-only and take-all, so a head that comes back (ABA) is harmless, to a push (the link is right for any list with that
//! head) and to a taker (who has not looked at what follows it). Takers may be many, also while one closes: each record is
//! in one taker's hands or on the list. One that puts records back asks each push whether the list took it, as it may be
//! closed by then. A thread stopped between its link and its compare-and-swap holds one record and delays nobody.

use crate::base::sync::{AtomicPtr, Ordering};
use core::ptr;

/// What can be on a list: something with a link that the list owns while it is there.
pub trait Linked: Sized {
    /// The link.
    fn link(&self) -> &AtomicPtr<Self>;
}

/// The list.
pub struct Stack<T>(AtomicPtr<T>);

/// The last record of a chain.
///
/// # Safety
/// - the chain is the caller's, and `first` is not null.
pub unsafe fn last_of<T: Linked>(first: *mut T) -> *mut T {
    let mut last = first;
    loop {
        // SAFETY: by the contract.
        let next = unsafe { (*last).link().load(Ordering::Relaxed) };
        if next.is_null() {
            return last;
        }
        last = next;
    }
}

/// The head of a closed list; never dereferenced.
fn closed<T>() -> *mut T {
    ptr::without_provenance_mut(1)
}

impl<T: Linked> Stack<T> {
    /// An empty, open list.
    #[cfg(not(loom))]
    pub const fn new() -> Self {
        Stack(AtomicPtr::new(ptr::null_mut()))
    }
    /// An empty, open list.
    #[cfg(loom)]
    pub fn new() -> Self {
        Stack(AtomicPtr::new(ptr::null_mut()))
    }

    /// True when nothing was on it a moment ago.
    pub fn is_empty(&self) -> bool {
        let head = self.0.load(Ordering::Relaxed);
        head.is_null() || head == closed()
    }

    /// The first record, which stays on the list; null when there is none.
    pub fn first(&self) -> *mut T {
        // Acquire: pairs with the Release of each push.
        let head = self.0.load(Ordering::Acquire);
        if head == closed() { ptr::null_mut() } else { head }
    }

    /// Push one record; false if the list is closed.
    ///
    /// # Safety
    /// - `item` is valid for as long as it is on a list, and on no list now.
    #[must_use = "a record that was refused is on no list"]
    pub unsafe fn push(&self, item: *mut T) -> bool {
        // SAFETY: one item is a chain of one.
        unsafe { self.push_chain(item, item) }
    }

    /// Push a chain of records, linked from `first` to `last`; false if the list is closed.
    ///
    /// # Safety
    /// - as for [`Stack::push`], for each record of the chain.
    #[must_use = "records that were refused are on no list"]
    pub unsafe fn push_chain(&self, first: *mut T, last: *mut T) -> bool {
        // Acquire, here and below: who finds the list closed sees what its closer did before (Release in `close`).
        let mut head = self.0.load(Ordering::Acquire);
        loop {
            if head == closed() {
                return false;
            }
            // SAFETY: the chain is the caller's until the exchange below.
            unsafe { (*last).link().store(head, Ordering::Relaxed) };
            // Release: the link, and what the pusher did with the record, pairs with the Acquire in `take_all`.
            match self.0.compare_exchange_weak(head, first, Ordering::Release, Ordering::Acquire) {
                Ok(_) => return true,
                Err(now) => head = now,
            }
        }
    }

    /// Push a chain to a list that nobody ever closes, or not now.
    ///
    /// # Safety
    /// - as for [`Stack::push_chain`].
    pub unsafe fn add_chain(&self, first: *mut T, last: *mut T) {
        // SAFETY: forwarded.
        let added = unsafe { self.push_chain(first, last) };
        debug_assert!(added, "a list is closed that never should be");
    }

    /// The same with one record.
    ///
    /// # Safety
    /// - as for [`Stack::push`].
    pub unsafe fn add(&self, item: *mut T) {
        // SAFETY: one item is a chain of one.
        unsafe { self.add_chain(item, item) };
    }

    /// Put a chain back on a list that is empty; false if it is not.
    ///
    /// # Safety
    /// - as for [`Stack::push_chain`].
    #[must_use = "records that were refused are on no list"]
    pub unsafe fn push_if_empty(&self, first: *mut T) -> bool {
        // Release: as in `push_chain`.
        self.0.compare_exchange(ptr::null_mut(), first, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// Take all records; null when there are none. The list stays as it is, open or closed.
    pub fn take_all(&self) -> *mut T {
        let mut head = self.0.load(Ordering::Relaxed);
        while !head.is_null() && head != closed() {
            // Acquire: pairs with the Release of each push.
            match self.0.compare_exchange_weak(head, ptr::null_mut(), Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return head,
                Err(now) => head = now,
            }
        }
        ptr::null_mut()
    }

    /// Push one record to the list that belongs to its label, which another thread may change before it closes that list:
    /// then it goes to the new label's. Says which; None, and nothing done, when a list is closed and stays the label's.
    ///
    /// # Safety
    /// - as for [`Stack::push`].
    pub unsafe fn push_by_label<'a, L: PartialEq>(
        item: *mut T,
        label: impl Fn() -> L,
        list: impl Fn(&L) -> &'a Stack<T>,
    ) -> Option<L>
    where
        T: 'a,
    {
        loop {
            let now = label();
            // SAFETY: forwarded.
            if unsafe { list(&now).push(item) } {
                return Some(now);
            }
            // The push that found the list closed sees what its closer did before, a new label among it.
            if label() == now {
                return None;
            }
        }
    }

    /// Take one record and put the others back; None when there are none. Nobody closes the list meanwhile.
    pub fn take_one<'a>(&self) -> Option<&'a T> {
        let first = self.take_all();
        // SAFETY: what was on the list is valid, and ours now.
        let one = unsafe { first.as_ref() }?;
        let rest = one.link().load(Ordering::Relaxed);
        // SAFETY: as above.
        unsafe {
            if !rest.is_null() && !self.push_if_empty(rest) {
                self.add_chain(rest, last_of(rest));
            }
        }
        Some(one)
    }

    /// Take all records and close the list.
    pub fn close(&self) -> *mut T {
        // Acquire: pairs with the Release of each push. Release: pairs with the Acquire of a push that finds it closed.
        let head = self.0.swap(closed(), Ordering::AcqRel);
        if head == closed() { ptr::null_mut() } else { head }
    }

    /// Open a closed list. Only who has what it belongs to may.
    pub fn open(&self) {
        self.0.store(ptr::null_mut(), Ordering::Relaxed);
    }
}

impl<T: Linked> Default for Stack<T> {
    fn default() -> Self {
        Stack::new()
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
    impl Linked for Item {
        fn link(&self) -> &AtomicPtr<Item> {
            &self.link
        }
    }
    fn item() -> *mut Item {
        Box::into_raw(Box::new(Item { link: AtomicPtr::new(ptr::null_mut()) }))
    }
    /// # Safety: the chain is the caller's.
    unsafe fn drain(mut item: *mut Item) -> usize {
        let mut n = 0;
        while !item.is_null() {
            // SAFETY: items on the chain are boxes that only we hold now.
            let boxed = unsafe { Box::from_raw(item) };
            item = boxed.link.load(Ordering::Relaxed);
            n += 1;
        }
        n
    }

    /// Two pushers against a consumer that takes all and then closes: each record is taken once or refused.
    #[test]
    fn loom_nothing_is_lost_when_a_list_closes() {
        loom::model(|| {
            let list = Arc::new(Stack::<Item>::new());
            let pushers: Vec<_> = (0..2)
                .map(|_| {
                    let list = list.clone();
                    thread::spawn(move || {
                        let it = item();
                        // SAFETY: fresh and on no list.
                        if unsafe { list.push(it) } {
                            1
                        } else {
                            // SAFETY: refused, so still ours.
                            drop(unsafe { Box::from_raw(it) });
                            0
                        }
                    })
                })
                .collect();
            // SAFETY: what was taken is ours.
            let mut got = unsafe { drain(list.take_all()) };
            // SAFETY: as above.
            got += unsafe { drain(list.close()) };
            let pushed: usize = pushers.into_iter().map(|t| t.join().unwrap()).sum();
            assert_eq!(got, pushed);
        });
    }

    /// Two threads sweep a list, which is to take all and put each record on the list of its label now, while a third gives
    /// the records a new label and closes the list: it stays closed, and all records are on the new label's list.
    #[test]
    fn loom_who_sweeps_a_list_that_closes_loses_nothing() {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(|| {
            let lists = Arc::new([Stack::<Item>::new(), Stack::new()]);
            let label = Arc::new(crate::base::sync::AtomicUsize::new(0));
            for _ in 0..2 {
                // SAFETY: fresh and on no list.
                unsafe { lists[0].add(item()) };
            }
            let relist = |lists: &[Stack<Item>; 2], label: &crate::base::sync::AtomicUsize, mut at: *mut Item| {
                // SAFETY: taken off a list, so ours to link.
                while let Some(one) = unsafe { at.as_ref() } {
                    let next = one.link.load(Ordering::Relaxed);
                    // SAFETY: as above.
                    let to = unsafe { Stack::push_by_label(at, || label.load(Ordering::Relaxed), |l| &lists[*l]) };
                    assert!(to.is_some(), "a record is on no list");
                    at = next;
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
            // SAFETY: what was taken is ours.
            assert_eq!(unsafe { drain(lists[1].take_all()) }, 2);
        });
    }

    /// A thread pushes a record while another gives it a new label and closes the old one's list, passing on what it finds
    /// there: the record is on the new list, once.
    #[test]
    fn loom_a_record_follows_its_label() {
        loom::model(|| {
            let lists = Arc::new([Stack::<Item>::new(), Stack::new()]);
            let label = Arc::new(crate::base::sync::AtomicUsize::new(0));
            let pusher = {
                let (lists, label) = (lists.clone(), label.clone());
                thread::spawn(move || {
                    let now = || label.load(Ordering::Relaxed);
                    // SAFETY: fresh and on no list.
                    let to = unsafe { Stack::push_by_label(item(), now, |l| &lists[*l]) };
                    assert!(to.is_some(), "the label changed before the list was closed");
                })
            };
            label.store(1, Ordering::Relaxed);
            let found = lists[0].close();
            if !found.is_null() {
                // SAFETY: taken off its list; the only one there is.
                assert!(unsafe { lists[1].push(found) });
            }
            pusher.join().unwrap();
            // SAFETY: what was taken is ours.
            assert_eq!(unsafe { drain(lists[1].take_all()) }, 1);
        });
    }
}
