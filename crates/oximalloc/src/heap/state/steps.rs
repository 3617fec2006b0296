//! Steps: what a thread does in its theaps other than popping or pushing one block.
//!
//! A fork may happen wherever a thread is, and the child has the thread's theaps as they were at that moment. So a
//! thread counts the steps that it is in, one nested in the other. The count is in its root. If the count is zero the
//! theaps are whole, and can be given away; if not, they cannot be trusted. (`fork` says what a thread may hold in a
//! pop or a push.)
//!
//! The child sees what a thread stored up to one moment, in the order in which it was stored. The reason: memory is
//! made read-only for the whole process before `fork` goes on, so a store that comes later in the thread cannot be in
//! the child without all earlier ones. So only the compiler has to keep the order.

use crate::base::sync::{AtomicU32, Ordering, compiler_fence};

/// A root's count of steps. A theap that a thread is about to take begins with one.
pub struct Steps(AtomicU32);

impl Steps {
    /// The theap is a root, and the caller is about to work on it.
    pub fn begin(&self) {
        self.set(1);
    }

    /// The theap is not a root: its thread's steps are counted in the root.
    pub fn none(&self) {
        self.set(0);
    }

    /// The calling thread begins a step. These are its root's steps.
    #[inline]
    pub fn step(&self) -> Step<'_> {
        self.enter();
        Step(Some(self))
    }

    /// Count one more step.
    #[inline]
    pub fn enter(&self) {
        self.set(self.0.load(Ordering::Relaxed) + 1);
    }

    /// Count one step less.
    #[inline]
    pub fn leave(&self) {
        self.set(self.0.load(Ordering::Relaxed).saturating_sub(1));
    }

    /// Whether the thread is in any step. Only the thread itself may ask, or the child of a fork.
    #[inline]
    pub fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Only the theap's thread writes, so no read-modify-write is needed.
    #[inline]
    fn set(&self, n: u32) {
        // Both fences keep the order, as in the file's head.
        compiler_fence(Ordering::SeqCst);
        self.0.store(n, Ordering::Relaxed);
        compiler_fence(Ordering::SeqCst);
    }
}

/// A step of the calling thread. It ends when this is dropped.
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
