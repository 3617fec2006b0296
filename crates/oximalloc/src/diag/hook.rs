//! A function registered by the user, with its argument.
//!
//! Invariants: function and argument are always read as the pair that was registered, and a thread that is inside
//! the function does not enter it again, however the function calls back into the allocator. Nobody ever waits for
//! a running callback: where the guard cannot be had, the callback is left out.
use crate::base::sync::{AtomicPtr, AtomicUsize, Ordering, fence};
use crate::prim::process::thread_id;
use core::ffi::c_void;
use core::ptr::null_mut;

/// How many threads can be inside one callback at the same time; the others go without it.
const THREADS: usize = 32;

/// A slot for one callback and its argument.
pub(super) struct Hook {
    /// Odd while a registration is in progress; goes up by 2 with each.
    version: AtomicUsize,
    fun: AtomicPtr<()>,
    arg: AtomicPtr<c_void>,
    /// The identities of the threads inside the callback; 0: free.
    inside: [AtomicUsize; THREADS],
}

/// The right to call the callback once: held while the call lasts.
pub(super) struct Entered<'a> {
    /// The function, as it was registered; never null.
    pub fun: *mut (),
    /// Its argument.
    pub arg: *mut c_void,
    slot: &'a AtomicUsize,
}

impl Hook {
    pub const fn new() -> Hook {
        Hook {
            version: AtomicUsize::new(0),
            fun: AtomicPtr::new(null_mut()),
            arg: AtomicPtr::new(null_mut()),
            inside: [const { AtomicUsize::new(0) }; THREADS],
        }
    }

    /// Register `fun` (null: none) with `arg` instead of what was registered before. A call of the former function
    /// may still be running in another thread when this returns. Of registrations at the same time one stays: who
    /// finds another under way leaves it to that one, as if it had come just after. (A child forked in the midst of
    /// a registration is left without callback.)
    pub fn register(&self, fun: *mut (), arg: *mut c_void) {
        let version = self.version.load(Ordering::Relaxed);
        let odd = version | 1;
        // Acquire: pairs with the release of the former registration, whose stores must come before ours.
        let taken = self.version.compare_exchange(version, odd, Ordering::Acquire, Ordering::Relaxed).is_ok();
        if version == odd || !taken {
            return;
        }
        // Pairs with the fence in `registered`: who sees one of our stores also sees the odd version.
        fence(Ordering::Release);
        self.fun.store(fun, Ordering::Relaxed);
        self.arg.store(arg, Ordering::Relaxed);
        // Release: pairs with the first load in `registered`; who sees it sees the pair.
        self.version.store(odd.wrapping_add(1), Ordering::Release);
    }

    /// The registered pair; `None` where there is none, or while it changes.
    fn registered(&self) -> Option<(*mut (), *mut c_void)> {
        // Acquire: pairs with the release in `register`.
        let version = self.version.load(Ordering::Acquire);
        let pair = (self.fun.load(Ordering::Relaxed), self.arg.load(Ordering::Relaxed));
        // Pairs with the fence in `register`.
        fence(Ordering::Acquire);
        let stable = version & 1 == 0 && self.version.load(Ordering::Relaxed) == version;
        (stable && !pair.0.is_null()).then_some(pair)
    }

    /// The right to call what is registered; `None` where nothing is, or the calling thread is inside already.
    pub fn enter(&self) -> Option<Entered<'_>> {
        let (fun, arg) = self.registered()?;
        Some(Entered { fun, arg, slot: place(core::hint::black_box(&self.inside))? })
    }
}

/// A place for the calling thread, if it has none. (The compiler is not told how many slots there are: it would write out the loop.)
#[inline(never)]
fn place(slots: &[AtomicUsize]) -> Option<&AtomicUsize> {
    let me = thread_id();
    if slots.iter().any(|slot| slot.load(Ordering::Relaxed) == me) {
        return None;
    }
    slots.iter().find(|slot| slot.compare_exchange(0, me, Ordering::Relaxed, Ordering::Relaxed).is_ok())
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.slot.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enters_once_a_thread() {
        let hook = Hook::new();
        assert!(hook.enter().is_none());
        let (mut fun, mut arg) = ((), 7u8);
        hook.register(&mut fun, (&raw mut arg).cast());
        let first = hook.enter();
        assert!(first.is_some());
        assert!(hook.enter().is_none());
        std::thread::scope(|s| s.spawn(|| assert!(hook.enter().is_some())).join()).unwrap();
        drop(first);
        assert!(hook.enter().is_some());
        hook.register(null_mut(), null_mut());
        assert!(hook.enter().is_none());
    }

    #[test]
    fn pairs_are_never_torn() {
        let hook = &Hook::new();
        std::thread::scope(|s| {
            for thread in 1..=2usize {
                s.spawn(move || {
                    for i in 1..20_000usize {
                        let word = i * 2 + thread;
                        hook.register(word as *mut (), word as *mut c_void);
                    }
                });
            }
            s.spawn(|| {
                for _ in 0..20_000 {
                    if let Some(entered) = hook.enter() {
                        assert_eq!(entered.fun as usize, entered.arg as usize);
                    }
                }
            });
        });
    }

    #[test]
    fn a_registration_under_way_is_left_alone() {
        let hook = Hook::new();
        let mut fun = ();
        hook.register(&mut fun, null_mut());
        hook.version.fetch_add(1, Ordering::Relaxed);
        hook.register(null_mut(), null_mut());
        assert!(hook.enter().is_none());
        hook.version.fetch_add(1, Ordering::Relaxed);
        assert!(hook.enter().is_some());
    }
}
