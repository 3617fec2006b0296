//! A lock that nobody waits for: who finds it taken does something else. So a thread that is stopped inside delays nobody.
//!
//! Protocol: free -> taken by a compare-and-swap of one thread, which alone is inside -> free by its store.

use super::sync::{AtomicBool, Ordering};

/// The lock.
pub struct TryLock(AtomicBool);

/// Of who has it: it is free again when this goes.
pub struct Inside<'a>(&'a TryLock);

impl TryLock {
    /// Free.
    #[cfg(not(loom))]
    pub const fn unlocked() -> TryLock {
        TryLock(AtomicBool::new(false))
    }
    /// Free.
    #[cfg(loom)]
    pub fn unlocked() -> TryLock {
        TryLock(AtomicBool::new(false))
    }

    /// Take it; None when another thread has it.
    #[inline]
    pub fn enter(&self) -> Option<Inside<'_>> {
        // A failed exchange would take the cache line from whoever is inside.
        if self.is_taken() {
            return None;
        }
        // Acquire: pairs with the Release in `drop`.
        self.0.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).ok().map(|_| Inside(self))
    }

    /// Whether a thread had it a moment ago.
    #[inline]
    pub fn is_taken(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// In the child of a fork: whoever had it is not there.
    pub fn fork_child(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl Drop for Inside<'_> {
    #[inline]
    fn drop(&mut self) {
        // Release: pairs with the Acquire in `enter`.
        self.0.0.store(false, Ordering::Release);
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use loom::cell::UnsafeCell;
    use loom::sync::Arc;
    use loom::thread;

    struct Both(TryLock, UnsafeCell<usize>);
    // SAFETY: the cell is used inside the lock alone, which loom checks.
    unsafe impl Sync for Both {}
    // SAFETY: as above.
    unsafe impl Send for Both {}

    /// One thread at a time is inside, and sees what the one before did there.
    #[test]
    fn loom_one_thread_at_a_time_is_inside() {
        loom::model(|| {
            let both = Arc::new(Both(TryLock::unlocked(), UnsafeCell::new(0)));
            let work = |both: &Both| {
                let inside = both.0.enter();
                // SAFETY: loom checks.
                inside.is_some().then(|| both.1.with_mut(|n| unsafe { *n += 1 })).is_some() as usize
            };
            let other = {
                let both = both.clone();
                thread::spawn(move || work(&both) + work(&both))
            };
            let mine = work(&both) + work(&both);
            let all = mine + other.join().unwrap();
            // SAFETY: as above.
            assert_eq!(both.1.with(|n| unsafe { *n }), all);
            assert!(all >= 1);
        });
    }
}
