//! What lies under an arena: memory that we reserved, or that somebody gave us to manage. How it is made accessible,
//! and how it is given back.
//!
//! Invariants: pinned memory is never given back or reset. Memory that somebody gave us is never unmapped or replaced.
//! If it came with a commit function, only that function makes it accessible or takes access away.

use crate::base::sync::{AtomicBool, Ordering};
use crate::diag::options::{self, Opt};
use crate::diag::stats::PROCESS;
use crate::os;
use crate::prim::keep_errno;
use core::ffi::c_void;

/// A function that makes a range accessible (`true`) or takes access away, and returns whether it did. It may report
/// through the fourth argument that the bytes are zero now. The last argument is the one that was given with it.
pub type CommitFun = extern "C" fn(bool, *mut c_void, usize, *mut bool, *mut c_void) -> bool;

/// A range, and how it may be treated.
pub(super) struct Backing {
    /// Our own reservation.
    own: bool,
    /// It stays resident for ever.
    pinned: bool,
    /// Slices that are not dirty are zero.
    clean: AtomicBool,
    fun: Option<CommitFun>,
    arg: *mut c_void,
}

/// What became of memory that was to go back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing, or nothing that the caller can rely on.
    Kept,
    /// It is accessible, and uses no memory any more.
    Emptied,
    /// It must be committed before it is used again.
    Inaccessible,
}

impl Backing {
    /// Our own reservation. It is not dirty, and only what was committed is accessible.
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

    /// Somebody else's range. `clean`: what is accessible without calling the function is zero.
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

    /// Whether slices that are not dirty are zero.
    pub(super) fn is_clean(&self) -> bool {
        // Relaxed: the thread that cleared it did so before it freed the slices concerned (Release), and the caller has
        // claimed them since (Acquire).
        self.clean.load(Ordering::Relaxed)
    }

    /// True if only accessible memory counts against a limit, so that a purge should take access away.
    pub(super) fn strict(&self) -> bool {
        self.own && options::get(Opt::ArenaEagerCommit) != 1 && !os::overcommits()
    }

    /// Make a range accessible. Returns whether the commit function reported that it is zero. None if refused.
    ///
    /// # Safety
    /// - the range belongs to this backing and consists of whole slices.
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
        // SAFETY: by the contract. The range is replaced only if it is ours.
        if !unsafe { os::decommit(p, bytes, strict) } {
            return Fate::Kept;
        }
        if !self.own {
            // It need not be zero: a file's contents, for example, come back.
            self.clean.store(false, Ordering::Relaxed);
        }
        if strict { Fate::Inaccessible } else { Fate::Emptied }
    }
}
