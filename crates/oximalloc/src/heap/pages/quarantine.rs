//! Quarantine: pages of large blocks that were freed under protection, and of sampled blocks of which a record is kept
//! (`samples`), wait here before they are used again.
//!
//! ```text
//! in use  --free-->  the page has no block, and one slot has it
//!         --another page takes the slot-->  the page is freed
//! ```
//!
//! Whoever takes a page out of a slot, by an exchange, has it alone. There are three kinds of slots. Those of the threads
//! of one number hold pages that the large cache may take; their memory stays as it is. Those of the process hold larger
//! pages, or those of sampled blocks. Their memory was made inaccessible; it is accessible again before the page is
//! freed.
//!
//! Only pages of the main heap wait, as others go with their heap.

use super::guard;
use super::large_cache_slots::MOST;
use super::samples;
use crate::arena;
use crate::base::config::SLICE;
use crate::base::slot::Slot;
use crate::base::sync::{AtomicBool, AtomicUsize, Ordering};
use crate::diag::secure::is_at_least;
use crate::heap::state::heap::MAIN;
use crate::heap::state::theap::{NUMBERS, Theap};
use crate::os;
use crate::page::Page;
use crate::prim::{Memory, Os};
use core::ptr;

/// Slots of the threads of one number.
const FEW: usize = 4;
/// Slots of the process.
const MANY: usize = 16;
/// Slots of the process for sampled blocks: in a ring, so that the oldest goes first.
const RING: usize = 64;
/// The largest sampled block that waits, in slices.
const SAMPLE_MOST: usize = (16 << 20) / SLICE;
/// The largest block whose memory stays resident while it is inaccessible: 4 MiB in all slots.
const KEEP_MOST: usize = 256 * 1024;

type Slots<const N: usize> = [Slot<Page>; N];

static CACHEABLE: [Slots<FEW>; NUMBERS] = [const { [const { Slot::new() }; FEW] }; NUMBERS];
static SAMPLED: Slots<RING> = [const { Slot::new() }; RING];
/// Which slot for sampled blocks is next.
static NEXT_SAMPLED: AtomicUsize = AtomicUsize::new(0);
static SHUT: Slots<MANY> = [const { Slot::new() }; MANY];
/// Which slot of the process is next.
static NEXT: AtomicUsize = AtomicUsize::new(0);
/// The same for threads without a theap, which have no random numbers.
static NEXT_ALONE: AtomicUsize = AtomicUsize::new(0);

/// The only block of a page was freed. Keep the page for a while, and free one that waited. Returns false if the page
/// cannot wait.
///
/// # Safety
/// - the block is out, and the caller's.
pub unsafe fn put(theap: &Theap, page: &'static Page) -> bool {
    if !ptr::eq(page.heap(), MAIN.as_page_heap()) {
        return false;
    }
    let is_cacheable = page.span().slices <= MOST && (!page.is_guarded() || guard::is_wall(page));
    // SAFETY: by the contract; what comes out of a slot is ours.
    unsafe {
        if is_cacheable && !is_at_least(4) {
            page.hide_single();
            let turn = || NEXT_ALONE.fetch_add(1, Ordering::Relaxed);
            let which = theap.secured().map_or_else(turn, |secured| secured.random() as usize);
            let slot = &CACHEABLE[theap.root().number()][which % FEW];
            if let Some(other) = slot.exchange(page) {
                free(theap, other);
            }
        } else {
            // Where address space or memory is limited, the program needs what it frees.
            return os::limit().is_none() && wait_shut(theap, page, &SHUT, &NEXT);
        }
    }
    true
}

/// As [`put`], for the page of a sampled block.
///
/// # Safety
/// - as for [`put`].
pub unsafe fn put_sampled(theap: &Theap, page: &'static Page) -> bool {
    // As in `put`; the system is asked once a round.
    static LIMITED: AtomicBool = AtomicBool::new(false);
    if NEXT_SAMPLED.load(Ordering::Relaxed).is_multiple_of(RING) {
        LIMITED.store(os::limit().is_some(), Ordering::Relaxed);
    }
    let may = ptr::eq(page.heap(), MAIN.as_page_heap())
        && page.span().slices <= SAMPLE_MOST
        && !LIMITED.load(Ordering::Relaxed);
    // SAFETY: by the contract.
    may && unsafe { wait_shut(theap, page, &SAMPLED, &NEXT_SAMPLED) }
}

/// The page of a sampled block that has waited longest, if it has so many slices, and its guard begins so many bytes
/// behind its start. It is the caller's, has no block yet, and is accessible up to the guard. A page of another kind is
/// freed: it would be the next to go. So the threads that take and free sampled blocks in turns set no guards.
#[cold]
pub fn take_sampled(theap: &Theap, slices: usize, guard: usize) -> Option<&'static Page> {
    let slot = SAMPLED.get(NEXT_SAMPLED.load(Ordering::Relaxed) % RING)?;
    // (Without this look, each fresh block would write to the slot.)
    if slot.is_empty() {
        return None;
    }
    let page = slot.take()?;
    let (start, bytes) = os_pages(page);
    let (span, end) = (page.span(), page.start().addr() + page.block_size());
    // SAFETY: it was in a slot, so it is ours. If access cannot be restored, nobody can use the memory again.
    unsafe {
        if span.slices != slices || end - span.start.addr() != guard {
            open(theap, page);
        } else if Os::commit(start, bytes) {
            samples::forget(page);
            return Some(page);
        }
    }
    None
}

/// Make the page's block inaccessible, and put the page into the next slot. Returns false if it cannot wait.
///
/// # Safety
/// - as for [`put`].
#[inline(never)]
unsafe fn wait_shut(theap: &Theap, page: &'static Page, slots: &[Slot<Page>], next: &AtomicUsize) -> bool {
    // SAFETY: by the contract; what comes out of a slot is ours.
    unsafe {
        if !arena::may_protect(&page.span()) || !shut(page) {
            return false;
        }
        page.hide_single();
        let slot = slots.get(next.fetch_add(1, Ordering::Relaxed) % slots.len());
        if let Some(other) = slot.and_then(|slot| slot.exchange(page)) {
            open(theap, other);
        }
    }
    true
}

/// Free all pages that wait.
#[cold]
pub fn flush(theap: &Theap) {
    for slot in CACHEABLE.iter().flatten().take(core::hint::black_box(NUMBERS * FEW)) {
        if let Some(page) = slot.take() {
            // SAFETY: it was in a slot, so it is ours.
            unsafe { free(theap, page) };
        }
    }
    for slot in SHUT.iter().chain(&SAMPLED).take(core::hint::black_box(MANY + RING)) {
        if let Some(page) = slot.take() {
            // SAFETY: as above.
            unsafe { open(theap, page) };
        }
    }
}

/// # Safety
/// - the page is the caller's, and its block counts as out.
unsafe fn free(theap: &Theap, page: &'static Page) {
    let _step = theap.step();
    theap.settle(page, page.give_single());
}

/// The OS pages of a block.
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

/// Free a page whose memory was made inaccessible.
///
/// # Safety
/// - as for [`free`].
unsafe fn open(theap: &Theap, page: &'static Page) {
    let (start, bytes) = os_pages(page);
    // SAFETY: as in `shut`. If access cannot be restored, nobody can use the memory again, and the page stays as it is.
    unsafe {
        if start.addr() + bytes <= page.span().start.addr() + page.span().slices * SLICE && Os::commit(start, bytes) {
            free(theap, page);
        }
    }
}
