//! Blocks with a page of their own, under protection. Each ends where an inaccessible part of its span begins
//! (`heap::pages::guard`). The bytes right behind those that were asked for are filled with a key, as far as they lie
//! before that, and checked when the block is freed. A block that was freed waits (`heap::pages::quarantine`).

use super::report;
use crate::alloc::door::{self, Way};
use crate::alloc::ready::{out_of_memory, ready_for};
use crate::alloc::sampled;
use crate::base::config::SLICE;
use crate::heap::pages::guard::Place;
use crate::heap::pages::{quarantine, samples};
use crate::heap::state::theap::Theap;
use crate::os;
use crate::page::Page;
use crate::page::block::Block;
use crate::page::keys::keys;
use crate::page::tag;
use core::ptr::{self, null_mut};

/// How many bytes behind those that were asked for are filled.
const FILLED: usize = 16;

/// Allocate a block with a page of its own. The theap is the calling thread's, in a step.
pub fn allocate(theap: &Theap, size: usize, align: usize, zero: bool) -> *mut u8 {
    let wall = os::page_size();
    if align <= wall {
        let bytes = size.max(1).next_multiple_of(align.max(16));
        return place(theap, size, bytes, (bytes + wall).div_ceil(SLICE), false, zero);
    }
    match Place::of(size, align, false, wall).and_then(|place| theap.place_guarded(place, zero)) {
        Some(block) => finish(block, size),
        None => plain(theap, size, align, zero),
    }
}

/// A block of `bytes` bytes, for `size` that were asked for, in a span of as many slices: at its end, or at its start
/// with `first`.
fn place(theap: &Theap, size: usize, bytes: usize, slices: usize, first: bool, zero: bool) -> *mut u8 {
    // What waits in quarantine may be all that there is room for.
    let page = theap.walled_page(slices).or_else(|| {
        quarantine::flush(theap);
        theap.walled_page(slices)
    });
    let Some((page, clear)) = page else {
        out_of_memory(size);
        return null_mut();
    };
    let start = page.span().start;
    let room = slices * SLICE - if page.is_guarded() { os::page_size() } else { 0 };
    if first || !page.is_guarded() {
        page.set_place(start, room);
    } else {
        // In the first slice, as the span is no longer than it must be.
        page.set_place(start.wrapping_add(room - bytes), bytes);
    }
    let block = page.start();
    if zero && !clear {
        // SAFETY: a block of that many bytes.
        unsafe { ptr::write_bytes(block, 0, size) };
    }
    // SAFETY: the block is ours.
    unsafe { set_size(page, size) };
    block
}

/// A block that grows: it begins with its span, at a multiple of a slice, and has room to grow on.
pub fn grown(theap: &Theap, size: usize) -> *mut u8 {
    let Some(theap) = ready_for(theap, size) else { return null_mut() };
    theap.tick();
    // Less than 4 GiB more, as a page notes it.
    let room = size.saturating_add((size / 8).min(1 << 31)).saturating_add(os::page_size());
    place(&theap, size, size, room.div_ceil(SLICE), true, false)
}

/// A block without a guard: its alignment is above a slice, there are too many mappings, or the memory is not ours to
/// protect.
fn plain(theap: &Theap, size: usize, align: usize, zero: bool) -> *mut u8 {
    let slices = size.saturating_add(os::page_size()).div_ceil(SLICE);
    let Some((page, clear)) = theap.single_page(slices, align.div_ceil(SLICE)) else {
        out_of_memory(size);
        return null_mut();
    };
    if zero && !clear {
        // SAFETY: a block of that many slices.
        unsafe { ptr::write_bytes(page.start(), 0, page.block_size()) };
    }
    finish(page.start(), size)
}

/// Note the size of a block that is about to leave, and fill what is beyond.
pub fn finish(block: *mut u8, size: usize) -> *mut u8 {
    if let Some(page) = Page::at(block) {
        // SAFETY: the block is ours.
        unsafe { set_size(page, size) };
    }
    block
}

/// # Safety
/// - the page's only block is the caller's, and has `size` bytes or more.
unsafe fn set_size(page: &Page, size: usize) {
    let slack = page.block_size() - size;
    page.set_slack(slack);
    // SAFETY: by the contract.
    unsafe { tag::fill(page.start().add(size), slack.min(FILLED), keys().slack) };
}

/// Bytes that were asked for.
pub fn size_of(page: &Page) -> usize {
    page.block_size() - page.slack()
}

/// At an offset: a pointer into a block that is larger by the alignment.
pub fn at_offset(theap: &Theap, size: usize, align: usize, offset: usize, zero: bool) -> *mut u8 {
    let total = size + align - 1;
    let Some(theap) = ready_for(theap, total) else { return null_mut() };
    theap.tick();
    let block = allocate(&theap, total, 1, zero);
    if block.is_null() {
        return block;
    }
    let shift = block.addr().wrapping_add(offset).wrapping_neg() & (align - 1);
    if let Some(page) = Page::at(block) {
        if shift != 0 {
            page.set_interior();
        }
        // SAFETY: the block is ours.
        unsafe {
            clear_slack(page);
            set_size(page, shift + size);
        }
    }
    block.wrapping_add(shift)
}

/// Whether the slack of the page's only block is as it was. If not, that is reported.
fn is_whole(function: &str, page: &Page) -> bool {
    let (size, key) = (size_of(page), keys().slack);
    // SAFETY: bytes of the block, which is in use.
    let damaged = unsafe { tag::first_not_filled(page.start().add(size), page.slack().min(FILLED), key) };
    if let Some(at) = damaged {
        report::told_overflow(function, page.start(), size, size + at);
    }
    damaged.is_none()
}

/// Clear the slack of the page's only block as far as it is filled: it would tell the key to who reads what nobody has
/// written yet.
///
/// # Safety
/// - the block is the caller's.
unsafe fn clear_slack(page: &Page) {
    // SAFETY: bytes of the block.
    unsafe { ptr::write_bytes(page.start().add(size_of(page)), 0, page.slack().min(FILLED)) };
}

/// Free the block of a page.
///
/// # Safety
/// - the block is in use, and the caller's.
pub unsafe fn free(page: &'static Page, block: *mut Block) {
    // SAFETY: by the contract.
    unsafe {
        let sample = samples::number_of(page);
        if sample.is_some_and(|number| !sampled::is_first(block, number)) || !is_whole("free", page) {
            return;
        }
        clear_slack(page);
        if sample.is_some() {
            sampled::wait(page, block);
        } else if !quarantine::put(Theap::current(), page) {
            door::come_back_seldom(block, Way::Page(page));
        }
    }
}

/// Note that the block has `inside + size` bytes from now on. Returns false if it has no room or, with
/// `sparing`, would waste too much.
///
/// # Safety
/// - the block is the caller's.
pub unsafe fn resize(page: &Page, inside: usize, size: usize, sparing: bool) -> bool {
    let (size, bytes) = (inside.saturating_add(size), page.block_size());
    if !is_whole("realloc", page) || size > bytes || (sparing && size < bytes - bytes / 4) {
        return false;
    }
    // SAFETY: by the contract.
    unsafe {
        clear_slack(page);
        set_size(page, size);
    }
    true
}
