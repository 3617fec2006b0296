//! The heartbeat, and the deferred-free function that a runtime registers to hear it.
//!
//! While one is registered the stacks of freed blocks are off, so that each few allocations take the generic path, which
//! calls it. Threads see a registration at their next slow path. The stacks are off in a theap that samples, too (see
//! `guarded`).

use crate::heap::state::deferred::{REGISTERED, is_registered};
use crate::heap::state::theap::Theap;
use core::ffi::c_void;
use core::ptr;

/// `(force, heartbeat, arg)`: asked to free what was deferred; `force` at a forced collect.
pub type DeferredFree = extern "C" fn(bool, u64, *mut c_void);

/// Register the function, or none.
pub fn register(function: Option<DeferredFree>, arg: *mut c_void) {
    REGISTERED.register(function.map_or(ptr::null_mut(), |f| f as *mut ()), arg);
    Theap::current().shut_stacks();
}

/// Call it, unless this thread is in it, by whichever of its theaps.
#[inline]
pub fn call(theap: &Theap, force: bool) {
    let root = theap.root();
    root.heartbeat.beat();
    if is_registered() {
        call_registered(theap, root, force);
    }
}

#[cold]
fn call_registered(theap: &Theap, root: &Theap, force: bool) {
    if root.heartbeat.is_calling() {
        return;
    }
    // None: it changes at this moment.
    let Some((function, arg)) = REGISTERED.registered() else { return };
    root.heartbeat.set_calling(true);
    theap.shut_stacks();
    // SAFETY: only addresses of such functions are registered.
    let function: DeferredFree = unsafe { core::mem::transmute(function) };
    function(force, root.heartbeat.beats(), arg);
    root.heartbeat.set_calling(false);
}
