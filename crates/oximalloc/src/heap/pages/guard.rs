//! Pages of a guarded block: what follows the block in its span is inaccessible. Under protection, all blocks with a page
//! of their own are guarded, most of them by the wall of their span (`arena::walls`).
//!
//! ```text
//! span:  | unused | block ............ | inaccessible, an OS page at least |
//!                 ^ page.start()       ^ guard, at a multiple of an OS page    ^ end of the span
//! ```
//!
//! Invariants: a guarded page's block ends at its guard, and begins in the first slice of the span, so that the
//! block's address leads to the span. The whole span is accessible again before its slices go back.

use crate::base::config::SLICE;
use crate::base::sync::{AtomicUsize, Ordering};
use crate::page::Page;
use crate::prim::{Memory, Os};

/// The most guarded blocks that may live at a time, in the whole process. Each takes at least two mappings (of 65530),
/// a slice of address space and an OS page of memory. Beyond this number, blocks are ordinary ones.
pub const MOST: usize = 16 * 1024;

/// The alignment of blocks that need not end exactly at the guard: that of C's `max_align_t`.
const NATURAL: usize = 16;

static LIVE: AtomicUsize = AtomicUsize::new(0);

/// Count one more guarded block. Returns false, and counts nothing, if there are already as many as may be.
pub fn begin() -> bool {
    let room = LIVE.fetch_add(1, Ordering::Relaxed) < MOST;
    if !room {
        end();
    }
    room
}

/// One guarded block fewer.
pub fn end() {
    LIVE.fetch_sub(1, Ordering::Relaxed);
}

/// The number of guarded blocks that live.
#[cfg(any(test, feature = "internals"))]
pub fn live() -> usize {
    LIVE.load(Ordering::Relaxed)
}

/// Where a guarded block lies in its span.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Bytes from the start of the span to the block.
    pub block: usize,
    /// Bytes of the block, up to the guard.
    pub bytes: usize,
    /// Slices of the span.
    pub slices: usize,
}

impl Place {
    /// The place of a block of `size` bytes at a multiple of `align` (a power of two). None if that needs an alignment
    /// above a slice. A size that is a multiple of a larger power of two gets that alignment, up to a slice, because
    /// the request may have been rounded up for it.
    pub fn of(size: usize, align: usize, precise: bool, os_page: usize) -> Option<Place> {
        let unit = if precise { align } else { align.max(NATURAL) };
        let bytes = size.max(1).checked_next_multiple_of(unit)?;
        let natural = 1 << bytes.trailing_zeros().min(SLICE.trailing_zeros());
        let guard = bytes.checked_next_multiple_of(os_page.max(natural))?;
        let slices = guard.checked_add(os_page)?.div_ceil(SLICE);
        (unit <= SLICE && guard - bytes < SLICE).then_some(Place { block: guard - bytes, bytes, slices })
    }
}

/// Whether a guarded page's block ends at the wall of its span (`arena::walls`).
pub fn is_wall(page: &Page) -> bool {
    page.is_walled() && beyond(page) == 0
}

/// Bytes of the span behind a guarded block, without a wall.
fn beyond(page: &Page) -> usize {
    let (span, guard) = (page.span(), page.start().addr() + page.block_size());
    let wall = if page.is_walled() { Os::page_size() } else { 0 };
    span.start.addr() + span.slices * SLICE - wall - guard
}

/// The block of a page was freed: make its whole span accessible again. Returns false if the system refuses; then the
/// span must not be used again.
///
/// # Safety
/// - the page is the caller's alone.
pub unsafe fn lift(page: &Page) -> bool {
    if !page.is_guarded() {
        return true;
    }
    let tail = beyond(page);
    if tail == 0 {
        return true;
    }
    end();
    // SAFETY: the tail of our span, whole OS pages that were accessible before they were protected.
    unsafe { Os::commit(page.start().wrapping_add(page.block_size()), tail) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OS_PAGE: usize = 4096;

    #[test]
    fn places_keep_alignment_and_end_at_the_guard() {
        for size in (0..5000).chain([8191, 8192, 8193, 65535, 65536, 65537, 98304, 1 << 20, (1 << 20) + 1]) {
            for shift in 0..=16 {
                for precise in [true, false] {
                    let place = Place::of(size, 1 << shift, precise, OS_PAGE).unwrap();
                    assert!(place.block.is_multiple_of(1 << shift) && (precise || place.block.is_multiple_of(16)));
                    let guard = place.block + place.bytes;
                    assert!(guard.is_multiple_of(OS_PAGE) && guard + OS_PAGE <= place.slices * SLICE);
                    assert!(place.bytes >= size && place.block < SLICE);
                    let unit = if precise { 1 << shift } else { (1usize << shift).max(16) };
                    assert_eq!(place.bytes, size.max(1).next_multiple_of(unit));
                }
            }
        }
        assert_eq!(Place::of(100, 2 * SLICE, true, OS_PAGE), None);
        assert_eq!(Place::of(usize::MAX, 1, true, OS_PAGE), None);
        // Rounded up for an alignment.
        assert!(Place::of(3 * 16384, 1, true, OS_PAGE).unwrap().block.is_multiple_of(16384));
        assert_eq!(Place::of(1, 1, true, SLICE).unwrap().slices, 2);
    }
}
