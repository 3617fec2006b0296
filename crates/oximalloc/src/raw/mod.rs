//! The functions below the C interface and the Rust interface: sizes and pointers without types.
//!
//! A function that fails reports it through `diag` and returns null. The C interface sets errno.

pub mod arenas;
pub mod heaps;
pub mod messages;
pub mod process;
pub mod settings;
pub mod stats;

pub use crate::alloc::aligned::{aligned, aligned_or, zaligned};
pub use crate::alloc::find::find;
pub use crate::alloc::free::{delete, free, free_sized, owns};
pub use crate::alloc::malloc::{malloc, malloc_or, zalloc};
pub use crate::alloc::realloc::{expand, realloc, realloc_aligned, realloc_of, realloc_or, rezalloc, rezalloc_aligned};
pub use crate::heap::inspect::stats::{Totals, totals};
pub use crate::heap::inspect::sums::{merge as stats_merge, reset as stats_reset};
pub use crate::heap::life::heartbeat::register as register_deferred_free;
pub use crate::heap::life::process::end_is_told;
pub use crate::heap::life::process::{process_end as process_done, process_start as process_init};
pub use crate::heap::life::thread_end::{forget_threads, thread_done};

use crate::alloc::secure;
use crate::diag::secure::is_on;
use crate::heap::state::theap::Theap;
use crate::heap::state::theap::secured::{MOST, bin_for, room_for};
use crate::os::page_size;
use crate::page::bins::{BLOCK_MAX, Bin};
use crate::page::tag::{TAG, kind};
use core::ffi::c_void;

/// Allocate after the fast path has failed.
#[inline(always)]
pub fn malloc_generic(size: usize) -> *mut u8 {
    crate::alloc::malloc::malloc_in(Theap::current(), size)
}

/// Allocate after the fast path has failed, under protection. A failure sets errno here, so that this is a tail call.
/// Otherwise as the caller says.
#[inline(always)]
pub fn malloc_secured_or(size: usize, ordinary: impl FnOnce() -> *mut u8) -> *mut u8 {
    let theap = Theap::current();
    // SAFETY: it is under protection, and the calling thread's.
    if theap.is_secured() { unsafe { secure::malloc_in(theap, size) } } else { ordinary() }
}

/// For C++ under protection: as [`malloc_secured_or`], for `new` or `new[]`.
#[inline(always)]
pub fn new_secured<const ARRAY: bool>(size: usize) -> *mut u8 {
    let theap = Theap::current();
    if ARRAY { secure::new::<{ kind::ARRAY }>(theap, size) } else { secure::new::<{ kind::NEW }>(theap, size) }
}

/// For C++ under protection: `delete` with the bytes that were asked for.
///
/// # Safety
/// - as for [`free`].
pub unsafe fn delete_sized(p: *mut u8, size: usize) {
    // SAFETY: by the contract.
    unsafe { secure::delete_sized(p, size) }
}

/// For C++ under protection: `delete[]`, with the bytes that were asked for if they are known.
///
/// # Safety
/// - as for [`free`].
pub unsafe fn delete_array(p: *mut u8, size: Option<usize>) {
    // SAFETY: by the contract.
    unsafe { secure::delete_array(p, size.unwrap_or(usize::MAX)) }
}

/// Whether blocks are protected.
#[inline]
pub fn is_protected() -> bool {
    is_on()
}

/// Bytes that the block at `p` holds. 0 for null. 0 for a pointer that is not ours, which is reported.
#[inline(always)]
pub fn usable_size(p: *const u8) -> usize {
    crate::alloc::free::usable_size("usable_size", p)
}

/// Whether `p` is a pointer that was handed out, as far as the page can tell.
pub fn is_block(p: *const u8) -> bool {
    find(p).is_some() || crate::alloc::empty::is_block(p)
}

/// Bytes that a block allocated with `size` would hold. `size` itself if it is too large to be rounded.
pub fn good_size(size: usize) -> usize {
    if is_on() && size <= MOST {
        return bin_for(room_for(size)).block_size() - TAG;
    }
    if size <= BLOCK_MAX {
        Bin::of(size).block_size()
    } else {
        size.checked_next_multiple_of(crate::base::config::SLICE.max(page_size())).unwrap_or(size)
    }
}

/// Give held-back blocks to their pages and let empty pages go. With `force`, purge all free memory at once.
pub fn collect(force: bool) {
    let root = Theap::current().root();
    if !root.is_empty_theap() {
        root.collect_thread(force);
    } else if force {
        crate::heap::life::parked::retire_all();
        crate::heap::life::collect::sweep_caches(root, true);
        crate::arena::purge_all();
    }
}

/// Bring the free blocks that the calling thread holds down to about `target` bytes, as far as giving blocks back can
/// do that.
pub fn collect_reduce(target: usize) {
    let root = Theap::current().root();
    for force in [false, true] {
        if root.thread_free_bytes() > target {
            root.collect_thread(force);
        }
    }
}

/// The calling thread is one of a pool: it lives long and works for many. When it frees into pages of ended threads, it
/// leaves those pages to others.
pub fn set_in_threadpool() {
    if let Some(theap) = crate::heap::life::thread_start::thread_start() {
        theap.root().set_in_threadpool(true);
    }
}

/// Make the calling thread ready. Allocation does so too.
pub fn thread_init() {
    let _ = crate::heap::life::thread_start::thread_start();
}

/// Print the statistics of all heaps of the calling thread's subprocess to `out`, or where messages go if that is None.
pub fn stats_print(out: Option<crate::diag::output::OutputFun>, arg: *mut c_void) {
    let number = crate::heap::state::subproc::Subproc::current().number();
    crate::heap::inspect::stats::print(crate::heap::inspect::sums::Scope::Subproc(number), out, arg);
}

/// Print the calling thread's statistics. These are its subprocess's, after this thread's were merged.
pub fn thread_stats_print(out: Option<crate::diag::output::OutputFun>, arg: *mut c_void) {
    stats_merge();
    stats_print(out, arg);
}

// (ThreadSanitizer refuses mappings at some of the addresses that the mock chooses.)
#[cfg(all(test, not(tsan)))]
mod tests;
