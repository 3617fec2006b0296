//! A thread's end: the key whose destructor tells of it, and what the thread then does.

use super::parked;
use super::theaps::make_current;
use crate::base::sync::{AtomicU32, Ordering};
use crate::diag::stats::PROCESS;
use crate::heap::state::current::{self, thread};
use crate::heap::state::theap::Theap;
use crate::prim::{Faults, Key, Memory, Os, Threads};
use core::ffi::c_void;
use core::ptr;

/// The key whose destructor tells of a thread's end, plus 1. 0 if there is no key.
static KEY: AtomicU32 = AtomicU32::new(0);

/// Make the key.
pub fn create_key() {
    if let Some(key) = Os::key_create(thread_end) {
        KEY.store(key.0 + 1, Ordering::Relaxed);
    }
}

fn end_key() -> Option<Key> {
    let made = if Os::capabilities().thread_end { KEY.load(Ordering::Relaxed) } else { 0 };
    made.checked_sub(1).map(Key)
}

/// Set whether `thread_end` is called at the calling thread's end.
pub fn tell_of_end(tell: bool) {
    if let Some(key) = end_key() {
        // Any value but null will do.
        Os::key_set(key, if tell { (&raw const KEY).cast_mut().cast() } else { ptr::null_mut() });
    }
}

/// Threads that end from now on no longer call `thread_end`, and faults are not told of. Either the library is about to be unmapped, and then
/// nobody may use it any more, or the process ends.
#[cold]
pub fn forget_threads() {
    Os::nothing_at_fault();
    if let Some(key) = end_key() {
        KEY.store(0, Ordering::Relaxed);
        Os::key_delete(key);
    }
}

/// The C library calls this once, when a thread ends. Whatever the thread does afterwards, the key's value is not set
/// again.
extern "C" fn thread_end(_value: *mut c_void) {
    let current = Theap::current();
    if current.is_empty_theap() {
        thread::set(current::gone());
    } else {
        finish(current.root(), current::gone());
    }
}

/// The calling thread is done with the allocator for now. A later allocation starts the thread anew.
pub fn thread_done() {
    let current = Theap::current();
    // A thread in a step is not done: the step has called a function of the program's.
    if !current.is_empty_theap() && !current.root().steps.any() {
        tell_of_end(false);
        finish(current.root(), current::new());
    }
}

/// The thread is done with its root and all its other theaps. If its pointer leads to one of them, it leads to `then`
/// from now on. So functions of the program's that are called meanwhile use another theap.
#[inline(never)]
pub fn finish(root: &'static Theap, then: &'static Theap) {
    // The step ends with the root.
    root.steps.enter();
    root.finish_others();
    if ptr::eq(Theap::current().root(), root) {
        make_current(then);
    }
    if root.set_counted(false) {
        PROCESS.threads.sub(1);
    }
    if !parked::park(root) {
        root.finish_theap();
    }
}
