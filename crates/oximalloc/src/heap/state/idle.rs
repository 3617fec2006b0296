//! A thread gives up what it has not used for a while: the free blocks on a bin's stack, and the page that supplies
//! the stack. Each such block may be the last one that keeps its page.
//!
//! The thread itself looks once a `purge_delay`, on its slow paths. A bin is idle if its stack is as deep as at the
//! last look, and no block moved between it and the pages since. (A bin whose stack alone served the program counts as
//! idle, too. Its stack is filled again at the next allocation.)

use super::counts::Moved;
use crate::page::bins::BINS;
use core::cell::Cell;

/// The least time between looks, in milliseconds, even if memory is to be purged sooner.
const LEAST: u64 = 10;

/// What a theap keeps for these looks. Zero is a thread before its first look.
pub struct Idle {
    /// Only in a root: when the next look is due, in milliseconds; 0 before the first.
    due: Cell<u64>,
    /// For each bin: its depth and its counts at the last look, as one number.
    seen: [Cell<u32>; BINS],
}

impl Idle {
    /// Only for a root: whether a look is due.
    #[inline]
    pub fn is_due(&self, now: u64) -> bool {
        self.due.get() <= now
    }

    /// Only for a root: the next look is due in `delay` milliseconds. Returns whether to look now. (The first call
    /// only sets the time.)
    pub fn begin_look(&self, now: u64, delay: u64) -> bool {
        self.due.replace(now + delay.max(LEAST)) != 0
    }

    /// Note the state of a bin. Returns whether it is the same as at the last look.
    pub fn note(&self, b: usize, moved: &Moved, depth: usize) -> bool {
        let moved = moved.taken().wrapping_add(moved.given()) as u32;
        let now = moved.wrapping_mul(BINS as u32).wrapping_add(depth as u32);
        self.seen[b].replace(now) == now
    }
}
