//! Pages of a single block change their length where they are.
//!
//! Invariant: the page map leads to the page from each of its slices, and from no other, before and after.

use super::record::Heap;
use crate::arena::{self, map};
use crate::base::config::SLICE;
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
    page.set_span(span);
    count(page, old, span.slices);
    true
}

/// Give all but the first `keep` slices back.
///
/// # Safety
/// - as for [`extend`]; what is given back is not used any more.
pub unsafe fn cut(page: &Page, keep: usize) {
    let mut span = page.span();
    let old = span.slices;
    if keep >= old {
        return;
    }
    // SAFETY: the tail is the caller's, who gives it up.
    unsafe {
        map::clear(span.start.add(keep * SLICE), old - keep);
        arena::shrink(&mut span, keep);
    }
    count(page, old, keep);
    page.set_span(span);
}

/// A page of `old` slices has `new` now.
pub fn count(page: &Page, old: usize, new: usize) {
    // SAFETY: a page that the caller has, so that its heap has not ended.
    let heap = unsafe { Heap::of_page(page.heap()) };
    for bytes in [&heap.stats.malloc_huge, &heap.stats.page_committed] {
        if new > old { bytes.add((new - old) * SLICE) } else { bytes.sub((old - new) * SLICE) }
    }
}
