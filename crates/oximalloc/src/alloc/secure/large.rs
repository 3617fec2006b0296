//! Blocks with a page of their own, under protection. Each ends where an inaccessible part of its span begins
//! (`heap::pages::guard`). What lies between the bytes that were asked for and that end is filled with a key, and checked
//! when the block is freed.
//!
//! A block that is freed is made inaccessible, and waits in *quarantine*: one of [`SLOTS`] slots, which the process
//! shares. The block that was there goes back to its arena.
//!
//! ```text
//! in use  --free-->  its page has no block, its memory is inaccessible, one slot has it
//!         --another block takes the slot-->  accessible again, and freed
//! ```
//!
//! Whoever takes a page out of a slot by the exchange has it alone. Acquire and release: the thread that frees the memory
//! sees what the thread did that made it inaccessible.
//!
//! Only blocks of the main heap wait, as those of other heaps go with their heap. The memory of those above
//! [`KEEP_MOST`] bytes goes back to the system at once.

use super::report;
use crate::alloc::door::{self, Way};
use crate::alloc::malloc::{large, out_of_memory};
use crate::alloc::realloc::Want;
use crate::base::config::SLICE;
use crate::base::sync::{AtomicPtr, AtomicUsize, Ordering};
use crate::heap::pages::guard::Place;
use crate::heap::state::heap::MAIN;
use crate::heap::state::theap::Theap;
use crate::os;
use crate::page::Page;
use crate::page::block::Block;
use crate::page::keys::keys;
use crate::page::tag;
use crate::prim::{Memory, Os};
use core::ptr::{self, null_mut};

const SLOTS: usize = 16;
/// The largest block whose memory stays resident in quarantine: 4 MiB in all slots.
const KEEP_MOST: usize = 256 * 1024;

static QUARANTINE: [AtomicPtr<Page>; SLOTS] = [const { AtomicPtr::new(null_mut()) }; SLOTS];
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// Allocate a block with a page of its own. The theap is the calling thread's, in a step.
pub fn allocate(theap: &Theap, size: usize, align: usize, zero: bool) -> *mut u8 {
    let place = Place::of(size, align, false, os::page_size());
    match place.and_then(|place| theap.place_guarded(place, zero)) {
        Some(block) => finish(block, size),
        None => plain(theap, size, align, zero),
    }
}

/// A block that grows: it begins with its span, and has room to grow on.
pub fn grown(theap: &Theap, size: usize, want: Want) -> *mut u8 {
    let guard = os::page_size();
    let bytes = size.next_multiple_of(guard);
    let slices = size.saturating_add(size / 8).saturating_add(2 * guard).div_ceil(SLICE);
    if want.align > SLICE || want.offset != 0 {
        return super::malloc::aligned(theap, size, want.align, want.offset, false);
    }
    let Some(theap) = crate::alloc::malloc::ready(theap) else {
        out_of_memory(size);
        return null_mut();
    };
    theap.tick();
    match theap.place_guarded(Place { block: 0, bytes, slices }, false) {
        Some(block) => finish(block, size),
        None => allocate(&theap, size, want.align, false),
    }
}

/// A block without a guard: its alignment is above a slice, there are too many mappings, or the memory is not ours to
/// protect.
fn plain(theap: &Theap, size: usize, align: usize, zero: bool) -> *mut u8 {
    let slices = size.div_ceil(SLICE).max(1);
    let Some((block, clear)) = theap.single(slices, align.div_ceil(SLICE)) else {
        out_of_memory(size);
        return null_mut();
    };
    if zero && !clear {
        // SAFETY: a block of that many slices.
        unsafe { ptr::write_bytes(block, 0, slices * SLICE) };
    }
    finish(block, size)
}

/// Note the size of a block that is about to leave, and fill what is beyond.
fn finish(block: *mut u8, size: usize) -> *mut u8 {
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
    unsafe { tag::fill_bytes(page.start().add(size), slack, keys().slack) };
}

/// Bytes that were asked for.
pub fn size_of(page: &Page) -> usize {
    page.block_size() - page.slack()
}

/// At an offset: a pointer into a block that is larger by the alignment.
pub fn at_offset(theap: &Theap, size: usize, align: usize, offset: usize, zero: bool) -> *mut u8 {
    let block = large(theap, size + align - 1, 1, zero);
    if block.is_null() {
        return block;
    }
    let shift = block.addr().wrapping_add(offset).wrapping_neg() & (align - 1);
    if shift != 0
        && let Some(page) = Page::at(block)
    {
        page.set_interior();
    }
    block.wrapping_add(shift)
}

/// Whether the slack of the page's only block is as it was. If not, that is reported.
fn is_whole(function: &str, page: &Page) -> bool {
    let (size, key) = (size_of(page), keys().slack);
    // SAFETY: bytes of the block, which is in use.
    let damaged = unsafe { tag::first_not_filled(page.start().add(size), page.slack(), key) };
    if let Some(at) = damaged {
        report::large_overflow(function, page.start(), size, size + at);
    }
    damaged.is_none()
}

/// Free the block of a page.
///
/// # Safety
/// - the block is in use, and the caller's.
pub unsafe fn free(page: &'static Page, block: *mut Block) {
    if !is_whole("free", page) {
        return;
    }
    let waits = page.is_guarded() && ptr::eq(page.heap(), MAIN.as_page_heap());
    // SAFETY: by the contract.
    unsafe {
        if waits && shut(page) {
            page.hide_single();
            let slot = NEXT.fetch_add(1, Ordering::Relaxed) % SLOTS;
            // Release: what was done to this page. Acquire: what was done to the other, by the thread that put it there.
            let other = QUARANTINE[slot].swap(ptr::from_ref(page).cast_mut(), Ordering::AcqRel);
            // SAFETY: records are never unmapped.
            if let Some(other) = other.as_ref() {
                let_go(other);
            }
        } else {
            door::come_back(block, Way::Page(page));
        }
    }
}

/// The OS pages of a guarded block.
fn os_pages(page: &Page) -> (*mut u8, usize) {
    let inside = page.start().addr() % os::page_size();
    (page.start().wrapping_sub(inside), page.block_size() + inside)
}

/// Make the block's memory inaccessible. Returns false where the system refuses.
///
/// # Safety
/// - the block is the caller's.
unsafe fn shut(page: &Page) -> bool {
    let (start, bytes) = os_pages(page);
    // SAFETY: whole OS pages of a block that nobody uses any more. If only a part could be protected, all of it is
    // accessible again.
    unsafe {
        if bytes > KEEP_MOST {
            os::decommit(start, bytes, false);
        }
        Os::protect(start, bytes) || {
            Os::commit(start, bytes);
            false
        }
    }
}

/// A page leaves the quarantine.
///
/// # Safety
/// - it was taken out of a slot.
unsafe fn let_go(page: &'static Page) {
    let (start, bytes) = os_pages(page);
    // SAFETY: as in `shut`.
    unsafe {
        // If access cannot be restored, nobody can use the memory again.
        if Os::commit(start, bytes) {
            door::come_back(page.start().cast(), Way::Page(page));
        }
    }
}

/// Note that the block has `inside + size` bytes from now on. Returns false if it has no room, or would waste too much.
///
/// # Safety
/// - the block is the caller's.
pub unsafe fn resize(page: &Page, inside: usize, size: usize) -> bool {
    let (size, bytes, guard) = (inside.saturating_add(size), page.block_size(), os::page_size());
    if !is_whole("realloc", page) || size < bytes - bytes / 8 {
        return false;
    }
    let span = page.span();
    // SAFETY: by the contract.
    unsafe {
        if size > bytes {
            let wanted = size.next_multiple_of(guard);
            let begins = page.is_guarded() && page.start() == span.start;
            if !begins || wanted > span.slices * SLICE - guard || !Os::commit(page.start().add(bytes), wanted - bytes) {
                return false;
            }
            page.set_single_size(wanted);
        }
        set_size(page, size);
    }
    true
}
