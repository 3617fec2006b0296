//! The end of a heap: deleted, its blocks live on in the main heap; destroyed, they are freed at once.
//!
//! Nobody may allocate from the heap meanwhile; frees and ends of threads may come at any moment.
//!
//! *Delete* touches nothing that another thread uses without atomics: it tells theaps and pages that they are the main
//! heap's, and closes the heap's lists, so that who comes late finds out. A theap of another thread goes on to take that
//! thread's frees until the thread has a slow path, or ends (`finish_orphans`). Steps:
//!
//! ```text
//! 1 pages    each that is in the heap's set, and still its page, gets the target's label, and no owner unless it is attached
//!            (`page/label.rs`: one that others release meanwhile, whose record may be another heap's page by then, stays what
//!            it is). From then on no page names a theap of the heap but those attached to it
//! 2 theaps   each is nobody's, and then the target's: it may become another heap's as soon as its thread has left it
//! 3 lists    closed (`page/stack.rs`), and what is on them goes to the lists of the pages' heap now
//! 4 the record may be another heap's
//! ```
//!
//! A thread that frees may be stopped at any place, and go on after step 4, with the heap, the theap or the list that it has
//! read before in hand. So
//!
//! - who puts a page on a list of abandoned ones goes by its label, and reads it again when the list is closed;
//! - who takes a page off a list, of a theap or a heap, asks for the label before the page is used: one that came late is not
//!   this heap's, and goes to its own heap's list;
//! - only who allocates from a heap, collects or ends it takes its lists, but for the main heap's, which nobody destroys: a page
//!   in the hands of a stranger would be released under them.
//!
//! *Destroy* takes the theaps of other threads away (`hold`), drops them unseen, and releases all pages. Where a thread is
//! at work in its theap of its own accord, the pages are released by the last such thread, once it is done.

use super::hold::Take;
use super::parts::{NOBODY, make_current, pool};
use super::record::{self, Heap};
use super::subproc::Subproc;
use super::theap::Theap;
use super::totals;
use crate::base::sync::Ordering;
use crate::diag::stats::PROCESS;
use crate::page::Page;
use crate::page::stack::Linked;
use crate::page::word::State;
use core::ptr;

/// A new heap in a subprocess, with memory from any of its arenas or from one alone; None without memory.
pub fn new(subproc: u32, arena: Option<crate::arena::ArenaRef>) -> Option<&'static Heap> {
    super::life::process_start();
    let heap = record::start(subproc, arena)?;
    PROCESS.heaps.add(1);
    Some(heap)
}

fn for_each_theap(heap: &Heap, mut visit: impl FnMut(&'static Theap)) {
    let mut at = heap.theaps.take_all();
    // SAFETY: what was taken off the list is valid, and its links are not changed before we have visited it.
    while let Some(member) = unsafe { at.as_ref() } {
        at = member.link().load(Ordering::Relaxed);
        visit(&member.0);
    }
}

/// Theaps that no thread has go to the pool.
fn pool_vacant(heap: &Heap) {
    let mut at = heap.vacant.close();
    // SAFETY: what was taken off the list is valid and ours.
    while let Some(theap) = unsafe { at.as_ref() } {
        at = theap.link().load(Ordering::Relaxed);
        pool(theap);
    }
}

/// End `heap`; what is in use becomes the blocks of `target`, its subprocess's main heap.
pub fn delete(heap: &'static Heap, target: &'static Heap) {
    let _step = Theap::current().step();
    if let Some(mine) = Theap::current().root().part(heap) {
        mine.finish_part();
    }
    // What happened stays with the subprocess; what is in use is the target's.
    totals::leave_to_subproc(heap);
    let id = heap.id.swap(0, Ordering::Relaxed);
    let [from, to] = [heap, target].map(Heap::as_page_heap);
    heap.pages.for_each(|page, place| {
        // SAFETY: a record in use when its bit was seen, and never unmapped.
        let page = unsafe { &*page };
        if ptr::eq(page.heap(), from) {
            // Before the page is the target's: who releases it then takes it out.
            target.pages.insert(place);
            // It may be LISTED, and is looked at for holes in the target's set from now on.
            target.pages.note_listed(place);
            if page.label().relabel(from, to) {
                heap.pages.remove(place);
                leave_owner(page, id);
            }
        }
        true
    });
    target.adopt_theaps();
    for_each_theap(heap, |theap| {
        let (root, old) = (theap.root(), (&raw const *heap).cast_mut());
        // Its thread may be giving it away: once it is nobody's it may be another heap's at any moment, and stays that.
        // Release: who sees that the theap is nobody's sees its pages' new heap; pairs with the Acquires in `parts`.
        if theap.heap_id.compare_exchange(id, NOBODY, Ordering::Release, Ordering::Relaxed).is_ok() {
            let new = (&raw const *target).cast_mut();
            let _ = theap.heap.compare_exchange(old, new, Ordering::Release, Ordering::Relaxed);
        }
        root.stale.store(true, Ordering::Relaxed);
    });
    let root = Theap::current().root();
    for list in heap.bins.iter().map(|bin| &bin.abandoned) {
        let mut at = list.close();
        while !at.is_null() {
            // SAFETY: what was taken off the list is ours to link.
            unsafe {
                let next = (*at).next();
                root.relist(at, heap);
                at = next;
            }
        }
    }
    pool_vacant(heap);
    target.absorb(heap);
    PROCESS.heaps.sub(1);
    record::end(heap);
}

/// The page was the heap's of that id, and is given away: it has no owner any more, unless it is attached to a theap of the
/// heap. (No thread attaches pages of a heap that is being deleted.) The page may be gone by now, and its record another
/// heap's page, of an owner of that heap.
fn leave_owner(page: &Page, id: u64) {
    let owner = page.owner();
    // SAFETY: the owner of a page that is or was in use.
    let theap = unsafe { Theap::of_owner(owner) };
    if theap.heap_id.load(Ordering::Relaxed) == id && page.word().peek().0 != State::Attached {
        page.label().pass_on(owner, super::empty::owner());
    }
}

/// End `heap`, and free all that was allocated from it.
pub fn destroy(heap: &'static Heap) {
    let _step = Theap::current().step();
    heap.id.store(0, Ordering::Relaxed);
    heap.sweep.set(Some(sweep));
    heap.ending.join();
    for_each_theap(heap, |theap| {
        if theap.hold.take(&heap.ending) == Take::Taken {
            if ptr::eq(theap, Theap::current()) {
                make_current(theap.root());
            }
            // SAFETY: the theap is ours now.
            unsafe { drop_lists(theap, heap) };
            theap.forget_all();
            pool(theap);
        }
    });
    pool_vacant(heap);
    if heap.ending.leave() {
        sweep(heap);
    }
}

/// The heap of a theap in which this thread was at work was destroyed meanwhile; the theap has given all away.
pub(super) fn doomed(theap: &'static Theap) {
    let heap = theap.heap();
    pool(theap);
    if heap.ending.leave()
        && let Some(sweep) = heap.sweep.get()
    {
        sweep(heap);
    }
}

/// # Safety
/// - the theap is the caller's.
unsafe fn drop_lists(theap: &Theap, heap: &Heap) {
    // SAFETY: the lists are ours by the contract, or closed by us.
    unsafe {
        drop_list(theap.returned.close(), heap);
        for b in theap.open_bins() {
            drop_list(theap.side[b].avail.replace(ptr::null_mut()), heap);
        }
    }
}

/// Records that are dead are kept by their list alone; pages of the heap are the sweep's; those of others came late, and go to
/// their heap.
///
/// # Safety
/// - the chain is the caller's.
unsafe fn drop_list(mut page: *mut Page, heap: &Heap) {
    let root = Theap::current().root();
    while !page.is_null() {
        // SAFETY: by the contract.
        unsafe {
            let next = (*page).next();
            if !root.drop_dead(page) && !ptr::eq((*page).heap(), heap.as_page_heap()) {
                Theap::abandon(page);
            }
            page = next;
        }
    }
}

/// Nobody works in the heap any more: release all its pages.
fn sweep(heap: &'static Heap) {
    let root = Theap::current().root();
    for list in heap.bins.iter().map(|bin| &bin.abandoned) {
        let mut at = list.close();
        while !at.is_null() {
            heap.stats.pages_abandoned.sub(1);
            // SAFETY: what was taken off the list is ours to link.
            unsafe {
                let next = (*at).next();
                (*at).set_next(ptr::null_mut());
                drop_list(at, heap);
                at = next;
            }
        }
    }
    heap.pages.for_each(|page, _| {
        // SAFETY: records are never unmapped; a page that was seized is ours alone.
        unsafe {
            if (*page).label().claim(heap.as_page_heap()) && (*page).word().seize() {
                root.release(page);
                root.free_record(page);
            }
        }
        true
    });
    totals::leave_all(heap, &Subproc::of_number(heap.subproc.load(Ordering::Relaxed)).past);
    PROCESS.heaps.sub(1);
    record::end(heap);
}
