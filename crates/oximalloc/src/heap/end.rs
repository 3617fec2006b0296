//! The end of a heap: deleted, its blocks live on in the main heap; destroyed, they are freed at once.
//!
//! Nobody may allocate from the heap meanwhile; frees and ends of threads may come at any moment.
//!
//! *Delete* touches nothing that another thread uses without atomics: it tells theaps and pages that they are the main
//! heap's, and closes the heap's lists, so that who comes late finds out. A theap of another thread goes on to take that
//! thread's frees until the thread has a slow path, or ends (`finish_orphans`). Steps: pages, so that no page names a
//! theap any more unless it is attached to it; theaps, which may then become another heap's; then lists: a push that
//! finds a list closed sees the page's new heap.
//!
//! *Destroy* takes the theaps of other threads away (`hold`), drops them unseen, and releases all pages. Where a thread is
//! at work in its theap of its own accord, the pages are released by the last such thread, once it is done.

use super::hold::Take;
use super::parts::{NOBODY, pool};
use super::record::{self, Heap};
use super::subproc::Subproc;
use super::supply::disown;
use super::theap::{Theap, thread};
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
    if let Some(mine) = Theap::current().root().part(heap) {
        mine.finish_part();
    }
    // What happened stays with the subprocess; what is in use is the target's.
    totals::leave_to_subproc(heap);
    heap.id.store(0, Ordering::Relaxed);
    heap.pages.for_each(|page| {
        // SAFETY: a record in use when its bit was seen, and never unmapped.
        let page = unsafe { &*page };
        if ptr::eq(page.heap(), heap.as_page_heap()) {
            target.pages.insert(page.start());
            page.set_heap(target.as_page_heap());
            heap.pages.remove(page.start());
            if page.word().peek().0 != State::Attached {
                // SAFETY: not attached; and no thread attaches pages of a heap that is being deleted.
                unsafe { disown(&raw const *page as *mut Page) };
            }
        }
        true
    });
    for_each_theap(heap, |theap| {
        let root = theap.root();
        theap.heap.store((&raw const *target).cast_mut(), Ordering::Relaxed);
        // Release: who sees that the theap is nobody's sees its new heap, and its pages; pairs with the Acquires in
        // `parts`.
        theap.heap_id.store(NOBODY, Ordering::Release);
        root.stale.store(true, Ordering::Relaxed);
    });
    for list in heap.bins.iter().map(|bin| &bin.abandoned) {
        let mut at = list.close();
        while !at.is_null() {
            // SAFETY: what was taken off the list is ours to link.
            unsafe {
                let next = (*at).next();
                heap.stats.pages_abandoned.sub(1);
                Theap::abandon(at);
                at = next;
            }
        }
    }
    pool_vacant(heap);
    target.absorb(heap);
    PROCESS.heaps.sub(1);
    record::end(heap);
}

/// End `heap`, and free all that was allocated from it.
pub fn destroy(heap: &'static Heap) {
    heap.id.store(0, Ordering::Relaxed);
    heap.sweep.set(Some(sweep));
    heap.ending.join();
    for_each_theap(heap, |theap| {
        if theap.hold.take(&heap.ending) == Take::Taken {
            if ptr::eq(theap, Theap::current()) {
                thread::set(theap.root());
            }
            // SAFETY: the theap is ours now.
            unsafe { drop_lists(theap) };
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

/// Records that are dead are kept by their list alone; the others are the sweep's.
///
/// # Safety
/// - the theap is the caller's.
unsafe fn drop_lists(theap: &Theap) {
    // SAFETY: the lists are ours by the contract, or closed by us.
    unsafe {
        free_dead(theap.returned.close());
        for b in theap.open_bins() {
            free_dead(theap.side[b].avail.replace(ptr::null_mut()));
        }
    }
}

/// # Safety
/// - the chain is the caller's.
unsafe fn free_dead(mut page: *mut Page) {
    let root = Theap::current().root();
    while !page.is_null() {
        // SAFETY: by the contract.
        unsafe {
            let next = (*page).next();
            root.drop_dead(page);
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
            // SAFETY: what was taken off the list is ours to link.
            unsafe {
                let next = (*at).next();
                heap.stats.pages_abandoned.sub(1);
                if !root.drop_dead(at) && !ptr::eq((*at).heap(), heap.as_page_heap()) {
                    Theap::abandon(at);
                }
                at = next;
            }
        }
    }
    heap.pages.for_each(|page| {
        // SAFETY: records are never unmapped; a page that was seized is ours alone.
        unsafe {
            if ptr::eq((*page).heap(), heap.as_page_heap()) && (*page).word().seize() {
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
