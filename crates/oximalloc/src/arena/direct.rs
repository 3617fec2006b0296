//! Spans that are mappings of their own, because they are too large for an arena, or their alignment is.
//!
//! Invariant: such a mapping begins at a multiple of a slice and is exactly `slices` slices long. A mapping of large OS
//! pages is longer, up to the next whole page.

use super::map;
use super::span::{Origin, Span};
use super::walls;
use crate::base::config::SLICE;
use crate::base::sync::{AtomicUsize, Ordering};
use crate::base::units::Slices;
use crate::diag::options::{self, Opt};
use crate::diag::stats::PROCESS;
use crate::os;
use crate::prim::{Memory, Os};

static IN_USE: AtomicUsize = AtomicUsize::new(0);

/// Slices in use.
pub(super) fn in_use() -> usize {
    IN_USE.load(Ordering::Relaxed)
}

fn count(grown: usize, shrunk: usize) {
    PROCESS.committed.add(Slices(grown).bytes());
    PROCESS.committed.sub(Slices(shrunk).bytes());
    IN_USE.fetch_add(grown.wrapping_sub(shrunk), Ordering::Relaxed);
}

/// Slices of a large OS page.
const LARGE: usize = os::LARGE_PAGE / SLICE;
/// When the system had no large OS pages, this many claims do not ask for any.
const PAUSE: usize = 16;

pub(super) fn claim(n: usize, align: usize, node: i32) -> Option<Span> {
    if n >= LARGE && align <= LARGE && options::get(Opt::AllowLargeOsPages) >= 2 {
        let span = claim_large(n, node, os::reserve_large);
        if span.is_some() {
            return span;
        }
    }
    let bytes = Slices(n).bytes();
    let start = os::reserve(bytes, align.checked_mul(SLICE)?, true, 0);
    if start.is_null() || !in_map(start, n) {
        return None;
    }
    // SAFETY: reserved above.
    unsafe {
        if options::get(Opt::AllowThp) >= 2 {
            Os::advise_huge(start, bytes, true);
        }
        os::numa::prefer(start, bytes, node);
    }
    count(n, 0);
    // SAFETY: reserved above.
    let walled = unsafe { walls::wall_mapping(start, bytes) };
    Some(Span { start, slices: n, zero: true, origin: Origin::OS, walled })
}

pub(super) fn claim_large(n: usize, node: i32, reserve: os::ReserveLarge) -> Option<Span> {
    static SKIP: AtomicUsize = AtomicUsize::new(0);
    let skip = SKIP.load(Ordering::Relaxed);
    if skip > 0 {
        // If two threads do this at once, one count may be lost.
        SKIP.store(skip - 1, Ordering::Relaxed);
        return None;
    }
    let whole = n.next_multiple_of(LARGE);
    let start = reserve(Slices(whole).bytes(), 0);
    if start.is_null() {
        SKIP.store(PAUSE, Ordering::Relaxed);
        return None;
    }
    // SAFETY: reserved above, and not touched yet.
    unsafe { os::numa::prefer(start, Slices(whole).bytes(), node) };
    count(whole, 0);
    Some(Span { start, slices: n, zero: true, origin: Origin::LARGE, walled: false })
}

/// Whether the page map can hold a new range. If not, the range is given back. This must be known before the range has
/// a block, which must not be lost.
#[cold]
fn in_map(start: *mut u8, slices: usize) -> bool {
    let known = map::prepare(start, slices);
    if !known {
        // SAFETY: reserved just now, and nobody knows of it.
        unsafe { os::release(start, Slices(slices).bytes()) };
    }
    known
}

/// # Safety
/// - nobody uses the slices from `keep` on;
/// - `keep` is 0, or the system can unmap parts.
pub(super) unsafe fn shrink(span: &mut Span, keep: usize) {
    walls::forget_mapping(span.walled);
    span.walled = false;
    let unit = if span.origin == Origin::LARGE { LARGE } else { 1 };
    let (from, to) = (keep.next_multiple_of(unit), span.slices.next_multiple_of(unit));
    // SAFETY: by the contract. Of large pages, only whole ones are given back.
    unsafe { os::release(span.start.wrapping_add(Slices(from).bytes()), Slices(to - from).bytes()) };
    count(0, to - from);
    span.slices = keep;
}

/// # Safety
/// - the span is the caller's alone, and has fewer than `slices` slices.
pub(super) unsafe fn grow(span: Span, slices: usize) -> Option<Span> {
    let (old, new) = (Slices(span.slices).bytes(), Slices(slices).bytes());
    if new > isize::MAX as usize || !os::capabilities().remap {
        return None;
    }
    let mut start = span.start;
    // SAFETY: this is our whole mapping, by the contract.
    if map::prepare(start, slices) && unsafe { Os::remap_in_place(start, old, new) } {
        PROCESS.reserved.add(new - old);
    } else {
        let to = os::reserve(new, SLICE, false, 0);
        if to.is_null() || !in_map(to, slices) {
            return None;
        }
        // SAFETY: our whole mapping, and a place that we have just reserved.
        start = unsafe { Os::remap(start, old, new, to) };
        if start.is_null() {
            // The kernel empties the place before it can fail. Others may have it by now, so it is not ours to unmap.
            PROCESS.reserved.sub(new);
            return None;
        }
        PROCESS.reserved.sub(old);
    }
    count(slices - span.slices, 0);
    Some(Span { start, slices, zero: false, origin: Origin::OS, walled: false })
}
