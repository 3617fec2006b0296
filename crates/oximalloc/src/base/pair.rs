//! A function and its argument, registered together and read together without a lock.
//!
//! ```text
//! version even   the pair is stable
//!     register:  -> odd, by one thread's compare-and-swap; it stores both words; -> even, two higher than before
//! version odd    the pair is changing: a reader gets None, and another registration gives way to this one
//! ```
//!
//! A reader loads both words between two loads of the version. If both loads give the same even number, nobody stored
//! in between. Nobody waits. A thread that is stopped in a registration leaves all others without a function until it
//! goes on. A child that is forked in the middle of a registration never has one.

use super::sync::{AtomicPtr, AtomicUsize, Ordering, fence};
use core::ffi::c_void;
use core::ptr::null_mut;

/// A place for one function and its argument.
pub struct Pair {
    /// Odd while a registration is in progress. Each registration raises it by 2.
    version: AtomicUsize,
    fun: AtomicPtr<()>,
    arg: AtomicPtr<c_void>,
}

impl Pair {
    /// Nothing registered.
    #[cfg(not(loom))]
    pub const fn new() -> Pair {
        Pair { version: AtomicUsize::new(0), fun: AtomicPtr::new(null_mut()), arg: AtomicPtr::new(null_mut()) }
    }
    /// Nothing registered.
    #[cfg(loom)]
    pub fn new() -> Pair {
        Pair { version: AtomicUsize::new(0), fun: AtomicPtr::new(null_mut()), arg: AtomicPtr::new(null_mut()) }
    }

    /// Register `fun` (null: none) with `arg`, in place of what was registered before. A call of the previous function
    /// may still be running in another thread when this returns. If several threads register at the same time, one pair
    /// stays: a thread that finds a registration in progress stores nothing, as if the other had come just after it.
    pub fn register(&self, fun: *mut (), arg: *mut c_void) {
        let version = self.version.load(Ordering::Relaxed);
        let odd = version | 1;
        if version == odd
            // Acquire: pairs with the Release of the previous registration, whose stores must come before ours.
            || self.version.compare_exchange(version, odd, Ordering::Acquire, Ordering::Relaxed).is_err()
        {
            return;
        }
        // Pairs with the fence in `registered`: a thread that sees one of our stores also sees the odd version.
        fence(Ordering::Release);
        self.fun.store(fun, Ordering::Relaxed);
        self.arg.store(arg, Ordering::Relaxed);
        // Release: pairs with the first load in `registered`. A thread that sees this version sees the pair.
        self.version.store(odd.wrapping_add(1), Ordering::Release);
    }

    /// Whether there was a function a moment ago. Costs one load.
    #[inline]
    pub fn is_some(&self) -> bool {
        !self.fun.load(Ordering::Relaxed).is_null()
    }

    /// The registered pair. None if there is none, or while it changes.
    pub fn registered(&self) -> Option<(*mut (), *mut c_void)> {
        // Acquire: pairs with the Release in `register`.
        let version = self.version.load(Ordering::Acquire);
        let pair = (self.fun.load(Ordering::Relaxed), self.arg.load(Ordering::Relaxed));
        // Pairs with the fence in `register`.
        fence(Ordering::Acquire);
        let stable = version & 1 == 0 && self.version.load(Ordering::Relaxed) == version;
        (stable && !pair.0.is_null()).then_some(pair)
    }
}

impl Default for Pair {
    fn default() -> Self {
        Pair::new()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_registration_under_way_is_left_alone() {
        let pair = Pair::new();
        let mut fun = ();
        pair.register(&mut fun, null_mut());
        pair.version.fetch_add(1, Ordering::Relaxed);
        pair.register(null_mut(), null_mut());
        assert!(pair.registered().is_none());
        pair.version.fetch_add(1, Ordering::Relaxed);
        assert!(pair.registered().is_some() && pair.is_some());
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use loom::sync::Arc;
    use loom::thread;

    fn word<T>(n: usize) -> *mut T {
        core::ptr::without_provenance_mut(n * 16)
    }

    /// Two threads register a pair each while a third reads. It sees no pair or a whole one, and one pair stays.
    #[test]
    fn loom_a_pair_is_never_torn() {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(|| {
            let pair = Arc::new(Pair::new());
            pair.register(word(1), word(1));
            let whole = |pair: &Pair| {
                let seen = pair.registered();
                assert!(seen.is_none_or(|(fun, arg)| fun.addr() == arg.addr()));
                seen.is_some()
            };
            let registers: Vec<_> = (2..4)
                .map(|n| {
                    let pair = pair.clone();
                    thread::spawn(move || pair.register(word(n), word(n)))
                })
                .collect();
            whole(&pair);
            registers.into_iter().for_each(|thread| thread.join().unwrap());
            assert!(whole(&pair));
        });
    }
}
