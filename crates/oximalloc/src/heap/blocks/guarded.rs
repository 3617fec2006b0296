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
//! from the block); access to the span is whole again before its slices go back; at most [`guard::MOST`] guarded blocks live at
//! a time, so that half of the mappings that Linux allows a process by default are left to the program.

use crate::arena;
use crate::base::config::SLICE;
use crate::base::sync::{AtomicBool, Ordering};
use crate::diag::error::warning;
use crate::diag::options::{self, Opt};
use crate::heap::pages::guard::{self, Place};
use crate::heap::pages::release::release;
use crate::heap::state::theap::Theap;
use crate::prim::{Memory, Os};
use core::ptr;

impl Theap {
    /// Guard one in `rate` of this theap's allocations from now on, beginning with the `seed`th (0: with any of the first
    /// `rate`); a rate of 0 guards none.
    pub fn set_sample_rate(&self, rate: usize, seed: usize) {
        self.sampling.set_rate(rate, seed);
        if rate != 0 {
            for b in self.open_bins() {
                // SAFETY: the caller's theap; all blocks on the stack go.
                unsafe { self.flush_newest(b, self.depth(b)) };
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
        if !guard::begin() {
            return None;
        }
        let block = self.place(place, zero);
        match block {
            None => guard::end(),
            Some(_) => self.heap().stats.malloc_guarded_count.add(1),
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
                    release(page);
                    self.root().free_record(page);
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

#[cold]
fn refused() {
    static TOLD: AtomicBool = AtomicBool::new(false);
    if !TOLD.swap(true, Ordering::Relaxed) {
        warning(format_args!(
            "guarded: an OS page cannot be made inaccessible (too many mappings, or memory that is not ours to protect); such blocks have no guard"
        ));
    }
}
