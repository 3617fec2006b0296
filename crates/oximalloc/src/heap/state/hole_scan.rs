//! The state of a heap's search for holes in its pages (`pages::holes`).

use super::page_set::Cursor;
use crate::base::sync::{AtomicPtr, AtomicU64, Ordering};
use crate::base::try_lock::{Inside, TryLock};
use crate::page::Page;
use core::cell::Cell;
use core::ptr;

/// A share is the work of one tick. This many milliseconds earn one.
const SHARE_MS: u64 = 4;

/// This many looks in a pass delay the next pass by a millisecond. So looks take a few thousandths of the time.
const LOOKS_A_MS: u64 = 16;

/// The least time between passes, in milliseconds, even if memory is to be purged sooner.
const LEAST: u64 = 10;

/// The most shares that one tick does.
const MOST: u64 = 8;

/// The most shares that are kept for later ticks.
const LEFT: u64 = 128;

/// The state of the search.
pub struct HoleScan {
    lock: TryLock,
    /// When the next pass begins or the current one continues, in milliseconds. 0: no thread has looked yet.
    due: AtomicU64,
    /// The page that is being purged.
    current: AtomicPtr<Page>,
    /// Where the pass is. This field and the following ones are used inside the lock alone.
    cursor: Cursor,
    /// How many pages the pass has looked at.
    looks: Cell<u64>,
    /// When the shares were last counted, in milliseconds, and below it how many were left.
    last: Cell<u64>,
    left: Cell<u64>,
}

// SAFETY: the cells are used inside the lock alone.
unsafe impl Sync for HoleScan {}

impl HoleScan {
    /// No thread has looked yet.
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

    /// Become the one thread that looks for holes in the heap. None if another thread is at it.
    pub fn enter(&self) -> Option<Inside<'_>> {
        self.lock.enter()
    }

    /// Where the pass is. The caller holds the lock, here and below.
    pub fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// The pass has looked at `looks` more pages, and continues at the next tick.
    pub fn note_looks(&self, looks: usize) {
        self.looks.set(self.looks.get() + looks as u64);
    }

    /// The pass has looked at `looks` more pages, and is over. The next one begins in `delay` milliseconds, or later.
    pub fn end_pass(&self, looks: usize, now: u64, delay: u64) {
        let looks = self.looks.replace(0) + looks as u64;
        self.due.store(now + delay.max(LEAST).max(looks / LOOKS_A_MS), Ordering::Relaxed);
    }

    /// Run `work`, which purges `page`. If the process forks meanwhile, the child finds the page by this.
    pub fn with_current<R>(&self, page: &'static Page, work: impl FnOnce() -> R) -> R {
        self.current.store(ptr::from_ref(page).cast_mut(), Ordering::Relaxed);
        let result = work();
        self.current.store(ptr::null_mut(), Ordering::Relaxed);
        result
    }

    /// In the child of a fork: the thread that held the lock does not exist here. Returns the page that was being
    /// purged.
    pub fn fork_child(&self) -> Option<&'static Page> {
        self.lock.fork_child();
        // SAFETY: null or a page's record, which is never unmapped.
        unsafe { self.current.swap(ptr::null_mut(), Ordering::Relaxed).as_ref() }
    }

    /// How many times the usual work is to be done now, at least once. The caller holds the lock.
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
