//! A lock that nobody waits for: a thread that finds it taken does something else. So a thread that is stopped inside
//! delays nobody.
//!
//! Protocol: one thread's compare-and-swap turns free into taken. That thread alone is inside. Its store makes the lock
//! free again.

use super::sync::{AtomicBool, Ordering};

/// The lock.
pub struct TryLock(AtomicBool);

/// Held by the thread that is inside. Dropping it frees the lock.
pub struct Inside<'a>(&'a TryLock);

impl TryLock {
    /// A free lock.
    #[cfg(not(loom))]
    pub const fn unlocked() -> TryLock {
        TryLock(AtomicBool::new(false))
    }
    /// A free lock.
    #[cfg(loom)]
    pub fn unlocked() -> TryLock {
        TryLock(AtomicBool::new(false))
    }

    /// Take the lock. None if another thread has it.
    #[inline]
    pub fn enter(&self) -> Option<Inside<'_>> {
        // A failed exchange would pull the cache line away from the thread inside.
        if self.is_taken() {
            return None;
        }
        // Acquire: pairs with the Release in `drop`.
        self.0.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).ok().map(|_| Inside(self))
    }

    /// Whether a thread had the lock a moment ago.
    #[inline]
    pub fn is_taken(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// In the child of a fork: free the lock, because the thread that had it does not exist here.
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
    // SAFETY: the cell is used only inside the lock, which loom checks.
    unsafe impl Sync for Both {}
    // SAFETY: as above.
    unsafe impl Send for Both {}

    /// One thread at a time is inside, and it sees what the previous one did there.
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
