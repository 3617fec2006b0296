//! The table of fast frees: for each slice of a window of addresses, whose it is. A free asks it first.
//!
//! The window begins at the first arena and later arenas are asked to lie behind it; what lies outside takes the
//! generic path. Invariant: all entries below `len` are not null, so that the fast path needs no test for that: they
//! are entries of a theap's bin, or the `empty` entry, whose owner is nobody.

use crate::base::config::SLICE_SHIFT;
use crate::base::sync::{AtomicPtr, AtomicUsize, Ordering};
use crate::prim::word::{Window, slice_in};
use core::ptr;

/// Slices in the window: 64 GiB. Its 8 MiB are touched as far as slices are used.
const SLICES: usize = 1 << 20;

#[repr(C)]
struct Table {
    window: Window,
    entry: [AtomicPtr<u8>; SLICES],
}

static TABLE: Table = Table {
    window: Window { base: AtomicUsize::new(0), len: AtomicUsize::new(0) },
    entry: [const { AtomicPtr::new(ptr::null_mut()) }; SLICES],
};

/// Begin the window at `base`, once; later calls change nothing.
pub fn init_window(base: usize) {
    let _ = TABLE.window.base.compare_exchange(0, base, Ordering::Relaxed, Ordering::Relaxed);
}

fn index(start: *const u8) -> Option<usize> {
    let base = TABLE.window.base.load(Ordering::Relaxed);
    let index = (start as usize).checked_sub(base)? >> SLICE_SHIFT;
    (base != 0 && index < SLICES).then_some(index)
}

/// Frees into the slice at `start` go to `entry` now. `empty` fills entries that were never set.
pub fn open(start: *const u8, entry: *mut u8, empty: *mut u8) {
    let Some(index) = index(start) else { return };
    for slot in &TABLE.entry[TABLE.window.len.load(Ordering::Relaxed).min(index)..index] {
        // Release: as below.
        let _ = slot.compare_exchange(ptr::null_mut(), empty, Ordering::Release, Ordering::Relaxed);
    }
    // Release: what the entry points to is seen with it; pairs with the Acquire in `get`.
    TABLE.entry[index].store(entry, Ordering::Release);
    // Release: the entries below are seen by who sees the length; pairs with the load in `slice_in`.
    if TABLE.window.len.load(Ordering::Relaxed) <= index {
        TABLE.window.len.fetch_max(index + 1, Ordering::Release);
    }
}

/// Frees into the slice at `start` take the generic path from now on.
pub fn close(start: *const u8, empty: *mut u8) {
    if let Some(index) = index(start) {
        // Release: as in `open`.
        TABLE.entry[index].store(empty, Ordering::Release);
    }
}

/// The entry of the slice that `p` points into, never null; None outside the window.
#[inline(always)]
pub fn get(p: *const u8) -> Option<*mut u8> {
    let index = slice_in(&TABLE.window, p as usize)?;
    // SAFETY: the window's length is at most SLICES.
    let entry = unsafe { TABLE.entry.get_unchecked(index) };
    // Acquire: pairs with the Release in `open` and `close`.
    Some(entry.load(Ordering::Acquire))
}
