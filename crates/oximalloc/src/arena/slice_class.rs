//! The slice class map: for each slice of a window of addresses, the bin of its blocks. A free looks here first.
//!
//! A slice is open while it is a page of the main heap that is one slice long. An entry is the offset of the bin's hot
//! part from the start of a theap. Entry 0, the offset of bin 0, sends frees to the generic path.
//!
//! All accesses are relaxed. A thread that frees a block got it, in a way that orders the two, from a thread that
//! allocated it after the page was opened. The entry names that bin as long as a block of the page is in use. The
//! smallest bins have a hot part for each number of a theap. Which of these the entry names may change at any time:
//! from the one that leads to the owner's stack to one for a thread that frees after the owner's thread has ended. A
//! thread whose theap has another number takes the generic path.
//!
//! The window begins at the first arena, and later arenas are requested behind it. Frees outside of the window take the
//! generic path.

use crate::base::config::{SLICE, SLICE_SHIFT};
use crate::base::sync::{AtomicU16, AtomicUsize, Ordering};
use crate::diag::secure;
use crate::os;
use crate::prim::processor::{Window, load_16, slice_in};
use core::mem::offset_of;

/// Slices in the window: 64 GiB, or all that have an address. The table has 2 MiB, or 128 KiB. Only the entries of used
/// slices are touched.
const SLICES: usize = if HAS_ALL { 1 << (usize::BITS as usize - SLICE_SHIFT) } else { 1 << 20 };
/// Whether the window has all slices that there can be.
const HAS_ALL: bool = usize::BITS <= 32;

/// What all frees read has a cache line of its own, as entries change when pages come and go.
#[repr(C, align(64))]
struct Table {
    window: Window,
    /// The length of the window under protection. Then that of `window` stays 0, so that the fast paths find nothing.
    secured: AtomicUsize,
    unused: [usize; 5],
    entry: [AtomicU16; SLICES],
}

const _: () = assert!(offset_of!(Table, window) == 0);

static TABLE: Table = Table {
    window: Window { base: AtomicUsize::new(0), len: AtomicUsize::new(0) },
    secured: AtomicUsize::new(0),
    unused: [0; 5],
    entry: [const { AtomicU16::new(0) }; SLICES],
};

/// Begin the window at `base`, or at the first address that a slice can have if there is room for all of them. Only
/// the first call has an effect.
pub fn init_window(base: usize) {
    let base = if HAS_ALL { SLICE } else { base };
    let _ = TABLE.window.base.compare_exchange(0, base, Ordering::Relaxed, Ordering::Relaxed);
}

/// Advise against huge pages for the table. No other static table of ours is long enough for one.
#[cold]
pub(super) fn shut_to_huge_pages() {
    let (page, start) = (os::page_size(), (&raw const TABLE).addr());
    let before = start.wrapping_neg() & (page - 1);
    let bytes = (size_of::<Table>() - before) & !(page - 1);
    // SAFETY: whole OS pages of a static of ours, whose contents stay.
    unsafe { os::shut_to_huge_pages((&raw const TABLE).cast::<u8>().wrapping_add(before).cast_mut(), bytes) };
}

fn index(start: *const u8) -> Option<usize> {
    let base = TABLE.window.base.load(Ordering::Relaxed);
    let index = (start as usize).checked_sub(base)? >> SLICE_SHIFT;
    (base != 0 && index < SLICES).then_some(index)
}

/// Frees into the slice at `start` go to the hot part at `entry` from now on.
pub fn set(start: *const u8, entry: usize) {
    let Some(index) = index(start) else { return };
    TABLE.entry[index].store(entry as u16, Ordering::Relaxed);
    let len = if secure::is_on() { &TABLE.secured } else { &TABLE.window.len };
    if len.load(Ordering::Relaxed) <= index {
        len.fetch_max(index + 1, Ordering::Relaxed);
    }
}

/// Frees into the slice at `start` take the generic path from now on.
pub fn clear(start: *const u8) {
    if let Some(index) = index(start) {
        TABLE.entry[index].store(0, Ordering::Relaxed);
    }
}

/// The start of the slice that `p` points into.
pub fn slice_of(p: *const u8) -> *const u8 {
    p.map_addr(|at| at & !(SLICE - 1))
}

/// The entry of the slice that `p` points into, under protection; None outside the window.
#[inline(always)]
pub fn get_secured(p: *const u8) -> Option<usize> {
    let index = p.addr().wrapping_sub(TABLE.window.base.load(Ordering::Relaxed)) >> SLICE_SHIFT;
    // SAFETY: the length is at most SLICES.
    (index < TABLE.secured.load(Ordering::Relaxed))
        .then(|| unsafe { TABLE.entry.get_unchecked(index).load(Ordering::Relaxed) as usize })
}

/// The entry of the slice that `p` points into. None outside of the window.
#[inline(always)]
pub fn get(p: *const u8) -> Option<usize> {
    // SAFETY: the window is the table's first field, and its length is at most SLICES.
    unsafe {
        let (index, window) = slice_in((&raw const TABLE).cast(), p as usize)?;
        Some(load_16::<{ offset_of!(Table, entry) }>(window.cast(), index))
    }
}
