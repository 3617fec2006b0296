//! Parked theaps: theaps of ended threads, kept for the next threads with their pages attached and their stacks full.
//!
//! ```text
//! LIVE   a thread's: the theap has that thread's tag
//!     park:   the thread ends. It gives away what is more than a theap may keep, sets the tag to 0, and closes the
//!             list of returned pages. Then the theap goes into a slot (`state::timed_slots`) -> PARKED; if all slots
//!             are taken, as `retire`
//! PARKED in one slot, and nobody's; other threads may still give blocks to its pages, as to any attached page
//!     adopt:  a thread starts and takes the theap out of its slot -> LIVE
//!     retire: a thread comes by after `purge_delay` has passed, or collects with force. It takes the theap out of its
//!             slot and owns it for a moment, gives everything away as at a thread's end, and puts the theap on the
//!             main heap's list
//! ```
//!
//! In the child of a fork, the theaps of vanished threads wait along with the parked ones (`state::waiting`).
//!
//! Only roots of the main heap are ever parked, because nobody deletes or destroys the main heap. A theap whose stacks
//! are shut is not parked.
//!
//! Bounds: [`SLOTS`](crate::heap::state::timed_slots::SLOTS) theaps, each with at most [`KEEP`] bytes of free blocks
//! that were ever handed out.

use crate::arena;
use crate::heap::state::heap::MAIN;
use crate::heap::state::registry::all_theaps;
use crate::heap::state::theap::Theap;
use crate::heap::state::waiting::{self, PARKED, is_main_root};
use crate::prim::{Memory, Os, Process, tls};

/// Bytes of free blocks that a parked theap keeps.
const KEEP: usize = 1 << 20;

/// The delay if nothing is ever purged, in milliseconds.
const LONG: u64 = 1 << 40;

/// How long theaps stay parked, in milliseconds.
pub fn delay() -> u64 {
    arena::purge_delay().unwrap_or(LONG)
}

/// The calling thread ends, and its pointer no longer leads to `root`, its root. Park `root` for the next thread.
/// False: nothing was done.
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

/// Take a parked theap for the calling thread.
pub fn adopt() -> Option<&'static Theap> {
    if !Os::capabilities().threads {
        return None;
    }
    let theap = match PARKED.take() {
        Some(theap) => {
            // Before the theap is this thread's.
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

/// Retire the theaps that were parked for long enough.
#[inline]
pub fn tick() {
    if Os::capabilities().threads && waiting::any() {
        retire_due(Os::now_ms());
    }
}

/// Retire all parked theaps.
pub fn retire_all() {
    if Os::capabilities().threads {
        retire_due(u64::MAX);
    }
}

#[cold]
fn retire_due(now: u64) {
    PARKED.take_due(now, retire);
    retire_left(now);
}

/// Give away everything that a theap holds. The caller has taken it out of its slot.
#[cold]
fn retire(theap: &'static Theap) {
    take_over(theap);
    theap.steps.begin();
    theap.surrender();
    // The main heap's list is always open.
    MAIN.vacant.add(theap);
}

/// Make a theap the calling thread's for a moment. Nobody else can get to it.
fn take_over(theap: &'static Theap) {
    // The theap's root is the calling thread's root. If the thread has no root, or none any more, the theap itself is
    // the root.
    let current = Theap::current();
    theap.set_root(if current.is_empty_theap() { theap } else { current.root() });
    theap.set_tag(tls::tag());
}

/// Retire the theaps that a fork left, if it is time. The caller is in a step, or has no theap.
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
            // Nobody else can get to the theap any more: nobody can claim it, or take it away when its heap is
            // destroyed.
            take_over(theap);
            theap.surrender();
            theap.leave_theap();
        }
    }
}
