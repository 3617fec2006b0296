//! What a page belongs to: its heap, and the theap of that heap that owns it.
//!
//! ```text
//! LEFT(h)  the record is unused, or the memory of its page is being released; the page was heap h's
//!     enter:    -> OF(k)     a thread that has claimed memory for heap k makes the record its page, before anything
//!                            leads to it
//! OF(h)    a page in use
//!     relabel:  -> OF(t)     the thread that deletes heap h gives its pages to heap t: one compare-and-swap
//!     leave:    -> LEFT(h)   a thread releases the page's memory; h, by the label now, is the heap to take it out of
//!     claim:    -> LEFT(h)   the thread that destroys heap h is about to release the page: one compare-and-swap
//! ```
//!
//! A thread that ends heap h finds h's pages by their places. While it looks at one, other threads may free the page's
//! last block. The record may then soon be the page of another heap, perhaps at another place. The ending thread cannot
//! touch that page: nobody allocates from a heap that is ending, so no record gets the label OF(h) meanwhile. If a
//! compare-and-swap from OF(h) succeeds, the page was h's all the time, at the place where it was found. If the page is
//! gone or belongs to another heap, the compare-and-swap fails. (So a label that comes back is no danger: the heap
//! record of h is used for another heap only after h has ended.)
//!
//! The owner changes in the same way: the thread that deletes h takes the ownership from one of h's theaps by
//! compare-and-swap. No page of another heap has such an owner, because those theaps stay h's until all pages of h are
//! done. All other writers of the owner have the page to themselves: it is new, it is attached to them, or it is in
//! their hands on its way to a list.
//!
//! Orderings: *relabel* is Release and *leave* is Acquire. So a thread that releases a page which became t's sees that
//! it is in t's set, and takes it out. *leave* is Release and [`Label::has_left`] is Acquire. So a thread that sees
//! that a page has left also sees that it is dead (`word`).

use crate::base::sync::{AtomicPtr, Ordering};

/// The theap that a page belongs to, as an opaque type for this floor.
#[repr(C)]
pub struct Owner {
    _opaque: [u8; 0],
}

/// The heap that a page belongs to, as an opaque type for this floor. When a page has left its heap, the pointer is
/// marked and equals no heap's pointer. [`HeapOf::plain`] removes the mark.
#[repr(C)]
pub struct HeapOf {
    _opaque: [u8; 0],
}

/// A bit in the heap's address: the page has left the heap.
const LEFT: usize = 1;

impl HeapOf {
    /// The pointer without the mark.
    #[inline(always)]
    pub fn plain(heap: *mut HeapOf) -> *mut HeapOf {
        heap.map_addr(|at| at & !LEFT)
    }
    fn left(heap: *mut HeapOf) -> *mut HeapOf {
        heap.map_addr(|at| at | LEFT)
    }
}

/// The label of a page.
#[repr(C)]
pub struct Label {
    owner: AtomicPtr<Owner>,
    heap: AtomicPtr<HeapOf>,
}

impl Label {
    /// Begin a page of `heap` in this record. It belongs to that heap's theap `owner`.
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

    /// Set a new owner. The caller has the page to itself.
    pub fn set_owner(&self, owner: *mut Owner) {
        #[cfg(not(loom))]
        self.owner.store(owner, Ordering::Relaxed);
        // Suppose a store comes after the value that a compare-and-swap has read. The model does not know that the
        // store then also comes after what the compare-and-swap wrote. For two read-modify-writes it does.
        #[cfg(loom)]
        self.owner.swap(owner, Ordering::Relaxed);
    }

    /// Make the page `to`'s. False, with nothing changed, if it is not (or no longer) `from`'s.
    pub fn relabel(&self, from: *mut HeapOf, to: *mut HeapOf) -> bool {
        // Release: as in the file's head.
        self.heap.compare_exchange(from, to, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// Make `to` the page's owner, if its owner is `from`.
    pub fn pass_on(&self, from: *mut Owner, to: *mut Owner) {
        let _ = self.owner.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The memory is being released. Returns the heap that has the page in its set and its counts.
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

    /// Claim the page of `of`, which is being destroyed, for release. False if the page is not (or no longer) `of`'s.
    pub fn claim(&self, of: *mut HeapOf) -> bool {
        self.heap.compare_exchange(of, HeapOf::left(of), Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Whether the page has left its heap. Such a page is dead.
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

    /// Heaps; `heap` makes an address from the number. Each heap has a set of pages with two places.
    const OLD: usize = 0;
    const TARGET: usize = 1;
    const OTHER: usize = 2;

    fn heap(n: usize) -> *mut HeapOf {
        ptr::without_provenance_mut(2 * n + 2)
    }
    fn number(heap: *mut HeapOf) -> usize {
        heap.addr() / 2 - 1
    }
    /// Theaps: nobody's, one of the old heap, one of the other heap.
    fn owner(n: usize) -> *mut Owner {
        ptr::without_provenance_mut(n)
    }
    const NOBODY: usize = 1;
    const OLDS: usize = 2;
    const OTHERS: usize = 3;

    struct Model {
        label: Label,
        /// By heap and place: whether the heap's set says that a page is there.
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

        /// The label in the end. (In the model, only a read-modify-write is sure to see the last of several stores.)
        fn ends_as(&self) -> (*mut HeapOf, *mut Owner) {
            let relaxed = Ordering::Relaxed;
            (self.label.heap.swap(ptr::null_mut(), relaxed), self.label.owner.swap(ptr::null_mut(), relaxed))
        }

        /// What the deletion of a heap does with a page.
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

        /// What the release of a page does with it.
        fn release(&self) -> usize {
            let left = number(self.label.leave());
            self.set(left, 0, false);
            left
        }
    }

    /// A heap is deleted while another thread releases its page and reuses the record for another heap's page at
    /// another place. The new page stays with the other heap and its owner. The released page is taken out of the set
    /// of the heap that it belonged to last.
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

    /// A heap is destroyed while another thread, against the rules, releases its page and reuses the record.
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

    /// A thread that deletes a heap has just given a page to the target, and meets an owner that took the page over.
    /// That one stays the owner.
    #[test]
    fn loom_who_took_the_page_over_stays_its_owner() {
        loom::model(|| {
            let model = Model::new();
            let taker = {
                let model = model.clone();
                thread::spawn(move || {
                    // The page is in this thread's hands, on its way to a list. The target's theap takes it if it is
                    // the target's by now.
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
