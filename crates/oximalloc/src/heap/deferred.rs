//! The heartbeat, and the deferred-free function that a runtime registers to hear it.
//!
//! While one is registered the stacks of freed blocks are off, so that each few allocations take the generic path, which
//! calls it. Threads see a registration at their next slow path. The stacks are off in a theap that samples, too (see
//! `guarded`).

use super::theap::Theap;
use crate::base::pair::Pair;
use core::ffi::c_void;
use core::ptr;

/// `(force, heartbeat, arg)`: asked to free what was deferred; `force` at a forced collect.
pub type DeferredFree = extern "C" fn(bool, u64, *mut c_void);

static REGISTERED: Pair = Pair::new();

/// Register the function, or none.
pub fn register(function: Option<DeferredFree>, arg: *mut c_void) {
    REGISTERED.register(function.map_or(ptr::null_mut(), |f| f as *mut ()), arg);
    Theap::current().shut_stacks();
}

/// Whether one is.
#[inline]
pub fn registered() -> bool {
    REGISTERED.is_some()
}

/// Call it, unless this thread is in it, by whichever of its theaps.
#[inline]
pub fn call(theap: &Theap, force: bool) {
    let root = theap.root();
    root.beat.set(root.beat.get() + 1);
    if registered() {
        call_registered(theap, root, force);
    }
}

#[cold]
fn call_registered(theap: &Theap, root: &Theap, force: bool) {
    if root.calling.get() {
        return;
    }
    // None: it changes at this moment.
    let Some((function, arg)) = REGISTERED.registered() else { return };
    root.calling.set(true);
    theap.shut_stacks();
    // SAFETY: only addresses of such functions are registered.
    let function: DeferredFree = unsafe { core::mem::transmute(function) };
    function(force, root.beat.get(), arg);
    root.calling.set(false);
}

impl Theap {
    /// Whether the stacks take no free, so that allocations take the generic path: a function is registered, or the
    /// theap samples.
    #[inline]
    pub fn is_shut(&self) -> bool {
        registered() || self.sampling.is_on()
    }

    /// Let the stacks take no free while they are to be shut, and open them again when they are not.
    pub(super) fn shut_stacks(&self) {
        for b in self.open_bins() {
            self.set_limit(b);
        }
    }
}
