//! A thread's theaps: found by their heap, made when first asked for, ended one by one.
//!
//! Other threads may take a theap away (they destroy its heap) or make it the main heap's (they delete its heap)
//! without telling the root's table (`state::heap_table`). So an entry counts only if the theap still has the heap's id
//! and this thread's tag.

use super::parked;
use super::surrender::finish_teardown;
use crate::heap::state::current::thread;
use crate::heap::state::heap::Heap;
use crate::heap::state::registry::{fresh, from_pool, to_pool};
use crate::heap::state::theap::Theap;
use crate::page::bins::Bin;
use crate::prim::tls;
use core::ptr;

/// Begin a theap of `heap` for the calling thread, with `root` as its root. Without a `root`, the theap is a root
/// itself, and is in a step that the caller leaves.
pub fn begin(heap: &'static Heap, root: Option<&'static Theap>) -> Option<&'static Theap> {
    if root.is_none()
        && heap.is_main()
        && let Some(theap) = parked::adopt()
    {
        return Some(theap);
    }
    let theap = heap.vacant.take_one().or_else(from_pool).or_else(fresh)?;
    // Before the theap is this thread's.
    theap.steps.begin();
    let known = theap.belong_to(heap, root.unwrap_or(theap));
    theap.set_tag(tls::tag());
    theap.set_in_threadpool(false);
    theap.heartbeat.set_calling(false);
    theap.ownership.start();
    theap.returned.open();
    theap.sampling.begin();
    for b in theap.open_bins() {
        theap.open(Bin::at(b));
    }
    if !known && !heap.is_main() {
        heap.theaps.add(theap.as_member());
    }
    if root.is_some() {
        theap.steps.none();
    }
    Some(theap)
}

/// Point the calling thread's thread-local pointer to `theap`.
pub fn make_current(theap: &'static Theap) {
    let before = Theap::current();
    if ptr::eq(before, theap) {
        return;
    }
    thread::set(theap);
    if before.shown.hide() {
        to_pool(before);
    }
}

/// The calling thread's theap of `heap`, made if there is none. None without memory. In a thread that has no root,
/// `root` is an empty theap.
#[inline]
pub fn theap_in(root: &'static Theap, heap: &'static Heap) -> Option<&'static Theap> {
    if root.is_of(heap) && !root.is_empty_theap() {
        return Some(root);
    }
    root.theap_for(heap).or_else(|| root.add_theap(heap))
}

impl Theap {
    /// Only in a root: the theap of `heap`, if the thread has one.
    #[inline(always)]
    pub fn theap_for(&self, heap: &Heap) -> Option<&'static Theap> {
        let theap = self.others.get(heap.slot())?;
        // Another thread may have the theap now, even for this same heap.
        (theap.has_heap_id(heap.id()) && theap.is_ours()).then_some(theap)
    }

    /// Only in a root: all other theaps that are still this thread's.
    pub fn other_theaps(&self) -> impl Iterator<Item = &'static Theap> {
        (0..self.others.slots()).filter_map(|slot| self.theap_at(slot))
    }

    /// Only in a root: the theap at a slot, if it is still this thread's.
    fn theap_at(&self, slot: u32) -> Option<&'static Theap> {
        let theap = self.others.get(slot)?;
        (theap.is_ours() && theap.slot() == slot && ptr::eq(theap.root(), self)).then_some(theap)
    }

    /// Only in a root: make the theap of `heap`.
    #[cold]
    fn add_theap(&'static self, heap: &'static Heap) -> Option<&'static Theap> {
        let slot = heap.slot();
        // The slot may still hold a theap of a heap that was deleted.
        if let Some(old) = self.theap_at(slot) {
            old.finish_theap();
        }
        // Make room in the table first.
        if !self.others.set(slot, None) {
            return None;
        }
        let theap = begin(heap, Some(self))?;
        self.others.set(slot, Some(theap));
        Some(theap)
    }

    /// Only in a root: end the theaps of heaps that other threads deleted.
    #[cold]
    pub fn finish_orphans(&self) {
        self.others.begin_cleanup();
        self.other_theaps().filter(|theap| theap.is_orphan()).for_each(Theap::finish_theap);
    }

    /// Only in a root: the thread ends. End all its other theaps.
    #[inline]
    pub fn finish_others(&self) {
        self.other_theaps().for_each(Theap::finish_theap);
        for slot in 0..self.others.slots() {
            self.others.set(slot, None);
        }
    }

    /// This thread is done with one of its theaps. If that is its root, the thread's pointer no longer leads to it.
    pub fn finish_theap(&'static self) {
        let mine = self.ownership.enter(|| self.is_ours());
        if mine {
            self.surrender();
        }
        if ptr::eq(self, Theap::current()) {
            make_current(self.root());
        }
        // If it is not ours any more, its heap was destroyed, and the theap with it.
        if mine {
            self.leave_theap();
        }
    }

    /// Only in a root: call `work` with each other theap of the thread. If another thread destroys a theap's heap
    /// meanwhile, the theap ends here.
    pub fn for_each_other_theap(&self, mut work: impl FnMut(&'static Theap)) {
        for theap in self.other_theaps().filter(|theap| theap.ownership.enter(|| theap.is_ours())) {
            work(theap);
            if !theap.ownership.leave(false) {
                if ptr::eq(theap, Theap::current()) {
                    make_current(theap.root());
                }
                theap.surrender();
                finish_teardown(theap);
            }
        }
    }
}
