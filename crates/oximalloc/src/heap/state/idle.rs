//! What a thread has not used for a while it gives up: the free blocks on the stack of a bin, and the page that supplies it.
//! Each block may be all that keeps its page.
//!
//! Looked at once a `purge_delay`, by the thread itself on its slow paths. A bin is idle where its stack is as deep as at the
//! look before, and no block went between it and the pages. (So one is, too, whose stack alone served the program: it is
//! filled again at the next allocation.)

use super::counts::Moved;
use crate::page::bins::BINS;
use core::cell::Cell;

/// The least time between looks, in milliseconds, however soon memory is to be purged.
const LEAST: u64 = 10;

/// What is kept for this. Zero is a thread before its first look.
pub struct Idle {
    /// Of a root: when the next look is due, in milliseconds; 0 before the first.
    due: Cell<u64>,
    /// By bin: what it was like at the last look.
    seen: [Cell<u32>; BINS],
}

impl Idle {
    /// Of a root: whether a look is due.
    #[inline]
    pub fn is_due(&self, now: u64) -> bool {
        self.due.get() <= now
    }

    /// Of a root: the next look is due in `delay` milliseconds; says whether this is one. (The first only sets the time.)
    pub fn begin_look(&self, now: u64, delay: u64) -> bool {
        self.due.replace(now + delay.max(LEAST)) != 0
    }

    /// Note what a bin is like; says whether it was so at the last look.
    pub fn note(&self, b: usize, moved: &Moved, depth: usize) -> bool {
        let moved = moved.taken().wrapping_add(moved.given()) as u32;
        let now = moved.wrapping_mul(BINS as u32).wrapping_add(depth as u32);
        self.seen[b].replace(now) == now
    }
}
