//! Pages of a single block grow and shrink in place.
//!
//! Invariants: before and after, the page map leads to the page from each of its slices, and from no other. A trimmed
//! block is shorter than its span. Nobody uses what lies behind it in the span, and the block may get it back.

use crate::arena::{self, map};
use crate::base::config::SLICE;
use crate::base::sync::{AtomicUsize, Ordering};
use crate::diag::options::{self, Opt};
use crate::heap::state::heap::Heap;
use crate::os::{self, page_size};
use crate::page::Page;

/// Claim the `extra` slices behind the page. Returns false, and changes nothing, if they are not free.
///
/// # Safety
/// - the page is of a single block. The block is the caller's, or the page is out of use and the caller's alone.
pub unsafe fn extend(page: &Page, extra: usize) -> bool {
    let mut span = page.span();
    let old = span.slices;
    // SAFETY: the span is the page's. What follows it in its arena is in nobody else's use once it is claimed.
    unsafe {
        if arena::extend(&mut span, extra).is_none() {
            return false;
        }
        if !map::set(span.start.add(old * SLICE), extra, &raw const *page as *mut u8) {
            arena::shrink(&mut span, old);
            return false;
        }
    }
    forget_end(page);
    page.set_span(span);
    count(page, old, span.slices);
    true
}

/// Give back all slices but the first `keep`, if that is possible.
///
/// # Safety
/// - as for [`extend`]; the caller does not use what is given back any more.
pub unsafe fn cut(page: &Page, keep: usize) {
    let mut span = page.span();
    let old = span.slices;
    if keep >= old || !arena::may_shrink(&span) {
        return;
    }
    // SAFETY: the tail is the caller's, and the caller gives it up.
    unsafe {
        map::clear(span.start.add(keep * SLICE), old - keep);
        arena::shrink(&mut span, keep);
    }
    count(page, old, keep);
    forget_end(page);
    page.set_span(span);
}

/// Bytes of the ends that trimmed blocks keep: resident, and used by nobody.
static KEPT: AtomicUsize = AtomicUsize::new(0);
/// This many bytes of ends may be kept, in addition to one in 32 of the bytes in use.
const KEPT_MIN: usize = 1 << 20;

/// Give back what lies beyond the first `bytes` of the page. Whole slices wait for their purge. Within the last slice,
/// OS pages are given up if the block would otherwise waste more than a quarter of `bytes`. Nobody purges those later,
/// so they go at once. While the program has few such ends, they stay instead: then a block that is soon freed or
/// grows again costs no system call.
///
/// # Safety
/// - as for [`cut`]; the page is not guarded.
pub unsafe fn trim(page: &Page, bytes: usize) {
    // SAFETY: by the contract.
    unsafe { cut(page, bytes.div_ceil(SLICE)) };
    let (span, had) = (page.span(), page.block_size());
    let keep = bytes.next_multiple_of(page_size());
    if had - bytes <= bytes / 4 || had <= keep || !arena::may_protect(&span) || arena::purge_delay().is_none() {
        return;
    }
    forget_end(page);
    let end = span.slices * SLICE - keep;
    page.set_single_size(keep);
    if KEPT.load(Ordering::Relaxed) + end <= KEPT_MIN + arena::in_use() / 32 {
        KEPT.fetch_add(end, Ordering::Relaxed);
        page.set_kept(end);
        return;
    }
    let from = span.start.wrapping_add(keep);
    // SAFETY: the end of a span that is our own reservation, in whole OS pages. By the contract nobody uses it. If the
    // system refuses, the memory stays as it is.
    unsafe {
        if options::enabled(Opt::PurgeDecommits) || !os::reset(from, end, true) {
            os::decommit(from, end, false);
        }
    }
}

/// A trimmed page is released, or its block gets its end back.
pub fn forget_end(page: &Page) {
    let end = page.set_kept(0);
    if end > 0 {
        KEPT.fetch_sub(end, Ordering::Relaxed);
    }
}

/// Let the block have `bytes` of the span that it was trimmed in. Returns false, and changes nothing, if the span is
/// not that long. The block gets an eighth more if there is room, so that growing a little at a time does not undo
/// what a trim saves.
///
/// # Safety
/// - as for [`trim`].
#[inline]
pub unsafe fn untrim(page: &Page, bytes: usize) -> bool {
    let room = page.span().slices * SLICE;
    if bytes > room {
        return false;
    }
    forget_end(page);
    page.set_single_size((bytes + bytes / 8).next_multiple_of(page_size()).min(room));
    true
}

/// A page of `old` slices has `new` now.
pub fn count(page: &Page, old: usize, new: usize) {
    // SAFETY: the caller has the page, so its heap has not ended.
    let heap = unsafe { Heap::of_page(page.heap()) };
    for bytes in [&heap.stats.malloc_huge, &heap.stats.page_committed] {
        if new > old { bytes.add((new - old) * SLICE) } else { bytes.sub((old - new) * SLICE) }
    }
}
