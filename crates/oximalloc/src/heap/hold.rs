//! Who works on a theap that belongs to a heap which may be destroyed: its thread, or the thread that destroys the heap.
//!
//! ```text
//! LIVE     the thread's, who allocates and frees without asking (nobody may destroy a heap that is being used)
//!     enter:   -> BUSY    the thread collects it or ends it, of its own accord and at any time
//!     take:    -> TAKEN   the destroyer's: it resets the record and puts it in the pool; the thread forgets it
//! BUSY
//!     leave:   -> LIVE, or -> VACANT when the thread has ended
//!     take:    -> DOOMED  the destroyer goes on without it
//! DOOMED
//!     leave:   tells the thread that it now does what the destroyer would have done
//! VACANT   no thread's; on its heap's list of those, or on its way there, and then to the pool
//! ```
//!
//! The heap's memory goes when nobody works in it any more: [`Ending`] counts the destroyer and the DOOMED, and the
//! last of them sweeps. So nobody waits: a thread that is stopped while BUSY delays the sweep, and only that.
//!
//! Orderings: `leave` releases what the thread did to the theap and its pages, and `take` acquires it; `Ending::leave`
//! is AcqRel, so that the last one sees what the others did.

use crate::base::sync::{AtomicU32, AtomicUsize, Ordering};

const LIVE: u32 = 0;
const BUSY: u32 = 1;
const TAKEN: u32 = 2;
const DOOMED: u32 = 3;
const VACANT: u32 = 4;

/// The state of a theap, as in the file's head.
pub struct Hold(AtomicU32);

/// What a destroyer found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Take {
    /// The theap is the destroyer's.
    Taken,
    /// Its thread is at work in it, and will leave through [`Ending`].
    Doomed,
    /// It is nobody's.
    Vacant,
}

impl Hold {
    /// A theap in the pool, or one that lives.
    #[cfg(not(loom))]
    pub const fn new() -> Hold {
        Hold(AtomicU32::new(LIVE))
    }
    /// A theap in the pool, or one that lives.
    #[cfg(loom)]
    pub fn new() -> Hold {
        Hold(AtomicU32::new(LIVE))
    }

    /// A thread has the theap from a list: it lives.
    pub fn start(&self) {
        self.0.store(LIVE, Ordering::Relaxed);
    }

    /// The thread begins to work on it; false: it is not its own any more.
    pub fn enter(&self) -> bool {
        // Acquire: nothing of the work may come before; pairs with the Release of an earlier `leave`.
        self.0.compare_exchange(LIVE, BUSY, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// The thread has done its work, and will use the theap again unless `vacant`. False: the heap is being destroyed;
    /// the theap is the caller's, and so is a share in [`Ending`].
    pub fn leave(&self, vacant: bool) -> bool {
        let next = if vacant { VACANT } else { LIVE };
        // Release: the work, pairs with the Acquire in `take`.
        self.0.compare_exchange(BUSY, next, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// The destroyer of the heap asks for the theap. `ending` gets a share for a thread that is at work.
    pub fn take(&self, ending: &Ending) -> Take {
        // Acquire, here and below: of a theap that is VACANT too the thread's work is seen; pairs with `leave`.
        let mut now = self.0.load(Ordering::Acquire);
        loop {
            let next = match now {
                LIVE => TAKEN,
                BUSY => {
                    // Before it can be dropped.
                    ending.join();
                    DOOMED
                }
                _ => return Take::Vacant,
            };
            match self.0.compare_exchange(now, next, Ordering::Acquire, Ordering::Acquire) {
                Ok(_) => return if next == TAKEN { Take::Taken } else { Take::Doomed },
                Err(other) => {
                    if now == BUSY {
                        ending.leave();
                    }
                    now = other;
                }
            }
        }
    }

    /// In the child of a fork: its thread is no more.
    pub fn fork_child(&self) {
        if self.0.load(Ordering::Relaxed) == BUSY {
            self.start();
        }
    }
}

impl Default for Hold {
    fn default() -> Self {
        Hold::new()
    }
}

/// Those who still work in a heap that is being destroyed.
pub struct Ending(AtomicUsize);

impl Ending {
    /// Nobody.
    #[cfg(not(loom))]
    pub const fn new() -> Ending {
        Ending(AtomicUsize::new(0))
    }
    /// Nobody.
    #[cfg(loom)]
    pub fn new() -> Ending {
        Ending(AtomicUsize::new(0))
    }

    /// One more.
    pub fn join(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// One less; true: it was the last, who sweeps.
    pub fn leave(&self) -> bool {
        // AcqRel: the last one's Acquire pairs with the Release of all others.
        self.0.fetch_sub(1, Ordering::AcqRel) == 1
    }
}

impl Default for Ending {
    fn default() -> Self {
        Ending::new()
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use loom::sync::Arc;
    use loom::thread;

    struct Model {
        hold: [Hold; 2],
        ending: Ending,
        /// How often each theap was reset, and the pages swept.
        reset: [AtomicUsize; 2],
        swept: AtomicUsize,
        /// Threads inside a theap now.
        inside: AtomicUsize,
    }

    impl Model {
        fn leave(&self) {
            if self.ending.leave() {
                assert_eq!(self.inside.load(Ordering::Relaxed), 0, "swept under a thread at work");
                self.swept.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Two threads end while a third destroys the heap: each theap is reset or vacated once, and the sweep happens once,
    /// when nobody is inside.
    #[test]
    fn loom_a_heap_is_swept_once_and_under_nobody() {
        let mut builder = loom::model::Builder::new();
        // All interleavings take a minute; those with three preemptions a second.
        builder.preemption_bound = Some(3);
        builder.check(|| {
            let model = Arc::new(Model {
                hold: [Hold::new(), Hold::new()],
                ending: Ending::new(),
                reset: [AtomicUsize::new(0), AtomicUsize::new(0)],
                swept: AtomicUsize::new(0),
                inside: AtomicUsize::new(0),
            });
            let threads: Vec<_> = (0..2)
                .map(|i| {
                    let model = model.clone();
                    thread::spawn(move || {
                        if !model.hold[i].enter() {
                            return 0;
                        }
                        model.inside.fetch_add(1, Ordering::Relaxed);
                        model.inside.fetch_sub(1, Ordering::Relaxed);
                        if model.hold[i].leave(true) {
                            return 1;
                        }
                        model.reset[i].fetch_add(1, Ordering::Relaxed);
                        model.leave();
                        0
                    })
                })
                .collect();
            model.ending.join();
            for i in 0..2 {
                if model.hold[i].take(&model.ending) == Take::Taken {
                    model.reset[i].fetch_add(1, Ordering::Relaxed);
                }
            }
            model.leave();
            for (i, t) in threads.into_iter().enumerate() {
                let vacated = t.join().unwrap();
                assert_eq!(model.reset[i].load(Ordering::Relaxed) + vacated, 1);
            }
            assert_eq!(model.swept.load(Ordering::Relaxed), 1);
        });
    }
}
