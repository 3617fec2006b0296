//! The heartbeat, and the deferred-free function that a runtime registers to hear it.
//!
//! While one is registered the stacks of freed blocks are off, so that each few allocations take the generic path, which
//! calls it. Threads see a registration at their next slow path. The stacks are off in a theap that samples, too (see
//! `guarded`).

use super::theap::Theap;
use crate::base::sync::{AtomicPtr, AtomicUsize, Ordering};
use core::ffi::c_void;
use core::ptr;

/// `(force, heartbeat, arg)`: asked to free what was deferred; `force` at a forced collect.
pub type DeferredFree = extern "C" fn(bool, u64, *mut c_void);

static FUNCTION: AtomicUsize = AtomicUsize::new(0);
static ARGUMENT: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

/// Register the function, or none.
pub fn register(function: Option<DeferredFree>, arg: *mut c_void) {
    ARGUMENT.store(arg, Ordering::Relaxed);
    // Release: the argument is seen with the function; pairs with the Acquire in `call`.
    FUNCTION.store(function.map_or(0, |f| f as usize), Ordering::Release);
    Theap::current().shut_stacks();
}

/// Whether one is.
#[inline]
pub fn registered() -> bool {
    FUNCTION.load(Ordering::Relaxed) != 0
}

/// Call it, unless this thread is in it.
#[inline]
pub fn call(theap: &Theap, force: bool) {
    theap.beat.set(theap.beat.get() + 1);
    // Acquire: pairs with the Release in `register`.
    let function = FUNCTION.load(Ordering::Acquire);
    if function != 0 && !theap.calling.get() {
        theap.calling.set(true);
        theap.shut_stacks();
        // SAFETY: only addresses of such functions are stored.
        let function: DeferredFree = unsafe { core::mem::transmute(function) };
        function(force, theap.beat.get(), ARGUMENT.load(Ordering::Relaxed));
        theap.calling.set(false);
    }
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
