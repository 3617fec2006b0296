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
//! 3 lists    closed (`page/shared_list.rs`), and what is on them goes to the lists of the pages' heap now
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
//! *Destroy* takes the theaps of other threads away (`state/ownership.rs`), drops them unseen, and releases all pages. Where a thread is
//! at work in its theap of its own accord, the pages are released by the last such thread, once it is done.

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

/// End `heap`; what is in use becomes the blocks of `target`, its subprocess's main heap.
pub fn delete(heap: &'static Heap, target: &'static Heap) {
    let _step = Theap::current().step();
    if let Some(mine) = Theap::current().root().theap_for(heap) {
        mine.finish_theap();
    }
    // What happened stays with the subprocess; what is in use is the target's.
    sums::leave_to_subproc(heap);
    let id = heap.lose_id();
    let [from, to] = [heap, target].map(Heap::as_page_heap);
    heap.pages.for_each(|page, place| {
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

/// The page was the heap's of that id, and is given away: it has no owner any more, unless it is attached to a theap of the
/// heap. (No thread attaches pages of a heap that is being deleted.) The page may be gone by now, and its record another
/// heap's page, of an owner of that heap.
fn leave_owner(page: &Page, id: u64) {
    let owner = page.owner();
    // SAFETY: the owner of a page that is or was in use.
    let theap = unsafe { Theap::of_owner(owner) };
    if theap.has_heap_id(id) && page.word().peek().0 != State::Attached {
        page.label().pass_on(owner, current::owner());
    }
}

/// End `heap`, and free all that was allocated from it.
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

/// Records that are dead are kept by their list alone; pages of the heap are the sweep's; those of others came late, and go to
/// their heap.
fn drop_pages(pages: Chain<Page>, heap: &Heap) {
    let root = Theap::current().root();
    pages.for_each(|page| drop_page(root, page, heap));
}

fn drop_page(root: &Theap, page: &'static Page, heap: &Heap) {
    if !root.drop_dead(page) && !ptr::eq(page.heap(), heap.as_page_heap()) {
        Theap::abandon(page);
    }
}

/// Nobody works in the heap any more: release all its pages.
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
