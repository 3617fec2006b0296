//! What lies under an arena: memory that we reserved, or that somebody gave us to manage; how it is made accessible and
//! given back.
//!
//! Invariants: pinned memory is never given back nor reset. What somebody gave us is never unmapped nor replaced, and
//! where it came with a function, nothing but that function makes it accessible or takes access away.

use crate::base::sync::{AtomicBool, Ordering};
use crate::diag::options::{self, Opt};
use crate::diag::stats::PROCESS;
use crate::os;
use crate::prim::keep_errno;
use core::ffi::c_void;

/// A function that makes a range accessible (`true`) or takes access away, and says whether it did. It may say at the
/// fourth argument that the bytes are zero now; the last one is what was given with it.
pub type CommitFun = extern "C" fn(bool, *mut c_void, usize, *mut bool, *mut c_void) -> bool;

/// A range, and how it may be treated.
pub(super) struct Backing {
    /// Our own reservation.
    own: bool,
    /// Resident for good.
    pinned: bool,
    /// What is not dirty is zero.
    clean: AtomicBool,
    fun: Option<CommitFun>,
    arg: *mut c_void,
}

/// What became of memory that should go back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing, or nothing that can be counted on.
    Kept,
    /// It is accessible and needs no memory any more.
    Emptied,
    /// It has to be committed before it is used again.
    Inaccessible,
}

impl Backing {
    /// Our own reservation: not dirty, not accessible but for what was committed.
    pub(super) const fn own() -> Backing {
        Backing::new(true, false)
    }

    /// Our own large or huge OS pages.
    pub(super) const fn own_pinned() -> Backing {
        Backing::new(true, true)
    }

    const fn new(own: bool, pinned: bool) -> Backing {
        Backing { own, pinned, clean: AtomicBool::new(true), fun: None, arg: core::ptr::null_mut() }
    }

    /// Somebody else's range. `clean`: what is accessible without a call of the function is zero.
    pub(super) const fn managed(pinned: bool, clean: bool, fun: Option<CommitFun>, arg: *mut c_void) -> Backing {
        Backing { own: false, pinned, clean: AtomicBool::new(clean), fun, arg }
    }

    pub(super) fn is_own(&self) -> bool {
        self.own
    }
    pub(super) fn is_pinned(&self) -> bool {
        self.pinned
    }
    pub(super) fn has_fun(&self) -> bool {
        self.fun.is_some()
    }

    /// What is not dirty is zero.
    pub(super) fn is_clean(&self) -> bool {
        // Relaxed: who cleared it did so before the slices concerned became free (Release), and the caller has claimed
        // them since (Acquire).
        self.clean.load(Ordering::Relaxed)
    }

    /// True when what is not accessible is not counted against a limit, so that a purge should take access away.
    pub(super) fn strict(&self) -> bool {
        self.own && options::get(Opt::ArenaEagerCommit) != 1 && !os::overcommits()
    }

    /// Make a range accessible. Some says whether the function told that it is zero; None: refused.
    ///
    /// # Safety
    /// - the range is of this backing, in whole slices.
    pub(super) unsafe fn commit(&self, p: *mut u8, bytes: usize) -> Option<bool> {
        if self.fun.is_some() {
            PROCESS.commit_calls.add(1);
            return self.call(true, p, bytes);
        }
        // SAFETY: by the contract.
        unsafe { os::commit(p, bytes) }.then_some(false)
    }

    fn call(&self, commit: bool, p: *mut u8, bytes: usize) -> Option<bool> {
        let (fun, mut zero) = (self.fun?, false);
        keep_errno(|| fun(commit, p.cast(), bytes, &mut zero, self.arg)).then_some(zero)
    }

    /// Give the memory of a range back, in the way that the options ask for.
    ///
    /// # Safety
    /// - as for [`Backing::commit`], and nobody uses the range.
    pub(super) unsafe fn give_back(&self, p: *mut u8, bytes: usize) -> Fate {
        let decommits = options::enabled(Opt::PurgeDecommits);
        if self.pinned || (self.fun.is_some() && !decommits) || !os::capabilities().decommit_part {
            return Fate::Kept;
        }
        if self.fun.is_some() {
            PROCESS.purge_calls.add(1);
            if self.call(false, p, bytes).is_none() {
                return Fate::Kept;
            }
            PROCESS.purged.add(bytes);
            return Fate::Inaccessible;
        }
        // SAFETY: by the contract.
        if !decommits && (unsafe { os::reset(p, bytes, self.own) } || !self.own) {
            return Fate::Kept;
        }
        let strict = self.strict();
        // SAFETY: by the contract; it is replaced only where it is ours.
        if !unsafe { os::decommit(p, bytes, strict) } {
            return Fate::Kept;
        }
        if !self.own {
            // A file's contents, for one, are there again.
            self.clean.store(false, Ordering::Relaxed);
        }
        if strict { Fate::Inaccessible } else { Fate::Emptied }
    }
}
