//! A thread's start: the thread gets its first theap.
//!
//! A thread's theaps come from their heap's list or from a pool, and go back there (`theaps`, `surrender`). So starting
//! and ending a thread makes no system call, once as many threads have lived at the same time. Roots of the main heap
//! are parked before they go back (`parked`).
//!
//! A theap that goes back gives all its blocks and pages away, but its record stays. Full pages that still name it find
//! its list of returned pages closed. So a thread that frees into such a page takes the page over. If the next thread
//! has got the theap by then, that thread has the page.

use super::fork;
use super::lease::Lease;
use super::process::process_start;
use super::theaps::{begin, theap_in};
use super::thread_end::{finish, tell_of_end};
use crate::base::sync::{AtomicU32, Ordering};
use crate::diag::stats::PROCESS;
use crate::heap::state::current::{self, thread};
use crate::heap::state::heap::{Heap, MAIN};
use crate::heap::state::registry::all_theaps;
use crate::heap::state::theap::Theap;
use crate::prim::{Memory, Os, Threads};
use core::ptr;

static FORK_HANDLERS: AtomicU32 = AtomicU32::new(0);

/// The calling thread's theap, made if it has none. None without memory.
#[inline(never)]
pub fn thread_start() -> Option<Lease> {
    if let Some(lease) = Lease::of(Theap::current()) {
        return Some(lease);
    }
    // If the former default was taken away, this is another theap.
    let now = Theap::current();
    if now.is_empty_theap() { start_in(&MAIN) } else { Some(Lease::new(now)) }
}

/// The calling thread's root, to free with in a step. If the thread has none and frees often, a root is made. None
/// without memory, for the first frees of a thread, and after the thread's end.
#[inline]
pub fn root_to_free() -> Option<&'static Theap> {
    let now = Theap::current();
    if now.is_empty_theap() {
        return start_to_free(now);
    }
    Some(now.root())
}

#[inline(never)]
fn start_to_free(now: &Theap) -> Option<&'static Theap> {
    if current::frees_often(now) { start_in(&MAIN)?.lasting() } else { None }
}

/// Make a root for the calling thread, which has none.
#[inline(never)]
fn start_in(heap: &'static Heap) -> Option<Lease> {
    process_start();
    let borrowed = Os::capabilities().threads && current::is_gone(Theap::current());
    let theap = begin(heap, None)?;
    if borrowed {
        // Otherwise each theap that the thread borrows would call the deferred-free function, even inside a call of
        // that function.
        theap.heartbeat.set_calling(true);
        return Some(Lease::first(theap, borrowed));
    }
    PROCESS.threads.add(1);
    theap.set_counted(true);
    thread::set(theap);
    // This may allocate, if the key is a late one. The theap is in place.
    tell_of_end(true);
    // Once there is a second thread, a fork leaves something to repair, even if the first thread has no theap.
    // Registering the handler allocates.
    let forks = Os::capabilities().fork && (all_theaps().nth(1).is_some() || !Os::is_first_thread());
    if forks && FORK_HANDLERS.swap(1, Ordering::Relaxed) == 0 {
        Os::at_fork(nothing, nothing, fork::child);
    }
    Some(Lease::first(theap, borrowed))
}

/// The calling thread's theap of `heap`, to use now. None without memory.
#[cold]
pub fn theap_of(heap: &'static Heap) -> Option<Lease> {
    let lease = thread_start()?;
    let theap = theap_in(lease.root(), heap)?;
    Some(lease.exchange(theap))
}

/// Move the calling thread from its subprocess to the one whose main heap is `heap`.
pub fn move_thread(heap: &'static Heap) {
    let current = Theap::current();
    if current.is_empty_theap() {
        if current::is_gone(current) {
            return;
        }
    } else if ptr::eq(current.root().heap(), heap) || current.root().steps.any() {
        // The thread cannot leave in the middle of a step: the step has called a function of the program's.
        return;
    } else {
        finish(current.root(), current::new());
    }
    let _ = start_in(heap);
}

extern "C" fn nothing() {}
