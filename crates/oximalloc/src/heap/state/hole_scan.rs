//! What a heap keeps for the search for holes in its pages (`pages::holes`).

use super::page_set::Cursor;
use crate::base::sync::{AtomicPtr, AtomicU64, Ordering};
use crate::base::try_lock::{Inside, TryLock};
use crate::page::Page;
use core::cell::Cell;
use core::ptr;

/// A share is the work of one tick. One is earned every so many milliseconds.
const SHARE_MS: u64 = 4;

/// So many looks in a pass put the next one off by a millisecond: they take some thousandths of the time.
const LOOKS_A_MS: u64 = 16;

/// The least time between passes, in milliseconds, however soon memory is to be purged.
const LEAST: u64 = 10;

/// Shares that one tick does at most.
const MOST: u64 = 8;

/// Shares that are kept for later ticks at most.
const LEFT: u64 = 128;

/// What a heap keeps for this.
pub struct HoleScan {
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
unsafe impl Sync for HoleScan {}

impl HoleScan {
    /// Nobody came by yet.
    pub(super) const fn new() -> HoleScan {
        HoleScan {
            lock: TryLock::unlocked(),
            due: AtomicU64::new(0),
            current: AtomicPtr::new(ptr::null_mut()),
            cursor: Cursor::start(),
            looks: Cell::new(0),
            last: Cell::new(0),
            left: Cell::new(0),
        }
    }
}

impl HoleScan {
    /// Whether a pass is due. The first call only sets the time: a program that ends soon touches nothing else.
    #[inline]
    pub fn is_due(&self, now: u64) -> bool {
        let due = self.due.load(Ordering::Relaxed);
        if due == 0 {
            self.due.store(now + LEAST, Ordering::Relaxed);
        }
        due != 0 && due <= now
    }

    /// Be the one thread that looks for holes in the heap; None when another thread is.
    pub fn enter(&self) -> Option<Inside<'_>> {
        self.lock.enter()
    }

    /// Where the pass is. The caller has the lock, here and below.
    pub fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// The pass has looked at so many pages more, and goes on at the next tick.
    pub fn note_looks(&self, looks: usize) {
        self.looks.set(self.looks.get() + looks as u64);
    }

    /// The pass is over, `looks` pages later; the next one begins in `delay` milliseconds, or later.
    pub fn end_pass(&self, looks: usize, now: u64, delay: u64) {
        let looks = self.looks.replace(0) + looks as u64;
        self.due.store(now + delay.max(LEAST).max(looks / LOOKS_A_MS), Ordering::Relaxed);
    }

    /// A page is being purged by `work`: in the child of a fork it is found by that.
    pub fn with_current<R>(&self, page: &'static Page, work: impl FnOnce() -> R) -> R {
        self.current.store(ptr::from_ref(page).cast_mut(), Ordering::Relaxed);
        let result = work();
        self.current.store(ptr::null_mut(), Ordering::Relaxed);
        result
    }

    /// In the child of a fork: whoever was at it is not there. The page that was being purged.
    pub fn fork_child(&self) -> Option<&'static Page> {
        self.lock.fork_child();
        // SAFETY: null or a page's record, which is never unmapped.
        unsafe { self.current.swap(ptr::null_mut(), Ordering::Relaxed).as_ref() }
    }

    /// How many times the usual work is to be done now, at least once. The caller has the lock.
    pub fn take_shares(&self, now: u64) -> usize {
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
