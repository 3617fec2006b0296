//! The heartbeat, and the deferred-free function that a runtime registers to hear it.
//!
//! While a function is registered, the stacks take no freed blocks, so that every few allocations take the generic
//! path, which calls the function. Other threads see a registration at their next slow path. The stacks of a theap that
//! samples are shut too (see `guarded`).

use crate::heap::state::deferred::{REGISTERED, is_registered};
use crate::heap::state::theap::Theap;
use core::ffi::c_void;
use core::ptr;

/// `(force, heartbeat, arg)`: frees what the program has deferred. `force` is set in a forced collect.
pub type DeferredFree = extern "C" fn(bool, u64, *mut c_void);

/// Register `function`, or nothing if it is None.
pub fn register(function: Option<DeferredFree>, arg: *mut c_void) {
    REGISTERED.register(function.map_or(ptr::null_mut(), |f| f as *mut ()), arg);
    Theap::current().shut_stacks();
}

/// Call the registered function, unless this thread is already inside it, through any of its theaps.
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
    // None: another thread is changing the registration at this moment.
    let Some((function, arg)) = REGISTERED.registered() else { return };
    root.heartbeat.set_calling(true);
    theap.shut_stacks();
    // SAFETY: only addresses of such functions are registered.
    let function: DeferredFree = unsafe { core::mem::transmute(function) };
    function(force, root.heartbeat.beats(), arg);
    root.heartbeat.set_calling(false);
}
