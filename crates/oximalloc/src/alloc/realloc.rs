//! Changing a block's size. The block stays in place if the size fits and wastes little. A large block grows by
//! claiming the slices behind it, or by `mremap`. Otherwise: allocate, copy and free.
//!
//! A bound limits what a shrunken block wastes. A block of a size class wastes less than three eighths of its size;
//! beyond that it moves to its class. A block above [`LARGE_MIN`], which has a page of its own, wastes at most an
//! eighth of its slices, and a quarter in all. It gives its end back in place.
//!
//! The number of times that a block is copied while it grows by small steps is logarithmic in its size. From 1 KiB on,
//! a block gets about half more than it had. A large block that must move gets an eighth more than was asked for. (That
//! costs address space, not memory: what is not touched is not resident.)

use super::aligned::aligned_in;
use super::find::{find, invalid};
use super::free::{free, free_trusted, usable_generic};
use super::malloc::{malloc_in, zalloc_in};
use super::ready::{PLAIN, SIZE_MAX, Want};
use super::{empty, secure};
use crate::arena;
use crate::base::config::SLICE;
use crate::diag::secure::is_on;
use crate::heap::pages::{large_cache, resize};
use crate::heap::state::block_starts::size_at;
use crate::heap::state::heap::Heap;
use crate::heap::state::theap::Theap;
use crate::os;
use crate::page::Page;
use crate::page::bins::{BLOCK_MAX, Bin, least};
use core::ptr;

/// From this size on, a block that must move to grow moves to a mapping of its own. From there, `mremap` moves it on.
const REMAP_MIN: usize = 16 << 20;

/// Blocks of at least this size grow by half. Smaller ones go to the bin of the size asked for.
const STEP_MIN: usize = 1024;

/// A block that has a page of its own keeps it while it shrinks to more than this. Otherwise a block that grew beyond
/// [`BLOCK_MAX`] and shrinks a little would move back and forth.
const LARGE_MIN: usize = least(BLOCK_MAX);

/// Change the size of `p` to `size`. If that cannot be done, the result is null, and `p` is as it was. A null `p`
/// allocates.
///
/// # Safety
/// - as for [`free`].
pub unsafe fn realloc(p: *mut u8, size: usize) -> *mut u8 {
    // SAFETY: forwarded.
    realloc_or(p, size, |usable| unsafe { realloc_of(p, size, usable) })
}

/// As [`realloc`]; the caller passes the function for all but blocks that stay where they are. That function gets the
/// number of bytes that `p` has, or 0 if the slice class map does not tell.
#[inline(always)]
pub fn realloc_or(p: *mut u8, size: usize, rest: impl FnOnce(usize) -> *mut u8) -> *mut u8 {
    match size_at(p) {
        Some((usable, least)) if size <= usable && size >= least => p,
        told => rest(told.map_or(0, |(usable, _)| usable)),
    }
}

/// As [`realloc`], for a `p` that is the start of a block of a bin, of `usable` bytes. If `usable` is 0, nothing is
/// known of `p`.
///
/// # Safety
/// - as for [`free`].
#[inline]
pub unsafe fn realloc_of(p: *mut u8, size: usize, usable: usize) -> *mut u8 {
    let theap = Theap::current();
    if usable == 0 || size > BLOCK_MAX {
        // SAFETY: forwarded.
        return unsafe { realloc_in(theap, p, size, PLAIN) };
    }
    let fresh = malloc_in(theap, larger(theap, size, usable));
    if !fresh.is_null() {
        // SAFETY: a block of `usable` bytes, and the caller's.
        unsafe {
            ptr::copy_nonoverlapping(p, fresh, usable.min(size));
            free_trusted(p);
        }
    }
    fresh
}

/// As [`realloc`]; bytes beyond the former usable size are zero.
///
/// # Safety
/// - as for [`free`].
pub unsafe fn rezalloc(p: *mut u8, size: usize) -> *mut u8 {
    // SAFETY: forwarded.
    unsafe { realloc_in(Theap::current(), p, size, Want { zero: true, ..PLAIN }) }
}

/// As [`realloc`], aligned as by `aligned`.
///
/// # Safety
/// - as for [`free`].
pub unsafe fn realloc_aligned(p: *mut u8, size: usize, align: usize, offset: usize) -> *mut u8 {
    // SAFETY: forwarded.
    unsafe { realloc_in(Theap::current(), p, size, Want { align, offset, zero: false }) }
}

/// As [`realloc_aligned`]; bytes beyond the former usable size are zero.
///
/// # Safety
/// - as for [`free`].
pub unsafe fn rezalloc_aligned(p: *mut u8, size: usize, align: usize, offset: usize) -> *mut u8 {
    // SAFETY: forwarded.
    unsafe { realloc_in(Theap::current(), p, size, Want { align, offset, zero: true }) }
}

/// Make the block hold `size` bytes where it is. Null if it cannot.
///
/// # Safety
/// - as for [`free`].
pub unsafe fn expand(p: *mut u8, size: usize) -> *mut u8 {
    if is_on() {
        // SAFETY: forwarded.
        return unsafe { secure::expand(p, size) };
    }
    let usable = usable_generic("expand", p);
    if usable == 0 || size > SIZE_MAX {
        return ptr::null_mut();
    }
    // SAFETY: `p` is a block of ours.
    if size <= usable || unsafe { grow_in_place(p, size) } { p } else { ptr::null_mut() }
}

fn allocate(theap: &Theap, size: usize, want: Want) -> *mut u8 {
    match (want.align, want.zero) {
        (1, false) => malloc_in(theap, size),
        (1, true) => zalloc_in(theap, size),
        (align, zero) => aligned_in(theap, size, align, want.offset, zero),
    }
}

/// As [`realloc`]. A block that must move goes to a theap of the calling thread (as in `malloc_in`).
///
/// # Safety
/// - as for [`free`].
pub unsafe fn realloc_in(theap: &Theap, p: *mut u8, size: usize, want: Want) -> *mut u8 {
    if is_on() && want.align.is_power_of_two() {
        // SAFETY: forwarded.
        return unsafe { secure::realloc(theap, p, size, want) };
    }
    if p.is_null() {
        return allocate(theap, size, want);
    }
    let Some((page, block)) = find(p) else {
        if !empty::is_block(p) {
            invalid("realloc", p);
            return ptr::null_mut();
        }
        let fresh = allocate(theap, size, want);
        if !fresh.is_null() {
            empty::free(p);
        }
        return fresh;
    };
    if !want.align.is_power_of_two() || size > SIZE_MAX {
        // Reports the error.
        return allocate(theap, size, want);
    }
    let inside = p as usize - block as usize;
    let usable = page.block_size() - inside;
    let fits_align = (p as usize).wrapping_add(want.offset).is_multiple_of(want.align);
    // SAFETY: `p` is a block of ours with `usable` bytes, and the caller's.
    unsafe {
        // A guarded block ends at its guard: it can neither grow nor shrink.
        let single = page.bin() == Bin::SINGLE && !page.is_guarded();
        if fits_align && if single { fits_large(size, usable) } else { fits(size, usable) } {
            return p;
        }
        if fits_align && single && size <= usable && size > LARGE_MIN {
            resize::trim(page, inside + size);
            return p;
        }
        if fits_align && single && inside == 0 && size > BLOCK_MAX {
            // A block that grows is to belong to the heap of `theap`. So a block of another heap moves.
            let same_heap = ptr::eq(page.heap(), theap.heap().as_page_heap());
            if same_heap && grow_in_place(p, size) {
                // The slices claimed behind the block may have been used before.
                if want.zero {
                    ptr::write_bytes(p.add(usable), 0, page.block_size() - usable);
                }
                return p;
            }
            // `mremap` keeps an alignment to slices, but no larger one.
            if same_heap
                && want.align <= SLICE
                && want.offset == 0
                && let Some(moved) = remap(page, size)
            {
                return moved;
            }
        }
        let fresh = allocate(theap, larger(theap, size, usable), Want { zero: false, ..want });
        if fresh.is_null() {
            return fresh;
        }
        let kept = usable.min(size);
        ptr::copy_nonoverlapping(p, fresh, kept);
        if want.zero {
            // Zero up to the end, even in a block that shrinks: it may grow in place later.
            let end = usable_generic("realloc", fresh);
            ptr::write_bytes(fresh.add(kept), 0, end - kept);
        }
        let single = page.bin() == Bin::SINGLE;
        free(p);
        if single {
            // Other blocks that grow should find room as low as possible, not where this block was.
            large_cache::flush(theap);
        }
        fresh
    }
}

/// Whether a block of `usable` bytes should hold `size` where it is: it has room, and wastes no more than [`least`]
/// allows.
fn fits(size: usize, usable: usize) -> bool {
    size <= usable && size >= least(usable)
}

/// The same for a block with a page of its own, which wastes at most an eighth.
fn fits_large(size: usize, usable: usize) -> bool {
    size <= usable && usable - size <= usable / 8
}

/// The size to ask for when a block of `usable` bytes moves to hold `size`.
#[inline(always)]
fn larger(theap: &Theap, size: usize, usable: usize) -> usize {
    // Ask for no more if the block may be guarded, because its end is what the guard watches.
    if size <= usable || theap.sampling.is_on() { size } else { ample(size, usable) }
}

/// The same for a block that grows: more than the next bin's size, so that growing by small steps takes linear time.
fn ample(size: usize, usable: usize) -> usize {
    if size > BLOCK_MAX {
        size.saturating_add(size / 8).min(SIZE_MAX)
    } else if usable >= STEP_MIN {
        size.max(by_half(usable).block_size())
    } else {
        size
    }
}

/// The class for a block of `usable` bytes that grows: about half more, and less than eight fifths. A block of that
/// class stays there down to five eighths of its size ([`least`]).
fn by_half(usable: usize) -> Bin {
    Bin::within((usable / 5 * 8 - 1).min(BLOCK_MAX))
}

/// # Safety
/// - `p` is a block of ours and the caller's.
unsafe fn grow_in_place(p: *mut u8, size: usize) -> bool {
    let Some((page, _)) = find(p) else { return false };
    if page.bin() != Bin::SINGLE || p != page.start() || page.is_guarded() {
        return false;
    }
    // SAFETY: the page's only block is the caller's.
    if unsafe { resize::untrim(page, size) } {
        return true;
    }
    let span = page.span();
    let extra = size.div_ceil(SLICE) - span.slices;
    // Take an eighth more if there is room, so that growing by small steps takes linear time.
    let ample = extra.max(span.slices / 8);
    large_cache::flush(Theap::current());
    // SAFETY: the span is that of a page in use whose only block is the caller's.
    unsafe { resize::extend(page, ample) || resize::extend(page, extra) }
}

/// Grow a block that has a mapping of its own, or move it into one.
///
/// # Safety
/// - the page's only block is the caller's.
unsafe fn remap(page: &Page, size: usize) -> Option<*mut u8> {
    if size < REMAP_MIN || !os::capabilities().remap {
        return None;
    }
    let old = page.span();
    let slices = size.checked_add(size / 8)?.div_ceil(SLICE);
    // SAFETY: the page of a block in use.
    let heap = unsafe { Heap::of_page(page.heap()) };
    // SAFETY: the old span belongs to the block, which the caller gives up.
    unsafe {
        let span = if old.origin.is_os() {
            arena::map::clear(old.start, old.slices);
            match arena::remap_os(old, slices) {
                Some(span) => span,
                None => {
                    arena::map::set(old.start, old.slices, page.as_map_entry());
                    return None;
                }
            }
        } else {
            let span = arena::claim_os(heap.source(), slices)?;
            ptr::copy_nonoverlapping(old.start, span.start, old.slices * SLICE);
            arena::map::clear(old.start, old.slices);
            arena::release(old);
            span
        };
        if !arena::map::set(span.start, span.slices, page.as_map_entry()) {
            // There is no memory for a map node of an address range that was never used before. The block stays usable,
            // but its end may not be found. Nothing better can be done without losing the block.
            crate::diag::error::warning(format_args!("realloc: no memory for the page map"));
        }
        resize::count(page, old.slices, span.slices);
        resize::forget_end(page);
        heap.pages.remove(old.start);
        page.set_span(span);
        if !heap.pages.insert(span.start) {
            crate::diag::error::warning(format_args!("realloc: no memory for the set of pages"));
        }
        Some(span.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::bins::BINS;

    #[test]
    fn what_has_just_grown_and_shrinks_again_stays() {
        for size in (1..BINS).map(|b| Bin::at(b).block_size()).filter(|size| (STEP_MIN..BLOCK_MAX).contains(size)) {
            let grown = by_half(size).block_size();
            assert!(size - size / 64 >= least(grown), "{size} became {grown}");
            assert!(grown * 4 >= size * 5 || grown == BLOCK_MAX, "{size} became {grown}: too small a step");
        }
    }
}
