//! Theaps for one operation.

use super::theaps::make_current;
use super::thread_end::finish;
use crate::heap::state::current;
use crate::heap::state::theap::Theap;
use crate::prim::{Memory, Os};
use core::ptr;

/// A theap to use now, while the thread is in a step. A thread that allocates after the library was told of its end
/// would never give a theap back. So it borrows one for each operation.
pub struct Lease {
    theap: &'static Theap,
    borrowed: bool,
}

impl Lease {
    /// Lease a theap of the calling thread. This begins a step.
    #[inline(always)]
    pub fn new(theap: &Theap) -> Lease {
        theap.root().steps.enter();
        Lease { theap: theap.forever(), borrowed: false }
    }

    /// Lease a root that the calling thread has just got, and that is in its first step. The thread keeps it, unless it
    /// is `borrowed`.
    pub fn first(root: &'static Theap, borrowed: bool) -> Lease {
        Lease { theap: root, borrowed }
    }

    /// Exchange this theap for another one of the same root. A borrowed root takes a borrowed theap with it when it
    /// goes.
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

    /// Lease `theap` if the calling thread has it. None if not: it is an empty theap, or its heap has ended. If such a
    /// theap was the thread's default, the root becomes the default.
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
            // The thread is in no step, so none of these theaps is in use.
            if Os::capabilities().threads && !root.steps.any() && root.others.is_cleanup_due() {
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

    /// The theap, if the thread keeps it; None if it is borrowed.
    pub fn lasting(self) -> Option<&'static Theap> {
        (!self.borrowed).then_some(self.theap)
    }
}

/// Other threads deleted heaps. End what the calling thread has left of them.
#[cold]
fn notice_orphans(root: &Theap) {
    let _step = root.step();
    root.finish_orphans();
}

/// The calling thread's default theap was taken away.
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
        if self.borrowed && Os::capabilities().threads {
            finish(self.theap.root(), current::gone());
        } else {
            self.theap.root().steps.leave();
        }
    }
}
