//! Fork: what becomes, in the child, of the theaps of the parent's other threads. None of these threads exists in the
//! child.
//!
//! A fork may stop the other threads at any instruction. The child judges each theap by its thread's count of steps
//! (`state::steps`):
//!
//! ```text
//! in no step   at most in the middle of a pop or a push of one block. That block belongs to the program, as it did or
//!              would have a moment later: it stays in use. Everything else is whole
//!     child:   -> VANISHED  tag and list of returned pages as at a thread's end; stacks and attached pages as they are
//! in a step    the thread may have held blocks and pages in its hands; a page may be on no list, or on two. What its
//!              stacks and lists hold stays in use, and nobody gets the theap again. If the heap is destroyed, its
//!              pages go too
//! VANISHED     nobody's; other threads give blocks to its pages, as to any attached page
//!     take:    only a root of the main heap: a thread that starts takes it, as if it were parked (`parked`)
//!     give:    a thread comes by after `purge_delay` has passed, or collects with force. It owns the theap for a
//!              moment, gives everything away as at a thread's end, and puts the theap on its heap's list or into the
//!              pool
//! ```
//!
//! So a child that soon executes another program has little to do, and a child that lives on finds everything again.
//! The other threads may also have held things elsewhere:
//!
//! - A thread may have just taken a shared list whole (abandoned pages, vacant theaps, records). Then the list is lost.
//!   A theap on its way to or from such a list is lost too.
//! - A lock that nobody waits for is open again (`try_lock`), because what is behind it is whole at each moment
//!   (`blocks::transfer_cache`). If the forking thread is in a step, it may hold such a lock itself, so all of them
//!   stay as they are.
//! - A thread may have cleared the time at which something is due, in order to do it. That time is entered again.
//! - Slices that a thread was claiming or purging stay its own.
//! - A heap that a thread was ending stays half ended.
//!
//! The forking thread may itself be in a step, if the fork happens in a signal handler or in a function of the
//! program's that the step calls. Its theaps are still its own in the child, and it goes on. `vfork` and `posix_spawn`
//! share the memory. `_Fork` and a bare `clone` run no handlers: after them the other threads' theaps are left as they
//! are, and lost.

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
            // Its heap had ended. Only the thread whose default it was still knew of it.
            to_pool(theap);
        }
        if theap.has_thread() && !theap.is_ours() {
            vanish(theap);
        }
    }
    // Only after all were looked at, because each may be the root of others.
    let mut left = false;
    for theap in all_theaps().filter(|theap| theap.has_vanished()) {
        // Whoever takes it is then in a step.
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
