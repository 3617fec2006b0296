//! The end of a heap. *Delete* hands its blocks to the main heap, where they live on. *Destroy* frees them at once.
//!
//! Nobody may allocate from the heap meanwhile. Other threads may free its blocks, or end, at any moment.
//!
//! *Delete* touches nothing that another thread uses without atomics. It tells theaps and pages that they are the main
//! heap's. It closes the heap's lists, so that latecomers find out. Another thread's theap goes on taking that thread's
//! frees until the thread has a slow path or ends (`finish_orphans`). Steps:
//!
//! ```text
//! 1 pages    each page in the heap's set that is still the heap's gets the target's label, and no owner unless it is
//!            attached. (`page/label.rs`: another thread may release the page meanwhile, and its record may then be
//!            another heap's page; such a record stays what it is.) From then on only attached pages name a theap of
//!            the heap
//! 2 theaps   each becomes nobody's, then the target's. It may become another heap's as soon as its thread has left it
//! 3 lists    closed (`page/shared_list.rs`); what is on them now goes to the lists of the pages' heap
//! 4 record   may become another heap's
//! ```
//!
//! A thread that frees may be stopped anywhere, and resume after step 4, still holding the heap, the theap or the list
//! that it read before. So
//!
//! - whoever puts a page on a list of abandoned pages goes by the page's label, and reads it again if the list is
//!   closed;
//! - whoever takes a page off a list, of a theap or a heap, checks the label before using the page. A page that came
//!   late is not this heap's, and goes to its own heap's list;
//! - only threads that allocate from a heap, collect it or end it take its lists, because a page in the hands of any
//!   other thread could be released under it. The main heap's lists are the exception: nobody destroys the main heap.
//!
//! *Destroy* takes the theaps of other threads away (`state/ownership.rs`), drops them without looking inside, and
//! releases all pages. If threads are at work in their theaps of their own accord, the last of them releases the pages
//! once it is done.

use super::theaps::make_current;
use crate::diag::stats::PROCESS;
use crate::heap::inspect::sums;
use crate::heap::pages::release::release;
use crate::heap::state::current;
use crate::heap::state::heap::{self, Heap};
use crate::heap::state::ownership::Take;
use crate::heap::state::registry::to_pool;
use crate::heap::state::subproc::Subproc;
use crate::heap::state::theap::{Member, Theap};
use crate::page::Page;
use crate::page::chain::Chain;
use crate::page::word::State;
use core::ptr;

/// End `heap`. Its blocks in use become blocks of `target`, the main heap of its subprocess.
pub fn delete(heap: &'static Heap, target: &'static Heap) {
    let _step = Theap::current().step();
    if let Some(mine) = Theap::current().root().theap_for(heap) {
        mine.finish_theap();
    }
    // The subprocess keeps the history; the target gets what is in use.
    sums::leave_to_subproc(heap);
    let id = heap.lose_id();
    let [from, to] = [heap, target].map(Heap::as_page_heap);
    heap.pages.for_each(|page, place| {
        if ptr::eq(page.heap(), from) {
            // Before the page is the target's: whoever then releases it takes it out.
            target.pages.insert(place);
            // It may be LISTED. From now on it is looked at for holes in the target's set.
            target.pages.note_listed(place);
            if page.label().relabel(from, to) {
                heap.pages.remove(place);
                leave_owner(page, id);
            }
        }
        true
    });
    target.adopt_theaps();
    for theap in heap.theaps.take_all().map(Member::theap) {
        let root = theap.root();
        theap.orphan(id, heap, target);
        root.others.note_stale();
    }
    let root = Theap::current().root();
    for bin in &heap.bins {
        bin.abandoned.close().for_each(|page| root.relist(page, heap));
    }
    heap.vacant.close().for_each(to_pool);
    target.absorb(heap);
    PROCESS.heaps.sub(1);
    heap::end(heap);
}

/// Take the owner from a page that belonged to the heap with that id and was given away, unless the page is attached to
/// a theap of that heap. (No thread attaches pages of a heap that is being deleted.) The page may be gone by now. Then
/// its record may be another heap's page, with an owner of that heap.
fn leave_owner(page: &Page, id: u64) {
    let owner = page.owner();
    // SAFETY: the owner of a page that is or was in use.
    let theap = unsafe { Theap::of_owner(owner) };
    if theap.has_heap_id(id) && page.word().peek().0 != State::Attached {
        page.label().pass_on(owner, current::owner());
    }
}

/// End `heap`, and free everything that was allocated from it.
pub fn destroy(heap: &'static Heap) {
    let _step = Theap::current().step();
    heap.lose_id();
    heap.begin_teardown(sweep);
    for theap in heap.theaps.take_all().map(Member::theap) {
        if theap.ownership.take(&heap.teardown) == Take::Taken {
            if ptr::eq(theap, Theap::current()) {
                make_current(theap.root());
            }
            // The theap is ours now.
            drop_pages(theap.returned.close(), heap);
            for b in theap.open_bins() {
                drop_pages(theap.cold(b).pages.take_available(), heap);
            }
            theap.forget_all();
            to_pool(theap);
        }
    }
    heap.vacant.close().for_each(to_pool);
    heap.finish_teardown();
}

/// Drop pages that came off a list. Only their list kept the records of dead pages. The sweep releases pages of this
/// heap. Pages of other heaps came late, and go to their own heap.
fn drop_pages(pages: Chain<Page>, heap: &Heap) {
    let root = Theap::current().root();
    pages.for_each(|page| drop_page(root, page, heap));
}

fn drop_page(root: &Theap, page: &'static Page, heap: &Heap) {
    if !root.drop_dead(page) && !ptr::eq(page.heap(), heap.as_page_heap()) {
        Theap::abandon(page);
    }
}

/// Release all the heap's pages. Nobody works in the heap any more.
fn sweep(heap: &'static Heap) {
    let root = Theap::current().root();
    for bin in &heap.bins {
        for page in bin.abandoned.close() {
            heap.stats.pages_abandoned.sub(1);
            drop_page(root, page, heap);
        }
    }
    heap.pages.for_each(|page, _| {
        if page.label().claim(heap.as_page_heap()) && page.word().seize() {
            // SAFETY: a page that was seized is ours alone.
            unsafe { release(page) };
            root.free_record(page);
        }
        true
    });
    sums::leave_all(heap, &Subproc::of_number(heap.subproc()).past);
    PROCESS.heaps.sub(1);
    heap::end(heap);
}
