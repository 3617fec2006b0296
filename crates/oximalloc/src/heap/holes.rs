//! Which pages of a heap get holes (`page::holes`), and when. A page that stays LISTED with the same blocks out for a
//! `purge_delay` is sparse and nobody takes from it: the OS pages in it that hold free blocks alone go back to the system.
//! Whoever comes by does that, for its heap and the main one, so that a thread that sleeps keeps nothing here either.
//!
//! ```text
//! a page becomes LISTED:  its bit in the heap's set is set (`pages`)
//! a pass looks at the bits, a few at each tick:
//!     the page is not LISTED any more:           the bit is cleared
//!     its word is another than at the last look: noted; the bit stays
//!     its word is the same:                      purged, once; the bit stays, for blocks that are freed later
//! ```
//!
//! Bounds: a tick looks at [`LOOKS`] pages and purges [`PURGES`], up to [`MOST`] times as many after a time with few ticks. A
//! pass begins one `purge_delay` after the one before, later where that one looked at many pages.
//!
//! One thread at a time does this in a heap. Who finds another there goes on, so that a thread that is stopped inside
//! delays nobody. (A page of a single block is never LISTED.)

use super::pages::Cursor;
use super::record::{self, Heap, MAIN};
use super::theap::Theap;
use crate::arena;
use crate::base::sync::{AtomicPtr, AtomicU64, Ordering};
use crate::base::try_lock::TryLock;
use crate::page::Page;
use crate::page::word::State;
use core::cell::Cell;
use core::ptr;

/// Pages that one tick looks at: each is a cache miss.
const LOOKS: usize = 256;
/// Pages that one tick purges: each is a walk over its free blocks and a system call or some.
const PURGES: usize = 16;
/// A share is the work of one tick as above. One is earned every so many milliseconds.
const SHARE_MS: u64 = 4;
/// Shares that one tick does at most.
const MOST: u64 = 8;
/// Shares that are kept for later ticks at most.
const LEFT: u64 = 128;
/// So many looks in a pass put the next one off by a millisecond: they take some thousandths of the time.
const LOOKS_A_MS: u64 = 16;
/// The least time between passes, in milliseconds, however soon memory is to be purged.
const LEAST: u64 = 10;

/// In [`Page::seen`]: purged as it is.
const PURGED: u32 = 1;

/// What a heap keeps for this.
pub(super) struct Holes {
    lock: TryLock,
    /// When the next pass begins, or the one under way goes on, in milliseconds; 0: nobody came by yet.
    due: AtomicU64,
    /// The page that is being purged.
    current: AtomicPtr<Page>,
    /// Where the pass is; used inside the lock alone, as the next is.
    cursor: Cursor,
    /// Pages that the pass has looked at.
    looks: Cell<u64>,
    /// When the shares were counted last, in milliseconds, and how many were left.
    last: Cell<u64>,
    left: Cell<u64>,
}

// SAFETY: the cells are used inside the lock alone.
unsafe impl Sync for Holes {}

impl Holes {
    /// Nobody came by yet.
    pub(super) const fn new() -> Holes {
        Holes {
            lock: TryLock::unlocked(),
            due: AtomicU64::new(0),
            current: AtomicPtr::new(ptr::null_mut()),
            cursor: Cursor::new(),
            looks: Cell::new(0),
            last: Cell::new(0),
            left: Cell::new(0),
        }
    }
}

impl Holes {
    /// How many times the usual work is to be done now, at least once. The caller has the lock.
    fn take_shares(&self, now: u64) -> usize {
        let fresh = now.saturating_sub(self.last.get()) / SHARE_MS;
        if fresh > 0 {
            self.last.set(now);
        }
        let left = (self.left.get() + fresh).min(LEFT);
        let take = left.clamp(1, MOST);
        self.left.set(left.saturating_sub(take));
        take as usize
    }
}

/// A page of this heap has become LISTED.
///
/// # Safety
/// - the page is LISTED by the caller, and was not put on a list yet.
pub unsafe fn note_listed(page: *mut Page) {
    // SAFETY: by the contract nobody else takes the page; heaps' records are never unmapped.
    unsafe { Heap::of_page((*page).heap()).pages.note_listed((*page).start()) };
}

/// Go on with the passes of the theap's heap, and of the main heap.
#[inline]
pub fn tick(theap: &Theap, now: u64) {
    let heap = theap.heap();
    heap_tick(theap, heap, now);
    if !heap.is_main() {
        heap_tick(theap, &MAIN, now);
    }
}

#[inline]
fn heap_tick(theap: &Theap, heap: &Heap, now: u64) {
    let due = heap.holes.due.load(Ordering::Relaxed);
    if due == 0 {
        // A program that ends soon touches nothing of what follows.
        heap.holes.due.store(now + LEAST, Ordering::Relaxed);
    } else if due <= now {
        pass(theap, heap, now);
    }
}

/// A part of a pass, or all of it.
#[cold]
fn pass(theap: &Theap, heap: &Heap, now: u64) {
    let Some(delay) = arena::purge_delay() else { return };
    let holes = &heap.holes;
    let Some(_inside) = holes.lock.enter() else { return };
    let shares = holes.take_shares(now);
    let (mut looks, mut purges) = (0, 0);
    while looks < LOOKS * shares && purges < PURGES * shares {
        let Some((page, start)) = heap.pages.next_listed(&holes.cursor) else {
            let looks = holes.looks.replace(0) + looks as u64;
            holes.due.store(now + delay.max(LEAST).max(looks / LOOKS_A_MS), Ordering::Relaxed);
            return;
        };
        looks += 1;
        purges += look(theap, heap, page, start, false) as usize;
    }
    holes.looks.set(holes.looks.get() + looks as u64);
}

/// Purge all that can be of the theap's heap.
#[cold]
pub fn purge_all(theap: &Theap) {
    let heap = theap.heap();
    let Some(_inside) = heap.holes.lock.enter() else { return };
    let cursor = Cursor::new();
    while let Some((page, start)) = heap.pages.next_listed(&cursor) {
        look(theap, heap, page, start, true);
    }
}

/// Look at a page whose bit was set, and was just cleared; says whether it was purged.
fn look(theap: &Theap, heap: &Heap, page: *mut Page, start: *const u8, at_once: bool) -> bool {
    // SAFETY: records are never unmapped.
    let record = unsafe { &*page };
    let (state, bits) = record.word().snapshot();
    let mixed = (bits ^ bits >> 32) as u32 & !PURGED;
    let seen = record.seen();
    if state != State::Listed || !ptr::eq(record.heap(), heap.as_page_heap()) {
        return false;
    }
    // Before the page is looked at: it may be listed anew while that lasts, and else the bit is wrong for a pass.
    heap.pages.note_listed(start);
    if seen == mixed | PURGED || (seen != mixed && !at_once) {
        if seen & !PURGED != mixed {
            record.note_seen(mixed);
        }
        return false;
    }
    heap.holes.current.store(page, Ordering::Relaxed);
    // SAFETY: records are never unmapped.
    let then = unsafe { record.purge_holes() };
    heap.holes.current.store(ptr::null_mut(), Ordering::Relaxed);
    let Some(then) = then else { return false };
    let (_, bits) = record.word().snapshot();
    record.note_seen((bits ^ bits >> 32) as u32 | PURGED);
    theap.settle(page, then);
    true
}

/// In the child of a fork: whoever was at it is not there.
pub fn fork_child() {
    for heap in record::records() {
        let page = heap.holes.current.swap(ptr::null_mut(), Ordering::Relaxed);
        // SAFETY: records are never unmapped; no other thread exists.
        if let Some(page) = unsafe { page.as_ref() } {
            page.word().forget_purge(page.linked());
        }
        heap.holes.lock.fork_child();
    }
}
