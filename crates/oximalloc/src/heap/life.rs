//! Lives: the process's start and end, a thread's, and fork.
//!
//! A thread's theaps come from their heap's list, or a pool, and go back there (`parts`), so that thread start and end
//! make no system call once as many threads have lived at once; the main heap's come from and go to `warm` first. A theap
//! that goes back gives all blocks and pages away; its record stays, and full pages that still name it find its list of
//! returned pages closed, which tells the thread that frees into them to take them over (or the next thread that gets
//! this theap has them).

use super::parts::{all_theaps, begin, part_of};
use super::record::{self, Heap, MAIN};
use super::theap::{EMPTY, Theap, thread};
use super::warm;
use crate::arena;
use crate::base::sync::{AtomicU32, Ordering};
use crate::diag::error::verbose;
use crate::diag::options::{self, Opt};
use crate::diag::stats::PROCESS;
use crate::prim;
use core::ffi::c_void;
use core::ptr;

/// 0: nothing done; 1: being done; 2: the process is set up; 3: it has ended.
static PROCESS_STATE: AtomicU32 = AtomicU32::new(0);
/// The key whose destructor tells of a thread's end, plus 1; 0 without one.
static KEY: AtomicU32 = AtomicU32::new(0);
static FORK_HANDLERS: AtomicU32 = AtomicU32::new(0);

/// Set the process up: options, the key that tells of a thread's end. Any number of calls, from any thread.
pub fn process_start() {
    record::start_main();
    // Not a load first: that is one fault more in each process. Acquire: pairs with the Release below.
    let before = PROCESS_STATE.compare_exchange(0, 1, Ordering::Relaxed, Ordering::Acquire);
    if before.is_ok() {
        options::init();
        if options::enabled(Opt::ShowStats) || options::get(Opt::Verbose) > 0 {
            prim::process::keep_stderr();
        }
        if let Some(key) = prim::thread::key_create(thread_end) {
            KEY.store(key.0 + 1, Ordering::Relaxed);
        }
        arena::init();
        prim::process::at_end(end);
        PROCESS.heaps.add(1);
        // Release: pairs with the Acquire above; options and key are seen by who sees 2.
        PROCESS_STATE.store(2, Ordering::Release);
    } else if before == Err(1) {
        // Another thread is at it. If it was stopped there we go on with what is set up: defaults are safe.
        for _ in 0..1000 {
            // Acquire: pairs with the Release above.
            if PROCESS_STATE.load(Ordering::Acquire) >= 2 {
                break;
            }
            prim::thread::yield_now();
        }
    }
}

/// The process ends: print statistics, give memory back where that was asked for, but not if it `is_used` until the process is
/// gone. Allocation goes on to work.
pub fn process_end(is_used: fn() -> bool) {
    if PROCESS_STATE.swap(3, Ordering::Relaxed) == 3 {
        return;
    }
    if options::enabled(Opt::ShowStats) || options::get(Opt::Verbose) > 0 {
        super::figures::print_process();
    }
    if options::enabled(Opt::DestroyOnExit) {
        if is_used() {
            verbose(
                1,
                format_args!("destroy_on_exit: the system takes all memory, as it is used until the process is gone"),
            );
        } else {
            // SAFETY: the user asked for it, and says with it that nothing is used after.
            unsafe { arena::destroy_all() };
        }
    }
}

/// The library is about to be unmapped, when nobody may use it any more, or the process ends: threads that end later do not
/// call here.
#[cold]
pub fn forget_threads() {
    if let Some(key) = end_key() {
        KEY.store(0, Ordering::Relaxed);
        prim::thread::key_delete(key);
    }
}

/// The end of a Rust program, or of a library with the crate inside. C libraries' own memory is not from here, so that nobody uses
/// any until the process is gone.
fn end() {
    process_end(|| false);
    forget_threads();
}

/// The caller tells of the end, by [`process_end`] and [`forget_threads`].
pub fn end_is_told() {
    prim::process::nothing_at_end();
}

/// A theap to use now. A thread that allocates in a late destructor, after the library was told of its end, would
/// never give a theap back: it borrows one for each operation.
pub struct Lease {
    theap: &'static Theap,
    borrowed: bool,
}

impl Lease {
    /// A theap that the calling thread has; None for one that it has not (EMPTY, or one that was taken away: then the
    /// thread's default is its root again).
    #[inline]
    pub fn of(theap: &Theap) -> Option<Lease> {
        if theap.is_ours() {
            // SAFETY: theaps are never unmapped.
            return Some(Lease { theap: unsafe { theap.for_ever() }, borrowed: false });
        }
        if ptr::eq(theap, Theap::current()) && theap.shown.get() {
            thread::set(if theap.root().is_ours() { theap.root() } else { &EMPTY });
        }
        None
    }

    /// The theap, if the thread keeps it.
    pub fn lasting(self) -> Option<&'static Theap> {
        (!self.borrowed).then_some(self.theap)
    }
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
            finish(self.theap.root());
        }
    }
}

/// The calling thread's theap, made if it has none; None without memory.
#[inline]
pub fn thread_start() -> Option<Lease> {
    let now = Theap::current();
    if now.is_empty_theap() { start() } else { Some(Lease { theap: now, borrowed: false }) }
}

/// The calling thread's root, made if it has none, to free with; None without memory, and for a late destructor.
pub fn thread_start_to_free() -> Option<&'static Theap> {
    let now = Theap::current();
    if !now.is_empty_theap() {
        // SAFETY: theaps are never unmapped.
        return Some(unsafe { now.root().for_ever() });
    }
    if end_key().is_some_and(|key| prim::thread::key_get(key) == ENDED) {
        return None;
    }
    start()?.lasting()
}

#[cold]
fn start() -> Option<Lease> {
    start_in(&MAIN)
}

/// A root for the calling thread, which has none.
fn start_in(heap: &'static Heap) -> Option<Lease> {
    process_start();
    let theap = begin(heap, None)?;
    PROCESS.threads.add(1);
    if end_key().is_some_and(|key| prim::thread::key_get(key) == ENDED) {
        return Some(Lease { theap, borrowed: true });
    }
    thread::set(theap);
    // May allocate for a late key: the theap is in place.
    at_thread_end(&raw const *theap as *mut u8);
    // With a second thread fork leaves something to mend. The registration allocates.
    if all_theaps().nth(1).is_some() && FORK_HANDLERS.swap(1, Ordering::Relaxed) == 0 {
        prim::thread::at_fork(nothing, nothing, fork_child);
    }
    Some(Lease { theap, borrowed: false })
}

/// The calling thread's theap of `heap`, to use now; None without memory.
pub fn theap_of(heap: &'static Heap) -> Option<Lease> {
    let root = thread_start()?;
    if root.borrowed {
        // A late destructor: a part for this one operation, which goes with the borrowed root.
        let theap = part_of(root.theap.root(), heap)?;
        core::mem::forget(root);
        return Some(Lease { theap, borrowed: true });
    }
    Some(Lease { theap: part_of(root.theap.root(), heap)?, borrowed: false })
}

/// The calling thread leaves its subprocess and belongs to that of the main heap `heap`.
pub fn move_thread(heap: &'static Heap) {
    let current = Theap::current();
    if !current.is_empty_theap() {
        if ptr::eq(current.root().heap(), heap) {
            return;
        }
        finish(current.root());
    }
    let _ = start_in(heap);
}

/// The value of the key in a thread whose end we were told of.
const ENDED: *mut u8 = ptr::without_provenance_mut(1);

fn end_key() -> Option<prim::thread::Key> {
    KEY.load(Ordering::Relaxed).checked_sub(1).map(prim::thread::Key)
}

/// What `thread_end` is to be called with; null for not at all.
fn at_thread_end(value: *mut u8) {
    if let Some(key) = end_key() {
        prim::thread::key_set(key, value);
    }
}

extern "C" fn nothing() {}

/// Called by the C library when a thread ends, in each of its rounds of destructors.
extern "C" fn thread_end(value: *mut c_void) {
    let current = Theap::current();
    if ptr::eq(value as *const Theap, current.root()) && !current.is_empty_theap() {
        finish(current.root());
    }
    at_thread_end(ENDED);
}

/// The calling thread is done with the allocator for now (a later allocation starts it anew).
pub fn thread_done() {
    let current = Theap::current();
    if !current.is_empty_theap() {
        at_thread_end(ptr::null_mut());
        finish(current.root());
    }
}

/// The thread is done with its root and all its parts.
#[inline(never)]
fn finish(root: &'static Theap) {
    root.finish_parts();
    PROCESS.threads.sub(1);
    if !warm::rest(root) {
        root.finish_part();
    }
}

/// In the child of a fork this thread is alone: the theaps of the others are nobody's now. What they held in the
/// middle of a step is left alone; blocks in their pages can be freed, and those pages are then taken over.
extern "C" fn fork_child() {
    arena::fork_child();
    super::depot::fork_child();
    super::holes::fork_child();
    super::records::fork_child();
    super::parts::fork_child();
    record::fork_child();
    super::subproc::fork_child();
    for theap in all_theaps() {
        theap.hold.fork_child();
        if !theap.is_ours() && theap.tag.load(Ordering::Relaxed) != 0 {
            theap.set_tag(0);
            theap.heap().stats.theaps.sub(1);
            if ptr::eq(theap, theap.root()) {
                PROCESS.threads.sub(1);
            }
            let mut page = theap.returned.close();
            while !page.is_null() {
                // SAFETY: taken off the list; no other thread exists.
                unsafe {
                    let next = (*page).next();
                    Theap::abandon(page);
                    page = next;
                }
            }
        }
    }
}
