//! When the caches that all threads share are swept next: the transfer cache and the large cache.
//!
//! Whoever puts something into one of them sets a time, if none is set. Whoever sweeps clears the time first. The head
//! of `pages::large_cache_slots` says why nothing is missed.

use crate::base::sync::{AtomicU64, Ordering};
use crate::prim::{Os, Process};

const NEVER: u64 = u64::MAX;

/// When the next sweep is due, in milliseconds. NEVER: nothing was put since the last sweep that left nothing.
static DUE: AtomicU64 = AtomicU64::new(NEVER);

/// Something was put into one of the caches: a sweep is due in `delay` milliseconds.
#[inline]
pub fn schedule_sweep(delay: Option<u64>) {
    // SeqCst: as in the head of `pages::large_cache_slots`.
    if DUE.load(Ordering::SeqCst) == NEVER {
        enter(delay);
    }
}

#[cold]
fn enter(delay: Option<u64>) {
    if let Some(delay) = delay {
        DUE.store(Os::now_ms() + delay, Ordering::Relaxed);
    }
}

/// Whether a sweep is due. If so, the time is cleared, and the caller sweeps.
#[inline]
pub fn take_due() -> bool {
    let due = DUE.load(Ordering::Relaxed);
    // SeqCst: as in the head of `pages::large_cache_slots`.
    due != NEVER && Os::now_ms() >= due && DUE.compare_exchange(due, NEVER, Ordering::SeqCst, Ordering::Relaxed).is_ok()
}
