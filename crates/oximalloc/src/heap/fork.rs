//! Fork: what the parent's other threads had, in the child, where none of them is.
//!
//! `fork` may meet a thread anywhere. Of its theaps the child knows, by its count of steps (`step`):
//!
//! ```text
//! in no step   at most in the midst of a pop or a push of one block, which is then the program's, as it was or would have
//!              been in a moment: it stays in use. All else is whole
//!     child:   -> VANISHED  tag and list of returned pages as at a thread's end, stacks and attached pages as they are
//! in a step    blocks and pages may be in its hands, or on no list, or on two: what its stacks and lists hold stays in use,
//!              and nobody has the theap again. Where the heap is destroyed its pages go with it
//! VANISHED     nobody's; others give blocks to its pages, as to any attached page
//!     take:    a thread begins, and it is a root of the main heap: the thread has it, as if it was warm (`warm`)
//!     give:    a thread that comes by once `purge_delay` has passed, or collects with force: it is that thread's for a
//!              moment, gives all away as at a thread's end, and goes to its heap's list, or the pool
//! ```
//!
//! So a child that soon executes another program has little to do, and one that lives on finds all again. What threads had
//! in their hands elsewhere:
//!
//! - a list that all share (abandoned pages, vacant theaps, records) and that a thread had just taken whole is lost, as is a
//!   theap on its way to or from such a list;
//! - a lock that nobody waits for is open again (`try_lock`); what is behind it is whole at each moment (`depot`). Where the
//!   thread that forks may have it itself, since it is in a step, all stay as they are;
//! - a time at which something is due, which a thread had cleared to see to it, is entered again;
//! - slices that a thread was claiming or purging stay its own;
//! - a heap that a thread was ending stays half ended.
//!
//! The thread that forks may itself be in a step, where a function of the program's forks that is called in it, or a handler
//! of a signal: its theaps are its own in the child, too, and it goes on. `vfork` and `posix_spawn` share the memory, and
//! `_Fork` and a bare `clone` run no handlers: there the theaps of the others are left as they are, and lost.

use super::parts::{self, all_theaps, pool};
use super::theap::{Theap, VANISHED};
use super::{depot, holes, record, records, warm};
use crate::arena;
use crate::base::sync::{AtomicPtr, AtomicU64, Ordering};
use crate::diag::stats::PROCESS;
use crate::prim::{Os, Process, tls};
use core::ptr;

const NEVER: u64 = u64::MAX;
/// When those that are left are given away, in milliseconds; NEVER: there are none.
static DUE: AtomicU64 = AtomicU64::new(NEVER);
/// Where in the list of all theaps the next root is looked for.
static NEXT: AtomicPtr<Theap> = AtomicPtr::new(ptr::null_mut());

fn pointer(theap: Option<&Theap>) -> *mut Theap {
    theap.map_or(ptr::null_mut(), |theap| (&raw const *theap).cast_mut())
}

/// Whether there may be theaps of vanished threads.
#[inline]
pub fn any() -> bool {
    DUE.load(Ordering::Relaxed) != NEVER
}

/// In the child of a fork.
#[cold]
pub(super) extern "C" fn child() {
    let mine = Theap::current().root();
    arena::fork_child();
    warm::fork_child();
    if !mine.steps.any() {
        depot::fork_child();
        holes::fork_child();
        records::fork_child();
        parts::fork_child();
        record::fork_child();
    }
    for theap in all_theaps() {
        if !ptr::eq(theap.root(), mine) && theap.shown.hide() {
            // Its heap had ended; only the thread whose default it was knew of it.
            pool(theap);
        }
        if theap.has_thread() && !theap.is_ours() {
            vanish(theap);
        }
    }
    // Not before all were looked at, each of which may be the root of others.
    let mut left = false;
    for theap in all_theaps().filter(|theap| theap.has_vanished()) {
        // Whoever takes it is in a step then.
        theap.steps.begin();
        left = true;
    }
    if left {
        NEXT.store(pointer(all_theaps().next()), Ordering::Relaxed);
        DUE.store(Os::now_ms() + warm::delay(), Ordering::Relaxed);
    }
}

fn vanish(theap: &'static Theap) {
    let in_step = theap.root().steps.any() || theap.steps.any();
    let is_whole = theap.hold.fork_child(in_step);
    if theap.counted.replace(false) {
        PROCESS.threads.sub(1);
    }
    if is_whole {
        theap.set_tag(VANISHED);
    } else {
        theap.forget_lists();
        theap.leave_counts();
        theap.set_tag(0);
    }
    let mut page = theap.returned.close();
    while !page.is_null() {
        // SAFETY: taken off the list; no other thread exists.
        unsafe {
            let next = (*page).next();
            Theap::abandon(page);
            page = next;
        }
    }
}

/// A root of the main heap, for the calling thread, which begins.
pub(super) fn take() -> Option<&'static Theap> {
    if !any() {
        return None;
    }
    let mut at = NEXT.load(Ordering::Relaxed);
    // SAFETY: theaps on the list are valid and never unmapped.
    while let Some(theap) = unsafe { at.as_ref() } {
        at = theap.all.load(Ordering::Relaxed);
        if is_main_root(theap) && theap.claim_vanished() {
            // Those before are no such roots, or another thread's: then this may be stored late, and they are passed again.
            NEXT.store(at, Ordering::Relaxed);
            return Some(theap);
        }
    }
    NEXT.store(at, Ordering::Relaxed);
    None
}

fn is_main_root(theap: &Theap) -> bool {
    ptr::eq(theap.root(), theap) && theap.is_main()
}

/// Give those that are left away, if it is time. The caller is in a step, or has no theap.
#[cold]
pub(super) fn give_due(now: u64) {
    let due = DUE.load(Ordering::Relaxed);
    // Relaxed: what vanished was there before the child had a second thread.
    if now < due || DUE.compare_exchange(due, NEVER, Ordering::Relaxed, Ordering::Relaxed).is_err() {
        return;
    }
    for theap in all_theaps().filter(|theap| theap.has_vanished()) {
        if is_main_root(theap) {
            if theap.claim_vanished() {
                warm::cool(theap);
            }
        } else if theap.hold.enter(|| theap.has_vanished()) {
            // Nobody else gets to it any more: not to claim it, nor to take it away where its heap is destroyed.
            let current = Theap::current();
            let root = if current.is_empty_theap() { theap } else { current.root() };
            theap.root.store(pointer(Some(root)), Ordering::Relaxed);
            theap.set_tag(tls::tag());
            theap.give_up();
            theap.leave_part();
        }
    }
}
