//! Which slices of an arena are mapped, as far as it is not in its bitmaps.
//!
//! Invariant: only what is not absent is touched, made accessible or advised upon. Who does so with slices that are not its
//! own (`widest`) is in the lock of the arena, in which alone slices become absent. A thread that is stopped in there, or
//! that finds another in there, changes nothing but this: accesses are given to each claim alone, and what is free is
//! purged and stays mapped.

use crate::base::sync::{AtomicBool, AtomicUsize, Ordering};
use crate::base::try_lock::{Inside, TryLock};
use crate::bitmap::Bitmap;

/// What an arena knows of its parts.
pub(super) struct Extent {
    /// Free parts may be given back: nobody asked for the arena as it is.
    gives: AtomicBool,
    /// Slices that are gone. Of one that is just being mapped this is counted late.
    gone: AtomicUsize,
    lock: TryLock,
}

impl Extent {
    pub(super) fn new() -> Extent {
        Extent { gives: AtomicBool::new(false), gone: AtomicUsize::new(0), lock: TryLock::unlocked() }
    }

    /// In the child of a fork: nobody is in the lock.
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
    /// None when another thread is in the lock.
    pub(super) fn enter(&self) -> Option<Inside<'_>> {
        self.lock.enter()
    }

    /// Do something with the widest part of `first..end` around our slices `i..i + n` that is not absent, while none of it can
    /// become so. None, and nothing done, when another thread is at such a thing.
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
