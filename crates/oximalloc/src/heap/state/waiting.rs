//! Theaps that wait for a thread: parked theaps of ended threads (`life::parked`), and, in the child of a fork, the
//! theaps of threads that do not exist there (`life::fork`).

use super::registry::{self, all_theaps};
use super::theap::Theap;
use super::timed_slots::TimedSlots;
use crate::base::sync::{AtomicPtr, AtomicU64, Ordering};
use core::ptr;

/// The parked theaps.
pub static PARKED: TimedSlots<Theap> = TimedSlots::new();

const NEVER: u64 = u64::MAX;
/// When the theaps that a fork left are given away, in milliseconds. NEVER: there are none.
static DUE: AtomicU64 = AtomicU64::new(NEVER);
/// Where the search for the next root that a fork left continues, in the list of all theaps.
static NEXT: AtomicPtr<Theap> = AtomicPtr::new(ptr::null_mut());

fn look_next_at(theap: Option<&'static Theap>) {
    NEXT.store(theap.map_or(ptr::null_mut(), |theap| ptr::from_ref(theap).cast_mut()), Ordering::Relaxed);
}

/// Whether any theap may be waiting.
pub fn any() -> bool {
    PARKED.any() || any_left()
}

#[inline]
fn any_left() -> bool {
    DUE.load(Ordering::Relaxed) != NEVER
}

/// In the child of a fork: threads have vanished, and their theaps are given away at `due`.
pub fn note_left(due: u64) {
    look_next_at(all_theaps().next());
    DUE.store(due, Ordering::Relaxed);
}

/// Whether it is time to give away the theaps that a fork left. If so, the caller does it.
pub fn take_due(now: u64) -> bool {
    let due = DUE.load(Ordering::Relaxed);
    // Relaxed: the vanished theaps existed before the child had a second thread.
    now >= due && DUE.compare_exchange(due, NEVER, Ordering::Relaxed, Ordering::Relaxed).is_ok()
}

/// A root of the main heap that a fork left, for the calling thread, which is beginning.
pub fn take_left() -> Option<&'static Theap> {
    if !any_left() {
        return None;
    }
    // SAFETY: null or a theap, which is never unmapped.
    let mut at = unsafe { NEXT.load(Ordering::Relaxed).as_ref() };
    while let Some(theap) = at {
        at = registry::older(theap);
        if is_main_root(theap) && theap.claim_vanished() {
            // The theaps before this one are not such roots, or another thread has them. If this store comes after
            // that thread's, some theaps are passed again.
            look_next_at(at);
            return Some(theap);
        }
    }
    look_next_at(None);
    None
}

/// Whether it is a thread's first theap and of the main heap.
pub fn is_main_root(theap: &Theap) -> bool {
    ptr::eq(theap.root(), theap) && theap.is_main()
}
