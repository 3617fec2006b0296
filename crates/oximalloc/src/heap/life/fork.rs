//! Fork: what the parent's other threads had, in the child, where none of them is.
//!
//! `fork` may meet a thread anywhere. Of its theaps the child knows, by its count of steps (`state::steps`):
//!
//! ```text
//! in no step   at most in the midst of a pop or a push of one block, which is then the program's, as it was or would have
//!              been in a moment: it stays in use. All else is whole
//!     child:   -> VANISHED  tag and list of returned pages as at a thread's end, stacks and attached pages as they are
//! in a step    blocks and pages may be in its hands, or on no list, or on two: what its stacks and lists hold stays in use,
//!              and nobody has the theap again. Where the heap is destroyed its pages go with it
//! VANISHED     nobody's; others give blocks to its pages, as to any attached page
//!     take:    a thread begins, and it is a root of the main heap: the thread has it, as if it was parked (`parked`)
//!     give:    a thread that comes by once `purge_delay` has passed, or collects with force: it is that thread's for a
//!              moment, gives all away as at a thread's end, and goes to its heap's list, or the pool
//! ```
//!
//! So a child that soon executes another program has little to do, and one that lives on finds all again. What threads had
//! in their hands elsewhere:
//!
//! - a list that all share (abandoned pages, vacant theaps, records) and that a thread had just taken whole is lost, as is a
//!   theap on its way to or from such a list;
//! - a lock that nobody waits for is open again (`try_lock`); what is behind it is whole at each moment (`blocks::transfer_cache`). Where the
//!   thread that forks may have it itself, since it is in a step, all stay as they are;
//! - a time at which something is due, which a thread had cleared to see to it, is entered again;
//! - slices that a thread was claiming or purging stay its own;
//! - a heap that a thread was ending stays half ended.
//!
//! The thread that forks may itself be in a step, where a function of the program's forks that is called in it, or a handler
//! of a signal: its theaps are its own in the child, too, and it goes on. `vfork` and `posix_spawn` share the memory, and
//! `_Fork` and a bare `clone` run no handlers: there the theaps of the others are left as they are, and lost.

use super::parked;
use crate::arena;
use crate::diag::stats::PROCESS;
use crate::heap::blocks::transfer_cache;
use crate::heap::pages::holes;
use crate::heap::state::heap;
use crate::heap::state::registry::{self, all_theaps, to_pool};
use crate::heap::state::theap::{Theap, VANISHED};
use crate::heap::state::waiting::{self, PARKED};
use crate::page::record_pool;
use crate::prim::{Os, Process};
use core::ptr;

/// In the child of a fork.
#[cold]
pub extern "C" fn child() {
    let mine = Theap::current().root();
    arena::fork_child();
    PARKED.fork_child();
    if !mine.steps.any() {
        transfer_cache::fork_child();
        holes::fork_child();
        record_pool::fork_child();
        registry::fork_child();
        heap::fork_child();
    }
    for theap in all_theaps() {
        if !ptr::eq(theap.root(), mine) && theap.shown.hide() {
            // Its heap had ended; only the thread whose default it was knew of it.
            to_pool(theap);
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
        waiting::note_left(Os::now_ms() + parked::delay());
    }
}

fn vanish(theap: &'static Theap) {
    let in_step = theap.root().steps.any() || theap.steps.any();
    let is_whole = theap.ownership.fork_child(in_step);
    if theap.set_counted(false) {
        PROCESS.threads.sub(1);
    }
    if is_whole {
        theap.set_tag(VANISHED);
    } else {
        theap.forget_lists();
        theap.hand_over_counts();
        theap.set_tag(0);
    }
    theap.returned.close().for_each(Theap::abandon);
}
