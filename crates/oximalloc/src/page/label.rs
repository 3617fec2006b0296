//! Whose a page is: its heap, and the theap of that heap which owns it.
//!
//! ```text
//! LEFT(h)  the record is in no use, or the memory of its page is being released, which was heap h's
//!     enter:    -> OF(k)     who has claimed memory for heap k makes the record its page, before anything leads to it
//! OF(h)    a page in use
//!     relabel:  -> OF(t)     who deletes heap h gives its pages to heap t: one compare-and-swap
//!     leave:    -> LEFT(h)   who releases the page's memory: h, as the label says now, is the heap to take it out of
//!     claim:    -> LEFT(h)   who destroys heap h is about to release the page: one compare-and-swap
//! ```
//!
//! Who ends a heap finds its pages by their places, and while it looks at one, other threads may free the last block: then
//! the record is soon another heap's page, maybe elsewhere. Why it can't touch that one: nobody allocates from a heap that
//! is ending, so no record gets the label OF(h) meanwhile. A compare-and-swap from OF(h) that succeeds has found a page that
//! was h's all the time, at the place where it was found; when the page is gone, or is another heap's, it fails. (So a label
//! that comes back is no danger: h's record is another heap's only once h has ended.)
//!
//! The owner changes in the same way: who deletes h takes it from a page by a compare-and-swap from one of h's theaps. No
//! page of another heap has such an owner, for they stay h's theaps until all its pages are done. All other writers of the
//! owner have the page alone: it is new, attached to them, or in their hands on its way to a list.
//!
//! Orderings: *relabel* is Release and *leave* Acquire, so that who releases a page which became t's sees that it is in
//! t's set, and takes it out. *leave* is Release and [`Label::has_left`] Acquire: who sees that a page has left sees that it
//! is dead, too (`word`).

use crate::base::sync::{AtomicPtr, Ordering};

/// The theap that a page belongs to, as lower floors see it.
#[repr(C)]
pub struct Owner {
    _opaque: [u8; 0],
}

/// The heap that a page belongs to, as lower floors see it. Of a page that has left its heap it is marked, and equal to no
/// heap's: [`HeapOf::plain`] is the heap.
#[repr(C)]
pub struct HeapOf {
    _opaque: [u8; 0],
}

/// In the heap's address: the page has left it.
const LEFT: usize = 1;

impl HeapOf {
    /// Without the mark.
    #[inline(always)]
    pub fn plain(heap: *mut HeapOf) -> *mut HeapOf {
        heap.map_addr(|at| at & !LEFT)
    }
    fn left(heap: *mut HeapOf) -> *mut HeapOf {
        heap.map_addr(|at| at | LEFT)
    }
}

/// The label.
#[repr(C)]
pub struct Label {
    owner: AtomicPtr<Owner>,
    heap: AtomicPtr<HeapOf>,
}

impl Label {
    /// A page of `heap` begins in this record, and belongs to its theap `owner`.
    pub fn enter(&self, heap: *mut HeapOf, owner: *mut Owner) {
        self.set_owner(owner);
        self.heap.store(heap, Ordering::Relaxed);
    }

    /// The heap, marked if the page has left it.
    #[inline(always)]
    pub fn heap(&self) -> *mut HeapOf {
        self.heap.load(Ordering::Relaxed)
    }

    /// The theap.
    #[inline(always)]
    pub fn owner(&self) -> *mut Owner {
        self.owner.load(Ordering::Relaxed)
    }

    /// A new owner, who has the page alone.
    pub fn set_owner(&self, owner: *mut Owner) {
        #[cfg(not(loom))]
        self.owner.store(owner, Ordering::Relaxed);
        // The model does not know that a store which is later than what a compare-and-swap has read is later than what that
        // one wrote, too; of two read-modify-writes it does.
        #[cfg(loom)]
        self.owner.swap(owner, Ordering::Relaxed);
    }

    /// Make the page `to`'s; false, and nothing changed, if it is not (or not any more) `from`'s.
    pub fn relabel(&self, from: *mut HeapOf, to: *mut HeapOf) -> bool {
        // Release: as in the file's head.
        self.heap.compare_exchange(from, to, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// The page's owner is `to` from now on, if it is `from`.
    pub fn pass_on(&self, from: *mut Owner, to: *mut Owner) {
        let _ = self.owner.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The memory is being released: the heap that has the page in its set and its counts.
    pub fn leave(&self) -> *mut HeapOf {
        let mut now = self.heap.load(Ordering::Relaxed);
        loop {
            // AcqRel: as in the file's head.
            match self.heap.compare_exchange_weak(now, HeapOf::left(now), Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return HeapOf::plain(now),
                Err(other) => now = other,
            }
        }
    }

    /// The page of `of`, which is being destroyed, is to be released; false if it is not (or not any more) `of`'s.
    pub fn claim(&self, of: *mut HeapOf) -> bool {
        self.heap.compare_exchange(of, HeapOf::left(of), Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Whether the page has left its heap: it is dead.
    pub fn has_left(&self) -> bool {
        // Acquire: as in the file's head.
        self.heap.load(Ordering::Acquire).addr() & LEFT != 0
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use crate::base::sync::AtomicBool;
    use core::ptr;
    use loom::sync::Arc;
    use loom::thread;

    /// Heaps, by their addresses over 2; each has a set of pages, of two places.
    const OLD: usize = 0;
    const TARGET: usize = 1;
    const OTHER: usize = 2;

    fn heap(n: usize) -> *mut HeapOf {
        ptr::without_provenance_mut(2 * n + 2)
    }
    fn number(heap: *mut HeapOf) -> usize {
        heap.addr() / 2 - 1
    }
    /// Theaps: nobody, one of the old heap, one of the other.
    fn owner(n: usize) -> *mut Owner {
        ptr::without_provenance_mut(n)
    }
    const NOBODY: usize = 1;
    const OLDS: usize = 2;
    const OTHERS: usize = 3;

    struct Model {
        label: Label,
        /// By heap and place: whether a page of that heap is said to be there.
        sets: [[AtomicBool; 2]; 3],
    }

    impl Model {
        fn new() -> Arc<Model> {
            let set = || [AtomicBool::new(false), AtomicBool::new(false)];
            let label = Label { owner: AtomicPtr::new(ptr::null_mut()), heap: AtomicPtr::new(ptr::null_mut()) };
            let model = Model { label, sets: [set(), set(), set()] };
            model.label.enter(heap(OLD), owner(OLDS));
            model.set(OLD, 0, true);
            Arc::new(model)
        }
        fn set(&self, heap: usize, place: usize, has: bool) {
            self.sets[heap][place].swap(has, Ordering::Relaxed);
        }
        fn has(&self, heap: usize, place: usize) -> bool {
            self.sets[heap][place].swap(false, Ordering::Relaxed)
        }

        /// The label in the end. (Only a read-modify-write is sure to see the last of several stores in the model.)
        fn ends_as(&self) -> (*mut HeapOf, *mut Owner) {
            let relaxed = Ordering::Relaxed;
            (self.label.heap.swap(ptr::null_mut(), relaxed), self.label.owner.swap(ptr::null_mut(), relaxed))
        }

        /// What `end::delete` does with a page.
        fn delete(&self) -> bool {
            if self.label.heap() != heap(OLD) {
                return false;
            }
            self.set(TARGET, 0, true);
            if !self.label.relabel(heap(OLD), heap(TARGET)) {
                return false;
            }
            self.set(OLD, 0, false);
            let seen = self.label.owner();
            if seen == owner(OLDS) {
                self.label.pass_on(seen, owner(NOBODY));
            }
            true
        }

        /// What `Theap::release` does with it.
        fn release(&self) -> usize {
            let left = number(self.label.leave());
            self.set(left, 0, false);
            left
        }
    }

    /// A heap is deleted while another thread releases its page and uses the record again, for another heap's page at
    /// another place: that page is the other heap's, and its owner's; and the released one is taken out of the set of
    /// the heap that it was of at last.
    #[test]
    fn loom_a_record_that_was_reused_is_not_relabelled() {
        loom::model(|| {
            let model = Model::new();
            let releaser = {
                let model = model.clone();
                thread::spawn(move || {
                    let left = model.release();
                    model.label.enter(heap(OTHER), owner(OTHERS));
                    model.set(OTHER, 1, true);
                    left
                })
            };
            let relabelled = model.delete();
            let left = releaser.join().unwrap();
            assert_eq!(left, if relabelled { TARGET } else { OLD });
            assert_eq!(model.ends_as(), (heap(OTHER), owner(OTHERS)));
            assert!(!model.has(OLD, 0) && model.has(OTHER, 1));
            assert!(!model.has(left, 0), "a released page is in the set of the heap that it left");
        });
    }

    /// A heap is destroyed while another thread, against the rules, releases its page and uses the record again.
    #[test]
    fn loom_a_record_that_was_reused_is_not_claimed() {
        loom::model(|| {
            let model = Model::new();
            let releaser = {
                let model = model.clone();
                thread::spawn(move || {
                    model.release();
                    model.label.enter(heap(OTHER), owner(OTHERS));
                })
            };
            model.label.claim(heap(OLD));
            releaser.join().unwrap();
            assert_eq!(model.ends_as(), (heap(OTHER), owner(OTHERS)));
        });
    }

    /// Who deletes a heap meets, in a page that it has just given to the target, an owner who took the page over: that one
    /// stays its owner.
    #[test]
    fn loom_who_took_the_page_over_stays_its_owner() {
        loom::model(|| {
            let model = Model::new();
            let taker = {
                let model = model.clone();
                thread::spawn(move || {
                    // In its hands, on the way to a list: the target's theap takes it if it is the target's by now.
                    let takes = model.label.heap() == heap(TARGET);
                    if takes {
                        model.label.set_owner(owner(OTHERS));
                    }
                    takes
                })
            };
            assert!(model.delete());
            let took = taker.join().unwrap();
            assert_eq!(model.ends_as(), (heap(TARGET), owner(if took { OTHERS } else { NOBODY })));
            assert!(model.has(TARGET, 0) && !model.has(OLD, 0));
        });
    }
}
