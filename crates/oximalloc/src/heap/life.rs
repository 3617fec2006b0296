//! Lives: the process's start and end, and a thread's.
//!
//! A thread's theaps come from their heap's list, or a pool, and go back there (`parts`), so that thread start and end
//! make no system call once as many threads have lived at once; the main heap's come from and go to `warm` first. A theap
//! that goes back gives all blocks and pages away; its record stays, and full pages that still name it find its list of
//! returned pages closed, which tells the thread that frees into them to take them over (or the next thread that gets
//! this theap has them).

use super::empty::{self, thread};
use super::parts::{all_theaps, begin, make_current, part_of};
use super::record::{self, Heap, MAIN};
use super::theap::Theap;
use super::{fork, warm};
use crate::arena;
use crate::base::sync::{AtomicU32, Ordering};
use crate::diag::error::verbose;
use crate::diag::options::{self, Opt};
use crate::diag::stats::PROCESS;
use crate::prim::{Key, Memory, Os, Process, Threads};
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
            Os::keep_stderr();
        }
        if let Some(key) = Os::key_create(thread_end) {
            KEY.store(key.0 + 1, Ordering::Relaxed);
        }
        arena::init();
        Os::at_end(end);
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
            Os::yield_now();
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
        Os::key_delete(key);
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
    Os::nothing_at_end();
}

/// A theap to use now, in a step of the thread's. A thread that allocates after the library was told of its end would
/// never give a theap back: it borrows one for each operation.
pub struct Lease {
    theap: &'static Theap,
    borrowed: bool,
}

impl Lease {
    #[inline(always)]
    fn new(theap: &Theap) -> Lease {
        theap.root().steps.enter();
        // SAFETY: theaps are never unmapped.
        Lease { theap: unsafe { theap.for_ever() }, borrowed: false }
    }

    /// A theap that the calling thread has; None for one that it has not: an empty one, or one whose heap has ended. Where that
    /// was the thread's default, its root is.
    #[inline(always)]
    pub fn of(theap: &Theap) -> Option<Lease> {
        if theap.is_ours() && !theap.root().stale.load(Ordering::Relaxed) {
            return Some(Lease::new(theap));
        }
        Lease::of_ended(theap)
    }

    #[inline(never)]
    fn of_ended(theap: &Theap) -> Option<Lease> {
        if theap.is_ours() {
            let root = theap.root();
            // In no step, so that none of these theaps is in use.
            if !root.steps.any() && root.orphans_are_due() {
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

    /// The theap, if the thread keeps it.
    pub fn lasting(self) -> Option<&'static Theap> {
        (!self.borrowed).then_some(self.theap)
    }
}

/// Heaps were deleted by other threads; what the calling thread has of them ends.
#[cold]
fn notice_orphans(root: &Theap) {
    let _step = root.step();
    root.finish_orphans();
}

/// The calling thread's default was taken away.
#[cold]
fn forget_default(theap: &Theap) {
    // SAFETY: theaps are never unmapped.
    make_current(if theap.root().is_ours() { unsafe { theap.root().for_ever() } } else { empty::new() });
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
            finish(self.theap.root(), empty::gone());
        } else {
            self.theap.root().steps.leave();
        }
    }
}

/// The calling thread's theap, made if it has none; None without memory.
#[inline(never)]
pub fn thread_start() -> Option<Lease> {
    if let Some(lease) = Lease::of(Theap::current()) {
        return Some(lease);
    }
    // Another than before, where that was taken away.
    let now = Theap::current();
    if now.is_empty_theap() { start_in(&MAIN) } else { Some(Lease::new(now)) }
}

/// The calling thread's root, to free with in a step, made if it has none and frees often; None without memory, for the first
/// frees of a thread, and after its end.
#[inline]
pub fn root_to_free() -> Option<&'static Theap> {
    let now = Theap::current();
    if now.is_empty_theap() {
        return start_to_free(now);
    }
    // SAFETY: theaps are never unmapped.
    Some(unsafe { now.root().for_ever() })
}

#[inline(never)]
fn start_to_free(now: &Theap) -> Option<&'static Theap> {
    if empty::frees_often(now) { start_in(&MAIN)?.lasting() } else { None }
}

/// A root for the calling thread, which has none.
#[inline(never)]
fn start_in(heap: &'static Heap) -> Option<Lease> {
    process_start();
    let borrowed = empty::is_gone(Theap::current());
    let theap = begin(heap, None)?;
    if borrowed {
        // It would call the deferred-free function by each theap that it borrows, in a call of that as well.
        theap.calling.set(true);
        return Some(Lease { theap, borrowed });
    }
    PROCESS.threads.add(1);
    theap.counted.set(true);
    thread::set(theap);
    // May allocate for a late key: the theap is in place.
    tell_of_end(true);
    // With a second thread fork leaves something to mend, be it that the first one has no theap. The registration allocates.
    let forks = Os::capabilities().fork && (all_theaps().nth(1).is_some() || !Os::is_first_thread());
    if forks && FORK_HANDLERS.swap(1, Ordering::Relaxed) == 0 {
        Os::at_fork(nothing, nothing, fork::child);
    }
    Some(Lease { theap, borrowed })
}

/// The calling thread's theap of `heap`, to use now; None without memory.
#[cold]
pub fn theap_of(heap: &'static Heap) -> Option<Lease> {
    let root = thread_start()?;
    let theap = part_of(root.theap.root(), heap)?;
    if root.borrowed {
        // A part for this one operation, which goes with the borrowed root.
        core::mem::forget(root);
        return Some(Lease { theap, borrowed: true });
    }
    Some(Lease::new(theap))
}

/// The calling thread leaves its subprocess and belongs to that of the main heap `heap`.
pub fn move_thread(heap: &'static Heap) {
    let current = Theap::current();
    if current.is_empty_theap() {
        if empty::is_gone(current) {
            return;
        }
    } else if ptr::eq(current.root().heap(), heap) || current.root().steps.any() {
        // In a function of the program's that is called in a step the thread cannot leave.
        return;
    } else {
        finish(current.root(), empty::new());
    }
    let _ = start_in(heap);
}

fn end_key() -> Option<Key> {
    KEY.load(Ordering::Relaxed).checked_sub(1).map(Key)
}

/// Whether `thread_end` is to be called at the calling thread's end.
fn tell_of_end(tell: bool) {
    if let Some(key) = end_key() {
        // Any value but null.
        Os::key_set(key, if tell { (&raw const KEY).cast_mut().cast() } else { ptr::null_mut() });
    }
}

extern "C" fn nothing() {}

/// Called by the C library when a thread ends, once: for what the thread does later the value is not set again.
extern "C" fn thread_end(_value: *mut c_void) {
    let current = Theap::current();
    if current.is_empty_theap() {
        thread::set(empty::gone());
    } else {
        finish(current.root(), empty::gone());
    }
}

/// The calling thread is done with the allocator for now (a later allocation starts it anew).
pub fn thread_done() {
    let current = Theap::current();
    // In a function of the program's that is called in a step it is not done.
    if !current.is_empty_theap() && !current.root().steps.any() {
        tell_of_end(false);
        finish(current.root(), empty::new());
    }
}

/// The thread is done with its root and all its parts; if its pointer is to one of them, it is to `then` from now on. So
/// what the program does in functions that are called meanwhile it does with another theap.
#[inline(never)]
fn finish(root: &'static Theap, then: &'static Theap) {
    // The step ends with the root.
    root.steps.enter();
    root.finish_parts();
    if ptr::eq(Theap::current().root(), root) {
        make_current(then);
    }
    if root.counted.replace(false) {
        PROCESS.threads.sub(1);
    }
    if !warm::rest(root) {
        root.finish_part();
    }
}
