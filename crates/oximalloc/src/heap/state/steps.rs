//! Steps: what a thread does in its theaps other than to pop one block or to push one.
//!
//! A fork may meet a thread anywhere, and its theaps stand in the child as they were just then. So a thread counts, in its
//! root, the steps that it is in, one inside the other: where there are none the theaps are whole, and can be given away;
//! where there are some they cannot be trusted. (See `fork`, which has what a thread may hold in a pop or a push.)
//!
//! The child sees what a thread stored up to one moment, in the order in which it was stored: memory is made read-only
//! for the whole process before `fork` goes on, so a thread that stores something later has stored all that it stored
//! earlier. It remains that the compiler keeps the order.

use crate::base::sync::{AtomicU32, Ordering, compiler_fence};

/// The count of a root; a theap that a thread is about to have begins with one.
pub struct Steps(AtomicU32);

impl Steps {
    /// The theap is a root, which the caller is about to work on.
    pub fn begin(&self) {
        self.set(1);
    }

    /// The theap is a part: its thread's steps are counted in the root.
    pub fn none(&self) {
        self.set(0);
    }

    /// The calling thread, whose root this is of, begins a step.
    #[inline]
    pub fn step(&self) -> Step<'_> {
        self.enter();
        Step(Some(self))
    }

    /// One more.
    #[inline]
    pub fn enter(&self) {
        self.set(self.0.load(Ordering::Relaxed) + 1);
    }

    /// One less.
    #[inline]
    pub fn leave(&self) {
        self.set(self.0.load(Ordering::Relaxed).saturating_sub(1));
    }

    /// Whether there is any; only its thread may ask, and the child of a fork.
    #[inline]
    pub fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Only the theap's thread writes, so no read-modify-write is needed.
    #[inline]
    fn set(&self, n: u32) {
        // Both as in the file's head.
        compiler_fence(Ordering::SeqCst);
        self.0.store(n, Ordering::Relaxed);
        compiler_fence(Ordering::SeqCst);
    }
}

/// A step of the calling thread, until this goes.
pub struct Step<'a>(Option<&'a Steps>);

impl Step<'_> {
    /// A thread without a theap has no steps.
    pub const NONE: Step<'static> = Step(None);
}

impl Drop for Step<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(steps) = self.0 {
            steps.leave();
        }
    }
}
