//! Statistics as a struct and as JSON: of this thread's subprocess, of another one, of a heap.
//!
//! A struct of another size or version is left alone. So is a struct for a heap or a subprocess that does not exist
//! (null does not). `stats_layout` says what the fields mean here, and `stats_json` says what the JSON looks like.

use crate::mi::stats_json::write;
use crate::mi::stats_layout::{self, MiStats};
use crate::mi::subprocs::SubprocId;
use core::ffi::c_char;
use core::ptr::null_mut;
use oximalloc::raw::heaps::{Heap, Subproc};
use oximalloc::raw::stats::{Scope, heap_at};

/// Fills the struct at `p`. False, and nothing written, if the struct is none of ours or there is nothing to tell.
///
/// # Safety
/// As [`MiStats::at`].
#[cold]
unsafe fn fill(p: *mut MiStats, of: Option<Scope>) -> bool {
    // SAFETY: the caller's promise is the same.
    match (unsafe { MiStats::at(p) }, of) {
        (Some(stats), Some(of)) => {
            stats.fill(of);
            true
        }
        _ => false,
    }
}

/// # Safety
/// As [`write`].
#[cold]
unsafe fn json(of: Option<Scope>, size: usize, buf: *mut c_char) -> *mut c_char {
    let Some(of) = of else { return null_mut() };
    let mut stats = MiStats::NOTHING;
    stats.fill(of);
    // SAFETY: the caller's promise is the same.
    unsafe { write(&stats, size, buf) }
}

/// The subprocess of the calling thread, which counts as one of its threads from now on.
#[cold]
fn here() -> Option<Scope> {
    oximalloc::raw::thread_init();
    Some(Scope::Subproc(Subproc::current().number()))
}

#[cold]
fn heap(p: *const Heap) -> Option<Scope> {
    if p.is_null() { None } else { heap_at(p).map(Scope::Heap) }
}

/// The statistics of this thread's subprocess, all its heaps together. False, and the struct left alone, if the struct
/// has another `size` or `version`, or is null.
///
/// # Safety
/// `stats` is null, or a struct that begins with its size and its version, and has that size.
#[unsafe(no_mangle)]
#[cold]
pub unsafe extern "C" fn mi_stats_get(stats: *mut MiStats) -> bool {
    // SAFETY: the caller's promise is the same.
    unsafe { fill(stats, here()) }
}

/// The statistics of a heap. False as for [`mi_stats_get`], and if `p` is no heap.
///
/// # Safety
/// As [`mi_stats_get`].
#[unsafe(no_mangle)]
#[cold]
pub unsafe extern "C" fn mi_heap_stats_get(p: *mut Heap, stats: *mut MiStats) -> bool {
    // SAFETY: the caller's promise is the same.
    unsafe { fill(stats, heap(p)) }
}

/// The statistics of a subprocess, all its heaps together. False as for [`mi_stats_get`], and if it is no subprocess.
///
/// # Safety
/// As [`mi_stats_get`].
#[unsafe(no_mangle)]
#[cold]
pub unsafe extern "C" fn mi_subproc_stats_get(subproc_id: SubprocId, stats: *mut MiStats) -> bool {
    // SAFETY: the caller's promise is the same.
    unsafe { fill(stats, subproc_id.number().map(Scope::Subproc)) }
}

/// The statistics of a subprocess without its heaps: its memory, and what heaps have left with it.
///
/// # Safety
/// As [`mi_stats_get`].
#[unsafe(no_mangle)]
#[cold]
pub unsafe extern "C" fn mi_subproc_stats_get_exclusive(subproc_id: SubprocId, stats: *mut MiStats) -> bool {
    // SAFETY: the caller's promise is the same.
    unsafe { fill(stats, subproc_id.number().map(Scope::Exclusive)) }
}

/// Writes a struct as JSON into `buf`, cut off after `buf_size` bytes. If `buf` is null or `buf_size` is 0, writes all
/// of it into a new block, which the caller frees with `mi_free`. Null for a struct of another size or version.
///
/// # Safety
/// `stats` as for [`mi_stats_get`]; `buf` is null or has `buf_size` bytes.
#[unsafe(no_mangle)]
#[cold]
pub unsafe extern "C" fn mi_stats_as_json(stats: *mut MiStats, buf_size: usize, buf: *mut c_char) -> *mut c_char {
    // SAFETY: the caller's promises are the same.
    unsafe { MiStats::at(stats).map_or(null_mut(), |stats| write(stats, buf_size, buf)) }
}

/// The statistics of this thread's subprocess as JSON, as [`mi_stats_as_json`] gives it.
///
/// # Safety
/// `buf` is null or has `buf_size` bytes.
#[unsafe(no_mangle)]
#[cold]
pub unsafe extern "C" fn mi_stats_get_json(buf_size: usize, buf: *mut c_char) -> *mut c_char {
    // SAFETY: the caller's promise is the same.
    unsafe { json(here(), buf_size, buf) }
}

/// The statistics of a heap as JSON, as [`mi_stats_as_json`] gives it. Null if it is no heap.
///
/// # Safety
/// As [`mi_stats_get_json`].
#[unsafe(no_mangle)]
#[cold]
pub unsafe extern "C" fn mi_heap_stats_get_json(p: *mut Heap, buf_size: usize, buf: *mut c_char) -> *mut c_char {
    // SAFETY: the caller's promise is the same.
    unsafe { json(heap(p), buf_size, buf) }
}

/// The statistics of a subprocess as JSON, as [`mi_stats_as_json`] gives it. Null if it is no subprocess.
///
/// # Safety
/// As [`mi_stats_get_json`].
#[unsafe(no_mangle)]
#[cold]
pub unsafe extern "C" fn mi_subproc_stats_get_json(
    subproc_id: SubprocId,
    buf_size: usize,
    buf: *mut c_char,
) -> *mut c_char {
    // SAFETY: the caller's promise is the same.
    unsafe { json(subproc_id.number().map(Scope::Subproc), buf_size, buf) }
}

/// The block size of a row of `malloc_bins` and `page_bins`. 0 if there is no such row.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_stats_get_bin_size(bin: usize) -> usize {
    stats_layout::bin_size(bin)
}
