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

/// The key whose destructor tells of a thread's end, plus 1. Or else one of the two below.
static KEY: AtomicU32 = AtomicU32::new(NONE_YET);
/// There is no key yet.
const NONE_YET: u32 = 0;
/// There will be no key any more.
const NEVER: u32 = u32::MAX;

/// Make the key, if there is none yet.
pub fn create_key() {
    if KEY.load(Ordering::Relaxed) != NONE_YET {
        return;
    }
    if let Some(key) = Os::key_create(thread_end)
        && KEY.compare_exchange(NONE_YET, key.0 + 1, Ordering::Relaxed, Ordering::Relaxed).is_err()
    {
        // Another thread came first.
        Os::key_delete(key);
    }
}

fn key(value: u32) -> Option<Key> {
    if value == NEVER || !Os::capabilities().thread_end { None } else { value.checked_sub(1).map(Key) }
}

/// Set whether `thread_end` is called at the calling thread's end.
pub fn tell_of_end(tell: bool) {
    // The system may have refused a key as long as the process had one thread only.
    if tell && Os::capabilities().thread_end && KEY.load(Ordering::Relaxed) == NONE_YET && !Os::is_first_thread() {
        create_key();
    }
    if let Some(key) = key(KEY.load(Ordering::Relaxed)) {
        // Any value but null will do.
        Os::key_set(key, if tell { (&raw const KEY).cast_mut().cast() } else { ptr::null_mut() });
    }
}

/// Threads that end from now on no longer call `thread_end`, and faults are not told of. Either the library is about to
/// be unmapped, and then nobody may use it any more, or the process ends.
#[cold]
pub fn forget_threads() {
    Os::nothing_at_fault();
    if let Some(key) = key(KEY.swap(NEVER, Ordering::Relaxed)) {
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
