//! The figures that decide how much may wait for its purge: how many slices wait, how many waiting slices were lately
//! claimed again, and whether the process has a limit on its memory.
//!
//! Invariant: a slice is counted as waiting before others can see that it waits, so the count is never below what they
//! see. The other figures are rough: if two threads change one at once, a change may be lost.

use crate::base::sync::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// Slices that wait for their purge.
static PENDING: AtomicUsize = AtomicUsize::new(0);

/// Slices that wait for their purge.
pub(super) fn pending() -> usize {
    PENDING.load(Ordering::Relaxed)
}

/// Note that `n` slices are about to wait.
#[inline]
pub(super) fn pend(n: usize) {
    PENDING.fetch_add(n, Ordering::Relaxed);
}

/// Note that `n` slices do not wait any more.
pub(super) fn unpend(n: usize) {
    if n > 0 {
        PENDING.fetch_sub(n, Ordering::Relaxed);
    }
}

/// Slices that were claimed while they waited, so far.
static AGAIN: AtomicUsize = AtomicUsize::new(0);
/// How many those were when this period began. A period is at least as long as the delay of purges.
static THIS_FROM: AtomicUsize = AtomicUsize::new(0);
/// How many those were when the period before began.
static LAST_FROM: AtomicUsize = AtomicUsize::new(0);
/// When this period began, in milliseconds; 0 for the first.
static PERIOD: AtomicU64 = AtomicU64::new(0);

/// Note that `n` waiting slices were claimed.
#[inline]
pub(super) fn taken_again(n: usize) {
    if n > 0 {
        unpend(n);
        AGAIN.fetch_add(n, Ordering::Relaxed);
    }
}

/// The most slices in use in this period, as seen when some are freed.
static THIS_MOST: AtomicUsize = AtomicUsize::new(0);
/// The same for the period before.
static LAST_MOST: AtomicUsize = AtomicUsize::new(0);

/// How many slices were taken again in this period and the one before, but no more than were in use at any time.
#[inline]
pub(super) fn taken_again_lately(now: u64, delay: u64, in_use: usize) -> usize {
    if in_use > THIS_MOST.load(Ordering::Relaxed) {
        THIS_MOST.store(in_use, Ordering::Relaxed);
    }
    let again = AGAIN.load(Ordering::Relaxed);
    let began = PERIOD.load(Ordering::Relaxed);
    let age = now.saturating_sub(began);
    // If two threads end a period at once, the second uses the figures as they are. They only say how much may wait.
    if age >= delay && PERIOD.compare_exchange(began, now.max(1), Ordering::Relaxed, Ordering::Relaxed).is_ok() {
        let this = THIS_FROM.swap(if began == 0 { 0 } else { again }, Ordering::Relaxed);
        let most = THIS_MOST.swap(in_use, Ordering::Relaxed);
        let skip = age >= delay.saturating_mul(2) && began != 0;
        LAST_FROM.store(if skip { again } else { this }, Ordering::Relaxed);
        LAST_MOST.store(if skip { 0 } else { most }, Ordering::Relaxed);
    }
    let most = THIS_MOST.load(Ordering::Relaxed).max(LAST_MOST.load(Ordering::Relaxed));
    again.wrapping_sub(LAST_FROM.load(Ordering::Relaxed)).min(most)
}

/// Whether the process had a limit on its address space or its data when it was last checked.
static LIMITED: AtomicBool = AtomicBool::new(false);

/// Whether the process had a limit at the last check.
pub(super) fn is_limited() -> bool {
    LIMITED.load(Ordering::Relaxed)
}

/// Note whether the process has a limit. Returns `limited`.
pub(super) fn note_limited(limited: bool) -> bool {
    if limited != LIMITED.load(Ordering::Relaxed) {
        LIMITED.store(limited, Ordering::Relaxed);
    }
    limited
}
