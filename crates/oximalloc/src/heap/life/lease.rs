//! Theaps for one operation.

use super::theaps::make_current;
use super::thread_end::finish;
use crate::heap::state::current;
use crate::heap::state::theap::Theap;
use core::ptr;

/// A theap to use now, in a step of the thread's. A thread that allocates after the library was told of its end would
/// never give a theap back: it borrows one for each operation.
pub struct Lease {
    theap: &'static Theap,
    borrowed: bool,
}

impl Lease {
    /// A theap of the calling thread, which begins a step.
    #[inline(always)]
    pub fn new(theap: &Theap) -> Lease {
        theap.root().steps.enter();
        Lease { theap: theap.forever(), borrowed: false }
    }

    /// A root that the calling thread has just got, in its first step; it is to be kept, or `borrowed`.
    pub fn first(root: &'static Theap, borrowed: bool) -> Lease {
        Lease { theap: root, borrowed }
    }

    /// Another theap of the same root in place of this one: a borrowed one goes with the borrowed root.
    pub fn exchange(self, theap: &'static Theap) -> Lease {
        if self.borrowed {
            core::mem::forget(self);
            return Lease { theap, borrowed: true };
        }
        Lease::new(theap)
    }

    /// The root of the theap.
    pub fn root(&self) -> &'static Theap {
        self.theap.root()
    }

    /// A theap that the calling thread has; None for one that it has not: an empty one, or one whose heap has ended. Where that
    /// was the thread's default, its root is.
    #[inline(always)]
    pub fn of(theap: &Theap) -> Option<Lease> {
        if theap.is_ours() && !theap.root().others.is_stale() {
            return Some(Lease::new(theap));
        }
        Lease::of_ended(theap)
    }

    #[inline(never)]
    fn of_ended(theap: &Theap) -> Option<Lease> {
        if theap.is_ours() {
            let root = theap.root();
            // In no step, so that none of these theaps is in use.
            if !root.steps.any() && root.others.is_cleanup_due() {
                notice_orphans(root);
            }
            if theap.is_ours() {
                return Some(Lease::new(theap));
            }
        }
        if ptr::eq(theap, Theap::current()) && theap.shown.is_shown() {
            forget_default(theap);
        }
        None
    }

    /// The theap, if the thread keeps it.
    pub fn lasting(self) -> Option<&'static Theap> {
        (!self.borrowed).then_some(self.theap)
    }
}

/// Heaps were deleted by other threads; what the calling thread has of them ends.
#[cold]
fn notice_orphans(root: &Theap) {
    let _step = root.step();
    root.finish_orphans();
}

/// The calling thread's default was taken away.
#[cold]
fn forget_default(theap: &Theap) {
    make_current(if theap.root().is_ours() { theap.root() } else { current::new() });
}

impl core::ops::Deref for Lease {
    type Target = Theap;
    #[inline]
    fn deref(&self) -> &Theap {
        self.theap
    }
}

impl Drop for Lease {
    #[inline]
    fn drop(&mut self) {
        if self.borrowed {
            finish(self.theap.root(), current::gone());
        } else {
            self.theap.root().steps.leave();
        }
    }
}
