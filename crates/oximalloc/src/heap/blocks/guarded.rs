//! Guarded blocks. A theap counts its allocations whose size lies within bounds, and one in `rate` of them gets a span
//! of its own. What follows the block in the span is made inaccessible, so an overflow ends the program where it
//! happens.
//!
//! ```text
//! span:  | unused | block ............ | inaccessible, an OS page at least |
//!                 ^ page.start()       ^ guard, at a multiple of an OS page    ^ end of the span
//! ```
//!
//! While a theap samples, its stacks are empty and take no free ([`Theap::is_shut`]). So each of its allocations takes
//! the generic path, where [`Theap::guarded`] counts it. A theap that does not sample pays nothing.
//!
//! Invariants: a guarded page's block ends at its guard, and begins in the first slice of the span, so that the
//! block's address leads to the span. The whole span is accessible again before its slices go back. At most
//! [`guard::MOST`] guarded blocks live at a time: that leaves the program half of the mappings that Linux allows a
//! process by default.

use crate::arena;
use crate::base::config::SLICE;
use crate::base::sync::{AtomicBool, Ordering};
use crate::diag::error::warning;
use crate::diag::options::{self, Opt};
use crate::heap::pages::guard::{self, Place};
use crate::heap::pages::quarantine;
use crate::heap::pages::release::release;
use crate::heap::pages::samples;
use crate::heap::state::theap::Theap;
use crate::page::Page;
use crate::prim::{Memory, Os};
use core::ptr;

impl Theap {
    /// Guard one in `rate` of this theap's allocations from now on. The first to be guarded is the `seed`th; with seed
    /// 0 it is a random one of the first `rate`. A rate of 0 guards none.
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

    /// For an allocation of `size` bytes at a multiple of `align`: a guarded block, zeroed if `zero`, if it is this
    /// allocation's turn.
    #[inline]
    pub fn guarded(&self, size: usize, align: usize, zero: bool) -> Option<*mut u8> {
        if self.sampling.hit(size) { self.guard(size, align, zero) } else { None }
    }

    #[cold]
    #[inline(never)]
    fn guard(&self, size: usize, align: usize, zero: bool) -> Option<*mut u8> {
        let place = Place::of(size, align, options::enabled(Opt::GuardedPrecise), Os::page_size())?;
        let block = self.place_again(place, zero).or_else(|| self.place_guarded(place, zero))?;
        if samples::are_kept()
            && let Some(page) = Page::at(block)
        {
            samples::enter(page, size);
        }
        Some(block)
    }

    /// The same block as by [`Theap::place_guarded`], in a span that has its guard already.
    fn place_again(&self, place: Place, zero: bool) -> Option<*mut u8> {
        if !samples::are_kept() || !self.is_main() {
            return None;
        }
        let page = quarantine::take_sampled(self, place.slices, place.block + place.bytes)?;
        let block = page.span().start.wrapping_add(place.block);
        page.set_place(block, place.bytes);
        page.reuse_single(self.as_owner());
        self.heap().stats.malloc_guarded_count.add(1);
        if zero {
            // SAFETY: a block of that many bytes, which nobody knows of yet.
            unsafe { ptr::write_bytes(block, 0, place.bytes) };
        }
        Some(block)
    }

    /// A guarded block at that place of a span of its own, zeroed if `zero`. None where there are too many, or where the
    /// guard cannot be set.
    pub fn place_guarded(&self, place: Place, zero: bool) -> Option<*mut u8> {
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
        // SAFETY: the span is ours, has that many slices, and nobody knows of it. Its tail is whole OS pages, because
        // slices and the guard's place are multiples of an OS page.
        unsafe {
            let (block, tail) = (span.start.add(place.block), span.slices * SLICE - guard);
            let (guard, may) = (span.start.add(guard), arena::may_protect(&span));
            if !may || !Os::protect(guard, tail) {
                refused();
                // Part of the tail may be inaccessible even so. If access cannot be restored, nobody can use the span
                // again.
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
