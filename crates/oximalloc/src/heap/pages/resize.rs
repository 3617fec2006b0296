//! Pages of a single block change their length where they are.
//!
//! Invariants: the page map leads to the page from each of its slices, and from no other, before and after. A block that
//! was trimmed is shorter than its span; what lies behind it there is used by nobody, and may be given to it again.

use crate::arena::{self, map};
use crate::base::config::SLICE;
use crate::base::sync::{AtomicUsize, Ordering};
use crate::diag::options::{self, Opt};
use crate::heap::state::heap::Heap;
use crate::os::{self, page_size};
use crate::page::Page;

/// Claim the `extra` slices behind the page; false, and nothing changed, where they are not free.
///
/// # Safety
/// - the page is of a single block, which is the caller's, or out of use and the caller's alone.
pub unsafe fn extend(page: &Page, extra: usize) -> bool {
    let mut span = page.span();
    let old = span.slices;
    // SAFETY: the span is the page's; what follows it in its arena is not in use once it is claimed.
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

/// Give all but the first `keep` slices back, if they can be.
///
/// # Safety
/// - as for [`extend`]; what is given back is not used any more.
pub unsafe fn cut(page: &Page, keep: usize) {
    let mut span = page.span();
    let old = span.slices;
    if keep >= old || !arena::may_shrink(&span) {
        return;
    }
    // SAFETY: the tail is the caller's, who gives it up.
    unsafe {
        map::clear(span.start.add(keep * SLICE), old - keep);
        arena::shrink(&mut span, keep);
    }
    count(page, old, keep);
    forget_end(page);
    page.set_span(span);
}

/// Bytes of ends that trimmed blocks have kept: resident, and used by nobody.
static KEPT: AtomicUsize = AtomicUsize::new(0);
/// So much of it there may be in any case; beyond that one in 32 of the bytes in use.
const KEPT_MIN: usize = 1 << 20;

/// Give back what lies beyond the first `bytes` of the page: whole slices, which wait for their purge, and of the last one the
/// OS pages, if a quarter of `bytes` would be left. For these nobody comes by later: they go at once, or stay while
/// the program has few such ends, so that a block that is soon freed or grows again costs no call of the system.
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
    // SAFETY: the end of a span that is our own reservation, in whole OS pages; by the contract nobody uses it. What the
    // system refuses stays.
    unsafe {
        if options::enabled(Opt::PurgeDecommits) || !os::reset(from, end, true) {
            os::decommit(from, end, false);
        }
    }
}

/// A page that was trimmed is released, or its block has the end again.
pub fn forget_end(page: &Page) {
    let end = page.set_kept(0);
    if end > 0 {
        KEPT.fetch_sub(end, Ordering::Relaxed);
    }
}

/// Let the block have `bytes` of the span that it was trimmed in; false, and nothing changed, if the span is not as long.
/// It gets an eighth more where there is room, so that growing by a little does not undo what a trim is to save.
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
    // SAFETY: a page that the caller has, so that its heap has not ended.
    let heap = unsafe { Heap::of_page(page.heap()) };
    for bytes in [&heap.stats.malloc_huge, &heap.stats.page_committed] {
        if new > old { bytes.add((new - old) * SLICE) } else { bytes.sub((old - new) * SLICE) }
    }
}
