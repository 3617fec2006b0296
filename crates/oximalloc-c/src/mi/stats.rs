//! Statistics, options and the process's numbers, as text through a callback or on stderr.

use crate::mi::settings::Output;
use crate::mi::subprocs::SubprocId;
use core::ffi::c_void;
use core::ptr::null_mut;
use oximalloc::raw;
use oximalloc::raw::heaps::Heap;
use oximalloc::raw::messages::{Sink, print_process};
use oximalloc::raw::process::{Os, Process};
use oximalloc::raw::settings as options;
use oximalloc::raw::stats::{self, Scope};

/// Prints the statistics of this thread's subprocess. The argument exists for old programs, and is not used.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_stats_print(_out: *mut c_void) {
    raw::stats_print(None, null_mut());
}

/// Prints the statistics of this thread's subprocess, all its heaps together, through `out`.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_stats_print_out(out: Output, arg: *mut c_void) {
    raw::stats_print(out, arg);
}

/// Prints the statistics of this thread's subprocess, including what this thread has counted, through `out`.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_thread_stats_print_out(out: Output, arg: *mut c_void) {
    raw::thread_stats_print(out, arg);
}

/// Adds this thread's statistics to those of its subprocess. Those include them at any time, so this only notes peaks.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_stats_merge() {
    raw::stats_merge();
}

/// Restarts the statistics of all heaps and of the process. What is in use stays, and becomes the peak and the total.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_stats_reset() {
    raw::stats_reset();
}

/// Leaves a heap's history with its subprocess. The heap starts anew with what is in use, and no sum of the subprocess
/// changes. Does nothing if `heap` is no heap.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_heap_stats_merge_to_subproc(heap: *mut Heap) {
    if !heap.is_null()
        && let Some(heap) = stats::heap_at(heap)
    {
        stats::leave_to_subproc(heap);
    }
}

/// Prints the statistics of a heap through `out`. Prints nothing if it is no heap.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_heap_stats_print_out(heap: *mut Heap, out: Output, arg: *mut c_void) {
    if !heap.is_null()
        && let Some(heap) = stats::heap_at(heap)
    {
        stats::print(Scope::Heap(heap), out, arg);
    }
}

/// Prints the statistics of a subprocess, all its heaps together, through `out`. Prints nothing if it is no subprocess.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_subproc_stats_print_out(subproc_id: SubprocId, out: Output, arg: *mut c_void) {
    if let Some(number) = subproc_id.number() {
        stats::print(Scope::Subproc(number), out, arg);
    }
}

/// Prints the statistics of a subprocess without its heaps, and then of each heap, through `out`.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_subproc_heap_stats_print_out(subproc_id: SubprocId, out: Output, arg: *mut c_void) {
    if let Some(subproc) = subproc_id.get() {
        stats::print_each(subproc, out, arg);
    }
}

/// Prints the version and the options in force.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_options_print() {
    options::print();
}

/// Prints the version and the options in force through `out`.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_options_print_out(out: Output, arg: *mut c_void) {
    options::print_to(&Sink::new(out, arg));
}

/// Prints the process's times, memory and faults.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_process_info_print() {
    print_process(&Sink::REGISTERED);
}

/// Prints the process's times, memory and faults through `out`.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_process_info_print_out(out: Output, arg: *mut c_void) {
    print_process(&Sink::new(out, arg));
}

/// The process's numbers: times in milliseconds, memory in bytes, faults. Each pointer may be null.
///
/// # Safety
/// Each pointer is null or may be written.
#[unsafe(no_mangle)]
#[cold]
pub unsafe extern "C" fn mi_process_info(
    elapsed_msecs: *mut usize,
    user_msecs: *mut usize,
    system_msecs: *mut usize,
    current_rss: *mut usize,
    peak_rss: *mut usize,
    current_commit: *mut usize,
    peak_commit: *mut usize,
    page_faults: *mut usize,
) {
    let info = Os::info();
    let totals = raw::totals();
    let figures = [
        (elapsed_msecs, info.elapsed_ms as usize),
        (user_msecs, info.user_ms as usize),
        (system_msecs, info.system_ms as usize),
        (current_rss, info.current_rss),
        (peak_rss, info.peak_rss),
        (current_commit, totals.committed),
        (peak_commit, totals.peak_committed),
        (page_faults, info.page_faults as usize),
    ];
    for (place, figure) in figures {
        if !place.is_null() {
            // SAFETY: not null, so the caller's promise covers it.
            unsafe { place.write(figure) };
        }
    }
}
