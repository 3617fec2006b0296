//! Warm theaps: those of ended threads, kept with their pages attached and their stacks full for the next threads.
//!
//! ```text
//! LIVE   a thread's: it has its tag
//!     rest:   the thread ends; what is more than a theap may keep is given; tag 0, the list of returned pages
//!             closed; then into a slot (`slots`) -> WARM, or, when all slots are taken, as `cool`
//! WARM   in one slot and nobody's; others may still give blocks to its pages, as to any attached page
//!     wake:   a thread begins: out of the slot -> LIVE
//!     cool:   a thread that comes by once `purge_delay` has passed, or collects with force: out of the slot; it is that
//!             thread's for a moment, gives all away as at a thread's end, and goes to the main heap's list
//! ```
//!
//! In the child of a fork, those of threads that vanished are as warm ones (`fork`).
//!
//! Only roots of the main heap, which nobody deletes or destroys, are ever warm. A theap whose stacks are shut is not.
//!
//! Bounds: [`SLOTS`](super::slots::SLOTS) theaps, each with at most [`KEEP`] bytes of free blocks that were ever handed out.

use super::fork;
use super::record::MAIN;
use super::slots::Slots;
use super::theap::Theap;
use crate::arena;
use crate::base::sync::Ordering;
use crate::prim::{Os, Process, tls};

/// Bytes of free blocks that a warm theap keeps.
const KEEP: usize = 1 << 20;

/// The delay where nothing is ever purged, in milliseconds.
const LONG: u64 = 1 << 40;

static WARM: Slots<Theap> = Slots::new();

/// Whether there may be warm theaps.
pub fn any() -> bool {
    WARM.any() || fork::any()
}

/// How long they are warm, in milliseconds.
pub(super) fn delay() -> u64 {
    arena::purge_delay().unwrap_or(LONG)
}

/// The calling thread ends, and with it `root`, which its pointer is not to any more: keep it for the next. False: nothing
/// was done.
pub fn rest(root: &'static Theap) -> bool {
    let delay = delay();
    if delay == 0 || !root.is_main() || root.is_shut() || !WARM.has_room() {
        return false;
    }
    root.give_beyond(KEEP);
    root.set_tag(0);
    if !WARM.put((&raw const *root).cast_mut(), Os::now_ms() + delay) {
        cool(root);
    }
    true
}

/// A warm theap for the calling thread.
pub fn wake() -> Option<&'static Theap> {
    // SAFETY: theaps are never unmapped.
    let theap = match unsafe { WARM.take().as_ref() } {
        Some(theap) => {
            // Before it is this thread's.
            theap.steps.begin();
            theap
        }
        None => fork::take()?,
    };
    theap.sampling.begin();
    if theap.is_shut() {
        cool(theap);
        return None;
    }
    theap.set_tag(tls::tag());
    theap.in_threadpool.set(false);
    theap.calling.set(false);
    theap.returned.open();
    theap.open_smallest();
    Some(theap)
}

/// Cool those that were warm for long enough.
#[inline]
pub fn tick() {
    if any() {
        cool_due(Os::now_ms());
    }
}

/// Cool all.
pub fn cool_all() {
    cool_due(u64::MAX);
}

#[cold]
fn cool_due(now: u64) {
    // SAFETY: theaps are never unmapped.
    WARM.take_due(now, |theap| cool(unsafe { &*theap }));
    fork::give_due(now);
}

/// In the child of a fork: whoever was looking which of them are due is not there.
pub(super) fn fork_child() {
    WARM.fork_child();
}

/// Give everything of a theap away that was taken out of its slot.
#[cold]
pub(super) fn cool(theap: &'static Theap) {
    // Until it has, it is a part of the calling thread's root; of a thread that has none, or not any more, its root.
    let current = Theap::current();
    let root = if current.is_empty_theap() { theap } else { current.root() };
    theap.root.store((&raw const *root).cast_mut(), Ordering::Relaxed);
    theap.steps.begin();
    theap.set_tag(tls::tag());
    theap.give_up();
    // SAFETY: theaps are never unmapped, and it is on no list. The main heap's list is always open.
    unsafe { MAIN.vacant.add((&raw const *theap).cast_mut()) };
}
