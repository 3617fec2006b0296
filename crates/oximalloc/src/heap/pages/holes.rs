//! Which pages of a heap get holes (`page::holes`), and when. A page that stays LISTED with the same blocks out for a
//! `purge_delay` is sparse, and nobody takes from it. The OS pages in it that hold only free blocks go back to the
//! system. Any thread on a slow path does this, for its own heap and for the main one. So a sleeping thread keeps
//! nothing here either.
//!
//! ```text
//! a page becomes LISTED:  its bit in the heap's set is set (`state::page_set`)
//! a pass looks at the bits, a few at each tick:
//!     the page is not LISTED any more:           the bit is cleared
//!     its word has changed since the last look:  the new word is noted; the bit stays
//!     its word is the same:                      purged, once; the bit stays, for blocks that are freed later
//! ```
//!
//! Bounds: a tick looks at [`LOOKS`] pages and purges [`PURGES`], or up to `hole_scan::MOST` times as many after a
//! time with few ticks. A pass begins one `purge_delay` after the one before, or later if that one looked at many
//! pages.
//!
//! One thread at a time does this in a heap. A thread that finds another at it moves on, so a thread that is stopped
//! inside delays nobody. (A page of a single block is never LISTED.)

use crate::arena;
use crate::heap::state::heap::{self, Heap, MAIN};
use crate::heap::state::page_set::Cursor;
use crate::heap::state::theap::Theap;
use crate::os;
use crate::page::Page;
use crate::page::word::State;
use core::ptr;

/// Pages that one tick looks at. Each look is a cache miss.
const LOOKS: usize = 256;

/// Pages that one tick purges. Each purge walks over the page's free blocks and makes one or more system calls.
const PURGES: usize = 16;

/// A flag in [`Page::seen`]: the page was purged, and its word has not changed since.
const PURGED: u32 = 1;

/// Continue the passes over the theap's heap and the main heap.
#[inline]
pub fn tick(theap: &Theap, now: u64) {
    if !os::capabilities().decommit_part {
        return;
    }
    let heap = theap.heap();
    heap_tick(theap, heap, now);
    if !heap.is_main() {
        heap_tick(theap, &MAIN, now);
    }
}

#[inline]
fn heap_tick(theap: &Theap, heap: &Heap, now: u64) {
    if heap.holes.is_due(now) {
        pass(theap, heap, now);
    }
}

/// One part of a pass, or all of it.
#[cold]
fn pass(theap: &Theap, heap: &Heap, now: u64) {
    let Some(delay) = arena::purge_delay() else { return };
    let holes = &heap.holes;
    let Some(_inside) = holes.enter() else { return };
    let shares = holes.take_shares(now);
    let (mut looks, mut purges) = (0, 0);
    while looks < LOOKS * shares && purges < PURGES * shares {
        let Some((page, start)) = heap.pages.next_listed(holes.cursor()) else {
            return holes.end_pass(looks, now, delay);
        };
        looks += 1;
        purges += look(theap, heap, page, start, false) as usize;
    }
    holes.note_looks(looks);
}

/// Make all holes that can be made in the pages of the theap's heap.
#[cold]
pub fn purge_all(theap: &Theap) {
    if !os::capabilities().decommit_part {
        return;
    }
    let heap = theap.heap();
    let Some(_inside) = heap.holes.enter() else { return };
    let cursor = Cursor::start();
    while let Some((page, start)) = heap.pages.next_listed(&cursor) {
        look(theap, heap, page, start, true);
    }
}

/// Look at a page whose bit was set, and was just cleared. Returns whether it was purged.
fn look(theap: &Theap, heap: &Heap, page: &'static Page, start: *const u8, at_once: bool) -> bool {
    let (state, bits) = page.word().snapshot();
    let mixed = (bits ^ bits >> 32) as u32 & !PURGED;
    let seen = page.seen();
    if state != State::Listed || !ptr::eq(page.heap(), heap.as_page_heap()) {
        return false;
    }
    // Set the bit again before looking at the page. The page may be listed anew meanwhile; if not, the bit is merely
    // wrong for one pass.
    heap.pages.note_listed(start);
    if seen == mixed | PURGED || (seen != mixed && !at_once) {
        if seen & !PURGED != mixed {
            page.note_seen(mixed);
        }
        return false;
    }
    let Some(then) = heap.holes.with_current(page, || page.purge_holes()) else { return false };
    let (_, bits) = page.word().snapshot();
    page.note_seen((bits ^ bits >> 32) as u32 | PURGED);
    theap.settle(page, then);
    true
}

/// In the child of a fork: the thread that was looking for holes does not exist here.
pub fn fork_child() {
    for heap in heap::records() {
        if let Some(page) = heap.holes.fork_child() {
            page.word().forget_purge(page.linked());
        }
    }
}
