//! What an arena knows, besides its bitmaps, of which slices are mapped.
//!
//! Invariant: absent slices are never touched, made accessible or advised upon. To do any of this with slices that are
//! not its own (`widest`), a thread holds the arena's lock. Slices become absent only inside that lock. A thread that
//! finds the lock taken, perhaps by one that is stopped inside, does less: a claim makes only its own slices
//! accessible, and free memory is purged but stays mapped.

use crate::base::sync::{AtomicBool, AtomicUsize, Ordering};
use crate::base::try_lock::{Inside, TryLock};
use crate::bitmap::Bitmap;

/// What an arena knows of its mapped and unmapped parts.
pub(super) struct Extent {
    /// Free parts may be unmapped, because nobody asked for the arena as it is.
    gives: AtomicBool,
    /// Slices that are gone. A slice that is mapped again is subtracted late.
    gone: AtomicUsize,
    lock: TryLock,
}

impl Extent {
    pub(super) fn new() -> Extent {
        Extent { gives: AtomicBool::new(false), gone: AtomicUsize::new(0), lock: TryLock::unlocked() }
    }

    /// In the child of a fork: free the lock, because the thread that had it does not exist here.
    pub(super) fn forget_lock(&self) {
        self.lock.fork_child();
    }

    pub(super) fn gives(&self) -> bool {
        self.gives.load(Ordering::Relaxed)
    }
    pub(super) fn let_give(&self) {
        self.gives.store(true, Ordering::Relaxed);
    }
    pub(super) fn gone_slices(&self) -> usize {
        self.gone.load(Ordering::Relaxed)
    }
    /// Note that slices are gone.
    pub(super) fn count_gone(&self, n: usize) {
        self.gone.fetch_add(n, Ordering::Relaxed);
    }
    /// Note that slices that were gone are mapped.
    pub(super) fn count_back(&self, n: usize) {
        self.gone.fetch_sub(n, Ordering::Relaxed);
    }
    /// Take the lock. None if another thread has it.
    pub(super) fn enter(&self) -> Option<Inside<'_>> {
        self.lock.enter()
    }

    /// Call `work` with the widest part of `first..end` around our slices `i..i + n` in which nothing is absent.
    /// Nothing in it becomes absent meanwhile. None, with nothing done, if another thread has the lock.
    pub(super) fn widest<T, const STEP: usize>(
        &self,
        absent: Bitmap<'_, STEP>,
        (i, n): (usize, usize),
        (first, end): (usize, usize),
        work: impl FnOnce(usize, usize) -> T,
    ) -> Option<T> {
        let _inside = self.lock.enter()?;
        let all = absent.none_set(first, end - first);
        let from =
            if all { first } else { (first..i).rev().find(|&at| absent.all_set(at, 1)).map_or(first, |at| at + 1) };
        let to = if all { end } else { (i + n..end).find(|&at| absent.all_set(at, 1)).unwrap_or(end) };
        Some(work(from, to))
    }
}
