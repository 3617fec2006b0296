//! What a thread has not used for a while it gives up: the free blocks on the stack of a bin, and the page that supplies it.
//! Each block may be all that keeps its page.
//!
//! Looked at once a `purge_delay`, by the thread itself on its slow paths. A bin is idle where its stack is as deep as at the
//! look before, and no block went between it and the pages. (So one is, too, whose stack alone served the program: it is
//! filled again at the next allocation.)

use super::theap::Theap;
use crate::arena;
use crate::base::sync::Ordering;
use crate::page::bins::BINS;
use core::cell::Cell;

/// The least time between looks, in milliseconds, however soon memory is to be purged.
const LEAST: u64 = 10;

/// What is kept for this.
pub struct Idle {
    /// Of a root: when the next look is due, in milliseconds; 0 before the first.
    due: Cell<u64>,
    /// By bin: what it was like at the last look.
    seen: [Cell<u32>; BINS],
}

impl Theap {
    /// Of a root: let go of what is idle, in all the thread's theaps, when a look is due.
    #[inline]
    pub fn tick_idle(&self, now: u64) {
        if self.idle.due.get() <= now {
            self.look_for_idle(now);
        }
    }

    #[cold]
    fn look_for_idle(&self, now: u64) {
        let Some(delay) = arena::purge_delay() else { return };
        if self.is_empty_theap() || self.idle.due.replace(now + delay.max(LEAST)) == 0 {
            return;
        }
        self.let_idle_go(true);
        // Their heaps may be ended by other threads meanwhile.
        self.for_each_part(|part| part.let_idle_go(false));
    }

    /// `retire`: let go of pages that are not empty too, as in a collect.
    fn let_idle_go(&self, retire: bool) {
        for b in self.open_bins() {
            let (seen, side) = (&self.idle.seen[b], &self.side[b]);
            if self.depth(b) == 0 && side.page.get().is_null() {
                continue;
            }
            let moved = side.moved.taken.load(Ordering::Relaxed).wrapping_add(side.moved.given.load(Ordering::Relaxed));
            let now = (moved as u32).wrapping_mul(BINS as u32).wrapping_add(self.depth(b) as u32);
            if seen.replace(now) == now {
                // SAFETY: the stack is this thread's.
                unsafe { self.give_stack(b, self.depth(b)) };
                self.retire_page(b, retire);
            }
        }
    }
}
