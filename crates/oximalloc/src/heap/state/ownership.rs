//! Who works on a theap of a heap that may be destroyed: its thread, or the thread that destroys the heap.
//!
//! ```text
//! LIVE     its thread's, which allocates and frees without asking (nobody may destroy a heap that is being used)
//!     enter:   -> BUSY    the thread collects it or ends it, which it may do at any time
//!     take:    -> TAKEN   the destroyer's, which resets the record and puts it in the pool; the thread forgets it
//! BUSY
//!     leave:   -> LIVE, or -> VACANT when the thread has ended
//!     take:    -> DOOMED  the destroyer goes on without it
//! DOOMED
//!     leave:   tells the thread that it now has to do what the destroyer would have done
//! VACANT   no thread's: on its heap's list of vacant theaps or on its way there, and later in the pool
//! ```
//!
//! When a thread comes to enter a theap that was taken, the theap may be another thread's by then. So the word also
//! counts the theap's lives: between reading the word and changing it, the thread checks that the theap is still its
//! own, and the change fails if a new life has begun.
//!
//! The heap's memory goes when nobody works in the heap any more. [`Teardown`] counts the destroyer and the DOOMED
//! theaps, and the last of them sweeps. So nobody waits: a thread that is stopped while BUSY delays the sweep and
//! nothing else.
//!
//! Orderings: `leave` releases what the thread did to the theap and its pages, and `take` acquires it.
//! `Teardown::leave` is AcqRel, so that the last one sees what the others did.

use crate::base::sync::{AtomicU32, AtomicUsize, Ordering};

const LIVE: u32 = 0;
const BUSY: u32 = 1;
const TAKEN: u32 = 2;
const DOOMED: u32 = 3;
const VACANT: u32 = 4;
/// The bits of the state; the number of the life is above them.
const STATE: u32 = 7;
const LIFE: u32 = 8;

/// The state of a theap, as in the file's head.
pub struct Ownership(AtomicU32);

/// What a destroyer found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Take {
    /// The theap is the destroyer's.
    Taken,
    /// Its thread is at work in it, and will leave through [`Teardown`].
    Doomed,
    /// It is nobody's.
    Vacant,
}

impl Ownership {
    /// A theap in the pool, or one that lives.
    #[cfg(not(loom))]
    pub const fn new() -> Ownership {
        Ownership(AtomicU32::new(LIVE))
    }
    /// A theap in the pool, or one that lives.
    #[cfg(loom)]
    pub fn new() -> Ownership {
        Ownership(AtomicU32::new(LIVE))
    }

    /// A thread has taken the theap from a list, and has set whose it is: a new life begins.
    pub fn start(&self) {
        let life = (self.0.load(Ordering::Relaxed) & !STATE).wrapping_add(LIFE);
        // Release: whose it is; pairs with the Acquire in `enter`.
        self.0.store(life | LIVE, Ordering::Release);
    }

    /// The thread begins to work on it. Returns false if the theap is not the thread's own any more; `is_mine` checks
    /// that.
    pub fn enter(&self, is_mine: impl FnOnce() -> bool) -> bool {
        // Acquire: whose it is in this life is seen; pairs with the Release in `start`.
        let now = self.0.load(Ordering::Acquire);
        now & STATE == LIVE
            && is_mine()
            // Acquire: no part of the work may come before; pairs with the Release of an earlier `leave`.
            && self.0.compare_exchange(now, now | BUSY, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// The thread has done its work, and will use the theap again unless `vacant`. Returns false if the heap is being
    /// destroyed: then the theap is the caller's, and so is a share in [`Teardown`].
    pub fn leave(&self, vacant: bool) -> bool {
        let next = if vacant { VACANT } else { LIVE };
        let life = self.0.load(Ordering::Relaxed) & !STATE;
        // Release: the work, pairs with the Acquire in `take`.
        self.0.compare_exchange(life | BUSY, life | next, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// The destroyer of the heap asks for the theap. `teardown` gets a share for a thread that is at work.
    pub fn take(&self, teardown: &Teardown) -> Take {
        // Acquire, here and below: the thread's work must be seen for a VACANT theap, too; pairs with `leave`.
        let mut now = self.0.load(Ordering::Acquire);
        loop {
            let next = match now & STATE {
                LIVE => TAKEN,
                BUSY => {
                    // Join first: once the word says DOOMED, the thread may leave at any moment.
                    teardown.join();
                    DOOMED
                }
                _ => return Take::Vacant,
            };
            match self.0.compare_exchange(now, now & !STATE | next, Ordering::Acquire, Ordering::Acquire) {
                Ok(_) => return if next == TAKEN { Take::Taken } else { Take::Doomed },
                Err(other) => {
                    if now & STATE == BUSY {
                        teardown.leave();
                    }
                    now = other;
                }
            }
        }
    }

    /// In the child of a fork: the theap's thread does not exist, and was `in_step` or not. Returns false if the theap
    /// is nobody's from now on: its thread was in a step, or a destroyer has the theap or had asked the thread for it.
    pub fn fork_child(&self, in_step: bool) -> bool {
        let now = self.0.load(Ordering::Relaxed);
        let is_whole = !in_step && matches!(now & STATE, LIVE | BUSY);
        if now & STATE != DOOMED {
            self.0.store(now & !STATE | if is_whole { LIVE } else { TAKEN }, Ordering::Relaxed);
        }
        is_whole
    }
}

impl Default for Ownership {
    fn default() -> Self {
        Ownership::new()
    }
}

/// Counts those who still work in a heap that is being destroyed.
pub struct Teardown(AtomicUsize);

impl Teardown {
    /// Nobody.
    #[cfg(not(loom))]
    pub const fn new() -> Teardown {
        Teardown(AtomicUsize::new(0))
    }
    /// Nobody.
    #[cfg(loom)]
    pub fn new() -> Teardown {
        Teardown(AtomicUsize::new(0))
    }

    /// Add one who works in the heap.
    pub fn join(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// One has finished. Returns true to the last one, who sweeps.
    pub fn leave(&self) -> bool {
        // AcqRel: the last one's Acquire pairs with the Release of all others.
        self.0.fetch_sub(1, Ordering::AcqRel) == 1
    }
}

impl Default for Teardown {
    fn default() -> Self {
        Teardown::new()
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use loom::sync::Arc;
    use loom::thread;

    struct Model {
        hold: [Ownership; 2],
        teardown: Teardown,
        /// How often each theap was reset, and how often the pages were swept.
        reset: [AtomicUsize; 2],
        swept: AtomicUsize,
        /// Threads inside a theap now.
        inside: AtomicUsize,
    }

    impl Model {
        fn leave(&self) {
            if self.teardown.leave() {
                assert_eq!(self.inside.load(Ordering::Relaxed), 0, "swept under a thread at work");
                self.swept.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Two threads end while a third destroys the heap. Each theap is reset or vacated once, and the sweep happens
    /// once, when nobody is inside.
    #[test]
    fn loom_a_heap_is_swept_once_and_under_nobody() {
        let mut builder = loom::model::Builder::new();
        // All interleavings take a minute. Those with three preemptions take a second.
        builder.preemption_bound = Some(3);
        builder.check(|| {
            let model = Arc::new(Model {
                hold: [Ownership::new(), Ownership::new()],
                teardown: Teardown::new(),
                reset: [AtomicUsize::new(0), AtomicUsize::new(0)],
                swept: AtomicUsize::new(0),
                inside: AtomicUsize::new(0),
            });
            let threads: Vec<_> = (0..2)
                .map(|i| {
                    let model = model.clone();
                    thread::spawn(move || {
                        if !model.hold[i].enter(|| true) {
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
            model.teardown.join();
            for i in 0..2 {
                if model.hold[i].take(&model.teardown) == Take::Taken {
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

    /// A thread comes to work on its theap while another takes it away, and then a third has the record. The first
    /// never enters what is the third's.
    #[test]
    fn loom_nobody_enters_a_theap_that_is_anothers() {
        loom::model(|| {
            let theap = Arc::new((Ownership::new(), AtomicUsize::new(1), Teardown::new()));
            let destroyer = {
                let theap = theap.clone();
                thread::spawn(move || {
                    theap.2.join();
                    if theap.0.take(&theap.2) == Take::Taken {
                        theap.1.store(0, Ordering::Relaxed);
                        // The next thread's.
                        theap.1.store(2, Ordering::Relaxed);
                        theap.0.start();
                        assert!(
                            theap.0.enter(|| theap.1.load(Ordering::Relaxed) == 2),
                            "its own theap is in other hands"
                        );
                        assert!(theap.0.leave(false));
                    }
                })
            };
            if theap.0.enter(|| theap.1.load(Ordering::Relaxed) == 1) {
                assert_eq!(theap.1.load(Ordering::Relaxed), 1);
                theap.0.leave(true);
            }
            destroyer.join().unwrap();
        });
    }
}
