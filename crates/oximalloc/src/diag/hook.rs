//! A function registered by the user, with its argument.
//!
//! Invariants: function and argument are always read as the pair that was registered. A thread inside the function does
//! not enter it again, even if the function calls back into the allocator. Nobody waits for a running callback: if a
//! thread cannot get a slot, it skips the callback.
use crate::base::pair::Pair;
use crate::base::sync::{AtomicUsize, Ordering};
use crate::prim::{Os, Threads};
use core::ffi::c_void;

/// How many threads can be inside one callback at the same time. Further threads skip it.
pub(super) const THREADS: usize = 32;

/// A slot for one callback and its argument.
pub(super) struct Hook {
    pair: Pair,
    /// The ids of the threads inside the callback. 0: free.
    inside: [AtomicUsize; THREADS],
}

/// The right to call the callback once. Held during the call.
pub(super) struct Entered<'a> {
    /// The function as it was registered. Never null.
    pub fun: *mut (),
    /// Its argument.
    pub arg: *mut c_void,
    slot: &'a AtomicUsize,
}

impl Hook {
    pub const fn new() -> Hook {
        Hook { pair: Pair::new(), inside: [const { AtomicUsize::new(0) }; THREADS] }
    }

    /// As [`Pair::register`].
    pub fn register(&self, fun: *mut (), arg: *mut c_void) {
        self.pair.register(fun, arg);
    }

    /// The right to call what is registered. `None` if nothing is, if the calling thread is inside already, or if all
    /// places are taken.
    pub fn enter(&self) -> Option<Entered<'_>> {
        let (fun, arg) = self.pair.registered()?;
        Some(Entered { fun, arg, slot: place(core::hint::black_box(&self.inside))? })
    }
}

/// A place for the calling thread, unless it has one. To leave it, store 0. (The number of slots is hidden from the compiler, because it
/// would unroll the loop.)
#[inline(never)]
pub(super) fn place(slots: &[AtomicUsize]) -> Option<&AtomicUsize> {
    let me = Os::thread_id();
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
    use core::ptr::null_mut;

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
}
