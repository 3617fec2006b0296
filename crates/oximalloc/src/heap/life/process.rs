//! The process's start and end.

use super::thread_end::{create_key, forget_threads};
use crate::arena;
use crate::base::sync::{AtomicU32, Ordering};
use crate::diag::error::{error, verbose, warning};
use crate::diag::options::{self, Opt};
use crate::diag::secure;
use crate::diag::stats::PROCESS;
use crate::heap::inspect::{sampled, stats};
use crate::heap::state::heap;
use crate::page::keys;
use crate::prim::{Errno, Memory, Os, Process, Threads};

/// 0: nothing is done; 1: a thread is setting the process up; 2: the process is set up; 3: it has ended.
static PROCESS_STATE: AtomicU32 = AtomicU32::new(0);

/// Set the process up: options, and the key that tells of a thread's end. Any thread may call this, any number of
/// times.
pub fn process_start() {
    heap::start_main();
    // No load first: it would cost each process one more page fault. Acquire: pairs with the Release below.
    let before = PROCESS_STATE.compare_exchange(0, 1, Ordering::Relaxed, Ordering::Acquire);
    if before.is_ok() {
        options::init();
        secure_start();
        if options::enabled(Opt::ShowStats) || options::get(Opt::Verbose) > 0 {
            Os::keep_stderr();
        }
        Os::set_tag(|| options::get(Opt::OsTag) as u8);
        create_key();
        arena::init();
        if Os::capabilities().reports {
            Os::at_end(end);
        }
        PROCESS.heaps.add(1);
        // Release: pairs with the Acquire above. A thread that sees 2 also sees the options and the key.
        PROCESS_STATE.store(2, Ordering::Release);
    } else if before == Err(1) {
        // Another thread is setting the process up. If it was stopped there, we go on with what is set up so far: the
        // defaults are safe.
        for _ in 0..1000 {
            // Acquire: pairs with the Release above.
            if PROCESS_STATE.load(Ordering::Acquire) >= 2 {
                break;
            }
            Os::yield_now();
        }
        // All threads go by one level, so this one finds out what it is.
        options::init();
        secure_start();
    }
}

/// The loader calls this before `main`, or when it loads the library that contains the allocator. Faults are reported from
/// now on if blocks are sampled. This is earlier than a program's own handlers. In particular, Rust's standard library
/// looks whether there is a handler, allocates, and then installs its own if there was none. (A Rust program has reports
/// with the feature `secure`; without it there is no code for them.)
extern "C" fn loaded() {
    // Miri has no environment to read that early.
    if !cfg!(feature = "secure") || cfg!(miri) {
        return;
    }
    options::init();
    if options::get(Opt::GuardedSampleRate) > 0 && options::enabled(Opt::GuardedReport) {
        Os::at_end(end);
        sampled::begin();
    }
}

crate::by_system!(at_load: loaded);

/// Fix the level of protection, and make what it needs.
fn secure_start() {
    secure::fix();
    if !cfg!(feature = "secure") && options::enabled(Opt::Secure) {
        warning(format_args!("MIMALLOC_SECURE needs the crate's feature `secure`; this program is not protected"));
    }
    if !secure::is_on() {
        return;
    }
    if secure::is_at_least(2) {
        arena::begin_protecting();
        arena::begin_walls();
    }
    if !keys::init() {
        // There is no memory at all, so there are no blocks to protect either.
        error(Errno::ENOMEM, format_args!("secure: no memory for the keys; tags are easy to guess"));
    }
}

/// The process ends. Print statistics, and give memory back if that was asked for. No memory goes back if it `is_used`
/// until the process is gone. Allocation goes on working.
pub fn process_end(is_used: fn() -> bool) {
    if PROCESS_STATE.swap(3, Ordering::Relaxed) == 3 {
        return;
    }
    if options::enabled(Opt::ShowStats) || options::get(Opt::Verbose) > 0 {
        stats::print_process();
    }
    if options::enabled(Opt::DestroyOnExit) {
        if is_used() {
            verbose(
                1,
                format_args!("destroy_on_exit: the system takes all memory, as it is used until the process is gone"),
            );
        } else {
            // SAFETY: the user asked for it with `destroy_on_exit`, which promises that nothing is used afterwards.
            unsafe { arena::destroy_all() };
        }
    }
}

/// The end of a Rust program, or of a library with this crate inside. The C library does not allocate from here, so
/// nobody uses our memory from now until the process is gone.
fn end() {
    process_end(|| false);
    forget_threads();
}

/// The caller will tell of the end, by calling [`process_end`] and [`forget_threads`].
pub fn end_is_told() {
    Os::nothing_at_end();
}
