//! Guarded blocks: of the allocations of a theap whose size lies within bounds, one in so many gets a span of its own,
//! and what follows the block there is made inaccessible, so that an overflow ends the program where it happens.
//!
//! ```text
//! span:  | unused | block ............ | inaccessible, an OS page at least |
//!                 ^ page.start()       ^ guard, at a multiple of an OS page    ^ end of the span
//! ```
//!
//! The way in is the door that [`Theap::is_shut`] speaks of: while a theap samples, its stacks are empty and take no
//! free, so each of its allocations takes the generic path, where [`Theap::guarded`] counts. A theap that does not sample
//! pays nothing.
//!
//! Invariants: a guarded page's block ends at its guard, and begins in the first slice of the span (so the span follows
//! from the block); access to the span is whole again before its slices go back; at most [`MOST`] guarded blocks live at
//! a time, so that half of the mappings that Linux allows a process by default are left to the program.

use super::theap::Theap;
use crate::arena;
use crate::base::config::SLICE;
use crate::base::sync::{AtomicBool, AtomicUsize, Ordering};
use crate::diag::error::warning;
use crate::diag::options::{self, Opt};
use crate::os;
use crate::page::Page;
use crate::prim::{Memory, Os, Threads};
use core::cell::Cell;
use core::ptr;

/// Guarded blocks that may live at a time, in the whole process. Each takes two mappings (of 65 530), a slice of address
/// space and an OS page of memory, at least; beyond this many blocks are ordinary.
pub const MOST: usize = 16 * 1024;

/// Where blocks are aligned that need not end at the guard exactly: as C's `max_align_t`.
const NATURAL: usize = 16;

static LIVE: AtomicUsize = AtomicUsize::new(0);

/// Guarded blocks that live.
pub fn live() -> usize {
    LIVE.load(Ordering::Relaxed)
}

/// Which allocations of a theap are guarded.
pub struct Sampling {
    /// One in so many; 0 for none.
    rate: Cell<usize>,
    /// Allocations within the bounds until the next that is guarded, itself included; 1 to `rate`.
    left: Cell<usize>,
    min: Cell<usize>,
    max: Cell<usize>,
}

impl Sampling {
    /// No allocation.
    pub const fn off() -> Sampling {
        Sampling { rate: Cell::new(0), left: Cell::new(0), min: Cell::new(0), max: Cell::new(0) }
    }

    /// What the options say: a theap begins.
    pub fn begin(&self) {
        let natural = |option| usize::try_from(options::get(option)).unwrap_or(0);
        self.set_bounds(options::size(Opt::GuardedMin), options::size(Opt::GuardedMax));
        self.set_rate(natural(Opt::GuardedSampleRate), natural(Opt::GuardedSampleSeed));
    }

    /// Guard one in `rate`, beginning with the `seed`th; 0 for any of the first `rate`.
    fn set_rate(&self, rate: usize, seed: usize) {
        let first = match (rate, seed) {
            (0 | 1, _) => rate,
            (_, 0) => Os::random_seed() as usize % rate + 1,
            _ => (seed - 1) % rate + 1,
        };
        let rate = if os::capabilities().protect { rate } else { 0 };
        if rate != 0 {
            arena::begin_protecting();
        }
        self.left.set(first);
        self.rate.set(rate);
    }

    fn set_bounds(&self, min: usize, max: usize) {
        self.min.set(min);
        self.max.set(max);
    }

    /// Whether any allocation may be guarded.
    #[inline]
    pub fn is_on(&self) -> bool {
        self.rate.get() != 0
    }

    /// An allocation of `size` bytes: whether it is the one in so many.
    #[inline]
    fn hit(&self, size: usize) -> bool {
        if !self.is_on() || size < self.min.get() || size > self.max.get() {
            return false;
        }
        let left = self.left.get() - 1;
        self.left.set(if left == 0 { self.rate.get() } else { left });
        left == 0
    }
}

/// Where a guarded block lies in its span.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Place {
    /// Bytes from the start of the span to the block.
    block: usize,
    /// Bytes of the block, up to the guard.
    bytes: usize,
    slices: usize,
}

impl Place {
    /// For a block of `size` bytes at a multiple of `align` (a power of two); None if that needs more than a slice's
    /// alignment. A size that is a multiple of a larger power of two gets that alignment, up to a slice, since the
    /// request may have been rounded up for it.
    fn of(size: usize, align: usize, precise: bool, os_page: usize) -> Option<Place> {
        let unit = if precise { align } else { align.max(NATURAL) };
        let bytes = size.max(1).checked_next_multiple_of(unit)?;
        let natural = 1 << bytes.trailing_zeros().min(SLICE.trailing_zeros());
        let guard = bytes.checked_next_multiple_of(os_page.max(natural))?;
        let slices = guard.checked_add(os_page)?.div_ceil(SLICE);
        (unit <= SLICE && guard - bytes < SLICE).then_some(Place { block: guard - bytes, bytes, slices })
    }
}

impl Theap {
    /// Guard one in `rate` of this theap's allocations from now on, beginning with the `seed`th (0: with any of the first
    /// `rate`); a rate of 0 guards none.
    pub fn set_sample_rate(&self, rate: usize, seed: usize) {
        self.sampling.set_rate(rate, seed);
        if rate != 0 {
            for b in self.open_bins() {
                // SAFETY: the caller's theap; all blocks on the stack go.
                unsafe { self.give_stack(b, self.depth(b)) };
            }
        }
        self.shut_stacks();
    }

    /// Guard only sizes from `min` to `max` (none if `max` is the smaller).
    pub fn set_sample_bounds(&self, min: usize, max: usize) {
        self.sampling.set_bounds(min, max);
    }

    /// An allocation of `size` bytes at a multiple of `align`: a guarded block if it is to have one, zeroed if `zero`.
    #[inline]
    pub fn guarded(&self, size: usize, align: usize, zero: bool) -> Option<*mut u8> {
        if self.sampling.hit(size) { self.guard(size, align, zero) } else { None }
    }

    #[cold]
    fn guard(&self, size: usize, align: usize, zero: bool) -> Option<*mut u8> {
        let place = Place::of(size, align, options::enabled(Opt::GuardedPrecise), Os::page_size())?;
        if LIVE.fetch_add(1, Ordering::Relaxed) >= MOST {
            LIVE.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        let block = self.place(place, zero);
        match block {
            None => {
                LIVE.fetch_sub(1, Ordering::Relaxed);
            }
            Some(_) => self.heap().stats.malloc_guarded.add(1),
        }
        block
    }

    fn place(&self, place: Place, zero: bool) -> Option<*mut u8> {
        let (page, clear) = self.single_page(place.slices, 1)?;
        let span = page.span();
        let guard = place.block + place.bytes;
        // SAFETY: the span is ours, of that many slices, and nobody knows of it; its tail is whole OS pages, as slices
        // and the guard's place are multiples of one.
        unsafe {
            let (block, tail) = (span.start.add(place.block), span.slices * SLICE - guard);
            let (guard, may) = (span.start.add(guard), arena::may_protect(&span));
            if !may || !Os::protect(guard, tail) {
                refused();
                // A part may be inaccessible all the same, and then nobody can use the span again.
                if !may || Os::commit(guard, tail) {
                    self.release(&raw const *page as *mut Page);
                    self.root().free_record(&raw const *page as *mut Page);
                }
                return None;
            }
            page.set_guarded(block, place.bytes);
            if zero && !clear {
                ptr::write_bytes(block, 0, place.bytes);
            }
            Some(block)
        }
    }
}

/// The block of a page was freed: give access to its whole span back. False: the system refuses, and the span must not
/// be used again.
///
/// # Safety
/// - the page is the caller's alone.
pub(super) unsafe fn lift(page: &Page) -> bool {
    if !page.is_guarded() {
        return true;
    }
    let span = page.span();
    let guard = page.start().wrapping_add(page.block_size());
    let tail = span.start.addr() + span.slices * SLICE - guard.addr();
    LIVE.fetch_sub(1, Ordering::Relaxed);
    // SAFETY: the tail of our span, whole OS pages that were accessible before they were protected.
    unsafe { Os::commit(guard, tail) }
}

#[cold]
fn refused() {
    static TOLD: AtomicBool = AtomicBool::new(false);
    if !TOLD.swap(true, Ordering::Relaxed) {
        warning(format_args!(
            "guarded: an OS page cannot be made inaccessible (too many mappings, or memory that is not ours to protect); such blocks have no guard"
        ));
    }
}

#[cfg(test)]
mod tests;
