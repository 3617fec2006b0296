//! Theaps that wait for a thread: those of ended threads that are parked (`life::parked`), and, in the child of a fork,
//! those of the threads that are not there (`life::fork`).

use super::registry::{self, all_theaps};
use super::theap::Theap;
use super::timed_slots::TimedSlots;
use crate::base::sync::{AtomicPtr, AtomicU64, Ordering};
use core::ptr;

/// The parked ones.
pub static PARKED: TimedSlots<Theap> = TimedSlots::new();

const NEVER: u64 = u64::MAX;
/// When those that a fork left are given away, in milliseconds; NEVER: there are none.
static DUE: AtomicU64 = AtomicU64::new(NEVER);
/// Where in the list of all theaps the next root of these is looked for.
static NEXT: AtomicPtr<Theap> = AtomicPtr::new(ptr::null_mut());

fn look_next_at(theap: Option<&'static Theap>) {
    NEXT.store(theap.map_or(ptr::null_mut(), |theap| ptr::from_ref(theap).cast_mut()), Ordering::Relaxed);
}

/// Whether there may be any.
pub fn any() -> bool {
    PARKED.any() || any_left()
}

#[inline]
fn any_left() -> bool {
    DUE.load(Ordering::Relaxed) != NEVER
}

/// In the child of a fork: threads have vanished, whose theaps are given away at `due`.
pub fn note_left(due: u64) {
    look_next_at(all_theaps().next());
    DUE.store(due, Ordering::Relaxed);
}

/// Whether it is time to give those that a fork left away. If so the caller does.
pub fn take_due(now: u64) -> bool {
    let due = DUE.load(Ordering::Relaxed);
    // Relaxed: what vanished was there before the child had a second thread.
    now >= due && DUE.compare_exchange(due, NEVER, Ordering::Relaxed, Ordering::Relaxed).is_ok()
}

/// A root of the main heap that a fork left, for the calling thread, which begins.
pub fn take_left() -> Option<&'static Theap> {
    if !any_left() {
        return None;
    }
    // SAFETY: null or a theap, which is never unmapped.
    let mut at = unsafe { NEXT.load(Ordering::Relaxed).as_ref() };
    while let Some(theap) = at {
        at = registry::older(theap);
        if is_main_root(theap) && theap.claim_vanished() {
            // Those before are no such roots, or another thread's: then this may be stored late, and they are passed again.
            look_next_at(at);
            return Some(theap);
        }
    }
    look_next_at(None);
    None
}

/// Whether it is a thread's first theap, and one of the main heap.
pub fn is_main_root(theap: &Theap) -> bool {
    ptr::eq(theap.root(), theap) && theap.is_main()
}
