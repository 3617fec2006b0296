//! Parked theaps: those of ended threads, kept with their pages attached and their stacks full for the next threads.
//!
//! ```text
//! LIVE   a thread's: it has its tag
//!     park:   the thread ends; what is more than a theap may keep is given; tag 0, the list of returned pages
//!             closed; then into a slot (`state::timed_slots`) -> PARKED, or, when all slots are taken, as `retire`
//! PARKED in one slot and nobody's; others may still give blocks to its pages, as to any attached page
//!     adopt:  a thread begins: out of the slot -> LIVE
//!     retire: a thread that comes by once `purge_delay` has passed, or collects with force: out of the slot; it is that
//!             thread's for a moment, gives all away as at a thread's end, and goes to the main heap's list
//! ```
//!
//! In the child of a fork, those of threads that vanished wait with them (`state::waiting`).
//!
//! Only roots of the main heap, which nobody deletes or destroys, are ever parked. A theap whose stacks are shut is not.
//!
//! Bounds: [`SLOTS`](crate::heap::state::timed_slots::SLOTS) theaps, each
//! with at most [`KEEP`] bytes of free blocks that were ever handed out.

use crate::arena;
use crate::heap::state::heap::MAIN;
use crate::heap::state::registry::all_theaps;
use crate::heap::state::theap::Theap;
use crate::heap::state::waiting::{self, PARKED, is_main_root};
use crate::prim::{Os, Process, tls};

/// Bytes of free blocks that a parked theap keeps.
const KEEP: usize = 1 << 20;

/// The delay where nothing is ever purged, in milliseconds.
const LONG: u64 = 1 << 40;

/// How long they stay parked, in milliseconds.
pub fn delay() -> u64 {
    arena::purge_delay().unwrap_or(LONG)
}

/// The calling thread ends, and with it `root`, which its pointer is not to any more: keep it for the next. False: nothing
/// was done.
pub fn park(root: &'static Theap) -> bool {
    let delay = delay();
    if delay == 0 || !root.is_main() || root.is_shut() || !PARKED.has_room() {
        return false;
    }
    root.surrender_beyond(KEEP);
    root.set_tag(0);
    if !PARKED.put(root, Os::now_ms() + delay) {
        retire(root);
    }
    true
}

/// A parked theap for the calling thread.
pub fn adopt() -> Option<&'static Theap> {
    let theap = match PARKED.take() {
        Some(theap) => {
            // Before it is this thread's.
            theap.steps.begin();
            theap
        }
        None => waiting::take_left()?,
    };
    theap.sampling.begin();
    if theap.is_shut() {
        retire(theap);
        return None;
    }
    theap.set_tag(tls::tag());
    theap.set_in_threadpool(false);
    theap.heartbeat.set_calling(false);
    theap.returned.open();
    theap.open_smallest();
    Some(theap)
}

/// Retire those that were parked for long enough.
#[inline]
pub fn tick() {
    if waiting::any() {
        retire_due(Os::now_ms());
    }
}

/// Retire all.
pub fn retire_all() {
    retire_due(u64::MAX);
}

#[cold]
fn retire_due(now: u64) {
    PARKED.take_due(now, retire);
    retire_left(now);
}

/// Give everything of a theap away that was taken out of its slot.
#[cold]
fn retire(theap: &'static Theap) {
    take_over(theap);
    theap.steps.begin();
    theap.surrender();
    // The main heap's list is always open.
    MAIN.vacant.add(theap);
}

/// A theap that nobody else gets to is the calling thread's for a moment.
fn take_over(theap: &'static Theap) {
    // A part of the calling thread's root; of a thread that has none, or not any more, its root.
    let current = Theap::current();
    theap.set_root(if current.is_empty_theap() { theap } else { current.root() });
    theap.set_tag(tls::tag());
}

/// Retire those that a fork left, if it is time. The caller is in a step, or has no theap.
#[cold]
fn retire_left(now: u64) {
    if !waiting::take_due(now) {
        return;
    }
    for theap in all_theaps().filter(|theap| theap.has_vanished()) {
        if is_main_root(theap) {
            if theap.claim_vanished() {
                retire(theap);
            }
        } else if theap.ownership.enter(|| theap.has_vanished()) {
            // Nobody else gets to it any more: not to claim it, nor to take it away where its heap is destroyed.
            take_over(theap);
            theap.surrender();
            theap.leave_theap();
        }
    }
}
