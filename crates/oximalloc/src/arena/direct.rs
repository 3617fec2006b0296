//! Ranges that are mappings of their own: what is too large, or too aligned, for an arena.
//!
//! Invariant: such a range is `slices` whole slices from a multiple of a slice on, and nothing else.

use super::{Origin, Span};
use crate::base::config::SLICE;
use crate::base::sync::{AtomicUsize, Ordering};
use crate::base::units::Slices;
use crate::diag::options::{self, Opt};
use crate::diag::stats::PROCESS;
use crate::os;
use crate::prim::memory;

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

pub(super) fn claim(n: usize, align: usize) -> Option<Span> {
    let bytes = Slices(n).bytes();
    let start = os::reserve(bytes, align.checked_mul(SLICE)?, true, 0);
    if start.is_null() {
        return None;
    }
    if options::get(Opt::AllowThp) >= 2 {
        // SAFETY: reserved above.
        unsafe { memory::advise_huge(start, bytes, true) };
    }
    count(n, 0);
    Some(Span { start, slices: n, zero: true, origin: Origin::OS })
}

/// # Safety
/// - `keep..slices` of the span is in use by nobody.
pub(super) unsafe fn shrink(span: &mut Span, keep: usize) {
    let cut = span.slices - keep;
    // SAFETY: by the contract.
    unsafe { os::release(span.start.wrapping_add(Slices(keep).bytes()), Slices(cut).bytes()) };
    count(0, cut);
    span.slices = keep;
}

/// # Safety
/// - the span is the caller's alone, and larger afterwards.
pub(super) unsafe fn grow(span: Span, slices: usize) -> Option<Span> {
    let (old, new) = (Slices(span.slices).bytes(), Slices(slices).bytes());
    if new > isize::MAX as usize {
        return None;
    }
    let mut start = span.start;
    // SAFETY: the whole of our mapping, by the contract.
    if unsafe { memory::remap_in_place(start, old, new) } {
        PROCESS.reserved.add(new - old);
    } else {
        let to = os::reserve(new, SLICE, false, 0);
        if to.is_null() {
            return None;
        }
        // SAFETY: our mapping, and a place that we have just reserved.
        start = unsafe { memory::remap(start, old, new, to) };
        if start.is_null() {
            // The kernel empties the place before it can fail, and it may be somebody's by now: not ours to unmap.
            PROCESS.reserved.sub(new);
            return None;
        }
        PROCESS.reserved.sub(old);
    }
    count(slices - span.slices, 0);
    Some(Span { start, slices, zero: false, origin: Origin::OS })
}
